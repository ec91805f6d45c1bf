package github

import "context"

// RenameRepo implements Control.
func (c *Client) RenameRepo(ctx context.Context, in RepoRename) (Repo, error) {
	return call[RepoRename, Repo](ctx, c, "rename-repo", in)
}

// CreateRepo implements Control.
func (c *Client) CreateRepo(ctx context.Context, in NewRepo) (Repo, error) {
	return call[NewRepo, Repo](ctx, c, "create-repo", in)
}

// GetRepo implements Control.
func (c *Client) GetRepo(ctx context.Context, in RepoID) (Repo, error) {
	return call[RepoID, Repo](ctx, c, "get-repo", in)
}

// CreateCommit implements Control.
func (c *Client) CreateCommit(ctx context.Context, in NewCommit) (Commit, error) {
	return call[NewCommit, Commit](ctx, c, "create-commit", in)
}

// OpenPull implements Control.
func (c *Client) OpenPull(ctx context.Context, in NewPull) (Pull, error) {
	return call[NewPull, Pull](ctx, c, "open-pull", in)
}

// GetPull implements Control.
func (c *Client) GetPull(ctx context.Context, in PullID) (Pull, error) {
	return call[PullID, Pull](ctx, c, "get-pull", in)
}

// ListPulls implements Control.
func (c *Client) ListPulls(ctx context.Context, in RepoID) ([]Pull, error) {
	return call[RepoID, []Pull](ctx, c, "list-pulls", in)
}

// Push implements Control.
func (c *Client) Push(ctx context.Context, in NewPush) (Pull, error) {
	return call[NewPush, Pull](ctx, c, "push", in)
}

// EditPull implements Control.
func (c *Client) EditPull(ctx context.Context, in PullEdit) (Pull, error) {
	return call[PullEdit, Pull](ctx, c, "edit-pull", in)
}

// ClosePull implements Control.
func (c *Client) ClosePull(ctx context.Context, in PullAction) (Pull, error) {
	return call[PullAction, Pull](ctx, c, "close-pull", in)
}

// ReopenPull implements Control.
func (c *Client) ReopenPull(ctx context.Context, in PullAction) (Pull, error) {
	return call[PullAction, Pull](ctx, c, "reopen-pull", in)
}

// MergePull implements Control.
func (c *Client) MergePull(ctx context.Context, in PullAction) (Pull, error) {
	return call[PullAction, Pull](ctx, c, "merge-pull", in)
}

// LockPull implements Control.
func (c *Client) LockPull(ctx context.Context, in PullAction) (Pull, error) {
	return call[PullAction, Pull](ctx, c, "lock-pull", in)
}

// UnlockPull implements Control.
func (c *Client) UnlockPull(ctx context.Context, in PullAction) (Pull, error) {
	return call[PullAction, Pull](ctx, c, "unlock-pull", in)
}

// AddLabels implements Control.
func (c *Client) AddLabels(ctx context.Context, in PullLabels) (Pull, error) {
	return call[PullLabels, Pull](ctx, c, "add-labels", in)
}

// RemoveLabels implements Control.
func (c *Client) RemoveLabels(ctx context.Context, in PullLabels) (Pull, error) {
	return call[PullLabels, Pull](ctx, c, "remove-labels", in)
}

// CreateComment implements Control.
func (c *Client) CreateComment(ctx context.Context, in NewComment) (Comment, error) {
	return call[NewComment, Comment](ctx, c, "create-comment", in)
}

// EditComment implements Control.
func (c *Client) EditComment(ctx context.Context, in CommentEdit) (Comment, error) {
	return call[CommentEdit, Comment](ctx, c, "edit-comment", in)
}

// DeleteComment implements Control.
func (c *Client) DeleteComment(ctx context.Context, in CommentEdit) (None, error) {
	return call[CommentEdit, None](ctx, c, "delete-comment", in)
}

// ListComments implements Control.
func (c *Client) ListComments(ctx context.Context, in PullID) ([]Comment, error) {
	return call[PullID, []Comment](ctx, c, "list-comments", in)
}

