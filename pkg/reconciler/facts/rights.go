package facts

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

// changedFiles are those of the pull request, or why they cannot be told.
type changedFiles struct {
	names   []string
	because string
}

// Decide asks GitHub for what a decision needs, and no more. An error is no
// decision.
func (f *Facts) Decide(ctx context.Context, decide func(policy.Facts) policy.Decision) (policy.Decision, error) {
	return policy.Settle(decide, f.known, func(asked policy.Fact) (policy.Answer, error) { return f.findOut(ctx, asked) })
}

func (f *Facts) findOut(ctx context.Context, asked policy.Fact) (policy.Answer, error) {
	p := f.Rehearsal.Spec.Pull
	var holds bool
	var err error
	switch asked.Of {
	case policy.FactMember:
		holds, err = f.GitHub.Member(ctx, p.Org, asked.Login)
	case policy.FactWriter, policy.FactAdmin:
		var permission github.Permission
		permission, err = f.permission(ctx, asked.Login)
		holds = permission.IsAdmin() || asked.Of == policy.FactWriter && permission.CanWrite()
	case policy.FactTeam:
		org, slug, _ := strings.Cut(asked.Team, "/")
		holds, err = f.GitHub.TeamMember(ctx, org, slug, asked.Login)
	case policy.FactRootApprover, policy.FactApprover:
		return f.approves(ctx, asked)
	default:
		return policy.Answer{}, fmt.Errorf("there is no way to look up %q", asked.Of)
	}
	if err != nil {
		return policy.Answer{}, err
	}
	return policy.Answer{Holds: holds}, nil
}

// permission is what somebody may do in the config repository. A login that
// GitHub does not know may do nothing.
func (f *Facts) permission(ctx context.Context, login string) (github.Permission, error) {
	if known, ok := f.permissions[login]; ok {
		return known, nil
	}
	permission, err := f.GitHub.Permission(ctx, f.Rehearsal.Spec.Pull.Org, f.Rehearsal.Spec.Pull.Repo, login)
	var gone *github.NotFoundError
	if errors.As(err, &gone) {
		permission, err = "none", nil
	}
	if err != nil {
		return "", err
	}
	f.permissions[login] = permission
	return permission, nil
}

// approves asks the OWNERS files of the base branch. As Prow has it, they are
// about collaborators: a name may have outlived the rights.
func (f *Facts) approves(ctx context.Context, asked policy.Fact) (policy.Answer, error) {
	p := f.Rehearsal.Spec.Pull
	is, err := f.GitHub.Collaborator(ctx, p.Org, p.Repo, asked.Login)
	if err != nil || !is {
		return policy.Answer{}, err
	}
	if f.owners == nil {
		f.owners = owners.New(f.atBase)
	}
	var v owners.Verdict
	if asked.Of == policy.FactRootApprover {
		v, err = f.owners.Root(ctx, asked.Login)
	} else {
		var files *changedFiles
		if files, err = f.changedFiles(ctx); err == nil && files.because != "" {
			return policy.Answer{Because: files.because}, nil
		}
		if err == nil {
			v, err = f.owners.All(ctx, asked.Login, files.names)
		}
	}
	if err != nil {
		return policy.Answer{}, err
	}
	return policy.Answer{Holds: v.Approves, Because: v.Because}, nil
}

