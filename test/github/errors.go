package github

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
)

var errNotFound = errors.New("not found")

// apiError is an error response of the REST API.
type apiError struct {
	Status  int
	Message string
	Docs    string // documentation_url; the root of the documentation if empty
	Errors  []object
	Header  http.Header
}

func (e *apiError) Error() string {
	if len(e.Errors) > 0 {
		return fmt.Sprintf("%s: %v", e.Message, e.Errors[0])
	}
	return e.Message
}

// invalid returns GitHub's response to a field that it does not accept.
func invalid(resource, field, message string) *apiError {
	return &apiError{Status: http.StatusUnprocessableEntity, Message: "Validation Failed", Errors: []object{
		{"resource": resource, "code": "custom", "field": field, "message": message},
	}}
}

func forbidden(message string) *apiError {
	return &apiError{Status: http.StatusForbidden, Message: message}
}

// asAPIError returns the response to any error.
func asAPIError(err error) *apiError {
	var known *apiError
	switch {
	case errors.As(err, &known):
		return known
	case errors.Is(err, errNotFound):
		return &apiError{Status: http.StatusNotFound, Message: "Not Found"}
	}
	return &apiError{Status: http.StatusInternalServerError, Message: err.Error()}
}

func (e *apiError) body() object {
	docs := e.Docs
	if docs == "" {
		docs = "https://docs.github.com/rest"
	}
	o := object{"message": e.Message, "documentation_url": docs, "status": strconv.Itoa(e.Status)}
	if len(e.Errors) > 0 {
		o["errors"] = e.Errors
	}
	return o
}

// IsNotFound reports whether the object of a verb of Control does not exist.
func IsNotFound(err error) bool { return asAPIError(err).Status == http.StatusNotFound }
