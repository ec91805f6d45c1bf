package github

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	gogithub "github.com/google/go-github/v60/github"
)

// NotFoundError says that something does not exist on GitHub, or is hidden from us.
type NotFoundError struct {
	Op string
}

func (e *NotFoundError) Error() string { return e.Op + ": not found" }

// RateLimitedError says that GitHub's rate limit is reached until Until. Until then
// it is returned without a call.
type RateLimitedError struct {
	Until time.Time
	// Ours says that GitHub would accept the call, but our own limit of writes delays
	// it.
	Ours bool
}

func (e *RateLimitedError) Error() string {
	if e.Ours {
		return "the limit of writes to GitHub is reached; work resumes by itself at " + e.Until.UTC().Format(time.RFC3339)
	}
	return "GitHub's rate limit is reached until " + e.Until.UTC().Format(time.RFC3339)
}

// RefusedError says that GitHub understood the call and refused it: retrying does not
// help until somebody changes something. Reason is GitHub's own message.
type RefusedError struct {
	Op     string
	Status int
	Reason string
}

func (e *RefusedError) Error() string {
	return fmt.Sprintf("%s: refused (%d): %s", e.Op, e.Status, e.Reason)
}

// MovedError says that a repository was renamed or transferred: its name now leads to
// another one.
type MovedError struct {
	Op string
}

func (e *MovedError) Error() string {
	return e.Op + ": the repository was renamed or moved"
}

// translate turns go-github's errors into ours. Errors that it leaves unchanged may
// be temporary.
func translate(op string, err error) error {
	if err == nil {
		return nil
	}
	var (
		limited *RateLimitedError
		answer  *gogithub.ErrorResponse
	)
	switch {
	case errors.As(err, &limited):
		return fmt.Errorf("%s: %w", op, limited)
	case errors.As(err, &answer) && answer.Response != nil:
		return translateAnswer(op, answer)
	}
	return fmt.Errorf("%s: %w", op, err)
}

func translateAnswer(op string, answer *gogithub.ErrorResponse) error {
	status := answer.Response.StatusCode
	if isMove(status) {
		return &MovedError{Op: op}
	}
	switch status {
	case http.StatusNotFound, http.StatusGone:
		return &NotFoundError{Op: op}
	case http.StatusBadRequest, http.StatusForbidden, http.StatusUnprocessableEntity, http.StatusUnavailableForLegalReasons:
		return &RefusedError{Op: op, Status: status, Reason: reason(answer)}
	}
	return fmt.Errorf("%s: GitHub answers %d: %s", op, status, reason(answer))
}

// Passing says that an error may be temporary: GitHub also returns it while a replica
// lags, a token has to be authorised for single sign-on again, or permissions are
// being changed. Locked or invalid things stay so.
func Passing(err error) bool {
	var gone *NotFoundError
	var no *RefusedError
	switch {
	case errors.As(err, &gone):
		return true
	case errors.As(err, &no):
		return no.Status == http.StatusForbidden && !strings.Contains(strings.ToLower(no.Reason), "locked")
	}
	return false
}

func reason(answer *gogithub.ErrorResponse) string {
	reasons := []string{answer.Message}
	if strings.HasPrefix(answer.Response.Header.Get("X-GitHub-SSO"), "required") {
		reasons = append(reasons, "our token has to be authorised for single sign-on in that organisation")
	}
	for _, e := range answer.Errors {
		if e.Message != "" {
			reasons = append(reasons, e.Message)
		}
	}
	return strings.Join(reasons, "; ")
}

// Impossible says that retrying will not help.
func Impossible(err error) bool {
	var gone *NotFoundError
	var no *RefusedError
	return errors.As(err, &gone) || errors.As(err, &no)
}
