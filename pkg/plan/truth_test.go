package plan

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"

	"sigs.k8s.io/prow/pkg/config"
	"sigs.k8s.io/prow/pkg/pjutil"

	"k8s.io/apimachinery/pkg/api/equality"
	prowapi "sigs.k8s.io/prow/pkg/apis/prowjobs/v1"

	"github.com/rehearsal-dev/rehearsal/pkg/affected"
	"github.com/rehearsal-dev/rehearsal/pkg/layout"
	"github.com/rehearsal-dev/rehearsal/test/oracle"
	"github.com/rehearsal-dev/rehearsal/test/worktree"
)

// truths loads trees as Prow's components do: from a checkout, with its symbolic links.
// It shares no code with the planners.
type truths struct {
	tree     worktree.Tree
	settings layout.Layout
	loaded   map[string]truth
}

// scenery is the default layout of scenes.
var scenery = layout.Layout{ProwConfig: "prow/config.yaml", JobConfig: "jobs", SupplementalProwConfigDirs: []string{"prow/extra"}}

type truth struct {
	jobs  map[string]trueJob
	files map[string]bool
	err   error
}

type trueJob struct {
	name        string
	spec        prowapi.ProwJobSpec
	labels      map[string]string
	annotations map[string]string
	trigger     string
	// optional and always are those fields of a presubmit.
	optional, always bool
}

func (l *truths) of(rev string) truth {
	tree := l.tree.Git("rev-parse", rev+"^{tree}")
	if known, ok := l.loaded[tree]; ok {
		return known
	}
	dir := l.tree.T.TempDir()
	if err := oracle.CheckOut(l.tree.Dir, tree, dir); err != nil {
		l.tree.T.Fatal(err)
	}
	c, err := oracle.Load(dir, l.settings)
	out := truth{err: err, jobs: map[string]trueJob{}, files: map[string]bool{}}
	for _, p := range strings.Split(l.tree.Git("ls-tree", "-r", "-z", "--name-only", tree), "\x00") {
		out.files[p] = true
	}
	if err == nil {
		out.read(c)
	}
	_ = os.RemoveAll(dir)
	l.loaded[tree] = out
	return out
}

var anyRefs = prowapi.Refs{Org: "o", Repo: "r", BaseRef: "b"}

func (t truth) read(c *config.Config) {
	add := func(kind, repo string, base config.JobBase, b config.Brancher, spec prowapi.ProwJobSpec, trigger ...any) {
		name := fmt.Sprintf("%s %s %s", kind, repo, base.Name)
		t.jobs[name+fmt.Sprintf(" %q!%q", slices.Sorted(slices.Values(b.Branches)), slices.Sorted(slices.Values(b.SkipBranches)))] = trueJob{
			optional: kind == "presubmit" && trigger[1] == true, always: kind == "presubmit" && trigger[0] == true,
			name: name, spec: spec, labels: base.Labels, annotations: base.Annotations, trigger: fmt.Sprintf("%q", trigger),
		}
	}
	for repo, jobs := range c.PresubmitsStatic {
		for _, j := range jobs {
			add("presubmit", repo, j.JobBase, j.Brancher, pjutil.PresubmitSpec(j, anyRefs),
				j.AlwaysRun, j.Optional, j.RunIfChanged, j.SkipIfOnlyChanged, j.Trigger, j.RunBeforeMerge)
		}
	}
	for repo, jobs := range c.PostsubmitsStatic {
		for _, j := range jobs {
			always := "unset"
			if j.AlwaysRun != nil {
				always = fmt.Sprint(*j.AlwaysRun)
			}
			add("postsubmit", repo, j.JobBase, j.Brancher, pjutil.PostsubmitSpec(j, anyRefs), always, j.RunIfChanged, j.SkipIfOnlyChanged)
		}
	}
	for _, j := range c.Periodics {
		add("periodic", "", j.JobBase, config.Brancher{}, pjutil.PeriodicSpec(j), j.Interval, j.Cron, j.MinimumInterval)
	}
}

// changes returns the differences from an earlier truth, as keys and kinds of change.
func (t truth) changes(before truth) (changes map[string]string, removed []string) {
	names := map[string]bool{}
	for key, j := range before.jobs {
		names[j.name] = true
		if _, still := t.jobs[key]; !still {
			removed = append(removed, key)
		}
	}
	changes = map[string]string{}
	for key, j := range t.jobs {
		old, existed := before.jobs[key]
		switch {
		case !existed && names[j.name]:
			changes[key] = "branches"
		case !existed:
			changes[key] = "new"
		case !equality.Semantic.DeepEqual(old.spec, j.spec):
			changes[key] = "spec"
		case !maps.Equal(old.labels, j.labels):
			changes[key] = "labels"
		case old.trigger != j.trigger:
			changes[key] = "trigger"
		case !maps.Equal(old.annotations, j.annotations):
			changes[key] = "annotations"
		}
	}
	slices.Sort(removed)
	return changes, removed
}

// rehearsed reports whether an affected job is offered, according to the definition.
func (j trueJob) rehearsed(before trueJob, change string) bool {
	switch {
	case j.spec.Type == prowapi.PostsubmitJob || j.spec.Agent != prowapi.KubernetesAgent || change == "annotations":
		return false
	case change == "trigger":
		return before.optional && !j.optional || !before.always && j.always
	case change == "spec":
		return !reflect.DeepEqual(j.run(), before.run())
	}
	return true
}

// run returns the part of a specification that matters when the job runs.
func (j trueJob) run() map[string]any {
	raw, err := json.Marshal(j.spec)
	if err != nil {
		panic(err)
	}
	var fields map[string]any
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	if err := decoder.Decode(&fields); err != nil {
		panic(err)
	}
	for _, around := range []string{"context", "report", "reporter_config", "rerun_command", "rerun_auth_config", "hidden", "max_concurrency", "job_queue_name"} {
		delete(fields, around)
	}
	return fields
}

func keyOf(r affected.Ref) string {
	return fmt.Sprintf("%s %s %s %q!%q", r.Type, r.Repo, r.Name, r.Branches, r.SkipBranches)
}
