package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"sigs.k8s.io/yaml"

	"github.com/rehearsal-dev/rehearsal/pkg/affected"
	"github.com/rehearsal-dev/rehearsal/pkg/event"
	"github.com/rehearsal-dev/rehearsal/pkg/render"
)

func newRender() *cobra.Command {
	var (
		o             options
		number        int
		defaultBranch string
	)
	cmd := &cobra.Command{
		Use:   "render JOB...",
		Short: "Print the ProwJobs that rehearsals of affected jobs would be",
		Args:  cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, names []string) error {
			c, err := o.plan(cmd.Context(), cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			defer c.Close()
			if c.refused != nil {
				return c.refused
			}
			in := render.Input{
				Org: c.request.Org, Repo: c.request.Repo, Number: number, Title: "local change", Author: "author",
				Head: c.request.Head, Base: c.request.Base, BaseRef: "main", RepoLink: "https://github.com/" + c.request.Org + "/" + c.request.Repo,
			}
			return c.render(cmd.Context(), cmd.OutOrStdout(), names, in, defaultBranch)
		},
	}
	o.add(cmd.Flags())
	cmd.Flags().IntVar(&number, "number", 1, "number of the pull request to render for")
	cmd.Flags().StringVar(&defaultBranch, "default-branch", "main", "branch of target repositories for jobs that name none")
	return cmd
}

func (c *change) render(ctx context.Context, out io.Writer, names []string, in render.Input, defaultBranch string) error {
	wanted, err := c.named(ctx, names)
	if err != nil {
		return err
	}
	in.DefaultBranches = map[string]string{}
	for _, target := range render.NeedDefaultBranch(wanted, in) {
		in.DefaultBranches[target] = defaultBranch
	}
	selected := render.Select(render.Jobs(wanted, in), render.Request{Selection: event.Named, Names: names})
	for _, j := range selected.NotRunnable {
		return fmt.Errorf("job %s cannot be rehearsed: %s", j.Name, j.Why)
	}
	if len(selected.Unknown) > 0 {
		return fmt.Errorf("not affected by the change: %s", strings.Join(selected.Unknown, ", "))
	}
	run := render.Run{
		Rehearsal: "local", ID: "local", Name: "local", Namespace: c.result.HeadConfig.ProwJobNamespace,
		PodNamespace:      c.result.HeadConfig.PodNamespace,
		RequireScheduling: c.result.HeadConfig.Scheduler.Enabled,
	}
	for _, j := range selected.Jobs {
		pj, err := render.ProwJob(j, in, run)
		if err != nil {
			return err
		}
		raw, err := yaml.Marshal(pj)
		if err != nil {
			return fmt.Errorf("job %s: %w", j.Name, err)
		}
		if _, err := fmt.Fprintf(out, "---\n%s", raw); err != nil {
			return err
		}
	}
	return nil
}

// named returns the affected jobs that the names, `job` or `job@branch`, may
// mean, ready to be rendered.
func (c *change) named(ctx context.Context, names []string) ([]affected.Job, error) {
	wanted := map[string]bool{}
	for _, n := range names {
		name, _, _ := strings.Cut(n, "@")
		wanted[name] = true
	}
	var jobs []affected.Job
	for _, j := range c.result.Affected {
		if wanted[j.Name] {
			jobs = append(jobs, j)
		}
	}
	return c.result.Effective(ctx, jobs)
}
