package rehearsal

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"

	"github.com/rehearsal-dev/rehearsal/pkg/github"
)

// repositoriesConfigMap maps each served name, as org.repo in lower case (the name of an
// organisation has no dot), to GitHub's id of the repository that had this name when it was
// first served.
const repositoriesConfigMap = "rehearsal-repositories"

// foreignError says that a name now belongs to another repository than the one that is
// served. Its text is for people.
type foreignError struct {
	reason string
}

func (e *foreignError) Error() string { return e.reason }

func isForeign(err error) bool {
	var foreign *foreignError
	return errors.As(err, &foreign)
}

func isMoved(err error) bool {
	var moved *github.MovedError
	return errors.As(err, &moved)
}

// identities checks which repository a name stands for.
type identities struct {
	configMaps corev1client.ConfigMapInterface
}

// check compares the id of a repository with the id that was first stored for its name. A
// new name is stored. Names change owners: after a repository or its organisation is
// renamed, somebody else can take the name, and would be served in its place.
func (i *identities) check(ctx context.Context, org, repo string, id int64) error {
	if id == 0 {
		return fmt.Errorf("GitHub does not give the ID of the repository %s/%s", org, repo)
	}
	key, number := strings.ToLower(org+"."+repo), strconv.FormatInt(id, 10)
	cm, err := i.configMaps.Get(ctx, repositoriesConfigMap, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		cm = &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: repositoriesConfigMap}, Data: map[string]string{key: number}}
		_, err = i.configMaps.Create(ctx, cm, metav1.CreateOptions{})
	case err != nil:
	case cm.Data[key] == number:
		return nil
	case remembers(cm, key):
		return &foreignError{fmt.Sprintf("%s/%s is now a different repository: its ID on GitHub is %s, but it was %q when it was first served; "+
			"to serve the new one, set %s to %q in the ConfigMap %s", org, repo, number, cm.Data[key], key, number, repositoriesConfigMap)}
	default:
		if cm = cm.DeepCopy(); cm.Data == nil {
			cm.Data = map[string]string{}
		}
		cm.Data[key] = number
		_, err = i.configMaps.Update(ctx, cm, metav1.UpdateOptions{})
	}
	if err != nil {
		return fmt.Errorf("remembering which repository %s/%s is: %w", org, repo, err)
	}
	return nil
}

// remembers reports whether a ConfigMap has an entry for a name, even an empty one: an
// administrator has to repair damaged entries.
func remembers(cm *corev1.ConfigMap, key string) bool {
	_, text := cm.Data[key]
	_, bytes := cm.BinaryData[key]
	return text || bytes
}

// identify checks that the pull request belongs to the served repository, and to the same
// one as before.
func (t *pullReader) identify(ctx context.Context, pull *github.Pull) error {
	p, before := t.rh.Spec.Pull, t.rh.Status.Pull
	known := identities{t.Kube.CoreV1().ConfigMaps(t.rh.Namespace)}
	err := known.check(ctx, p.Org, p.Repo, pull.RepoID)
	switch {
	case isForeign(err):
		return t.foreign(err.Error())
	case err != nil:
		t.rh.Status.MarkPulling("Retrying", err.Error())
		return err
	case before != nil && before.RepositoryID != 0 && before.RepositoryID != pull.RepoID:
		return t.foreign(fmt.Sprintf("this Rehearsal is of the repository with the ID %d on GitHub, but %s/%s now has the ID %d: delete this Rehearsal",
			before.RepositoryID, p.Org, p.Repo, pull.RepoID))
	}
	return nil
}

// foreign records that nothing is done for the pull request.
func (t *pullReader) foreign(reason string) error {
	t.talk.Muted = &github.RefusedError{Op: "commenting on a pull request", Reason: "its name now belongs to another repository"}
	t.rh.Status.MarkNotPulled("OtherRepository", reason)
	if t.rh.Status.Pull != nil {
		t.rh.Status.Pull.Invalidate()
	}
	return &foreignError{reason}
}
