package checkconfig

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	kubefake "k8s.io/client-go/kubernetes/fake"

	"github.com/rehearsal-dev/rehearsal/pkg/cli/cluster"
	"github.com/rehearsal-dev/rehearsal/pkg/cli/program"
	"github.com/rehearsal-dev/rehearsal/pkg/github"
	"github.com/rehearsal-dev/rehearsal/pkg/layout"
	"github.com/rehearsal-dev/rehearsal/pkg/settings"
	standin "github.com/rehearsal-dev/rehearsal/test/github"
)

// TestCheckLive checks an installation whose GitHub App is complete in one repository.
// Prow's configuration is only in the repository, and everything else is missing.
func TestCheckLive(t *testing.T) {
	hub, err := standin.Start("")
	must(t, err)
	t.Cleanup(func() { must(t, hub.Close()) })
	t.Cleanup(http.DefaultTransport.(*http.Transport).CloseIdleConnections)
	_, err = hub.CreateRepo(t.Context(), standin.NewRepo{Org: "acme", Repo: "config", Private: true, Files: map[string]string{
		"config.yaml": "prowjob_namespace: prow\npod_namespace: test-pods\ngithub_reporter: {no_comment_repos: [acme/config]}\n",
	}})
	must(t, err)
	permissions := map[string]string{}
	for _, p := range github.AppPermissions() {
		permissions[p.Name] = p.Level
	}
	app, err := hub.CreateApp(t.Context(), standin.NewApp{Slug: "rehearsal", Owner: "acme", Permissions: permissions, Events: github.AppEvents()})
	must(t, err)
	_, err = hub.InstallApp(t.Context(), standin.NewInstallation{App: app.ID, Org: "acme"})
	must(t, err)

	s := settings.Defaults()
	s.GitHub.Endpoint, s.GitHub.AppID = hub.APIURL(), app.ID
	at := layout.Layout{ProwConfig: "config.yaml"}
	s.Repositories = []settings.Repository{{Name: "acme/config", Layout: at}, {Name: "acme/none", Layout: at}}
	kube := kubefake.NewSimpleClientset(&corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Name: "rehearsal-github", Namespace: "rehearsals"}, Data: map[string][]byte{"private-key": []byte(app.PrivateKey)},
	})
	var out strings.Builder
	err = checkInstallation(t.Context(), kube, s, &out, liveOptions{Address: cluster.Address{Namespace: "rehearsals"}})
	if program.Status(err) != program.ExitRefused {
		t.Errorf("exit status is %d (%v), want %d", program.Status(err), err, program.ExitRefused)
	}
	for _, want := range []string{
		"  ok       We are the GitHub App rehearsal.\n",
		"  ok       The App has every permission and event that it needs in acme/config.\n",
		"  MISSING  The App is not installed in acme/none.\n           → install the App in acme",
		"  ok       Prow's config.yaml and our settings agree that prowjob_namespace is prow.\n",
		"  ok       Secret rehearsal-github has private-key.\n",
		"  MISSING  Namespace prow does not exist.\n",
		"  unknown  Prow's plugins.yaml cannot be read: ",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the output lacks %q:\n%s", want, out.String())
		}
	}
	if strings.Contains(out.String(), "PRIVATE KEY") {
		t.Error("the output shows the key")
	}
}

func TestCheckLiveWithoutCredentials(t *testing.T) {
	var out strings.Builder
	err := checkInstallation(t.Context(), kubefake.NewSimpleClientset(), settings.Defaults(), &out, liveOptions{Address: cluster.Address{Namespace: "rehearsals"}})
	var outcome *program.Outcome
	if !errors.As(err, &outcome) || !strings.Contains(out.String(), "GitHub was not checked") || !strings.Contains(out.String(), "--github-credentials") {
		t.Errorf("%v:\n%s", err, out.String())
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
