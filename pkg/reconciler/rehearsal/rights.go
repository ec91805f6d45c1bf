package rehearsal

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/event"
	"github.com/rehearsal-dev/rehearsal/pkg/github"
	"github.com/rehearsal-dev/rehearsal/pkg/policy"
	"github.com/rehearsal-dev/rehearsal/pkg/policy/owners"
	"github.com/rehearsal-dev/rehearsal/pkg/reconciler/judging"
	"github.com/rehearsal-dev/rehearsal/pkg/requeue"
)

// RightsSource is what the policy asks of GitHub.
type RightsSource interface {
	Permission(ctx context.Context, org, repo, login string) (github.Permission, error)
	Member(ctx context.Context, org, login string) (bool, error)
	TeamMember(ctx context.Context, org, slug, login string) (bool, error)
	Collaborator(ctx context.Context, org, repo, login string) (bool, error)
	ChangedFiles(ctx context.Context, org, repo string, number int) ([]string, error)
	Content(ctx context.Context, org, repo, path, ref string) ([]byte, error)
}

// findings are what one turn has found out for the policy. Nothing of it is
// believed in the next.
type findings struct {
	facts       policy.Facts
	permissions map[string]github.Permission
	files       *changedFiles
	owners      *owners.Tree
	// comment is the one that was read last.
	comment *github.Comment
	// edits are those of texts, by their node ids.
	edits map[string]*github.Edits
}

// changedFiles are those of the pull request, or why they cannot be told.
type changedFiles struct {
	names   []string
	because string
}

func newFindings() findings {
	return findings{facts: policy.Facts{}, permissions: map[string]github.Permission{}, edits: map[string]*github.Edits{}}
}

// decide asks GitHub for what a decision needs, and no more. An error is no
// decision.
func (t *turn) decide(ctx context.Context, decide func(policy.Facts) policy.Decision) (policy.Decision, error) {
	return policy.Settle(decide, t.known.facts, func(f policy.Fact) (policy.Answer, error) { return t.findOut(ctx, f) })
}

func (t *turn) findOut(ctx context.Context, f policy.Fact) (policy.Answer, error) {
	p := t.rh.Spec.Pull
	var holds bool
	var err error
	switch f.Of {
	case policy.FactMember:
		holds, err = t.GitHub.Member(ctx, p.Org, f.Login)
	case policy.FactWriter, policy.FactAdmin:
		var permission github.Permission
		permission, err = t.permission(ctx, f.Login)
		holds = permission.IsAdmin() || f.Of == policy.FactWriter && permission.CanWrite()
	case policy.FactTeam:
		org, slug, _ := strings.Cut(f.Team, "/")
		holds, err = t.GitHub.TeamMember(ctx, org, slug, f.Login)
	case policy.FactRootApprover, policy.FactApprover:
		return t.approves(ctx, f)
	default:
		return policy.Answer{}, fmt.Errorf("there is no way to find out %q", f.Of)
	}
	if err != nil {
		return policy.Answer{}, err
	}
	return policy.Answer{Holds: holds}, nil
}

// permission is what somebody may do in the config repository. A login that
// GitHub does not know may do nothing.
func (t *turn) permission(ctx context.Context, login string) (github.Permission, error) {
	if known, ok := t.known.permissions[login]; ok {
		return known, nil
	}
	permission, err := t.GitHub.Permission(ctx, t.rh.Spec.Pull.Org, t.rh.Spec.Pull.Repo, login)
	var gone *github.NotFoundError
	if errors.As(err, &gone) {
		permission, err = "none", nil
	}
	if err != nil {
		return "", err
	}
	t.known.permissions[login] = permission
	return permission, nil
}

// approves asks the OWNERS files of the base branch. As Prow has it, they are
// about collaborators: a name may have outlived the rights.
func (t *turn) approves(ctx context.Context, f policy.Fact) (policy.Answer, error) {
	p := t.rh.Spec.Pull
	is, err := t.GitHub.Collaborator(ctx, p.Org, p.Repo, f.Login)
	if err != nil || !is {
		return policy.Answer{}, err
	}
	if t.known.owners == nil {
		t.known.owners = owners.New(t.atBase)
	}
	var v owners.Verdict
	if f.Of == policy.FactRootApprover {
		v, err = t.known.owners.Root(ctx, f.Login)
	} else {
		var files *changedFiles
		if files, err = t.changedFiles(ctx); err == nil && files.because != "" {
			return policy.Answer{Because: files.because}, nil
		}
		if err == nil {
			v, err = t.known.owners.All(ctx, f.Login, files.names)
		}
	}
	if err != nil {
		return policy.Answer{}, err
	}
	return policy.Answer{Holds: v.Approves, Because: v.Because}, nil
}

// atBase reads a file of the base branch, for package owners.
func (t *turn) atBase(ctx context.Context, path string) (content []byte, because string, err error) {
	p := t.rh.Spec.Pull
	content, err = t.GitHub.Content(ctx, p.Org, p.Repo, path, t.rh.Status.Pull.Base)
	var gone *github.NotFoundError
	var part *github.IncompleteError
	switch {
	case errors.As(err, &gone):
		return nil, "", nil
	case errors.As(err, &part):
		return nil, fmt.Sprintf("The file `%s` of the base branch cannot be read: %s.", path, part.Reason), nil
	case err != nil:
		return nil, "", err
	}
	return append([]byte{}, content...), "", nil
}

