//go:build integration

package cli

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/cli/program"
	"github.com/rehearsal-dev/rehearsal/pkg/event"
	"github.com/rehearsal-dev/rehearsal/pkg/logbook"
	"github.com/rehearsal-dev/rehearsal/pkg/logbook/logbooktest"
)

const (
	controllerUser = "system:serviceaccount:rehearsals:rehearsal-controller"
	head           = "0123456789abcdef0123456789abcdef01234567"
	base           = "89abcdef0123456789abcdef0123456789abcdef"
)

var noon = metav1.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

// openPull returns a Rehearsal without commands.
func openPull() *v1alpha1.Rehearsal {
	of := v1alpha1.Pull{Org: "acme", Repo: "release", Number: 7}
	return &v1alpha1.Rehearsal{
		ObjectMeta: metav1.ObjectMeta{Name: event.Name(of), Namespace: "rehearsals"},
		Spec:       v1alpha1.RehearsalSpec{Pull: of},
		Status: v1alpha1.RehearsalStatus{
			Pull: &v1alpha1.PullStatus{Head: head, BaseRef: "main", Base: base, Author: "carol", Title: "Move to Go 1.26", Open: true, ReadAt: noon},
			Plan: &v1alpha1.PlanStatus{Head: head, Base: base, Jobs: 70, Affected: 4, Offered: 3, Excluded: 1},
		},
	}
}

// installation is a real API server with the manifests of an installation, without Tekton
// and Prow. The test takes the place of the controller.
type installation struct {
	*logbooktest.APIServer
	t          *testing.T
	kubeconfig string
}

func install(t *testing.T) *installation {
	t.Helper()
	in := &installation{logbooktest.Start(t), t, ""}
	in.kubeconfig = in.Kubeconfig(t)
	kube, err := kubernetes.NewForConfig(in.Config())
	in.must(err)
	for _, namespace := range []string{"rehearsals", "prow"} {
		_, err := kube.CoreV1().Namespaces().Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace}}, metav1.CreateOptions{})
		in.must(err)
	}
	in.Install(t, "201-roles.yaml", "204-roles-people.yaml", "211-admission-rehearsals.yaml")
	_, err = kube.RbacV1().RoleBindings("rehearsals").Create(t.Context(), &rbacv1.RoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: "alice"},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: "rehearsal-user"},
		Subjects:   []rbacv1.Subject{{Kind: rbacv1.UserKind, APIGroup: rbacv1.GroupName, Name: "alice"}},
	}, metav1.CreateOptions{})
	in.must(err)
	return in
}

func (in *installation) must(err error) {
	in.t.Helper()
	if err != nil {
		in.t.Fatal(err)
	}
}

// opened creates the Rehearsal of a pull request, as the controller would.
func (in *installation) opened(rh *v1alpha1.Rehearsal) {
	in.t.Helper()
	controller := in.RehearsalsAs(in.t, controllerUser, "rehearsals")
	in.must(logbook.Append(in.t.Context(), controller, &event.Entries{
		Pull: rh.Spec.Pull, Observed: &v1alpha1.Observed{Event: "opened", Head: head, At: noon},
	}))
	stored, err := controller.Get(in.t.Context(), rh.Name, metav1.GetOptions{})
	in.must(err)
	stored.Status = rh.Status
	_, err = controller.UpdateStatus(in.t.Context(), stored, metav1.UpdateOptions{})
	in.must(err)
}

// judges decides on the next command, once it is in the log.
func (in *installation) judges(name string, verdict v1alpha1.CommandStatus, started bool) {
	controller := in.RehearsalsAs(in.t, controllerUser, "rehearsals")
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		list, err := controller.List(in.t.Context(), metav1.ListOptions{})
		if err != nil {
			in.t.Error(err)
			return
		}
		for _, rh := range list.Items {
			n := len(rh.Status.Commands)
			if rh.Name != name || len(rh.Spec.Commands) <= n {
				continue
			}
			verdict.ID = rh.Spec.Commands[n].ID
			rh.Status.Commands = append(rh.Status.Commands, verdict)
			if started {
				rh.Status.Runs = append(rh.Status.Runs, v1alpha1.RunStatus{
					ID: verdict.ID, Head: head, By: "alice", State: v1alpha1.RunRunning, PipelineRun: "run", Attempt: 1, Total: 1, StartedAt: &noon,
				})
			}
			if _, err := controller.UpdateStatus(in.t.Context(), &rh, metav1.UpdateOptions{}); err != nil {
				in.t.Error(err)
			}
			return
		}
	}
	in.t.Error("nothing was said")
}

