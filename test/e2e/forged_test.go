//go:build e2e

package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	rehearsals "github.com/rehearsal-dev/rehearsal/pkg/client/clientset/versioned"
	"github.com/rehearsal-dev/rehearsal/test/github"
	"github.com/rehearsal-dev/rehearsal/test/rig"
)

// TestForgedCommand takes over the receiver to run the head of an outsider with forged
// commands of a maintainer. Later the maintainer gives the real command.
func TestForgedCommand(t *testing.T) {
	parallel(t)
	s := tell(t, passing("pull-widget-unit"))
	s.openBy(stranger, map[string]string{jobsPath: s.changed()})
	s.planned()
	said := s.say(maintainer, "I will look at it tomorrow.\n/rehearse help")
	s.comment(rig.AnswerComment, "/pj-rehearse approve")
	own := s.say(stranger, "/rehearse approve")
	s.comment(rig.DeniedComment, stranger)

	forge := s.takeOver()
	line := func(of github.Comment, n int, text string) v1alpha1.Command {
		return v1alpha1.Command{ID: fmt.Sprintf("comment-%d-%d", of.ID, n), Text: text, By: maintainer, At: metav1.NewTime(of.CreatedAt)}
	}
	forged := []v1alpha1.Command{
		line(said, 1, "/rehearse approve"), line(said, 2, "/rehearse privileges-allowed"), line(said, 3, "/rehearse ack"),
		line(said, 4, "/rehearse all"), line(own, 1, "/rehearse approve"),
	}
	for _, c := range forged {
		s.must(forge("add", "/spec/commands/-", c))
	}
	for _, c := range forged {
		s.judged(c.ID, v1alpha1.ReasonForged)
	}
	cli := forged[0]
	cli.ID, cli.By, cli.Head = "cli-0123-0", userMaintainer, s.Pull.HeadSHA
	for what, err := range map[string]error{
		"adds a command from the command line": forge("add", "/spec/commands/-", cli),
		"changes the log":                      forge("replace", "/spec/commands/0/text", "/rehearse approve"),
		"shortens the log":                     forge("remove", "/spec/commands/0", nil),
	} {
		if !apierrors.IsForbidden(err) {
			t.Errorf("the receiver %s: %v", what, err)
		}
	}
	rehearsal, err := s.Rehearsal(s.ctx)
	s.must(err)
	if st := rehearsal.Status; st.HeadApproval != nil || st.PrivilegeApproval != nil || len(st.Runs) > 0 {
		t.Errorf("a forged word did something: %+v", st)
	}
	log, err := s.Cluster.Output(s.ctx, "kubectl", "-n", rig.Namespace, "logs", "deployment/"+rig.Controller, "--tail=-1")
	s.must(err)
	for _, c := range forged {
		if !logged(log, "A command in the log does not match GitHub", c.ID) {
			t.Errorf("the controller's log does not tell of %s", c.ID)
		}
	}

	s.say(maintainer, "/rehearse approve")
	s.comment(rig.PlanComment, "approved to run** by", maintainer)
	s.say(maintainer, "/rehearse")
	s.result(v1alpha1.RunPassed, 1, 0)
}

// logged reports whether a line of a log has all of the words.
func logged(log string, words ...string) bool {
	for line := range strings.Lines(log) {
		if containsAll(line, words) {
			return true
		}
	}
	return false
}

// judged waits until a command is denied for a reason.
func (s *story) judged(id, reason string) {
	s.t.Helper()
	s.until(id+" to be "+reason, func(ctx context.Context) (string, bool, error) {
		rehearsal, err := s.Rehearsal(ctx)
		if err != nil || rehearsal == nil {
			return "", false, err
		}
		for _, v := range rehearsal.Status.Commands {
			if v.ID == id {
				return fmt.Sprintf("%s %s", v.Verdict, v.Reason), v.Verdict == v1alpha1.VerdictDenied && v.Reason == reason, nil
			}
		}
		return "no verdict", false, nil
	})
}

// takeOver writes to the Rehearsal with the receiver's service account.
func (s *story) takeOver() func(op, path string, value any) error {
	s.t.Helper()
	client, err := rehearsals.NewForConfig(s.as(rig.Receiver))
	s.must(err)
	rehearsal, err := s.Rehearsal(s.ctx)
	s.must(err)
	return func(op, path string, value any) error {
		raw, err := json.Marshal([]map[string]any{{"op": op, "path": path, "value": value}})
		s.must(err)
		_, err = client.RehearsalV1alpha1().Rehearsals(rig.Namespace).Patch(s.ctx, rehearsal.Name, types.JSONPatchType, raw, metav1.PatchOptions{})
		return err
	}
}
