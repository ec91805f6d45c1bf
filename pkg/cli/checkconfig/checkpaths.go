package checkconfig

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/rehearsal-dev/rehearsal/pkg/cli/local"
	"github.com/rehearsal-dev/rehearsal/pkg/cli/program"
	"github.com/rehearsal-dev/rehearsal/pkg/repo"
	"github.com/rehearsal-dev/rehearsal/pkg/settings"
)

// named is a path in the settings, and what has to be there.
type named struct {
	setting, path string
	file, dir     bool
}

func pathsOf(r settings.Repository) []named {
	all := []named{
		{"prow_config", r.ProwConfig, true, false},
		{"job_config", r.JobConfig, true, true},
		{"plugin_config", r.PluginConfig, true, false},
	}
	for i, dir := range r.SupplementalProwConfigDirs {
		all = append(all, named{fmt.Sprintf("supplemental_prow_config_dirs[%d]", i), dir, false, true})
	}
	return all
}

// lookUp looks for the paths of a repository in a clone of it.
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
		return fmt.Errorf("the clone is of %s/%s, which the settings do not list; --repository says what else it is of", org, name)
	}
	base, err := c.clone.FindBase(ctx, clone)
	if err != nil {
		return err
	}
	var missing []string
	for _, n := range pathsOf(repository) {
		if n.path == "" {
			continue
		}
		entries, err := clone.List(ctx, base.Commit, n.path)
		if err != nil {
			return fmt.Errorf("looking up %s: %w", n.path, err)
		}
		if wrong := n.wrong(entries); wrong != "" {
			missing = append(missing, fmt.Sprintf("%s: %s: %s %s at %s", repository.Name, n.setting, n.path, wrong, local.ShortRef(base.Name)))
		}
	}
	if len(missing) > 0 {
		return &program.Outcome{Status: program.ExitRefused, Words: "these settings do not fit the repository:\n" + strings.Join(missing, "\n")}
	}
	_, err = fmt.Fprintf(out, "All paths of %s exist at %s.\n\n", repository.Name, local.ShortRef(base.Name))
	return err
}

// wrong says what is wrong with what is at a path.
func (n named) wrong(entries []repo.Entry) string {
	switch isFile := len(entries) == 1 && entries[0].Path == strings.TrimSuffix(n.path, "/"); {
	case len(entries) == 0:
		return "does not exist"
	case isFile && !n.file:
		return "is a file, not a directory"
	case !isFile && !n.dir:
		return "is a directory, not a file"
	}
	return ""
}
