// Command demo shows a rehearsal from beginning to end, on the local cluster with a
// stand-in for GitHub: a pull request that changes three jobs, the comment with the
// affected jobs, the command, the run of the three jobs and the comment with their results.
// The cluster must be up. The command fails if the conversation is not as expected. `demo
// clean` stops the stand-in, which otherwise keeps running.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/rehearsal-dev/rehearsal/test/github"
	"github.com/rehearsal-dev/rehearsal/test/rig"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintf(os.Stderr, "\ndemo: %v\n", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	switch {
	case len(args) == 0:
		d := &demo{progress: progress{style: newStyle(os.Stdout), start: time.Now()}}
		err := d.run(ctx)
		if err != nil && d.Cluster != nil && ctx.Err() == nil {
			fmt.Println(d.Cluster.Diagnose())
		}
		return err
	case len(args) == 1 && args[0] == "clean":
		return newStandIn().remove()
	}
	return errors.New("usage: demo [clean]")
}

// demo is one demonstration.
type demo struct {
	progress
	installation rig.Installation
	rig.Conversation
	// statuses are the commit statuses by crier, one for each job.
	statuses []github.Status
}

func (d *demo) run(ctx context.Context) error {
	d.heading("The rehearsals, on the local cluster")
	if err := d.prepare(ctx); err != nil {
		return err
	}
	d.heading("A pull request")
	if err := d.converse(ctx); err != nil {
		return err
	}
	return d.show(ctx)
}

// prepare creates everything that a pull request needs.
func (d *demo) prepare(ctx context.Context) error {
	var err error
	if d.Cluster, err = rig.Connect(ctx); err != nil {
		return err
	}
	d.installation = rig.Installation{
		WebhookSecret: rig.Random(), Token: rig.Random(), Repositories: []string{org + "/" + repo}, Sweep: 30 * time.Second,
	}
	if err := d.step("GitHub stand-in", func() error {
		d.installation.GitHub, err = newStandIn().start(ctx, d.Cluster)
		return err
	}); err != nil {
		return err
	}
	d.Hub, d.Bot = &github.Client{URL: d.installation.GitHub}, rig.Bot
	if _, err := d.Hub.AddToken(ctx, github.Token{Token: d.installation.Token, User: rig.Bot}); err != nil {
		return err
	}
	if err := d.step("receiver, controller and tasks", func() error {
		if err := d.Cluster.Install(ctx, d.installation, d.note); err != nil {
			return err
		}
		return d.Cluster.Clear(ctx)
	}); err != nil {
		return err
	}
	return d.step("Prow's hook and crier", func() error {
		return d.Cluster.StartProw(ctx, d.installation, rig.ProwOnGitHub{
			Hooked: d.installation.Repositories, Quiet: d.installation.Repositories,
		})
	})
}

// converse plays the conversation on the pull request.
func (d *demo) converse(ctx context.Context) error {
	files, err := baseFiles(d.Cluster.Image)
	if err != nil {
		return err
	}
	plank, err := d.Cluster.PlankConfig(ctx)
	if err != nil {
		return err
	}
	files[rig.ProwConfigPath] += plank
	webhook, err := d.Cluster.HookURL(ctx)
	if err != nil {
		return err
	}
	if err := createRepository(ctx, d.Hub, files, d.installation, webhook); err != nil {
		return err
	}
	if d.Pull, err = openPull(ctx, d.Hub, files); err != nil {
		return err
	}
	d.note(fmt.Sprintf("%s opens %s: %s", author, d.Pull.Name(), d.Pull.Title))
	err = d.step("comment with the affected jobs", func() error {
		return rig.Until(ctx, 2*time.Minute, "the comment with the affected jobs", d.planned)
	})
	if err != nil {
		return err
	}
	d.note(maintainer + " comments /pj-rehearse")
	if _, err := d.Say(ctx, maintainer, "/pj-rehearse"); err != nil {
		return err
	}
	if err := d.step("rehearsal", func() error {
		return rig.Until(ctx, 5*time.Minute, "the end of the run", d.finished())
	}); err != nil {
		return err
	}
	return rig.Until(ctx, time.Minute, "crier to report every job", d.reported)
}

// show prints the results, and checks them.
func (d *demo) show(ctx context.Context) error {
	runs, err := d.Runs(ctx)
	if err != nil {
		return err
	}
	pipelineRun := runs[0].PipelineRun
	logs, err := d.Cluster.Output(ctx, "tkn", "pipelinerun", "logs", pipelineRun, "-n", rig.Namespace)
	if err != nil {
		return err
	}
	rehearsals, err := d.Cluster.Output(ctx, "kubectl", "get", "rehearsals", "-n", rig.Namespace)
	if err != nil {
		return err
	}
	if err := d.printConversation(ctx); err != nil {
		return err
	}
	d.printStatuses()
	d.heading("$ tkn pipelinerun logs " + pipelineRun + " -n " + rig.Namespace)
	fmt.Print(logs)
	d.heading("$ kubectl get rehearsals -n " + rig.Namespace)
	fmt.Print(rehearsals)
	if err := errors.Join(check(ctx, d.Conversation, logs, rehearsals), checkStatuses(ctx, d.statuses)); err != nil {
		return fmt.Errorf("the conversation is not as promised:\n%w", err)
	}
	d.printWhereToLook(pipelineRun)
	return nil
}

func (d *demo) printConversation(ctx context.Context) error {
	comments, err := d.Hub.ListComments(ctx, d.Pull.PullID)
	if err != nil {
		return err
	}
	d.heading("The conversation")
	fmt.Println(d.style.boxed(fmt.Sprintf("%s opened %s: %s", author, d.Pull.Name(), d.Pull.Title), d.Pull.Body))
	for _, comment := range comments {
		fmt.Println(d.style.boxed(comment.Author, d.style.markdown(comment.Body)))
	}
	return nil
}

func (d *demo) printWhereToLook(pipelineRun string) {
	d.heading("Everything as promised. Look around")
	fmt.Printf(`  The pull request, to comment on in a browser on this machine:
      %s
  In this shell, from the top of the repository:
      eval "$(go -C test/cluster run . env)"
      kubectl get rehearsals -n %[2]s
      kubectl get pipelineruns,taskruns -n %[2]s
      tkn pipelinerun logs %[3]s -n %[2]s
      kubectl get prowjobs -n %[4]s
      kubectl logs deployment/%[5]s -n %[2]s
  When done:
      make clean
`, d.Pull.HTMLURL, rig.Namespace, pipelineRun, rig.ProwJobNamespace, rig.Controller)
}
