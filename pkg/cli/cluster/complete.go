package cluster

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/cli/local"
	"github.com/rehearsal-dev/rehearsal/pkg/terminal"
)

// completeTime bounds how long a shell waits for a completion.
const completeTime = 3 * time.Second

type completion = func(cmd *cobra.Command, args []string, begun string) ([]string, cobra.ShellCompDirective)

// completeFlag adds completion of a flag's values.
func completeFlag(cmd *cobra.Command, flag string, values func(context.Context) ([]string, error)) {
	// The only error is for a flag that does not exist.
	_ = cmd.RegisterFlagCompletionFunc(flag, func(cmd *cobra.Command, _ []string, begun string) ([]string, cobra.ShellCompDirective) {
		all, err := values(cmd.Context())
		return beginning(all, err, begun)
	})
}

func beginning(all []string, err error, begun string) ([]string, cobra.ShellCompDirective) {
	if err != nil {
		cobra.CompDebugln(err.Error(), false)
		return nil, cobra.ShellCompDirectiveError
	}
	var out []string
	for _, one := range all {
		if strings.HasPrefix(strings.ToLower(one), strings.ToLower(begun)) {
			out = append(out, one)
		}
	}
	slices.Sort(out)
	return slices.Compact(out), cobra.ShellCompDirectiveNoFileComp
}

// completePull completes a pull request as the only argument.
func completePull(a *Address) completion {
	return func(cmd *cobra.Command, args []string, begun string) ([]string, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		all, err := withCluster(cmd, a, func(ctx context.Context, c *cluster) ([]string, error) {
			all, err := c.all(ctx)
			return openPulls(all), err
		})
		return beginning(all, err, begun)
	}
}

func withCluster(cmd *cobra.Command, a *Address, do func(context.Context, *cluster) ([]string, error)) ([]string, error) {
	ctx, cancel := context.WithTimeout(cmd.Context(), completeTime)
	defer cancel()
	c, err := a.connect()
	if err != nil {
		return nil, err
	}
	return do(ctx, c)
}

// openPulls returns the pull requests that accept commands, with their titles.
func openPulls(all []v1alpha1.Rehearsal) []string {
	var out []string
	for _, rh := range all {
		if rh.Status.Pull != nil && rh.Status.Pull.Open {
			out = append(out, cobra.CompletionWithDesc(nameOf(rh.Spec.Pull), terminal.Plain(rh.Status.Pull.Title)))
		}
	}
	return out
}

// completePullThenJobs completes a pull request, and then those of its jobs that are not
// among the arguments yet.
func completePullThenJobs(a *Address, jobs func(context.Context, *cluster, *v1alpha1.Rehearsal) ([]string, error)) completion {
	pulls := completePull(a)
	return func(cmd *cobra.Command, args []string, begun string) ([]string, cobra.ShellCompDirective) {
		if len(args) == 0 {
			return pulls(cmd, args, begun)
		}
		all, err := withCluster(cmd, a, func(ctx context.Context, c *cluster) ([]string, error) {
			rh, err := c.find(ctx, args[0])
			if err != nil {
				return nil, err
			}
			return jobs(ctx, c, rh)
		})
		all = slices.DeleteFunc(all, func(job string) bool { return slices.Contains(args[1:], job) })
		return beginning(all, err, begun)
	}
}

// runningJobs returns the jobs that an abort can name.
func runningJobs(ctx context.Context, c *cluster, rh *v1alpha1.Rehearsal) ([]string, error) {
	s, err := c.glance(ctx, rh)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, r := range rh.Status.Runs {
		if r.State.Done() {
			continue
		}
		for _, j := range s.viewRun(rh, r).jobs {
			if !j.Verdict.Ended() {
				names = append(names, j.DisplayName)
			}
		}
	}
	return names, nil
}

// affectedJobs returns the jobs that a run can name: those of earlier runs and, in a
// clone of the config repository, those that the head affects.
func affectedJobs(ctx context.Context, c *cluster, rh *v1alpha1.Rehearsal) ([]string, error) {
	var names []string
	if rh.Status.Pull != nil {
		names = local.Affected(ctx, here, rh.Status.Pull.Head)
	}
	s, err := c.glance(ctx, rh)
	if err != nil {
		return names, nil //nolint:nilerr // completion offers what it can find
	}
	for _, r := range rh.Status.Runs {
		for _, j := range s.viewRun(rh, r).jobs {
			names = append(names, j.DisplayName)
		}
	}
	return names, nil
}
