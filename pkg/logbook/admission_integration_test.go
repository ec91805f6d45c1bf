//go:build integration

package logbook_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/event"
	"github.com/rehearsal-dev/rehearsal/pkg/logbook"
	"github.com/rehearsal-dev/rehearsal/pkg/logbook/logbooktest"
)

const (
	installed  = "rehearsals"
	receiver   = "system:serviceaccount:rehearsals:rehearsal-receiver"
	controller = "system:serviceaccount:rehearsals:rehearsal-controller"
	// namesake has the name of the receiver in another namespace.
	namesake = "system:serviceaccount:elsewhere:rehearsal-receiver"
	admin    = "root"
)

// guarded is an API server with the Roles and the policy of an installation, on
// which alice, bob and the namesake are users, mallory is a viewer, and root may
// do everything.
type guarded struct {
	*logbooktest.APIServer
	t *testing.T
}

func newGuarded(t *testing.T) guarded {
	t.Helper()
	g := guarded{logbooktest.Start(t), t}
	kube, err := kubernetes.NewForConfig(g.Config())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := kube.CoreV1().Namespaces().Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: installed}}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := kube.CoreV1().Namespaces().Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "prow"}}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	g.Install(t, "201-roles.yaml", "204-roles-people.yaml", "211-admission-rehearsals.yaml")
	for user, role := range map[string]string{"alice": "rehearsal-user", "bob": "rehearsal-user", namesake: "rehearsal-user", "mallory": "rehearsal-viewer"} {
		_, err := kube.RbacV1().RoleBindings(installed).Create(t.Context(), &rbacv1.RoleBinding{
			ObjectMeta: metav1.ObjectMeta{GenerateName: "people-"},
			RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: role},
			Subjects:   []rbacv1.Subject{{Kind: rbacv1.UserKind, APIGroup: rbacv1.GroupName, Name: user}},
		}, metav1.CreateOptions{})
		if err != nil {
			t.Fatal(err)
		}
	}
	_, err = kube.RbacV1().ClusterRoleBindings().Create(t.Context(), &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: admin},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "cluster-admin"},
		Subjects:   []rbacv1.Subject{{Kind: rbacv1.UserKind, APIGroup: rbacv1.GroupName, Name: admin}},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	g.inForce()
	return g
}

// inForce waits until the API server enforces the policy, which it learns of through a
// watch.
func (g guarded) inForce() {
	g.t.Helper()
	probe := entries("cli-0-0")
	for end := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
		_, err := g.RehearsalsAs(g.t, admin, installed).Create(g.t.Context(), &v1alpha1.Rehearsal{
			ObjectMeta: metav1.ObjectMeta{Name: "probe"}, Spec: v1alpha1.RehearsalSpec{Pull: probe.Pull},
		}, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
		if apierrors.IsForbidden(err) {
			return
		}
		if time.Now().After(end) {
			g.t.Fatalf("the policy does not come into force: %v", err)
		}
	}
}

// say appends a command as one user, in the name of another.
func (g guarded) say(who, by, id string) error {
	said := entries(id)
	said.Observed, said.Commands[0].By = nil, by
	return logbook.Append(g.t.Context(), g.RehearsalsAs(g.t, who, installed), said)
}

// patch applies a JSON Patch as a user.
func (g guarded) patch(who string, operations ...map[string]any) error {
	raw, err := json.Marshal(operations)
	if err != nil {
		g.t.Fatal(err)
	}
	_, err = g.RehearsalsAs(g.t, who, installed).Patch(g.t.Context(), event.Name(entries("cli-0-0").Pull), types.JSONPatchType, raw, metav1.PatchOptions{})
	return err
}

func (g guarded) must(err error) {
	g.t.Helper()
	if err != nil {
		g.t.Fatal(err)
	}
}

// refused expects a refusal by the policy, with these words.
func (g guarded) refused(err error, says string) {
	g.t.Helper()
	if !apierrors.IsForbidden(err) || !strings.Contains(err.Error(), "rehearsal-commands") || !strings.Contains(err.Error(), says) {
		g.t.Errorf("the error is %v; want the policy to say %q", err, says)
	}
}

func operation(op, path string, value any) map[string]any {
	return map[string]any{"op": op, "path": path, "value": value}
}

