package github

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

// PullID identifies a pull request.
type PullID struct {
	Org    string `json:"org"`
	Repo   string `json:"repo"`
	Number int    `json:"number"`
}

// Name returns org/repo#number.
func (id PullID) Name() string { return fmt.Sprintf("%s/%s#%d", id.Org, id.Repo, id.Number) }

// RepoID identifies a repository.
type RepoID struct {
	Org  string `json:"org"`
	Repo string `json:"repo"`
}

// NewRepo creates a repository and, if necessary, its organisation.
type NewRepo struct {
	Org         string `json:"org"`
	Repo        string `json:"repo"`
	Description string `json:"description,omitempty"`
	// DefaultBranch is main if empty.
	DefaultBranch string `json:"default_branch,omitempty"`
	Private       bool   `json:"private,omitempty"`
	// Files is the tree of the first commit.
	Files map[string]string `json:"files,omitempty"`
	// From is the path, on the server's machine, of a bundle or a repository whose refs are
	// copied instead of making a first commit.
	From string `json:"from,omitempty"`
	// Roles maps logins to roles: read, triage, write, maintain or admin.
	Roles map[string]string `json:"roles,omitempty"`
}

// Repo is a repository.
type Repo struct {
	Org           string            `json:"org"`
	Repo          string            `json:"repo"`
	ID            int64             `json:"id"`
	DefaultBranch string            `json:"default_branch"`
	HTMLURL       string            `json:"html_url"`
	CloneURL      string            `json:"clone_url"`
	Branches      map[string]string `json:"branches"` // name to SHA
}

// NewCommit adds a commit to a branch. A new branch starts at the default branch.
type NewCommit struct {
	Org     string `json:"org"`
	Repo    string `json:"repo"`
	Branch  string `json:"branch,omitempty"` // the default branch if empty
	By      string `json:"by,omitempty"`
	Message string `json:"message,omitempty"`
	Change
}

// Commit is the result of NewCommit.
type Commit struct {
	SHA string `json:"sha"`
}

// NewPull opens a pull request. Its head is a branch of the repository (Head), an existing
// commit (SHA), or a commit with Change on top of the base branch, as if pushed to the
// author's fork.
type NewPull struct {
	Org    string   `json:"org"`
	Repo   string   `json:"repo"`
	Author string   `json:"author"`
	Title  string   `json:"title,omitempty"`
	Body   string   `json:"body,omitempty"`
	Base   string   `json:"base,omitempty"` // the default branch if empty
	Head   string   `json:"head,omitempty"`
	SHA    string   `json:"sha,omitempty"`
	Draft  bool     `json:"draft,omitempty"`
	Labels []string `json:"labels,omitempty"`
	Signed
	Change
}

// Pull is a pull request.
type Pull struct {
	PullID
	Title   string   `json:"title"`
	Body    string   `json:"body"`
	Author  string   `json:"author"`
	State   string   `json:"state"` // open or closed
	Merged  bool     `json:"merged"`
	Locked  bool     `json:"locked"`
	Draft   bool     `json:"draft"`
	HeadRef string   `json:"head_ref"`
	HeadSHA string   `json:"head_sha"`
	BaseRef string   `json:"base_ref"`
	BaseSHA string   `json:"base_sha"` // the base branch's tip at the last push
	Labels  []string `json:"labels"`
	HTMLURL string   `json:"html_url"`
	// Reactions are the reactions to the description, the oldest first.
	Reactions []Reaction `json:"reactions,omitempty"`
}

// NewPush gives a pull request a new head: a commit on top of the current head, or, with
// Force, on top of the base branch; or SHA, an existing commit.
type NewPush struct {
	PullID
	By      string `json:"by,omitempty"` // the author if empty
	Message string `json:"message,omitempty"`
	Force   bool   `json:"force,omitempty"`
	SHA     string `json:"sha,omitempty"`
	// Date is the date in the new commit; now if nil.
	Date *time.Time `json:"date,omitempty"`
	Signed
	Change
}

// Signed has the names in a new commit, which its author can choose freely: a login, or an
// e-mail address that belongs to nobody. The default is the person who pushes, and the
// author of the commit.
type Signed struct {
	CommitBy  string `json:"commit_by,omitempty"`
	Committer string `json:"committer,omitempty"`
}

// RepoRename renames a repository. GitHub redirects from the old name, until another
// repository is created with it.
type RepoRename struct {
	RepoID
	To string `json:"to"`
}

// PullEdit changes the fields that are not nil; a new Base retargets the pull request.
type PullEdit struct {
	PullID
	By    string  `json:"by,omitempty"`
	Title *string `json:"title,omitempty"`
	Body  *string `json:"body,omitempty"`
	Base  *string `json:"base,omitempty"`
}

