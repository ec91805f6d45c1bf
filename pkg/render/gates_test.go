package render

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	prowapi "sigs.k8s.io/prow/pkg/apis/prowjobs/v1"
	"sigs.k8s.io/prow/pkg/kube"

	"github.com/rehearsal-dev/rehearsal/pkg/event"
	"github.com/rehearsal-dev/rehearsal/pkg/gate"
	"github.com/rehearsal-dev/rehearsal/pkg/run"
)

func gated(findings map[string]gate.Finding) Input {
	in := testInput
	in.Gates = &Gates{Findings: findings}
	return in
}

// TestWhatAProwJobSaysOfItselfIsOurs checks that only we set the namespace, the reporters
// and our labels and annotations of a rehearsal, whatever the job has.
func TestWhatAProwJobSaysOfItselfIsOurs(t *testing.T) {
	list := loadJobs(t)
	in := gated(nil)
	job := find(t, Jobs(list, in), "pull-widget-unit")
	base := job.Base()
	namespace := "kube-system"
	base.Namespace = &namespace
	base.Hidden = false
	base.RerunAuthConfig = &prowapi.RerunAuthConfig{AllowAnyone: true}
	base.ReporterConfig = &prowapi.ReporterConfig{Slack: &prowapi.SlackReporterConfig{Channel: "theirs"}}
	base.Labels = map[string]string{
		run.LabelRehearsal: "theirs", run.LabelRehearsalUID: "theirs", run.LabelRun: "theirs", LabelPull: "1", LabelContext: "theirs",
		kube.ProwJobTypeLabel: "periodic", kube.OrgLabel: "theirs", kube.PullLabel: "1", kube.IsOptionalLabel: "false",
		run.LabelCreatedBy: "theirs", kube.CreatedByProw: "theirs", "prow.k8s.io/anything": "theirs", "kept": "yes",
	}
	base.Annotations = map[string]string{
		run.AnnotationJob: "theirs", run.AnnotationInputs: "theirs/x", run.AnnotationApproved: strings.Repeat("0", 64),
		run.AnnotationApprovedBy: "theirs", run.AnnotationAbortReason: "theirs", kube.ProwJobAnnotation: "theirs", "kept": "yes",
	}
	pj, err := ProwJob(job, in, testRun)
	if err != nil {
		t.Fatal(err)
	}
	if pj.Namespace != testRun.Namespace || pj.Spec.Namespace != testRun.PodNamespace {
		t.Errorf("it is in %s, its pod in %s", pj.Namespace, pj.Spec.Namespace)
	}
	if pj.Spec.ReporterConfig != nil || pj.Spec.RerunAuthConfig != nil || pj.Spec.Type != prowapi.PresubmitJob {
		t.Errorf("its reporters, rerun rights or type are its own: %+v", pj.Spec)
	}
	for _, all := range []map[string]string{pj.Labels, pj.Annotations} {
		if all["kept"] != "yes" {
			t.Errorf("what is the job's is gone: %v", all)
		}
		for key, value := range all {
			if strings.HasPrefix(value, "theirs") || value == strings.Repeat("0", 64) {
				t.Errorf("%s is %s", key, value)
			}
		}
	}
	if pj.Labels[kube.ProwJobTypeLabel] != "presubmit" || pj.Labels[LabelPull] != "12" || pj.Labels[kube.IsOptionalLabel] != "true" {
		t.Errorf("labels: %v", pj.Labels)
	}
	if _, ok := pj.Annotations[run.AnnotationApproved]; ok {
		t.Error("a job without privileges is approved")
	}
}

// TestApproval checks that a ProwJob with privileges says who granted them, bound to its
// specification.
func TestApproval(t *testing.T) {
	for name, tc := range map[string]struct {
		asks []gate.Ask
		by   string
		want string
	}{
		"granted by the base branch": {nil, "", "base"},
		"allowed by a person":        {[]gate.Ask{{Rule: "host", Use: gate.Use{Name: "network"}}}, "carol", "carol"},
	} {
		t.Run(name, func(t *testing.T) {
			list := loadJobs(t)
			key := find(t, Jobs(list, testInput), "pull-widget-unit").Key()
			in := gated(map[string]gate.Finding{key: {Asks: tc.asks}})
			in.Gates.AllowedBy = allowAll(in.Gates.Findings, tc.by)
			job := find(t, Jobs(list, in), "pull-widget-unit")
			job.Base().Spec.HostNetwork = true
			pj, err := ProwJob(job, in, testRun)
			if err != nil {
				t.Fatal(err)
			}
			if got := pj.Annotations[run.AnnotationApprovedBy]; got != tc.want {
				t.Errorf("approved by %q, want %q", got, tc.want)
			}
			if err := run.CheckApproval(pj); err != nil {
				t.Error(err)
			}
			pj.Spec.PodSpec.HostPID = true
			if err := run.CheckApproval(pj); err == nil {
				t.Error("the approval is for something else, too")
			}
		})
	}
}