// atBase reads a file of the base branch, for package owners.
func (f *Facts) atBase(ctx context.Context, path string) (content []byte, because string, err error) {
	p := f.Rehearsal.Spec.Pull
	content, err = f.GitHub.Content(ctx, p.Org, p.Repo, path, f.Rehearsal.Status.Pull.Base)
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
func (f *Facts) changedFiles(ctx context.Context) (*changedFiles, error) {
	if f.files != nil {
		return f.files, nil
	}
	p := f.Rehearsal.Spec.Pull
	names, err := f.GitHub.ChangedFiles(ctx, p.Org, p.Repo, p.Number)
	files := &changedFiles{names: names}
	var part *github.IncompleteError
	if errors.As(err, &part) {
		files.because, err = "Not all changed files can be read: "+part.Reason+".", nil
	}
	if err == nil {
		// GitHub lists the files of whatever the head is at that moment.
		err = f.SameHead(ctx)
	}
	if err != nil {
		return nil, err
	}
	f.files = files
	return files, nil
}

// ReadTrust asks whether the pull request runs without an approval of each head,
// whenever it is read: whether its author, and everybody else who made it, is
// trusted. As long as that is not known, nobody is, and it is asked again.
func (f *Facts) ReadTrust(ctx context.Context) error {
	pull := f.Rehearsal.Status.Pull
	if f.Pull == nil || !pull.Open {
		return nil
	}
	err := f.readContributors(ctx)
	var d policy.Decision
	if err == nil {
		judging.Disown(f.Rehearsal)
		d, err = f.Decide(ctx, func(known policy.Facts) policy.Decision { return f.Repository.Policy.Trusts(f.Question(), known) })
	}
	if err != nil {
		pull.Invalidate()
		return fmt.Errorf("reading whether %s is trusted: %w", pull.Author, err)
	}
	pull.AuthorTrusted, pull.Distrusted, f.TrustKnown = d.Allowed, d.Distrusted, true
	judging.Distrust(f.Rehearsal)
	return nil
}

// Person is the login of who gave a command; false when the settings do not tell
// that of a user of the command line.
func (f *Facts) Person(c v1alpha1.Command) (string, bool) {
	if !event.FromCommandLine(c.ID) {
		return c.By, true
	}
	login := f.Settings.Users[c.By]
	return login, login != ""
}

// readContributors asks GitHub who wrote the commits, once for a head; where that did
// not tell all, whenever the pull request is read.
func (f *Facts) readContributors(ctx context.Context) error {
	pull := f.Rehearsal.Status.Pull
	if c := judging.ContributorsOf(pull); c != nil && c.Because == "" && c.Unmapped == "" {
		return nil
	}
	found, err := f.GitHub.Contributors(ctx, f.Rehearsal.Spec.Pull.Org, f.Rehearsal.Spec.Pull.Repo, f.Pull.NodeID)
	if err != nil {
		return err
	}
	if found.Head != pull.Head {
		return &requeue.Later{After: LagPause, Reason: "GitHub does not list the commits of the head yet"}
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

// Question is what the policy is to know of the pull request.
func (f *Facts) Question() policy.Question {
	pull := f.Rehearsal.Status.Pull
	q := policy.Question{Author: pull.Author, Labels: f.Pull.Labels, Unknown: pull.Open && judging.MakersUnknown(f.Rehearsal) != ""}
	for _, m := range judging.Makers(f.Rehearsal) {
		q.Others = append(q.Others, m.Person)
	}
	return q
}

// Permit asks the policy whether somebody may do something. As long as GitHub has
// not told who made the pull request, nothing is denied for that.
func (f *Facts) Permit(ctx context.Context, q policy.Question, in *judging.Circumstances) ([]string, error) {
	d, err := f.Decide(ctx, func(known policy.Facts) policy.Decision { return f.Repository.Policy.Decide(q, known) })
	in.Allowed, in.Own = d.Allowed, ""
	switch {
	case err != nil || d.Allowed:
		return nil, err
	case d.Own:
		in.Own = judging.HowMade(f.Rehearsal, q.By, q.ByID)
	case judging.ContributorsOf(f.Rehearsal.Status.Pull) == nil && in.Pull.Open:
		return nil, &requeue.Later{After: time.Second, Reason: "it is not known who wrote the commits"}
	case d.Unknown:
		in.Own = v1alpha1.ReasonMakersUnknown
		return []string{judging.MakersUnknown(f.Rehearsal)}, nil
	}
	return d.Because, nil
}

// AuthorID is the id of who wrote the comment with a command, once it was read; 0
// for what was not written in one.
func (f *Facts) AuthorID(c v1alpha1.Command) int64 {
	id, inComment := event.CommentID(c.ID)
	if inComment && f.lastComment != nil && f.lastComment.ID == id {
		return f.lastComment.AuthorID
	}
	return 0
}

// SameHead asks GitHub once more before it is told that a head may be merged:
// the one we know may be hours old, and a push not heard of yet.
func (f *Facts) SameHead(ctx context.Context) error {
	p, known := f.Rehearsal.Spec.Pull, f.Rehearsal.Status.Pull
	now, err := f.GitHub.Pull(ctx, p.Org, p.Repo, p.Number)
	if err != nil {
		return err
	}
	if now.Head != known.Head || now.BaseRef != known.BaseRef {
		known.Invalidate()
		return &requeue.Later{After: time.Second, Reason: "the pull request has changed"}
	}
	return nil
}
