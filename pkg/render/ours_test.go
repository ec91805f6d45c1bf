package render

import (
	"strings"
	"testing"

	prowapi "sigs.k8s.io/prow/pkg/apis/prowjobs/v1"
	"sigs.k8s.io/prow/pkg/kube"

	"github.com/rehearsal-dev/rehearsal/pkg/run"
)

// TestNothingOfTheirsIsOurs renders a job that sets everything that only we may set: an
// approval, a run, a required status, other reporters.
func TestNothingOfTheirsIsOurs(t *testing.T) {
	job := find(t, Jobs(loadJobs(t), testInput), "pull-widget-unit")
	theirs := *job.Presubmit
	theirs.Labels = map[string]string{
		run.LabelRehearsal: "other", run.LabelRehearsalUID: "other", run.LabelRun: "other", LabelPull: "1", LabelContext: "other",
		kube.IsOptionalLabel: "false", kube.PullLabel: "1", kube.ProwJobTypeLabel: "postsubmit", run.LabelCreatedBy: "other", "team": "widget",
	}
	theirs.Annotations = map[string]string{
		run.AnnotationApproved: strings.Repeat("a", 64), run.AnnotationApprovedBy: "other", run.AnnotationInputs: "other/x", run.AnnotationJob: "other",
	}
	theirs.Optional, theirs.Context, theirs.RerunCommand = false, "tide", "/merge"
	theirs.ReporterConfig = &prowapi.ReporterConfig{Slack: &prowapi.SlackReporterConfig{Channel: "other"}}
	theirs.RerunAuthConfig = &prowapi.RerunAuthConfig{AllowAnyone: true}
	namespace := "kube-system"
	theirs.Namespace = &namespace
	job.Presubmit = &theirs

	pj, err := ProwJob(job, testInput, testRun)
	if err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]string{
		run.LabelRehearsal: testRun.Rehearsal, run.LabelRehearsalUID: testRun.UID, run.LabelRun: testRun.Name,
		LabelPull: "12", kube.IsOptionalLabel: "true", kube.PullLabel: "12", kube.ProwJobTypeLabel: "presubmit", "team": "widget",
	} {
		if got := pj.Labels[key]; got != want {
			t.Errorf("the label %s is %q, want %q", key, got, want)
		}
	}
	if got := pj.Annotations[run.AnnotationJob]; got != job.Name {
		t.Errorf("the job is called %q", got)
	}
	for _, key := range []string{run.AnnotationApproved, run.AnnotationApprovedBy, run.AnnotationInputs} {
		if got, ok := pj.Annotations[key]; ok {
			t.Errorf("the annotation %s is %q", key, got)
		}
	}
	if _, ok := pj.Labels[run.LabelCreatedBy]; ok {
		t.Error("it would be swept as one of our ConfigMaps")
	}
	spec := pj.Spec
	if spec.ReporterConfig != nil || spec.RerunAuthConfig != nil || pj.Labels[LabelContext] == "other" {
		t.Errorf("it reports to %v, and may be run again by %v", spec.ReporterConfig, spec.RerunAuthConfig)
	}
	if pj.Namespace != testRun.Namespace || spec.Namespace != testRun.PodNamespace {
		t.Errorf("it is in %s, its pod in %s", pj.Namespace, spec.Namespace)
	}
	if spec.Type != prowapi.PresubmitJob || !strings.HasPrefix(spec.Job, "rehearse-12-") || !strings.HasPrefix(spec.RerunCommand, testInput.command()) {
		t.Errorf("it is the %s %s, run again by %q", spec.Type, spec.Job, spec.RerunCommand)
	}
	if pull := spec.Refs.Pulls; len(pull) != 1 || pull[0].SHA != testInput.Head || spec.Refs.BaseSHA != testInput.Base {
		t.Errorf("it is about %+v", spec.Refs)
	}
}
