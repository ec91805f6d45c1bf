// Package local has the commands that work on a clone of a config repository, without a
// cluster.
package local

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

const affectedHelp = `List the jobs that a change affects, and why.

In a clone of a config repository no flags are needed: the current branch, with
its uncommitted changes, is merged in memory into the main branch of the remote
"upstream", else "origin". Nothing is fetched, and nothing in the clone changes.

The configuration is found through the flags, else the file
` + settingsFile + `, else the layout of openshift/release,
kubernetes/test-infra or kubevirt/project-infra.

Exit status: 0 done, 1 usage or failure, 2 Prow would refuse the configuration,
3 merge conflict.`

const affectedExamples = `  # What does my branch affect, uncommitted changes included?
  rehearse affected

  # Why is this job affected, or why not, and how does its ProwJob differ?
  rehearse affected --explain pull-test-infra-unit-test

  # Every reason of every job, and the rule of each exclusion
  rehearse affected -o wide

  # Somebody else's pull request
  git fetch upstream pull/1234/head
  rehearse affected --head FETCH_HEAD

  # The names of the jobs to rehearse, for a script
  rehearse affected -o json | jq -r '.affected[] | select(.rehearse).name'

  # A repository with a layout of its own
  rehearse affected --prow-config prow/config.yaml --job-config prow/jobs`

// Commands returns the commands that need a clone and no cluster.
func Commands() []*cobra.Command { return []*cobra.Command{newAffected(), newRender()} }

func newAffected() *cobra.Command {
	var (
		o       Options
		format  string
		explain string
	)
	cmd := &cobra.Command{
		Use:     "affected",
		Short:   "List the jobs that a change affects, and why",
		Long:    affectedHelp,
		Example: affectedExamples,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if !slices.Contains(formats, format) {
				return fmt.Errorf("-o %s: must be one of %s", format, strings.Join(formats, ", "))
			}
			if cmd.Flags().Changed("explain") && (explain == "" || cmd.Flags().Changed("output")) {
				return errors.New("--explain takes the name of a job, and has an output of its own: leave out -o")
			}
			c, err := o.plan(cmd.Context(), cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			defer c.Close()
			if explain != "" {
				err = c.explain(cmd.Context(), cmd.OutOrStdout(), explain)
			} else {
				err = c.write(cmd.OutOrStdout(), format)
			}
			return errors.Join(c.refused, err)
		},
	}
	o.add(cmd.Flags())
	cmd.Flags().StringVarP(&format, "output", "o", "table", "`format`: "+strings.Join(formats, ", "))
	cmd.Flags().StringVar(&explain, "explain", "", "tell everything about one `job` (NAME or NAME@BRANCH): whether it is affected, why, and how its ProwJob differs")
	return cmd
}
