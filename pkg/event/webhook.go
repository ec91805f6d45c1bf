package event

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
)

// MalformedError says that a payload is not valid for its event.
type MalformedError struct {
	Event  string
	Reason string
}

func (e *MalformedError) Error() string {
	return fmt.Sprintf("malformed %s event: %s", e.Event, e.Reason)
}

// The fields that are read from GitHub's webhook payloads, see
// https://docs.github.com/webhooks/webhook-events-and-payloads.
type (
	payload struct {
		Action      string       `json:"action"`
		Number      int          `json:"number"`
		PullRequest *pullRequest `json:"pull_request"`
		Issue       *issue       `json:"issue"`
		Comment     *comment     `json:"comment"`
		Repository  *repository  `json:"repository"`
		Sender      user         `json:"sender"`
	}
	repository struct {
		Name  string `json:"name"`
		Owner user   `json:"owner"`
	}
	user struct {
		ID    int64  `json:"id"`
		Login string `json:"login"`
		Type  string `json:"type"`
	}
	pullRequest struct {
		Body      string    `json:"body"`
		User      user      `json:"user"`
		CreatedAt time.Time `json:"created_at"`
		UpdatedAt time.Time `json:"updated_at"`
		Head      struct {
			SHA string `json:"sha"`
		} `json:"head"`
	}
	issue struct {
		Number      int       `json:"number"`
		PullRequest *struct{} `json:"pull_request"`
	}
	comment struct {
		ID        int64     `json:"id"`
		Body      string    `json:"body"`
		User      user      `json:"user"`
		CreatedAt time.Time `json:"created_at"`
	}
)

// pullActions are the actions of pull_request that are used.
var pullActions = map[string]bool{
	"opened": true, "synchronize": true, "edited": true, "reopened": true, "closed": true,
}

// Listens reports whether webhooks with this X-GitHub-Event header are used.
func Listens(eventType string) bool {
	return eventType == "pull_request" || eventType == "issue_comment"
}

// Translate translates a webhook: eventType is its X-GitHub-Event header. It returns
// nil if the event is not relevant, and a *MalformedError if the payload is not
// valid.
func Translate(eventType string, body []byte, opts Options) (*Entries, error) {
	if !Listens(eventType) {
		return nil, nil
	}
	var p payload
	if err := json.Unmarshal(body, &p); err != nil {
		return nil, &MalformedError{Event: eventType, Reason: err.Error()}
	}
	if eventType == "pull_request" {
		return fromPullRequest(&p, opts)
	}
	return fromIssueComment(&p, opts)
}

func fromPullRequest(p *payload, opts Options) (*Entries, error) {
	if !pullActions[p.Action] {
		return nil, nil
	}
	pr := p.PullRequest
	if pr == nil {
		return nil, &MalformedError{Event: "pull_request", Reason: "it has no pull_request"}
	}
	pull, err := p.pull("pull_request", p.Number)
	if err != nil {
		return nil, err
	}
	if !isSHA(pr.Head.SHA) || pr.UpdatedAt.IsZero() || len(pr.User.Login) > maxLogin {
		return nil, &MalformedError{Event: "pull_request", Reason: "its pull_request lacks a head SHA, a time or a proper login"}
	}
	entries := &Entries{
		Pull:     pull,
		Observed: &v1alpha1.Observed{Event: p.Action, Head: pr.Head.SHA, At: metav1.NewTime(pr.UpdatedAt)},
	}
	entries.Pushes = p.pushes()
	if p.Action == "opened" {
		entries.Commands = opened(Pull{
			Author: pr.User.Login, AuthorType: pr.User.Type, Body: pr.Body, CreatedAt: pr.CreatedAt,
		}, opts)
	}
	return entries, nil
}

// pushes returns who set the head of the pull request: by a push, by opening it, or by
// reopening it, which includes what was pushed to its branch meanwhile.
func (p *payload) pushes() map[string]v1alpha1.Push {
	by, pr := p.Sender, p.PullRequest
	pushed := p.Action == "synchronize" || p.Action == "opened" || p.Action == "reopened"
	if !pushed || by.Login == "" || len(by.Login) > maxLogin {
		return nil
	}
	return map[string]v1alpha1.Push{pushKey(p.Action, by, pr.Head.SHA): {
		Event: p.Action, By: by.Login, ID: by.ID, Head: pr.Head.SHA, At: metav1.NewTime(pr.UpdatedAt),
	}}
}

// pushKey is the key under which a push is stored. Later events must not overwrite
// another account that had the same login, or a head that somebody found when
// reopening the pull request.
func pushKey(action string, by user, head string) string {
	key := strings.ToLower(by.Login)
	if by.ID != 0 {
		key = fmt.Sprintf("%s/%d", key, by.ID)
	}
	if action == "reopened" {
		key += "/reopened/" + head
	}
	return key
}

func fromIssueComment(p *payload, opts Options) (*Entries, error) {
	if p.Action != "created" {
		return nil, nil
	}
	if p.Issue == nil || p.Comment == nil {
		return nil, &MalformedError{Event: "issue_comment", Reason: "it has no issue or no comment"}
	}
	if p.Issue.PullRequest == nil {
		return nil, nil
	}
	pull, err := p.pull("issue_comment", p.Issue.Number)
	if err != nil {
		return nil, err
	}
	c := p.Comment
	if c.ID <= 0 || c.CreatedAt.IsZero() || len(c.User.Login) > maxLogin {
		return nil, &MalformedError{Event: "issue_comment", Reason: "its comment lacks an id, a time or a proper login"}
	}
	return created(pull, Comment{
		ID: c.ID, Author: c.User.Login, AuthorType: c.User.Type, Body: c.Body, CreatedAt: c.CreatedAt,
	}, opts), nil
}

func (p *payload) pull(event string, number int) (v1alpha1.Pull, error) {
	if p.Repository == nil {
		return v1alpha1.Pull{}, &MalformedError{Event: event, Reason: "it has no repository"}
	}
	pull := v1alpha1.Pull{Org: p.Repository.Owner.Login, Repo: p.Repository.Name, Number: number}
	if !isName(pull.Org) || !isName(pull.Repo) || number < 1 {
		return v1alpha1.Pull{}, &MalformedError{Event: event, Reason: "it does not name a pull request"}
	}
	return pull, nil
}

// isName reports whether GitHub allows a name for owners and repositories.
func isName(s string) bool {
	if s == "" || len(s) > maxLogin {
		return false
	}
	for _, r := range s {
		if !isAlphanumeric(r) && r != '-' && r != '_' && r != '.' {
			return false
		}
	}
	return true
}

// isSHA reports whether a string is a full SHA-1 or SHA-256.
func isSHA(s string) bool {
	if len(s) != 40 && len(s) != 64 {
		return false
	}
	for _, r := range s {
		if (r < '0' || r > '9') && (r < 'a' || r > 'f') {
			return false
		}
	}
	return true
}

func isAlphanumeric(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
}
