// Package trouble turns errors into sentences for the pull request: what is wrong, and who
// can help.
package trouble

import (
	"errors"
	"fmt"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/rehearsal-dev/rehearsal/pkg/event"
	"github.com/rehearsal-dev/rehearsal/pkg/repo"
	"github.com/rehearsal-dev/rehearsal/pkg/secrets"
)

// Because returns a sentence with an error, and how to fix it.
func Because(err error, namespace string, secretValues []string) string {
	who, what := whoSaid(err)
	what = event.Shorten(strings.ReplaceAll(secrets.Censor(what, secretValues), "`", "'"), maxCause)
	return who + "`" + what + "`. " + Advice(err, namespace)
}

// maxCause is how much of an error is quoted, in bytes as event.Shorten counts them.
const maxCause = 350

// whoSaid returns the message of the API server if the error is from there, otherwise the
// error itself.
func whoSaid(err error) (who, what string) {
	var status apierrors.APIStatus
	if !errors.As(err, &status) {
		return "", err.Error()
	}
	message := status.Status().Message
	if _, rest, ok := strings.Cut(message, " is forbidden: "); ok {
		message = rest
	}
	return "the API server says ", message
}

// Advice says who can help; namespace is the namespace of the rehearsals.
func Advice(err error, namespace string) string {
	var full *repo.DiskFullError
	var refused *repo.AccessError
	said := err.Error()
	switch {
	case errors.As(err, &full):
		return "An operator of this installation has to free disk space for the mirrors."
	case errors.As(err, &refused):
		return "An operator of this installation has to give it access to this repository."
	case apierrors.IsForbidden(err) && strings.Contains(said, "quota"):
		return fmt.Sprintf("An operator of this installation has to raise the quota of the namespace `%s`, or remove what fills it.", namespace)
	case apierrors.IsForbidden(err), strings.Contains(said, "denied the request"), strings.Contains(said, "denied request"):
		return fmt.Sprintf("An operator of this installation has to allow it in the namespace `%s`.", namespace)
	}
	return "If this persists, an operator of this installation has to look into it."
}
