package cluster

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"regexp"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

// The Roles for users, see config/204-roles-people.yaml.
const (
	roleViewer = "rehearsal-viewer"
	roleUser   = "rehearsal-user"
)

// explain adds advice to an error of the API server. Verb and resource are those of the
// request.
func (c *cluster) explain(err error, verb, resource string) error {
	var transport *url.Error
	var network net.Error
	switch {
	case err == nil, errors.Is(err, context.Canceled):
		return err
	case apierrors.IsUnauthorized(err):
		return fmt.Errorf("the cluster %s does not accept your credentials: log in again (%w)", c.host, err)
	case apierrors.IsForbidden(err) && strings.Contains(err.Error(), "ValidatingAdmissionPolicy"):
		return fmt.Errorf("the cluster refused to store it: %w", err)
	case apierrors.IsForbidden(err):
		return c.forbidden(err, verb, resource)
	case isUnknownKind(err):
		return fmt.Errorf("the cluster %s has no %s: Rehearsal is not installed there, or this is the wrong context (`kubectl config get-contexts`)", c.host, resource)
	case errors.As(err, &transport), errors.As(err, &network):
		return fmt.Errorf("the cluster %s does not respond: %w; is it up, and is this the right context (`kubectl config current-context`)?", c.host, err)
	}
	return fmt.Errorf("%s %s in namespace %s: %w", verb, resource, c.namespace, err)
}

// forbidden names the missing Role, and the command that grants it.
func (c *cluster) forbidden(err error, verb, resource string) error {
	role := roleViewer
	if verb == "patch" {
		role = roleUser
	}
	user := "YOU"
	if m := namedUser.FindStringSubmatch(err.Error()); m != nil {
		user = m[1]
	}
	return fmt.Errorf("you may not %s %s in namespace %s; an operator of the installation can allow it:\n"+
		"  kubectl create rolebinding %s -n %s --role=%s --user=%s\n(%w)", verb, resource, c.namespace, role, c.namespace, role, user, err)
}

// namedUser matches the user in an error of the API server.
var namedUser = regexp.MustCompile(`User "([^"]+)" cannot`)

// isUnknownKind reports whether the API server does not know the kind. If only the object
// is missing, the error names it.
func isUnknownKind(err error) bool {
	var status apierrors.APIStatus
	return apierrors.IsNotFound(err) && errors.As(err, &status) &&
		(status.Status().Details == nil || status.Status().Details.Name == "")
}
