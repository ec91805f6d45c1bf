package github

import "context"

// Control is everything that a test or a demo does to GitHub other than through GitHub's
// own interfaces. A Server provides it to its own process, a Client to others. Users,
// labels and branches that are named are created if they do not exist.
type Control interface {
	CreateRepo(context.Context, NewRepo) (Repo, error)
	GetRepo(context.Context, RepoID) (Repo, error)
	RenameRepo(context.Context, RepoRename) (Repo, error)
	CreateCommit(context.Context, NewCommit) (Commit, error)

	OpenPull(context.Context, NewPull) (Pull, error)
	GetPull(context.Context, PullID) (Pull, error)
	ListPulls(context.Context, RepoID) ([]Pull, error)
	Push(context.Context, NewPush) (Pull, error)
	EditPull(context.Context, PullEdit) (Pull, error)
	ClosePull(context.Context, PullAction) (Pull, error)
	ReopenPull(context.Context, PullAction) (Pull, error)
	MergePull(context.Context, PullAction) (Pull, error)
	LockPull(context.Context, PullAction) (Pull, error)
	UnlockPull(context.Context, PullAction) (Pull, error)
	AddLabels(context.Context, PullLabels) (Pull, error)
	RemoveLabels(context.Context, PullLabels) (Pull, error)

	CreateComment(context.Context, NewComment) (Comment, error)
	EditComment(context.Context, CommentEdit) (Comment, error)
	DeleteComment(context.Context, CommentEdit) (None, error)
	ListComments(context.Context, PullID) ([]Comment, error)
	ListStatuses(context.Context, StatusQuery) ([]Status, error)

	SetPermission(context.Context, Permission) (None, error)
	SetMember(context.Context, Member) (None, error)
	SetTeamMember(context.Context, TeamMember) (None, error)
	AddToken(context.Context, Token) (None, error)
	// CreateApp registers a GitHub App and generates its private key.
	CreateApp(context.Context, NewApp) (App, error)
	InstallApp(context.Context, NewInstallation) (Installation, error)
	// AdvanceClock lets time pass for tokens and limits.
	AdvanceClock(context.Context, Duration) (None, error)
	SetRateLimit(context.Context, RateLimit) (None, error)

	AddHook(context.Context, Hook) (Hook, error)
	RemoveHook(context.Context, Hook) (None, error)
	SetDelivering(context.Context, Delivering) (None, error)
	ListDeliveries(context.Context, DeliveryQuery) ([]Delivery, error)
	Redeliver(context.Context, Redelivery) (Delivery, error)
	// WaitDeliveries returns when each delivery so far was dropped or attempted.
	WaitDeliveries(context.Context, None) (None, error)

	AddFault(context.Context, Fault) (Fault, error)
	ClearFaults(context.Context, None) (None, error)
	ListFaults(context.Context, None) ([]Fault, error)

	Calls(context.Context, CallQuery) (Calls, error)
	ResetCalls(context.Context, None) (None, error)
	// Violations lists the objections of the validator.
	Violations(context.Context, None) ([]string, error)
}

// None stands for no argument or no result.
type None struct{}

var (
	_ Control = (*Server)(nil)
	_ Control = (*Client)(nil)
)
