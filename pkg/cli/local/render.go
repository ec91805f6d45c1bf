package local

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"github.com/rehearsal-dev/rehearsal/pkg/affected"
	"github.com/rehearsal-dev/rehearsal/pkg/event"
	"github.com/rehearsal-dev/rehearsal/pkg/plan"
	"github.com/rehearsal-dev/rehearsal/pkg/render"
)

const renderHelp = `Print the ProwJobs that rehearsals of affected jobs would be, as YAML.

A job is named as rehearse affected lists it; NAME@BRANCH means one of several
jobs of a name. The change is found as by rehearse affected, and so are the exit
statuses: 0 done, 1 usage or failure, 2 Prow would refuse the configuration,
3 merge conflict. Nothing is created anywhere.`

const renderExamples = `  # What would run for this job?
  rehearse render pull-test-infra-unit-test

  # All jobs that would be rehearsed, for pull request 1234
  rehearse affected -o json | jq -r '.affected[] | select(.rehearse).name' | xargs rehearse render --number 1234`

func newRender() *cobra.Command {
	var (
		o             Options
		number        int
		defaultBranch string
	)
	cmd := &cobra.Command{
		Use:     "render JOB...",
		Short:   "Print the ProwJobs that rehearsals of affected jobs would be",
		Long:    renderHelp,
		Example: renderExamples,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return fmt.Errorf("name the jobs to render; `rehearse affected` lists them")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, names []string) error {
			if number < 1 {
				return fmt.Errorf("--number %d: pull requests are numbered from 1", number)
			}
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
				Head: c.request.Head, Base: c.request.Base, BaseRef: c.request.BaseRef,
				RepoLink: "https://github.com/" + c.request.Org + "/" + c.request.Repo,
			}
			return c.render(cmd.Context(), cmd.OutOrStdout(), names, in, defaultBranch)
		},
	}
	o.add(cmd.Flags())
	cmd.Flags().IntVar(&number, "number", 1, "`number` of the pull request to render for")
	cmd.Flags().StringVar(&defaultBranch, "default-branch", "main", "`branch` of target repositories for jobs that name none")
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
	if len(selected.Unknown) > 0 {
		return c.notAffected(ctx, selected.Unknown)
	}
	for _, j := range selected.NotRunnable {
		return fmt.Errorf("job %s cannot be rehearsed: %s", j.Name, j.Why)
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
		// Prow sets the start time when it creates a ProwJob.
		pj.Status.StartTime = metav1.Now()
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

// notAffected returns the error for names of jobs that are not affected or do not exist.
func (c *change) notAffected(ctx context.Context, names []string) error {
	var existing []string
	for _, name := range names {
		found, err := c.lookup(ctx, name)
		if err != nil {
			return err
		}
		if len(found) == 0 {
			return c.unknown(io.Discard, name)
		}
		existing = append(existing, name)
	}
	return fmt.Errorf("not affected by the change: %s; `rehearse affected` lists what is", strings.Join(existing, ", "))
}

// lookup returns the jobs that an argument can mean, affected or not.
func (c *change) lookup(ctx context.Context, argument string) ([]plan.Located, error) {
	return c.result.Lookup(ctx, slices.Collect(maps.Keys(wantedNames([]string{argument}))))
}

// wantedNames returns the names of the jobs that arguments (`job` or `job@branch`) can
// mean.
func wantedNames(arguments []string) map[string]bool {
	wanted := map[string]bool{}
	for _, a := range arguments {
		wanted[a] = true
		name, _, _ := strings.Cut(a, "@")
		wanted[name] = true
	}
	return wanted
}

// named returns the affected jobs that the arguments can mean, with their effective
// specs.
func (c *change) named(ctx context.Context, arguments []string) ([]affected.Job, error) {
	wanted := wantedNames(arguments)
	var jobs []affected.Job
	for _, j := range c.result.Affected {
		if wanted[j.Name] {
			jobs = append(jobs, j)
		}
	}
	return c.result.Effective(ctx, jobs)
}