// types runs a command line as a user.
func (in *installation) types(user string, args ...string) (status int, text string) {
	in.t.Helper()
	var out bytes.Buffer
	status = Execute(in.t.Context(), append(append([]string{"rehearse"}, args...), "--kubeconfig", in.kubeconfig, "--as", user), &out, &out)
	return status, out.String()
}

func TestWithAPIServer(t *testing.T) {
	in := install(t)
	rh := openPull()
	in.opened(rh)

	expect := func(name string, wantStatus int, says []string, user string, args ...string) {
		t.Helper()
		status, text := in.types(user, args...)
		if status != wantStatus {
			t.Errorf("%s: ends with %d, want %d:\n%s", name, status, wantStatus, text)
		}
		for _, want := range says {
			if !strings.Contains(text, want) {
				t.Errorf("%s: no %q in\n%s", name, want, text)
			}
		}
	}

	judged := make(chan struct{})
	go func() {
		defer close(judged)
		in.judges(rh.Name, v1alpha1.CommandStatus{Verdict: v1alpha1.VerdictAccepted, Head: head}, true)
		in.judges(rh.Name, v1alpha1.CommandStatus{Verdict: v1alpha1.VerdictDenied, Reason: v1alpha1.ReasonNotAllowed, Message: "Only `bob` may."}, false)
	}()
	expect("first command of the log", program.ExitDone, []string{"accepted: /pj-rehearse on acme/release#7", "1 job"}, "alice", "run", "acme/release#7")
	expect("denied", program.ExitNotAccepted, []string{"not accepted. Only bob may."}, "alice", "ack", "7")
	<-judged
	expect("no decision", program.ExitNoAnswer, []string{"stored, but the controller has not read"}, "alice", "abort", "7", "--timeout", "50ms")
	stored, err := in.RehearsalsAs(t, "alice", "rehearsals").Get(t.Context(), rh.Name, metav1.GetOptions{})
	in.must(err)
	for _, c := range stored.Spec.Commands {
		if c.By != "alice" || c.Head != head || !strings.HasPrefix(c.ID, "cli-") || time.Since(c.At.Time).Abs() > time.Hour {
			t.Errorf("a command is %+v", c)
		}
	}

	expect("list", program.ExitDone, []string{"acme/release#7", "alice", "Running"}, "alice", "list")
	expect("no right to list", program.ExitUsage, []string{"--role=rehearsal-viewer --user=mallory"}, "mallory", "list")
	expect("unknown pull request", program.ExitUsage, []string{"acme/release#8 is not known in namespace rehearsals"}, "alice", "run", "acme/release#8")
	expect("Tekton not installed", program.ExitUsage, []string{"has no pipelineruns"}, "alice", "watch", "7")
}

// TestKubeconfigIsFound checks that the kubeconfig is found where kubectl finds it.
func TestKubeconfigIsFound(t *testing.T) {
	in := install(t)
	content, err := os.ReadFile(in.kubeconfig)
	in.must(err)
	path := filepath.Join(t.TempDir(), "config")
	in.must(os.WriteFile(path, content, 0o600))
	t.Setenv("KUBECONFIG", path)
	for _, c := range []struct {
		args   []string
		status int
		says   string
	}{
		{[]string{"list"}, program.ExitDone, "No rehearsals are running."},
		{[]string{"list", "-n", "elsewhere"}, program.ExitDone, "No rehearsals are running."},
		{[]string{"list", "--context", "nope"}, program.ExitUsage, "nope"},
	} {
		var out bytes.Buffer
		if status := Execute(t.Context(), append([]string{"rehearse"}, c.args...), &out, &out); status != c.status || !strings.Contains(out.String(), c.says) {
			t.Errorf("%v: %d %s", c.args, status, out.String())
		}
	}
}