// ListStatuses implements Control.
func (c *Client) ListStatuses(ctx context.Context, in StatusQuery) ([]Status, error) {
	return call[StatusQuery, []Status](ctx, c, "list-statuses", in)
}

// SetPermission implements Control.
func (c *Client) SetPermission(ctx context.Context, in Permission) (None, error) {
	return call[Permission, None](ctx, c, "set-permission", in)
}

// SetMember implements Control.
func (c *Client) SetMember(ctx context.Context, in Member) (None, error) {
	return call[Member, None](ctx, c, "set-member", in)
}

// SetTeamMember implements Control.
func (c *Client) SetTeamMember(ctx context.Context, in TeamMember) (None, error) {
	return call[TeamMember, None](ctx, c, "set-team-member", in)
}

// AddToken implements Control.
func (c *Client) AddToken(ctx context.Context, in Token) (None, error) {
	return call[Token, None](ctx, c, "add-token", in)
}

// AddHook implements Control.
func (c *Client) AddHook(ctx context.Context, in Hook) (Hook, error) {
	return call[Hook, Hook](ctx, c, "add-hook", in)
}

// RemoveHook implements Control.
func (c *Client) RemoveHook(ctx context.Context, in Hook) (None, error) {
	return call[Hook, None](ctx, c, "remove-hook", in)
}

// SetDelivering implements Control.
func (c *Client) SetDelivering(ctx context.Context, in Delivering) (None, error) {
	return call[Delivering, None](ctx, c, "set-delivering", in)
}

// ListDeliveries implements Control.
func (c *Client) ListDeliveries(ctx context.Context, in DeliveryQuery) ([]Delivery, error) {
	return call[DeliveryQuery, []Delivery](ctx, c, "list-deliveries", in)
}

// Redeliver implements Control.
func (c *Client) Redeliver(ctx context.Context, in Redelivery) (Delivery, error) {
	return call[Redelivery, Delivery](ctx, c, "redeliver", in)
}

// WaitDeliveries implements Control.
func (c *Client) WaitDeliveries(ctx context.Context, in None) (None, error) {
	return call[None, None](ctx, c, "wait-deliveries", in)
}

// AddFault implements Control.
func (c *Client) AddFault(ctx context.Context, in Fault) (Fault, error) {
	return call[Fault, Fault](ctx, c, "add-fault", in)
}

// ClearFaults implements Control.
func (c *Client) ClearFaults(ctx context.Context, in None) (None, error) {
	return call[None, None](ctx, c, "clear-faults", in)
}

// ListFaults implements Control.
func (c *Client) ListFaults(ctx context.Context, in None) ([]Fault, error) {
	return call[None, []Fault](ctx, c, "list-faults", in)
}

// Calls implements Control.
func (c *Client) Calls(ctx context.Context, in CallQuery) (Calls, error) {
	return call[CallQuery, Calls](ctx, c, "calls", in)
}

// ResetCalls implements Control.
func (c *Client) ResetCalls(ctx context.Context, in None) (None, error) {
	return call[None, None](ctx, c, "reset-calls", in)
}

// Violations implements Control.
func (c *Client) Violations(ctx context.Context, in None) ([]string, error) {
	return call[None, []string](ctx, c, "violations", in)
}

// CreateApp implements Control.
func (c *Client) CreateApp(ctx context.Context, in NewApp) (App, error) {
	return call[NewApp, App](ctx, c, "create-app", in)
}

// InstallApp implements Control.
func (c *Client) InstallApp(ctx context.Context, in NewInstallation) (Installation, error) {
	return call[NewInstallation, Installation](ctx, c, "install-app", in)
}

// AdvanceClock implements Control.
func (c *Client) AdvanceClock(ctx context.Context, in Duration) (None, error) {
	return call[Duration, None](ctx, c, "advance-clock", in)
}

// SetRateLimit implements Control.
func (c *Client) SetRateLimit(ctx context.Context, in RateLimit) (None, error) {
	return call[RateLimit, None](ctx, c, "set-rate-limit", in)
}