// changedFiles are those of the head that the pull request is known to have.
func (t *turn) changedFiles(ctx context.Context) (*changedFiles, error) {
	if t.known.files != nil {
		return t.known.files, nil
	}
	p := t.rh.Spec.Pull
	names, err := t.GitHub.ChangedFiles(ctx, p.Org, p.Repo, p.Number)
	files := &changedFiles{names: names}
	var part *github.IncompleteError
	if errors.As(err, &part) {
		files.because, err = "The changed files cannot all be looked at: "+part.Reason+".", nil
	}
	if err == nil {
		// GitHub lists the files of whatever the head is at that moment.
		err = t.sameHead(ctx)
	}
	if err != nil {
		return nil, err
	}
	t.known.files = files
	return files, nil
}

// readTrust asks whether the pull request runs without an approval of each head,
// whenever it is read: whether its author, and everybody else who made it, is
// trusted. As long as that is not known, nobody is, and it is asked again.
func (t *turn) readTrust(ctx context.Context) error {
	pull := t.rh.Status.Pull
	if t.pull == nil || !pull.Open {
		return nil
	}
	err := t.readContributors(ctx)
	var d policy.Decision
	if err == nil {
		judging.Disown(t.rh)
		d, err = t.decide(ctx, func(known policy.Facts) policy.Decision { return t.repo.Policy.Trusts(t.question(), known) })
	}
	if err != nil {
		pull.Invalidate()
		return fmt.Errorf("reading whether %s is trusted: %w", pull.Author, err)
	}
	pull.AuthorTrusted, pull.Distrusted, t.trustKnown = d.Allowed, d.Distrusted, true
	judging.Distrust(t.rh)
	return nil
}

// person is the login of who gave a command; false when the settings do not tell
// that of a user of the command line.
func (t *turn) person(c v1alpha1.Command) (string, bool) {
	if !event.FromCommandLine(c.ID) {
		return c.By, true
	}
	login := t.settings.Users[c.By]
	return login, login != ""
}

// readContributors asks GitHub who wrote the commits, once for a head; where that did
// not tell all, whenever the pull request is read.
func (t *turn) readContributors(ctx context.Context) error {
	pull := t.rh.Status.Pull
	if c := judging.ContributorsOf(pull); c != nil && c.Because == "" && c.Unmapped == "" {
		return nil
	}
	found, err := t.GitHub.Contributors(ctx, t.rh.Spec.Pull.Org, t.rh.Spec.Pull.Repo, t.pull.NodeID)
	if err != nil {
		return err
	}
	if found.Head != pull.Head {
		return &requeue.Later{After: lagPause, Reason: "GitHub does not list the commits of the head yet"}
	}
	pull.Contributors = newContributors(found, pull.BaseRef)
	return nil
}

func newContributors(found *github.Contributors, baseRef string) *v1alpha1.Contributors {
	c := &v1alpha1.Contributors{Head: found.Head, BaseRef: baseRef, Unmapped: found.Unmapped, Because: found.Because}
	for _, p := range found.People {
		c.People = append(c.People, v1alpha1.Contributor(p))
	}
	return c
}

// question is what the policy is to know of the pull request.
func (t *turn) question() policy.Question {
	pull := t.rh.Status.Pull
	q := policy.Question{Author: pull.Author, Labels: t.pull.Labels, Unknown: pull.Open && judging.MakersUnknown(t.rh) != ""}
	for _, m := range judging.Makers(t.rh) {
		q.Others = append(q.Others, m.Person)
	}
	return q
}

// permit asks the policy whether somebody may do something. As long as GitHub has
// not told who made the pull request, nothing is denied for that.
func (t *turn) permit(ctx context.Context, q policy.Question, in *judging.Circumstances) ([]string, error) {
	d, err := t.decide(ctx, func(known policy.Facts) policy.Decision { return t.repo.Policy.Decide(q, known) })
	in.Allowed, in.Own = d.Allowed, ""
	switch {
	case err != nil || d.Allowed:
		return nil, err
	case d.Own:
		in.Own = judging.HowMade(t.rh, q.By, q.ByID)
	case judging.ContributorsOf(t.rh.Status.Pull) == nil && in.Pull.Open:
		return nil, &requeue.Later{After: time.Second, Reason: "it is not known who wrote the commits"}
	case d.Unknown:
		in.Own = v1alpha1.ReasonMakersUnknown
		return []string{judging.MakersUnknown(t.rh)}, nil
	}
	return d.Because, nil
}

// authorID is the id of who wrote the comment with a command, once it was read; 0
// for what was not written in one.
func (t *turn) authorID(c v1alpha1.Command) int64 {
	id, inComment := event.CommentID(c.ID)
	if inComment && t.known.comment != nil && t.known.comment.ID == id {
		return t.known.comment.AuthorID
	}
	return 0
}
