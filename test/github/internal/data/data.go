// Package data finds GitHub's own descriptions of its APIs and webhooks in the cache that
// test/github/fetch-data.sh fills. It downloads nothing itself.
package data

import (
	_ "embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The packages of the npm registry that contain the descriptions.
const (
	GraphQLSchema   = "@octokit/graphql-schema"
	OpenAPI         = "@octokit/openapi"
	WebhookExamples = "@octokit/webhooks-examples"
	WebhookSchemas  = "@octokit/webhooks-schemas"
)

// requireVariable makes missing data a failure instead of a skipped test.
const requireVariable = "REHEARSAL_REQUIRE_GITHUB_DATA"

//go:embed packages.txt
var packages string

// Read returns the file from a package.
func Read(name string) ([]byte, error) {
	for line := range strings.Lines(packages) {
		f := strings.Fields(line)
		if len(f) != 4 || f[0] != name {
			continue
		}
		cache, err := os.UserCacheDir()
		if err != nil {
			return nil, fmt.Errorf("find the cache of GitHub's descriptions: %w", err)
		}
		path := filepath.Join(cache, "rehearsal", "github-data", f[0], f[1], filepath.Base(f[3]))
		b, err := os.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("read GitHub's %s %s (test/github/fetch-data.sh gets it): %w", f[0], f[1], err)
		}
		return b, nil
	}
	return nil, fmt.Errorf("package %s is not in packages.txt", name)
}

// Need skips the test if err says that data is absent, or fails it if the data is required.
func Need(tb testing.TB, err error) {
	tb.Helper()
	switch {
	case err == nil:
	case errors.Is(err, fs.ErrNotExist) && os.Getenv(requireVariable) == "":
		tb.Skipf("%v; set %s to fail instead", err, requireVariable)
	default:
		tb.Fatal(err)
	}
}
