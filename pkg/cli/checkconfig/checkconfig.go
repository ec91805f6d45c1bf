// Package checkconfig has the command that checks the settings of an installation: on
// their own, against a clone, or against the installation itself.
package checkconfig

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/rehearsal-dev/rehearsal/pkg/cli/local"
	"github.com/rehearsal-dev/rehearsal/pkg/cli/program"
	"github.com/rehearsal-dev/rehearsal/pkg/settings"
)

const checkConfigHelp = `Reports all errors in the settings with their lines, or how the settings
are understood.

FILE is the file itself (config.yaml), or a manifest with the ConfigMap
config-rehearsal; - is standard input. With --git-dir, the paths that the settings
name are also looked up in a clone of the config repository.

With --live, GitHub, Prow, Tekton and the cluster are checked against what the
settings need, and everything that is missing is reported. FILE can then be left
out: the settings in the cluster are checked. This reads the Secret
rehearsal-github, unless --github-credentials names a directory, and changes
nothing.

Exit status: 0 everything is fine; 1 usage or failure; 2 the settings are not valid, or
something is missing.`

const checkConfigExamples = `  rehearse check-config config.yaml
  rehearse check-config config.yaml --git-dir ~/src/release
  kubectl -n rehearsals get configmap config-rehearsal -o yaml | rehearse check-config -

  # Does the installation have everything it needs?
  rehearse check-config --live

  # For editors: the names, meanings and values of all settings
  rehearse check-config --schema > settings.schema.json`

// checkConfig holds the flags of the command.
type checkConfig struct {
	schema bool
	// clone names the clone in which to look up paths; without a directory they are not
	// looked up.
	clone local.Options
	// live asks for a comparison of the settings with an installation.
	live        bool
	liveOptions liveOptions
}

// New returns the command.
func New() *cobra.Command {
	var c checkConfig
	cmd := &cobra.Command{
		Use:   "check-config FILE",
		Short: "Check the settings of an installation",
		Long:  checkConfigHelp, Example: checkConfigExamples,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case c.schema && len(args) == 0:
				_, err := cmd.OutOrStdout().Write(settings.Schema)
				return err
			case !c.schema && c.live && len(args) == 0:
				return c.checkInstalled(cmd.Context(), cmd.OutOrStdout())
			case c.schema || len(args) == 0:
				return errors.New("name one file, or - for standard input; see `rehearse check-config --help`")
			}
			return c.check(cmd.Context(), args[0], cmd.InOrStdin(), cmd.OutOrStdout())
		},
	}
	flags := cmd.Flags()
	flags.BoolVar(&c.schema, "schema", false, "print the JSON schema of the settings and nothing else")
	flags.BoolVar(&c.live, "live", false, "compare the settings with GitHub, Prow, Tekton and the cluster")
	c.liveOptions.add(cmd)
	flags.StringVar(&c.clone.GitDir, "git-dir", "", "look up paths in this clone of a config repository, a `directory`")
	flags.StringVar(&c.clone.Base, "base", "", "branch or `commit` of the clone to look in (default: the main branch of the remote upstream, else origin)")
	flags.StringVar(&c.clone.Repository, "repository", "", "`org/repo` that the clone is of (default: from the remote's address)")
	return cmd
}

func (c *checkConfig) check(ctx context.Context, name string, in io.Reader, out io.Writer) error {
	s, err := readSettings(name, in)
	if err != nil {
		return err
	}
	if c.clone.GitDir != "" {
		if err := c.lookUp(ctx, s, out); err != nil {
			return err
		}
	}
	if err := understood(s, out); err != nil || !c.live {
		return err
	}
	if _, err := fmt.Fprintln(out); err != nil {
		return err
	}
	return checkLive(ctx, s, out, c.liveOptions)
}

// checkInstalled checks the settings that the installation uses.
func (c *checkConfig) checkInstalled(ctx context.Context, out io.Writer) error {
	s, err := c.liveOptions.installed(ctx)
	if err != nil {
		return err
	}
	return checkLive(ctx, s, out, c.liveOptions)
}

// readSettings reads and parses a file. Invalid settings are an error with the exit
// status ExitRefused.
func readSettings(name string, in io.Reader) (*settings.Settings, error) {
	var content []byte
	var err error
	if name == "-" {
		name = "standard input"
		content, err = io.ReadAll(in)
	} else {
		content, err = os.ReadFile(name)
	}
	if err != nil {
		return nil, err
	}
	s, err := settings.ParseManifest(name, content)
	var invalid *settings.InvalidError
	if errors.As(err, &invalid) {
		return nil, &program.Outcome{Status: program.ExitRefused, Words: fmt.Sprintf("these settings are not valid:\n%v", err)}
	}
	return s, err
}
