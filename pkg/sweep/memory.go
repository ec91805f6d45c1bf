package sweep

import (
	"context"
	"strings"
	"time"

	"github.com/rehearsal-dev/rehearsal/pkg/kvstore"
)

// ConfigMap remembers when each repository was last looked at.
const ConfigMap = "rehearsal-sweep"

// Stored is the Memory that a store keeps: one key for each repository, org.repo (an
// organisation's name has no dot), with the two times of a Look.
type Stored struct {
	kvstore.Store
}

// Looked implements Memory.
func (m Stored) Looked(ctx context.Context, repository string) (Look, error) {
	values, err := m.Load(ctx)
	if err != nil {
		return Look{}, err
	}
	at, since, _ := strings.Cut(values[kvstore.RepositoryKey(repository)], " ")
	var look Look
	var atErr, sinceErr error
	look.At, atErr = time.Parse(time.RFC3339, at)
	look.Since, sinceErr = time.Parse(time.RFC3339, since)
	if atErr != nil || sinceErr != nil {
		return Look{}, nil //nolint:nilerr // missing or damaged: as if there had been no sweep
	}
	return look, nil
}

// Remember implements Memory.
func (m Stored) Remember(ctx context.Context, repository string, look Look) error {
	return m.Set(ctx, kvstore.RepositoryKey(repository), look.At.UTC().Format(time.RFC3339)+" "+look.Since.UTC().Format(time.RFC3339))
}
