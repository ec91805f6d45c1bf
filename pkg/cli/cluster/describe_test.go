package cluster

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	prowapi "sigs.k8s.io/prow/pkg/apis/prowjobs/v1"
	"sigs.k8s.io/yaml"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/test/golden"
)

// eventful returns a pull request with a long history.
func eventful(t *testing.T) *stage {
	rh := logged()
	pr := running(rh, "cli-1-0", "pull-widget-unit", "pull-widget-e2e")
	command(rh, "cli-1-0", "alice@example.com", "/try max")
	command(rh, "comment-3-0", "mallory", "/try")
	command(rh, "comment-4-0", "bob", "/try abort")
	accept(rh, "cli-1-0")
	rh.Status.Commands = append(rh.Status.Commands, v1alpha1.CommandStatus{
		ID: "comment-3-0", Verdict: v1alpha1.VerdictDenied, Reason: v1alpha1.ReasonNotAllowed, Message: "Only people with write access may `run`.",
	})
	at := metav1.NewTime(noon)
	rh.Status.Plan.Held, rh.Status.Plan.Asks = 1, "digest"
	rh.Status.HeadApproval = &v1alpha1.Approval{By: "bob", Head: head, BaseRef: "main", At: at}
	rh.Status.Acknowledgement = &v1alpha1.Acknowledgement{State: v1alpha1.StateWithdrawn, Reason: v1alpha1.AckPushed, Head: base, At: &at}
	rh.Status.MarkPulled()
	rh.Status.MarkPlanned()
	rh.Status.MarkReporting("Retrying", "GitHub answers 502")
	s := newStage(t, rh)
	s.has(pr, prowJob(rh, "pull-widget-unit", prowapi.FailureState, "Job failed."), prowJob(rh, "pull-widget-e2e", prowapi.PendingState, ""))
	return s
}

func (s *stage) describe() *description {
	s.t.Helper()
	seen, err := s.glance(s.t.Context(), s.present)
	s.must(err)
	return describeRehearsal(s.present, seen, s.settings(s.t.Context()), noon)
}

func TestDescribe(t *testing.T) {
	before := time.Local
	time.Local = time.UTC
	t.Cleanup(func() { time.Local = before })
	d := eventful(t).describe()
	golden.Compare(t, "describe.txt", d.text(0, noon))
	var asJSON, asYAML bytes.Buffer
	cmd := &cobra.Command{}
	cmd.SetOut(&asJSON)
	if err := d.write(cmd, "json", noon); err != nil {
		t.Fatal(err)
	}
	golden.Compare(t, "describe.json", asJSON.String())
	cmd.SetOut(&asYAML)
	if err := d.write(cmd, "yaml", noon); err != nil {
		t.Fatal(err)
	}
	converted, err := yaml.YAMLToJSON(asYAML.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	var one, other any
	if json.Unmarshal(asJSON.Bytes(), &one) != nil || json.Unmarshal(converted, &other) != nil || !cmp.Equal(one, other) {
		t.Errorf("YAML says something else:\n%s", asYAML.String())
	}
}

func TestDescribeWithoutProwJobs(t *testing.T) {
	s := eventful(t)
	s.forbid()
	if text := s.describe().text(80, noon); !strings.Contains(text, "you may not watch ProwJobs") || strings.Contains(text, "not started") {
		t.Errorf("it says:\n%s", text)
	}
}

func TestNext(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*v1alpha1.Rehearsal)
		says   []string
	}{
		{"pull request not read yet", func(rh *v1alpha1.Rehearsal) { rh.Status = v1alpha1.RehearsalStatus{} }, []string{"until the controller has read"}},
		{"pull request closed", func(rh *v1alpha1.Rehearsal) { rh.Status.Pull.Open = false }, []string{"closed"}},
		{"being planned", func(rh *v1alpha1.Rehearsal) { rh.Status.Plan.Head = base }, []string{"until the affected jobs are known"}},
		{"planning failed", func(rh *v1alpha1.Rehearsal) { rh.Status.Plan.Error = "refused" }, []string{"Fix the problem that the plan reports"}},
		{"label untrusted", func(rh *v1alpha1.Rehearsal) { rh.Status.Pull.Untrusted = true }, []string{"remove the label"}},
		{"jobs held", func(rh *v1alpha1.Rehearsal) { rh.Status.Plan.Held = 2 }, []string{"Waiting for approval: 2 jobs", "rehearse run acme/release#7"}},
		{"planned, nothing run", func(*v1alpha1.Rehearsal) {}, []string{"rehearse run acme/release#7"}},
		{"acknowledged", func(rh *v1alpha1.Rehearsal) {
			rh.Status.Acknowledgement = &v1alpha1.Acknowledgement{State: v1alpha1.StateAcknowledged}
		}, []string{"Nothing: it is acknowledged"}},
		{"run in progress", func(rh *v1alpha1.Rehearsal) { running(rh, "cli-1-0", "one") }, []string{"rehearse watch acme/release#7"}},
		{"run failed", func(rh *v1alpha1.Rehearsal) {
			running(rh, "cli-1-0", "one")
			rh.Status.Runs[0].State = v1alpha1.RunFailed
		}, []string{"--selection failed"}},
		{"run failed, the next was rejected", func(rh *v1alpha1.Rehearsal) {
			running(rh, "cli-1-0", "one")
			running(rh, "cli-2-0")
			rh.Status.Runs[0].State, rh.Status.Runs[1].State = v1alpha1.RunFailed, v1alpha1.RunRejected
		}, []string{"--selection failed"}},
		{"run passed", func(rh *v1alpha1.Rehearsal) {
			running(rh, "cli-1-0", "one")
			rh.Status.Runs[0].State = v1alpha1.RunPassed
		}, []string{"rehearse ack acme/release#7"}},
		{"run aborted", func(rh *v1alpha1.Rehearsal) {
			running(rh, "cli-1-0", "one")
			rh.Status.Runs[0].State = v1alpha1.RunAborted
		}, []string{"rehearse run acme/release#7"}},
		{"run of an older head passed", func(rh *v1alpha1.Rehearsal) {
			running(rh, "cli-1-0", "one")
			rh.Status.Runs[0].State, rh.Status.Runs[0].Head = v1alpha1.RunPassed, base
		}, []string{"rehearse run acme/release#7"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			rh := logged()
			c.change(rh)
			got := strings.Join(next(rh), "\n")
			for _, want := range c.says {
				if !strings.Contains(got, want) {
					t.Errorf("no %q in %q", want, got)
				}
			}
		})
	}
}
