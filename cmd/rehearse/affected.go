package main

import (
	"fmt"
	"slices"

	"github.com/spf13/cobra"
)

func newAffected() *cobra.Command {
	var (
		o       options
		format  string
		explain string
	)
	cmd := &cobra.Command{
		Use:   "affected",
		Short: "List the jobs that a change affects, and why",
		Long: `List the jobs that a change affects, and why.

In a clone of a config repository no flags are needed: the current branch with
its uncommitted changes is merged, in memory, into the upstream's main branch.

Exit status: 0 done, 1 usage or failure, 2 Prow would refuse the configuration,
3 merge conflict.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if !slices.Contains(formats, format) {
				return fmt.Errorf("-o %s: must be one of %v", format, formats)
			}
			c, err := o.plan(cmd.Context(), cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			defer c.Close()
			if explain != "" {
				err = c.explain(cmd.Context(), cmd.OutOrStdout(), explain)
			} else {
				err = write(cmd.OutOrStdout(), format, &c.result.Result)
			}
			if err != nil {
				return err
			}
			return c.refused
		},
	}
	o.add(cmd.Flags())
	cmd.Flags().StringVarP(&format, "output", "o", "table", "table, wide, markdown, json or yaml")
	cmd.Flags().StringVar(&explain, "explain", "", "tell everything about one job: whether it is affected, why, and how its ProwJob differs")
	return cmd
}
