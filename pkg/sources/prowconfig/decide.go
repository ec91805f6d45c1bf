package prowconfig

import (
	"reflect"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/api/equality"
	prowapi "sigs.k8s.io/prow/pkg/apis/prowjobs/v1"
	"sigs.k8s.io/prow/pkg/pod-utils/decorate"

	"github.com/rehearsal-dev/rehearsal/pkg/affected"
)

// evidence decides about jobs whose own text and presets are the same on both sides, only
// from their summaries. It caches the result for jobs that defaults treat alike, so it is
// not safe for concurrent use.
type evidence struct {
	delta *affected.Delta
	known map[class]verdict
	// repos and clusters are those for which there is a specific default. Defaults treat
	// all others alike.
	repos, clusters map[string]bool
}

// class describes how defaults treat a job.
type class struct {
	repo, cluster, namespace string
	decorate                 string
	decoration, defaults     string
	agent, queue             string
	postsubmit               bool
}

type verdict struct {
	// differs says that the defaults change the ProwJob.
	differs bool
	// sure says that only the defaults have to be compared: neither the result nor the
	// validity depends on what the summary does not contain.
	sure    bool
	invalid string
	reasons []affected.Reason
}

func newEvidence(d *affected.Delta) *evidence {
	ev := &evidence{delta: d, known: map[class]verdict{}, repos: map[string]bool{}, clusters: map[string]bool{}}
	for _, side := range []*affected.Defaults{d.Old, d.New} {
		for _, entry := range side.Config.Plank.DefaultDecorationConfigs {
			if entry != nil {
				ev.repos[entry.OrgRepo], ev.clusters[entry.Cluster] = true, true
			}
		}
		for _, entry := range side.Config.ProwJobDefaultEntries {
			if entry != nil {
				ev.repos[entry.OrgRepo], ev.clusters[entry.Cluster] = true, true
			}
		}
	}
	return ev
}

// class returns how defaults treat a job.
func (ev *evidence) class(e *affected.Entry) class {
	c := class{namespace: e.Own.Namespace, agent: e.Agent, queue: e.Queue, postsubmit: e.Ref.Type == prowapi.PostsubmitJob}
	repo := e.Own.DefaultsRepo
	org, _, _ := strings.Cut(repo, "/")
	switch {
	case strings.Contains(repo, "://") || ev.repos[repo]:
		c.repo = repo
	case ev.repos[org]:
		c.repo = org
	}
	if ev.clusters[e.Cluster] {
		c.cluster = e.Cluster
	}
	if e.Own.Decorate != nil {
		c.decorate = strconv.FormatBool(*e.Own.Decorate)
	}
	if e.Own.Decoration != nil {
		c.decoration = affected.Encoded(e.Own.Decoration)
	}
	if e.Own.Defaults != nil {
		c.defaults = affected.Encoded(e.Own.Defaults)
	}
	return c
}

func (ev *evidence) about(e *affected.Entry) verdict {
	c := ev.class(e)
	v, ok := ev.known[c]
	if !ok {
		v = decide(ev.delta, e)
		ev.known[c] = v
	}
	return v
}

func decide(d *affected.Delta, e *affected.Entry) verdict {
	oldDecoration, newDecoration := d.Old.Decoration(e), d.New.Decoration(e)
	v := verdict{
		differs: !equality.Semantic.DeepEqual(oldDecoration, newDecoration) ||
			!equality.Semantic.DeepEqual(d.Old.ProwJobDefault(e), d.New.ProwJobDefault(e)) ||
			d.Old.Namespace(e) != d.New.Namespace(e),
		// How Prow checks the decoration of unknown agents depends on the rest of the
		// job.
		sure: (e.Agent == string(prowapi.KubernetesAgent) || reflect.DeepEqual(oldDecoration, newDecoration)) &&
			checksAlike(oldDecoration, newDecoration) && d.New.ProwJobDefault(e) != nil &&
			d.Old.Config.PodNamespace == d.New.Config.PodNamespace && d.Old.KnowsQueue(e.Queue) == d.New.KnowsQueue(e.Queue),
	}
	if !reflect.DeepEqual(oldDecoration, newDecoration) && newDecoration != nil {
		if err := newDecoration.Validate(); err != nil {
			v.invalid = "invalid decoration config: " + err.Error()
		}
	}
	if v.differs && v.sure {
		v.reasons = affected.Bounded(reasonsOf(d, e))
	}
	return v
}

// Selects implements affected.Evidence. It selects all jobs: Decide is as quick as a
// filter, and decides more.
func (ev *evidence) Selects() func(*affected.Entry) bool {
	return func(*affected.Entry) bool { return true }
}

// Steps implements affected.Quick.
func (ev *evidence) Steps(e *affected.Entry) int { return ev.delta.New.StepsOfDefaults(e) }

// Decide implements affected.Quick. It is not sure if the job itself has to be compared.
func (ev *evidence) Decide(a affected.At) affected.Decision {
	e := a.Entry()
	v := ev.about(e)
	out := affected.Decision{Sure: v.sure, Invalid: v.invalid}
	if !v.sure || !v.differs {
		return out
	}
	excluded := affected.Excluded(e)
	out.Affected = true
	out.Job = affected.Job{Ref: e.Ref, Change: affected.ChangeSpec, Reasons: v.reasons, Excluded: excluded, Rehearse: excluded == ""}
	return out
}

// checksAlike reports whether Prow's validation of a job treats two decorations alike,
// apart from their own validity.
func checksAlike(before, after *prowapi.DecorationConfig) bool {
	if before == nil || after == nil {
		return before == after
	}
	return (before.OauthTokenSecret == nil) == (after.OauthTokenSecret == nil) &&
		decorate.VolumeMounts(before).Equal(decorate.VolumeMounts(after))
}
