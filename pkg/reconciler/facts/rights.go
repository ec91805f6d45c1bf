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

// changedFiles are the changed files of the pull request, or why they are not known.
type changedFiles struct {
	names   []string
	because string
}

// Decide asks GitHub for the facts that a decision needs, and for no others. If it returns
// an error, there is no decision.
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

// permission returns somebody's permission for the config repository. A login that GitHub
// does not know has none.
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

// approves checks the OWNERS files of the base branch. As in Prow, they only count for
// collaborators: a name may still be listed after its rights are gone.
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

// changedFiles returns the changed files of the head that status knows.
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
		// GitHub lists the files of the head at the time of the request.
		err = f.SameHead(ctx)
	}
	if err != nil {
		return nil, err
	}
	f.files = files
	return files, nil
}

// ReadTrust finds out, whenever the pull request is read, whether it runs without approval:
// whether all contributors are trusted. Until that is known, it counts as not trusted, and
// the next pass tries again.
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

// Person returns the GitHub login of a command's author; false if the settings have none
// for a user of the command line.
func (f *Facts) Person(c v1alpha1.Command) (string, bool) {
	if !event.FromCommandLine(c.ID) {
		return c.By, true
	}
	login := f.Settings.Users[c.By]
	return login, login != ""
}

// readContributors asks GitHub who wrote the commits: once per head, but whenever the pull
// request is read if the answer was incomplete.
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

// Question returns what the policy has to know about the pull request.
func (f *Facts) Question() policy.Question {
	pull := f.Rehearsal.Status.Pull
	q := policy.Question{Author: pull.Author, Labels: f.Pull.Labels, Unknown: pull.Open && judging.MakersUnknown(f.Rehearsal) != ""}
	for _, m := range judging.Makers(f.Rehearsal) {
		q.Others = append(q.Others, m.Person)
	}
	return q
}

// Permit asks the policy whether somebody may give a command. Nothing is denied because of
// contributors until GitHub has listed them.
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

// AuthorID returns the id of the author of a command's comment after that was read; 0 for
// commands elsewhere.
func (f *Facts) AuthorID(c v1alpha1.Command) int64 {
	id, inComment := event.CommentID(c.ID)
	if inComment && f.lastComment != nil && f.lastComment.ID == id {
		return f.lastComment.AuthorID
	}
	return 0
}

// SameHead reads the pull request again before a head is marked as ready to merge: the head
// in status may be hours old, and a push may not be reported yet.
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
