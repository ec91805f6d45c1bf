package checkconfig

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/rehearsal-dev/rehearsal/pkg/cli/local"
	"github.com/rehearsal-dev/rehearsal/pkg/cli/program"
	"github.com/rehearsal-dev/rehearsal/pkg/layout"
	"github.com/rehearsal-dev/rehearsal/pkg/repo"
	"github.com/rehearsal-dev/rehearsal/pkg/settings"
)

// lookUp checks that the paths of a repository exist in a clone of it.
func (c *checkConfig) lookUp(ctx context.Context, s *settings.Settings, out io.Writer) error {
	clone, err := c.clone.FindClone(ctx)
	if err != nil {
		return err
	}
	org, name, err := c.clone.Identity(clone)
	if err != nil {
		return err
	}
	repository, served := s.Repository(org, name)
	if !served {
		return fmt.Errorf("the clone is of %s/%s, which the settings do not list; name another repository with --repository", org, name)
	}
	base, err := c.clone.FindBase(ctx, clone)
	if err != nil {
		return err
	}
	var missing []string
	for _, p := range repository.Paths() {
		entries, err := clone.List(ctx, base.Commit, p.Value)
		if err != nil {
			return fmt.Errorf("looking up %s: %w", p.Value, err)
		}
		if wrong := misplaced(p, entries); wrong != "" {
			missing = append(missing, fmt.Sprintf("%s: %s: %s %s at %s", repository.Name, p.Name, p.Value, wrong, local.ShortRef(base.Name)))
		}
	}
	if len(missing) > 0 {
		return &program.Outcome{Status: program.ExitRefused, Words: "these settings do not fit the repository:\n" + strings.Join(missing, "\n")}
	}
	_, err = fmt.Fprintf(out, "All paths of %s exist at %s.\n\n", repository.Name, local.ShortRef(base.Name))
	return err
}

// misplaced says what is wrong with a path, given the entries at it.
func misplaced(p layout.Path, entries []repo.Entry) string {
	switch isFile := len(entries) == 1 && entries[0].Path == p.Value; {
	case len(entries) == 0:
		return "does not exist"
	case isFile && !p.File:
		return "is a file, not a directory"
	case !isFile && !p.Dir:
		return "is a directory, not a file"
	}
	return ""
}
