package rehearsal

import (
	"context"
	"strings"
	"time"

	"github.com/rehearsal-dev/rehearsal/pkg/kvstore"
)

// sweepConfigMap remembers when each repository was last looked at.
const sweepConfigMap = "rehearsal-sweep"

// sweepMemory keeps the latest looks in a ConfigMap: one key for each repository,
// org.repo (an organisation's name has no dot), with the two times of a Look.
type sweepMemory struct {
	values kvstore.Store
}

// Looked implements Memory.
func (m *sweepMemory) Looked(ctx context.Context, repository string) (Look, error) {
	values, err := m.values.Load(ctx)
	if err != nil {
		return Look{}, err
	}
	at, since, _ := strings.Cut(values[sweepKey(repository)], " ")
	var look Look
	var atErr, sinceErr error
	look.At, atErr = time.Parse(time.RFC3339, at)
	look.Since, sinceErr = time.Parse(time.RFC3339, since)
	if atErr != nil || sinceErr != nil {
		return Look{}, nil //nolint:nilerr // missing or spoilt: as if it had never been looked at
	}
	return look, nil
}

// Remember implements Memory.
func (m *sweepMemory) Remember(ctx context.Context, repository string, look Look) error {
	return m.values.Set(ctx, sweepKey(repository), look.At.UTC().Format(time.RFC3339)+" "+look.Since.UTC().Format(time.RFC3339))
}

func sweepKey(repository string) string { return strings.ReplaceAll(repository, "/", ".") }
