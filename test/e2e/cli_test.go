//go:build e2e

package e2e

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/test/rig"
)

// Users of the cluster. The settings list the first two.
const (
	userMaintainer = "bob@cluster.example.com"
	userStranger   = "mallory@cluster.example.com"
	userUnknown    = "somebody@cluster.example.com"
	// cliUsers is the part of the settings that lists them.
	cliUsers = "users: {" + userMaintainer + ": " + maintainer + ", " + userStranger + ": " + stranger + "}\n"
)

// commandLine builds the command once, as a plugin of kubectl, and gives the users their
// Roles. It returns the directory of the plugin.
var commandLine = sync.OnceValues(func() (string, error) {
	ctx := world.ctx
	dir, err := os.MkdirTemp("", "rehearse-")
	if err != nil {
		return "", err
	}
	if out, err := world.cluster.Output(ctx, "go", "build", "-o", filepath.Join(dir, "kubectl-rehearse"), "./cmd/rehearse"); err != nil {
		return "", errors.New(out)
	}
	var errs []error
	for _, user := range []string{userMaintainer, userStranger, userUnknown} {
		errs = append(errs, bind(ctx, rig.Namespace, "rehearsal-user", user), bind(ctx, rig.ProwJobNamespace, "rehearsal-viewer", user))
	}
	return dir, errors.Join(errs...)
})

func bind(ctx context.Context, namespace, role, user string) error {
	_, err := world.cluster.Kube.RbacV1().RoleBindings(namespace).Create(ctx, &rbacv1.RoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: "e2e-" + strings.ReplaceAll(user, "@", "-")},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: role},
		Subjects:   []rbacv1.Subject{{Kind: rbacv1.UserKind, APIGroup: rbacv1.GroupName, Name: user}},
	}, metav1.CreateOptions{})
	if apierrors.IsAlreadyExists(err) {
		return nil
	}
	return err
}

// types runs a command as a user. It expects this exit status, and these words in its
// output on either stream.
func (s *story) types(user string, status int, args []string, says ...string) {
	s.t.Helper()
	dir, err := commandLine()
	s.must(err)
	cmd := world.cluster.Command(s.ctx, filepath.Join(dir, "kubectl-rehearse"), append(args, "--as", user)...)
	out, err := cmd.CombinedOutput()
	var ended *exec.ExitError
	if err != nil && !errors.As(err, &ended) {
		s.t.Fatal(err)
	}
	if got := cmd.ProcessState.ExitCode(); got != status || !containsAll(string(out), says) {
		s.t.Errorf("%s: kubectl rehearse %s ends with %d; want %d and %q:\n%s", user, strings.Join(args, " "), got, status, says, out)
	}
}

func TestCommandLine(t *testing.T) {
	parallel(t)
	s := tell(t, passing("pull-widget-unit"), failing("pull-widget-e2e", "no such widget")).open()
	s.planned()
	pull := s.Pull.Name()
	s.types(userMaintainer, 0, []string{"run", pull, "pull-widget-unit", "--wait"},
		"accepted: /pj-rehearse pull-widget-unit", "tkn pipelinerun logs", "#issuecomment-", "pull-widget-unit: passed", "Passed: 1 of 1 passed")
	s.types(userMaintainer, 4, []string{"run", s.Pull.HTMLURL, "--selection", "all", "--wait"},
		"Failed: 1 of 2 passed, 1 failed", "pull-widget-e2e: failed")
	s.types(userMaintainer, 4, []string{"watch", pull}, "Failed: 1 of 2 passed, 1 failed")
	s.types(userMaintainer, 4, []string{"run", pull, "pull-widget-untouched"}, "nothing was run", "is not affected")
	s.types(userMaintainer, 0, []string{"describe", pull}, "of "+maintainer+":", "accepted", "kubectl rehearse run "+pull+" --selection failed")
	s.types(userMaintainer, 0, []string{"list", "--all"}, pull)
	runs := s.ended(3)
	for _, r := range runs {
		if r.By != maintainer {
			t.Errorf("the run %s is of %s, want %s", r.ID, r.By, maintainer)
		}
	}
	s.comment(rig.RunComment, "requested by `"+maintainer+" (on the command line)`")
}

func TestCommandLineAborts(t *testing.T) {
	parallel(t)
	s := tell(t, waiting("pull-widget-e2e", t.Name()), waiting("pull-widget-unit", t.Name())).open()
	s.planned()
	pull := s.Pull.Name()
	s.types(userMaintainer, 0, []string{"abort", pull}, "nothing is running")
	s.types(userMaintainer, 0, []string{"run", pull}, "accepted")
	s.started()
	s.types(userMaintainer, 0, []string{"abort", pull}, "accepted: /pj-rehearse abort")
	s.types(userMaintainer, 5, []string{"watch", pull}, "Aborted", "pull-widget-e2e  ")
	s.result(v1alpha1.RunAborted, 0, 0, "Aborted", maintainer)
	s.aborted()
}

func TestCommandLineDenies(t *testing.T) {
	parallel(t)
	s := tell(t, passing("pull-widget-unit")).open()
	s.planned()
	pull := s.Pull.Name()
	s.types(userStranger, 6, []string{"run", pull}, "not accepted", "write access")
	s.types(userUnknown, 6, []string{"run", pull}, "not accepted", userUnknown)
	s.types(userStranger, 6, []string{"ack", pull}, "not accepted")
	s.types("nobody@cluster.example.com", 1, []string{"run", pull}, "--role=rehearsal-viewer --user=nobody@cluster.example.com")
	s.types(userMaintainer, 1, []string{"run", "acme/nowhere#1"}, "acme/nowhere#1 is not known in namespace")
	s.idle()
}
