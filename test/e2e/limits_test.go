//go:build e2e

package e2e

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rehearsal-dev/rehearsal/test/rig"
)

// TestCheckConfigLive checks a complete installation, except for permissions that one
// organisation has not granted, and then removes one part.
func TestCheckConfigLive(t *testing.T) {
	parallel(t)
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
	tell(t) // one of the repositories must exist
	out, _ := check()
	t.Log(out)
	for _, want := range []string{
		"The API server has rehearsal.dev/v1alpha1 Rehearsal.", "Our service accounts may do what they need.",
		"Its own containers meet PodSecurity restricted.", "We are the GitHub App " + appSlug + ".",
		"The App has every permission and event that it needs in " + world.org + "/",
		"Prow's config.yaml and our settings agree that prowjob_namespace is " + rig.ProwJobNamespace,
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
