package local

import (
	"os"
	"path/filepath"

	"github.com/spf13/pflag"

	"github.com/rehearsal-dev/rehearsal/pkg/layout"
)

// Options are the flags by which a command finds and plans a change.
type Options struct {
	GitDir, Base, head string
	Repository         string
	cacheDir           string
	layout.Layout
}

func (o *Options) add(flags *pflag.FlagSet) {
	flags.StringVar(&o.GitDir, "git-dir", "", "the config repository, a `directory`: a clone, a bare repository or .git (default: the one around the current directory)")
	flags.StringVar(&o.Base, "base", "", "branch or `commit` to merge into (default: the main branch of the remote upstream, else origin)")
	flags.StringVar(&o.head, "head", "", "branch or `commit` to try (default: the current branch with its uncommitted changes)")
	flags.StringVar(&o.Repository, "repository", "", "`org/repo` of the config repository (default: from the remote's address)")
	o.AddFlags(flags)
	flags.StringVar(&o.cacheDir, "cache-dir", defaultCache(), "`directory` for a cache of the base branch; empty for none")
}

func defaultCache() string {
	dir, err := os.UserCacheDir()
	if err != nil {
		return ""
	}
	return filepath.Join(dir, "rehearse")
}
