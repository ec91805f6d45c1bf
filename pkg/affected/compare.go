package affected

import (
	"maps"
	"reflect"

	"k8s.io/apimachinery/pkg/api/equality"

	prowapi "sigs.k8s.io/prow/pkg/apis/prowjobs/v1"
)

// sameRefs stands for the commits under test, which do not belong to a job. With the same
// refs on both sides, only what the job itself adds can differ.
var sameRefs = prowapi.Refs{Org: "org", Repo: "repo", BaseRef: "main"}

// difference is how a job differs from its former version.
type difference struct {
	change Change
	fields []Field
	// listedOnly says that only settings around the execution differ, so running the job
	// would test nothing.
	listedOnly bool
}

// compare returns the difference between two effective jobs with the same identity, or
// false if Prow would create the same ProwJob at the same times.
func compare(before, after Effective) (difference, bool) {
	oldSpec, newSpec := before.Spec(sameRefs), after.Spec(sameRefs)
	oldBase, newBase := before.Base(), after.Base()
	switch {
	case !equality.Semantic.DeepEqual(oldSpec, newSpec):
		return difference{
			change:     ChangeSpec,
			fields:     specFields(oldSpec, newSpec),
			listedOnly: equality.Semantic.DeepEqual(withoutSurroundings(oldSpec), withoutSurroundings(newSpec)),
		}, true
	case !maps.Equal(oldBase.Labels, newBase.Labels):
		return difference{change: ChangeLabels, fields: DiffFields("labels", oldBase.Labels, newBase.Labels)}, true
	case !reflect.DeepEqual(before.trigger(), after.trigger()):
		return difference{
			change:     ChangeTrigger,
			fields:     triggerFields(before.trigger(), after.trigger()),
			listedOnly: !stricter(before, after),
		}, true
	case !maps.Equal(oldBase.Annotations, newBase.Annotations):
		return difference{
			change:     ChangeAnnotations,
			fields:     DiffFields("annotations", oldBase.Annotations, newBase.Annotations),
			listedOnly: true,
		}, true
	}
	return difference{}, false
}

// withoutSurroundings clears the fields that control how a ProwJob is reported, shown,
// rerun or queued, but not what it does.
func withoutSurroundings(spec prowapi.ProwJobSpec) prowapi.ProwJobSpec {
	spec.Context = ""
	spec.Report = false
	spec.ReporterConfig = nil
	spec.RerunCommand = ""
	spec.RerunAuthConfig = nil
	spec.Hidden = false
	spec.MaxConcurrency = 0
	spec.JobQueueName = ""
	return spec
}

// stricter reports whether a job starts to block pull requests, or to run on all of them.
// It should be rehearsed before that.
func stricter(before, after Effective) bool {
	if before.Presubmit == nil || after.Presubmit == nil {
		return false
	}
	return before.Presubmit.Optional && !after.Presubmit.Optional ||
		!before.Presubmit.AlwaysRun && after.Presubmit.AlwaysRun
}

// exclusion returns the rule that keeps a job from being offered, or "".
func exclusion(job Job, listedOnly bool) string {
	return exclusionFor(job, job.Effective.Base().Agent, listedOnly)
}

// Excluded returns the rule that keeps a job from being offered although its
// specification differs, or "".
func Excluded(e *Entry) string {
	return exclusionFor(Job{Ref: e.Ref, Change: ChangeSpec}, e.Agent, false)
}

func exclusionFor(job Job, agent string, listedOnly bool) string {
	switch {
	case job.Type == prowapi.PostsubmitJob:
		return "postsubmits publish and deploy: they run only when named"
	case agent != string(prowapi.KubernetesAgent):
		return "agent " + agent + ": only kubernetes jobs are rehearsed"
	case job.Change == ChangeAnnotations:
		return "only annotations differ"
	case job.Change == ChangeTrigger && listedOnly:
		return "only when it is triggered differs"
	case job.Change == ChangeSpec && listedOnly:
		return "only how it is reported, shown or queued differs"
	}
	return ""
}
