//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/ratelimit"
	"github.com/rehearsal-dev/rehearsal/test/github"
	"github.com/rehearsal-dev/rehearsal/test/rig"
)

// window is how long GitHub wants no calls: longer than a restart takes.
const window = 75 * time.Second

// It takes GitHub from the controller, as far as one installation of the App
// reaches, so nothing runs beside it.
func TestRateLimitAcrossARestart(t *testing.T) {
	s := tell(t, passing("pull-widget-unit")).open()
	s.planned()
	fault, err := s.Hub.AddFault(s.ctx, github.SecondaryLimit("", fmt.Sprintf("/repos/%s/%s/**", s.Pull.Org, s.Pull.Repo), 1, window))
	s.must(err)
	var until time.Time
	s.until("the window to be stored", func(ctx context.Context) (string, bool, error) {
		known, err := (&ratelimit.Store{ConfigMaps: s.Cluster.Kube.CoreV1().ConfigMaps(rig.Namespace)}).Load(ctx)
		until = known[fmt.Sprintf("installation-%d", world.installations[s.Pull.Org])]
		return until.String(), time.Until(until) > window/2, err
	})
	n, err := s.Cluster.Kill(s.ctx, rig.Controller)
	s.must(err)
	if n == 0 {
		t.Fatal("no process of the controller was found")
	}
	s.say(maintainer, "/pj-rehearse")
	s.until("the conditions to say when it goes on", func(ctx context.Context) (string, bool, error) {
		rehearsal, err := s.Rehearsal(ctx)
		if err != nil || rehearsal == nil {
			return "", false, err
		}
		c := rehearsal.Status.GetCondition(v1alpha1.ConditionReported)
		return c.GetReason() + ": " + c.GetMessage(), c.GetReason() == "RateLimited" &&
			strings.Contains(c.GetMessage(), until.UTC().Format(time.RFC3339)), nil
	})
	s.result(v1alpha1.RunPassed, 1, 0)
	calls, err := s.Hub.Calls(s.ctx, github.CallQuery{User: bot})
	s.must(err)
	inside, begun := 0, false
	for _, call := range calls.Calls {
		limited := call.Grant != nil && call.Grant.Installation == world.installations[s.Pull.Org]
		if begun && call.At.Before(until) && limited && !byGit(call) {
			inside++
		}
		begun = begun || call.Fault == fault.ID
	}
	if !begun || inside != 0 {
		t.Errorf("the window was opened: %t, and %d calls were made inside it", begun, inside)
	}
}

// TestCheckConfigLive has everything there that the installation needs, but for
// permissions that one organisation has not granted, and then takes one thing away.
func TestCheckConfigLive(t *testing.T) {
	dir, err := commandLine()
	if err != nil {
		t.Fatal(err)
	}
	check := func() (string, int) {
		t.Helper()
		cmd := world.cluster.Command(world.ctx, filepath.Join(dir, "kubectl-rehearse"), "check-config", "--live")
		out, err := cmd.CombinedOutput()
		if _, ended := err.(*exec.ExitError); err != nil && !ended { //nolint:errorlint // as exec returns it
			t.Fatal(err)
		}
		return string(out), cmd.ProcessState.ExitCode()
	}
	tell(t) // one of the repositories must be there
	out, _ := check()
	t.Log(out)
	for _, want := range []string{
		"The API server has rehearsal.dev/v1alpha1 Rehearsal.", "Our service accounts may do what they need.",
		"Its own containers meet PodSecurity restricted.", "We are the GitHub App " + appSlug + ".",
		"The App has every permission and event that it needs in " + world.org + "/",
		"Prow and we agree that prowjob_namespace is " + rig.ProwJobNamespace,
	} {
		if !strings.Contains(out, "  ok       "+want) {
			t.Errorf("the output lacks %q", want)
		}
	}
	for _, permission := range []string{"Commit statuses: write", "Members (of the organization): read"} {
		if want := "  MISSING  In " + narrowOrg() + "/" + narrowRepo + " the App has not been granted " + permission; !strings.Contains(out, want) {
			t.Errorf("the output lacks %q", want)
		}
	}
	if n := strings.Count(out, "has not been granted"); n != 2 {
		t.Errorf("%d permissions are missing, want 2", n)
	}
	secrets := world.cluster.Kube.CoreV1().Secrets(rig.Namespace)
	secret, err := secrets.Get(world.ctx, "rehearsal-hmac", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if err := secrets.Delete(world.ctx, secret.Name, metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	out, status := check()
	secret.ResourceVersion, secret.UID = "", ""
	if _, err := secrets.Create(world.ctx, secret, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	if status != 2 || !strings.Contains(out, "  MISSING  Secret rehearsal-hmac does not exist.") {
		t.Errorf("without a Secret it ends with %d:\n%s", status, out)
	}
}
