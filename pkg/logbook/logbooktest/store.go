// Package logbooktest is a fake of the API server for packages that append to
// Rehearsals, and can start a real one to check the fake. It is for tests only.
package logbooktest

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"

	jsonpatch "gopkg.in/evanphx/json-patch.v4"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
)

// MaxCommands is the limit in the schema for all commands, MaxOfOne that for one person.
const (
	MaxCommands = 400
	MaxOfOne    = 200
)

// Store keeps Rehearsals in memory and answers as the API server does. The zero
// Store is empty.
type Store struct {
	// Fail, if set, is called before each call ("create" or "patch"); the call returns
	// its error.
	Fail func(verb, name string) error
	// Lose, if set, is called after each successful call; the call returns its error
	// although it was done.
	Lose func(verb, name string) error
	// Seen, if set, is called with each patch.
	Seen func(patch []byte)

	mu      sync.Mutex
	objects map[string]*v1alpha1.Rehearsal
}

// Get returns what is stored, or the error of the API server.
func (s *Store) Get(_ context.Context, name string, _ metav1.GetOptions) (*v1alpha1.Rehearsal, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r := s.objects[name]; r != nil {
		return r.DeepCopy(), nil
	}
	return nil, apierrors.NewNotFound(v1alpha1.Resource("rehearsals"), name)
}

// Len returns the number of stored Rehearsals.
func (s *Store) Len() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.objects)
}

// Create implements logbook.Rehearsals.
func (s *Store) Create(ctx context.Context, r *v1alpha1.Rehearsal, _ metav1.CreateOptions) (*v1alpha1.Rehearsal, error) {
	return s.do(ctx, "create", r.Name, func() (*v1alpha1.Rehearsal, error) {
		if s.objects[r.Name] != nil {
			return nil, apierrors.NewAlreadyExists(v1alpha1.Resource("rehearsals"), r.Name)
		}
		return r, validate(r)
	})
}

// Patch implements logbook.Rehearsals, for JSON Patch and JSON Merge Patch.
func (s *Store) Patch(ctx context.Context, name string, pt types.PatchType, data []byte, _ metav1.PatchOptions, _ ...string) (*v1alpha1.Rehearsal, error) {
	return s.do(ctx, "patch", name, func() (*v1alpha1.Rehearsal, error) {
		if s.Seen != nil {
			s.Seen(data)
		}
		current := s.objects[name]
		if current == nil {
			return nil, apierrors.NewNotFound(v1alpha1.Resource("rehearsals"), name)
		}
		patched, err := patch(current, pt, data)
		if err != nil {
			return nil, apierrors.NewGenericServerResponse(http.StatusUnprocessableEntity, "", schema.GroupResource{}, "", err.Error(), 0, false)
		}
		if err := validate(patched); err != nil {
			return nil, err
		}
		return patched, validateGrowth(current, patched)
	})
}

func (s *Store) do(ctx context.Context, verb, name string, f func() (*v1alpha1.Rehearsal, error)) (*v1alpha1.Rehearsal, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if s.Fail != nil {
		if err := s.Fail(verb, name); err != nil {
			return nil, err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	changed, err := f()
	if err != nil {
		return nil, err
	}
	if s.objects == nil {
		s.objects = map[string]*v1alpha1.Rehearsal{}
	}
	s.objects[name] = changed.DeepCopy()
	if s.Lose != nil {
		if err := s.Lose(verb, name); err != nil {
			return nil, err
		}
	}
	return changed, nil
}

func patch(current *v1alpha1.Rehearsal, kind types.PatchType, data []byte) (*v1alpha1.Rehearsal, error) {
	document, err := json.Marshal(current)
	if err != nil {
		return nil, err
	}
	switch kind {
	case types.JSONPatchType:
		var operations jsonpatch.Patch
		if operations, err = jsonpatch.DecodePatch(data); err == nil {
			document, err = operations.Apply(document)
		}
	case types.MergePatchType:
		document, err = jsonpatch.MergePatch(document, data)
	default:
		err = fmt.Errorf("nobody patches by %s", kind)
	}
	if err != nil {
		return nil, err
	}
	var patched v1alpha1.Rehearsal
	return &patched, json.Unmarshal(document, &patched)
}

// validate implements a part of the schema's rules for commands.
func validate(r *v1alpha1.Rehearsal) error {
	path := field.NewPath("spec", "commands")
	var errs field.ErrorList
	if n := len(r.Spec.Commands); n > MaxCommands {
		errs = append(errs, field.TooMany(path, n, MaxCommands))
	}
	if n := len(r.Spec.Pushes); n > v1alpha1.MaxPushers {
		errs = append(errs, field.TooMany(field.NewPath("spec", "pushes"), n, v1alpha1.MaxPushers))
	}
	seen := map[string]bool{}
	for i, c := range r.Spec.Commands {
		if seen[c.ID] {
			errs = append(errs, field.Duplicate(path.Index(i), c.ID))
		}
		seen[c.ID] = true
		if c.By == "" {
			errs = append(errs, field.Invalid(path.Index(i).Child("by"), c.By, "should be at least 1 chars long"))
		}
	}
	if len(errs) > 0 {
		return apierrors.NewInvalid(v1alpha1.SchemeGroupVersion.WithKind("Rehearsal").GroupKind(), r.Name, errs)
	}
	return nil
}

// validateGrowth implements a part of the schema's rules for a log that grows.
func validateGrowth(before, after *v1alpha1.Rehearsal) error {
	commands := after.Spec.Commands
	if len(before.Spec.Commands) == 0 || len(commands) <= len(before.Spec.Commands) {
		return nil
	}
	n := 0
	for _, c := range commands {
		if c.By == commands[len(commands)-1].By {
			n++
		}
	}
	if n <= MaxOfOne {
		return nil
	}
	err := field.Forbidden(field.NewPath("spec", "commands"), "the log is full for the author of the last entry")
	return apierrors.NewInvalid(v1alpha1.SchemeGroupVersion.WithKind("Rehearsal").GroupKind(), after.Name, field.ErrorList{err})
}