// PullAction is an action by somebody on a pull request; by the author if By is empty.
type PullAction struct {
	PullID
	By string `json:"by,omitempty"`
}

// PullLabels adds labels to a pull request or removes them.
type PullLabels struct {
	PullID
	By     string   `json:"by,omitempty"`
	Labels []string `json:"labels"`
}

// NewComment comments on a pull request.
type NewComment struct {
	PullID
	By   string `json:"by"`
	Body string `json:"body"`
}

// CommentEdit changes a comment, or deletes it; then Body is ignored.
type CommentEdit struct {
	Org  string `json:"org"`
	Repo string `json:"repo"`
	ID   int64  `json:"id"`
	By   string `json:"by,omitempty"` // the comment's author if empty
	Body string `json:"body,omitempty"`
}

// Comment is a comment on a pull request.
type Comment struct {
	PullID
	ID        int64     `json:"id"`
	Author    string    `json:"author"`
	Body      string    `json:"body"`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
	// Reactions are sorted, the oldest first.
	Reactions []Reaction `json:"reactions,omitempty"`
}

// Reaction is a reaction to a comment, in GitHub's terms, such as eyes.
type Reaction struct {
	User    string `json:"user"`
	Content string `json:"content"`
}

// StatusQuery selects the statuses of a commit.
type StatusQuery struct {
	Org  string `json:"org"`
	Repo string `json:"repo"`
	SHA  string `json:"sha"`
}

// Status is a commit status.
type Status struct {
	Context     string    `json:"context"`
	State       string    `json:"state"`
	Description string    `json:"description"`
	TargetURL   string    `json:"target_url"`
	Creator     string    `json:"creator"`
	CreatedAt   time.Time `json:"created_at"`
}

// Permission gives a login a role in a repository: read, triage, write, maintain, admin or
// none.
type Permission struct {
	Org  string `json:"org"`
	Repo string `json:"repo"`
	User string `json:"user"`
	Role string `json:"role"`
}

// Member makes a login a member of an organisation, or ends the membership. Public members
// are shown to everybody.
type Member struct {
	Org    string `json:"org"`
	User   string `json:"user"`
	Public bool   `json:"public,omitempty"`
	Remove bool   `json:"remove,omitempty"`
}

// TeamMember adds a login to a team of an organisation, or removes it. The team is created
// if necessary. With Pending, the login is only invited; otherwise it also becomes a member
// of the organisation.
type TeamMember struct {
	Org     string `json:"org"`
	Team    string `json:"team"` // slug
	User    string `json:"user"`
	Pending bool   `json:"pending,omitempty"`
	Remove  bool   `json:"remove,omitempty"`
}

// Token lets its bearer act as a user.
type Token struct {
	Token string `json:"token"`
	User  string `json:"user"`
}

// Hook is a webhook of a repository, or of all repositories of an organisation if Repo is
// empty.
type Hook struct {
	ID     int64    `json:"id,omitempty"` // given by the server
	Org    string   `json:"org"`
	Repo   string   `json:"repo,omitempty"`
	URL    string   `json:"url"`
	Secret string   `json:"secret,omitempty"`
	Events []string `json:"events,omitempty"` // all if empty
}

// Delivering switches the delivery of webhooks on or off. Dropped deliveries are recorded
// and can be redelivered.
type Delivering struct {
	Drop bool `json:"drop"`
}

// Delivery is a webhook that was sent or dropped.
type Delivery struct {
	ID       int64           `json:"id"`
	GUID     string          `json:"guid"` // X-GitHub-Delivery; a redelivery keeps it
	HookID   int64           `json:"hook_id"`
	Event    string          `json:"event"`
	Action   string          `json:"action,omitempty"`
	URL      string          `json:"url"`
	Header   http.Header     `json:"header"`
	Payload  json.RawMessage `json:"payload"`
	Dropped  bool            `json:"dropped,omitempty"`
	Attempts []Attempt       `json:"attempts,omitempty"`
}

// Attempt is one attempt to deliver.
type Attempt struct {
	At     time.Time `json:"at"`
	Status int       `json:"status,omitempty"`
	Error  string    `json:"error,omitempty"`
}

// Delivered reports whether an attempt got a 2xx response.
func (d Delivery) Delivered() bool {
	for _, a := range d.Attempts {
		if a.Status >= 200 && a.Status < 300 {
			return true
		}
	}
	return false
}

// DeliveryQuery selects deliveries; empty fields match all.
type DeliveryQuery struct {
	Event  string `json:"event,omitempty"`
	Action string `json:"action,omitempty"`
}

// Redelivery identifies a delivery to send again.
type Redelivery struct {
	ID int64 `json:"id"`
}