func TestAdmission(t *testing.T) {
	g := newGuarded(t)
	const ownWords = "you may only add commands whose id starts with cli- and whose by is your user name"

	// Only the receiver and the controller may create Rehearsals.
	g.refused(g.say(admin, admin, "cli-1-0"), "only the receiver and the controller make Rehearsals")
	if err := g.say("alice", "alice", "cli-1-0"); !apierrors.IsForbidden(err) {
		t.Errorf("alice creates with error %v", err)
	}
	g.must(g.say(receiver, "dave", "comment-1-0"))
	g.must(g.say(controller, "erin", "comment-2-0"))

	g.must(g.say("alice", "alice", "cli-1-0"))
	g.must(g.say("bob", "bob", "cli-2-0"))
	g.must(g.say(admin, admin, "cli-3-0"))
	g.must(g.say("alice", "alice", "cli-1-0")) // known already

	for _, who := range []string{"alice", namesake, admin} {
		g.refused(g.say(who, "bob", "cli-4-0"), ownWords+", "+who)
		g.refused(g.say(who, who, "comment-4-0"), ownWords)
		g.refused(g.say(who, who, "body-4-0"), ownWords)
	}
	for _, who := range []string{"mallory", "nobody"} {
		if err := g.say(who, who, "cli-5-0"); !apierrors.IsForbidden(err) {
			t.Errorf("%s appends with error %v", who, err)
		}
	}

	const stays = "what stands in spec.commands is not changed or removed"
	for _, who := range []string{"alice", receiver, admin} {
		g.refused(g.patch(who, operation("replace", "/spec/commands/0/text", "/pj-rehearse abort")), stays)
		g.refused(g.patch(who, operation("replace", "/spec/commands/2/text", "/pj-rehearse abort")), stays)
		g.refused(g.patch(who, operation("remove", "/spec/commands/2", nil)), stays)
		g.refused(g.patch(who, operation("remove", "/spec/commands", nil)), stays)
	}
	for _, who := range []string{"alice", admin} {
		g.refused(g.patch(who, operation("add", "/spec/observed", v1alpha1.Observed{Event: "closed", At: metav1.Now()})), "only the receiver and the controller set spec.observed, spec.pushes and spec.refused")
	}

	// The receiver can store commands of anybody on GitHub, but none of the command line.
	g.refused(g.say(receiver, "bob", "cli-5-0"), "the receiver hears nothing from command lines")

	// With a bogus owner, the garbage collector would delete the Rehearsal.
	const metadata = "only who may delete a Rehearsal changes its owners and finalizers"
	owner := []metav1.OwnerReference{{APIVersion: "v1", Kind: "ConfigMap", Name: "gone", UID: "u"}}
	for _, who := range []string{"alice", receiver} {
		g.refused(g.patch(who, operation("add", "/metadata/ownerReferences", owner)), metadata)
		g.refused(g.patch(who, operation("add", "/metadata/finalizers", []string{"a.example/b"})), metadata)
	}
	_, err := g.RehearsalsAs(t, receiver, installed).Create(t.Context(), &v1alpha1.Rehearsal{
		ObjectMeta: metav1.ObjectMeta{Name: "owned", OwnerReferences: owner}, Spec: v1alpha1.RehearsalSpec{Pull: entries("cli-0-0").Pull},
	}, metav1.CreateOptions{})
	g.refused(err, metadata)
	g.must(g.patch(admin, operation("add", "/metadata/finalizers", []string{"a.example/b"})))
	g.must(g.patch(admin, operation("remove", "/metadata/finalizers", nil)))

	observed := entries("comment-6-0")
	observed.Observed = &v1alpha1.Observed{Event: "sweep", At: metav1.Now()}
	g.must(logbook.Append(t.Context(), g.RehearsalsAs(t, receiver, installed), observed))
	g.refused(g.patch("alice", operation("remove", "/spec/observed", nil)), "spec.observed")

	push := &event.Entries{Pull: observed.Pull, Observed: observed.Observed, Pushes: map[string]v1alpha1.Push{
		"bob": {Event: "synchronize", By: "bob", Head: strings.Repeat("a", 40), At: metav1.Now()},
	}}
	g.must(logbook.Append(t.Context(), g.RehearsalsAs(t, receiver, installed), push))
	for _, who := range []string{"alice", receiver, admin} {
		g.refused(g.patch(who, operation("remove", "/spec/pushes/bob", nil)), "spec.pushes")
	}
	g.refused(g.patch("alice", operation("add", "/spec/pushes/carol", push.Pushes["bob"])), "spec.pushes")
	again := push.Pushes["bob"]
	again.Head, again.By = strings.Repeat("b", 40), "Bob"
	g.must(g.patch(receiver, operation("replace", "/spec/pushes/bob", again)))
	for name, change := range map[string]func(*v1alpha1.Push){
		"somebody else":    func(p *v1alpha1.Push) { p.By = "zed" },
		"another account":  func(p *v1alpha1.Push) { p.ID = 9 },
		"less than a push": func(p *v1alpha1.Push) { p.Event = "reopened" },
	} {
		changed := again
		change(&changed)
		t.Log(name)
		g.refused(g.patch(receiver, operation("replace", "/spec/pushes/bob", changed)), "spec.pushes")
	}
	found := v1alpha1.Push{Event: "reopened", By: "bob", Head: strings.Repeat("a", 40), At: metav1.Now()}
	g.must(g.patch(receiver, operation("add", "/spec/pushes/bob~1reopened", found)))
	found.Head = strings.Repeat("c", 40)
	g.refused(g.patch(receiver, operation("replace", "/spec/pushes/bob~1reopened", found)), "spec.pushes")
	refused := operation("add", "/spec/refused", map[string]v1alpha1.Refusal{"alice": {By: "alice", At: metav1.Now()}})
	g.refused(g.patch("alice", refused), "spec.refused")
	g.must(g.patch(receiver, refused))
	// The controller trims the log.
	g.must(g.patch(controller, operation("remove", "/spec/commands/0", nil)))
}

// TestAdmissionOfFullLogs checks that the policy stays within the cost limit for
// expressions, because it compares lists.
func TestAdmissionOfFullLogs(t *testing.T) {
	g := newGuarded(t)
	g.must(g.say(receiver, "dave", "comment-1-0"))
	fill := func(who, by, kind string, from, to int) error {
		many := entries()
		many.Observed = nil
		for n := from; n < to; n++ {
			c := entries(fmt.Sprintf("%s-%d-0", kind, n)).Commands[0]
			c.By, c.Text = by, "/pj-rehearse "+strings.Repeat("x", 80)
			many.Commands = append(many.Commands, c)
		}
		return logbook.Append(t.Context(), g.RehearsalsAs(t, who, installed), many)
	}
	g.must(fill(receiver, "dave", "comment", 2, 150))
	g.must(fill(receiver, "erin", "comment", 150, 300))
	g.must(fill("alice", "alice", "cli", 0, 99))
	g.must(g.say("alice", "alice", "cli-100-0"))
	g.refused(g.say("bob", "bob", "cli-101-0"), "write a comment on the pull request instead")
	g.must(g.say(receiver, "dave", "comment-500-0"))
}