// TestHeldJobsAreNotRendered checks that a held job is not rendered, even for a caller
// that does not use the selection.
func TestHeldJobsAreNotRendered(t *testing.T) {
	list := loadJobs(t)
	key := find(t, Jobs(list, testInput), "pull-widget-unit").Key()
	for name, f := range map[string]gate.Finding{
		"privileges requested": {Asks: []gate.Ask{{Rule: "secret", Path: "p", Use: gate.Use{Name: "s"}}}},
		"new job":              {New: "new: base does not know it"},
		"excluded job":         {Excluded: "restricted: by base"},
	} {
		in := gated(map[string]gate.Finding{key: f})
		job := find(t, Jobs(list, in), "pull-widget-unit")
		if job.Offered() {
			t.Errorf("%s: it is offered", name)
		}
		if _, err := ProwJob(job, in, testRun); err == nil {
			t.Errorf("%s: it is rendered", name)
		}
		named := Select([]Job{job}, Request{Selection: event.Named, Names: []string{job.Name}})
		if len(named.Jobs) > 0 || len(named.NotRunnable) != 1 {
			t.Errorf("%s: named, it is run: %+v", name, named)
		}
	}
}

// TestRenderingAddsNothing checks that a rehearsal with more than the gates have checked
// is not rendered.
func TestRenderingAddsNothing(t *testing.T) {
	in := gated(nil)
	job := find(t, Jobs(loadJobs(t), in), "pull-widget-unit")
	spec, err := rehearsalSpec(job, in)
	if err != nil {
		t.Fatal(err)
	}
	if err := checkGates(job, in, spec, nil); err != nil {
		t.Errorf("an ordinary job: %v", err)
	}
	spec.PodSpec.Volumes = append(spec.PodSpec.Volumes, corev1.Volume{Name: "x", VolumeSource: corev1.VolumeSource{HostPath: &corev1.HostPathVolumeSource{Path: "/"}}})
	if err := checkGates(job, in, spec, nil); err == nil {
		t.Error("a volume that rendering added goes through")
	}
}

// TestRegate checks that a job is held if it requests more than was shown, whoever
// allowed what was shown.
func TestRegate(t *testing.T) {
	list := loadJobs(t)
	key := find(t, Jobs(list, testInput), "pull-widget-unit").Key()
	ask := func(values ...string) gate.Finding {
		var f gate.Finding
		for _, v := range values {
			f.Asks = append(f.Asks, gate.Ask{Rule: "secret", Path: "p", Use: gate.Use{Name: v}})
		}
		return f
	}
	in := gated(map[string]gate.Finding{key: ask("a")})
	in.Gates.AllowedBy = allowAll(in.Gates.Findings, "carol")
	jobs := Jobs(list, in)
	for name, tc := range map[string]struct {
		again gate.Finding
		runs  bool
	}{
		"same requests": {ask("a"), true}, "fewer requests": {gate.Finding{}, true}, "more requests": {ask("a", "b"), false}, "another request": {ask("b"), false},
		"excluded job": {gate.Finding{Excluded: "restricted"}, false}, "new job": {gate.Finding{New: "new"}, false},
	} {
		job := find(t, Regate(jobs, map[string]gate.Finding{key: tc.again}, in), "pull-widget-unit")
		if job.Offered() != tc.runs {
			t.Errorf("%s: offered is %t", name, job.Offered())
		}
	}
}

// TestSubmodulesOfThePullRequest: the author of the pull request chooses the URLs of its
// submodules. A job that clones with credentials skips them, unless it is for the config
// repository and cloned them before.
func TestSubmodulesOfThePullRequest(t *testing.T) {
	for name, tc := range map[string]struct {
		keys []string
		skip bool
	}{"without credentials": {nil, false}, "with a key": {[]string{"key"}, true}} {
		t.Run(name, func(t *testing.T) {
			job := find(t, Jobs(loadJobs(t), testInput), "pull-widget-unit")
			if job.Base().DecorationConfig == nil {
				t.Fatal("the job is not decorated")
			}
			job.Base().DecorationConfig.SSHKeySecrets = tc.keys
			pj, err := ProwJob(job, testInput, testRun)
			if err != nil {
				t.Fatal(err)
			}
			if got := pj.Spec.Refs.SkipSubmodules; got != tc.skip {
				t.Errorf("skip_submodules is %t", got)
			}
		})
	}
}

// TestPinnedCheckoutsAreNoMoreThanTheJobs checks that pinning the checkouts adds no
// request, even with credentials.
func TestPinnedCheckoutsAreNoMoreThanTheJobs(t *testing.T) {
	in := gated(nil)
	job := find(t, Jobs(loadJobs(t), in), "pull-widget-unit")
	job.Base().DecorationConfig.SSHKeySecrets = []string{"key"}
	in.Tips = map[string]string{}
	for _, c := range Checkouts([]Job{job}, in) {
		in.Tips[TipKey(c.Repo, c.Ref)] = strings.Repeat("a", 40)
	}
	pj, err := ProwJob(job, in, testRun)
	if err != nil {
		t.Fatal(err)
	}
	if len(pj.Spec.ExtraRefs) == 0 || pj.Spec.ExtraRefs[0].BaseSHA == "" {
		t.Errorf("nothing is pinned: %+v", pj.Spec.ExtraRefs)
	}
}

// allowAll allows all requests of jobs, in the name of one person.
func allowAll(findings map[string]gate.Finding, by string) map[string]string {
	out := map[string]string{}
	for key := range findings {
		out[key] = by
	}
	return out
}
