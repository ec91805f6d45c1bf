package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	tektonv1 "github.com/tektoncd/pipeline/pkg/apis/pipeline/v1"
	prowapi "sigs.k8s.io/prow/pkg/apis/prowjobs/v1"

	"github.com/rehearsal-dev/rehearsal/pkg/run"
	"github.com/rehearsal-dev/rehearsal/test/github"
	"github.com/rehearsal-dev/rehearsal/test/rig"
)

// tasksOfJobs selects the pods of all tasks of runs except the finally task.
const tasksOfJobs = run.LabelRun + ",tekton.dev/pipelineTask,tekton.dev/pipelineTask!=" + run.CollateTask

// milestones are times since the comment with the command.
type milestones struct {
	begin       time.Time
	pipelineRun time.Duration
	tasks       stages
	prowJobs    span
	cost        cost
}

// rehearse opens a pull request that changes all jobs, waits for its plan, and measures
// from the command on.
func (b *bench) rehearse(ctx context.Context, n int) (milestones, error) {
	c, err := b.open(ctx, n)
	if err != nil {
		return milestones{}, err
	}
	m, err := b.command(ctx, c)
	if err != nil {
		return m, err
	}
	if err := rig.Until(ctx, patience, "the end of the run", func(ctx context.Context) (string, bool, error) {
		runs, err := c.Runs(ctx)
		states, _ := c.States(ctx)
		return states, len(runs) == 1 && runs[0].State.Done(), err
	}); err != nil {
		return m, err
	}
	if m.tasks.running, err = processes(ctx, b.cluster.Kube, rig.Namespace, tasksOfJobs, b.jobs, m.begin); err != nil {
		return m, err
	}
	if _, err := b.hub.ClosePull(ctx, github.PullAction{PullID: c.Pull.PullID, By: author}); err != nil {
		return m, err
	}
	if err := b.cluster.Clear(ctx); err != nil {
		return m, err
	}
	return m, b.gone(ctx, rig.Namespace, run.LabelRun)
}

// open waits for the comment on the pull request: planning is not part of the measurement.
func (b *bench) open(ctx context.Context, n int) (*rig.Conversation, error) {
	files := map[string]string{jobsPath: b.changed}
	pull, err := b.hub.OpenPull(ctx, github.NewPull{
		Org: org, Repo: repo, Author: author, Title: fmt.Sprintf("Change all jobs (%d)", n), Change: github.Change{Files: files},
	})
	if err != nil {
		return nil, err
	}
	c := &rig.Conversation{Hub: b.hub, Cluster: b.cluster, Bot: rig.Bot, Pull: pull}
	return c, rig.Until(ctx, patience, "the comment with the affected jobs", func(ctx context.Context) (string, bool, error) {
		comments, err := c.Comments(ctx, rig.PlanComment)
		return "no comment", len(comments) == 1, err
	})
}

// command writes the command and waits for the last ProwJob. Without jobPods, Prow starts
// the pods of jobs only afterwards: an installation has other machines for them, and the
// plain PipelineRun has no such work.
func (b *bench) command(ctx context.Context, c *rig.Conversation) (m milestones, err error) {
	if !b.jobPods {
		defer func() { err = errors.Join(err, b.cluster.RunPlank(context.WithoutCancel(ctx), 1)) }()
		if err := b.cluster.RunPlank(ctx, 0); err != nil {
			return m, err
		}
	}
	return b.measureRun(ctx, c)
}

func (b *bench) measureRun(ctx context.Context, c *rig.Conversation) (m milestones, err error) {
	w, err := b.watchRun(ctx)
	if err != nil {
		return m, err
	}
	defer w.stop()
	stop, err := b.meter(ctx)
	if err != nil {
		return m, err
	}
	m.begin = time.Now()
	if _, err := c.Say(ctx, author, "/pj-rehearse"); err != nil {
		return m, err
	}
	if m.prowJobs, err = w.prowJobs.wait(ctx, 0, b.jobs, m.begin); err != nil {
		return m, fmt.Errorf("ProwJobs: %w", err)
	}
	if m.cost, err = stop(); err != nil {
		return m, err
	}
	created, err := w.pipelineRuns.wait(ctx, 0, 1, m.begin)
	m.pipelineRun = created.first
	return m, errors.Join(err, m.tasks.read(ctx, w.tasks, b.jobs, m.begin))
}

// watches watch all objects of a run.
type watches struct{ pipelineRuns, tasks, prowJobs *sightings }

func (b *bench) watchRun(ctx context.Context) (w watches, err error) {
	pipelineRuns := b.cluster.Tekton.TektonV1().PipelineRuns(rig.Namespace)
	if w.pipelineRuns, err = watchFor(ctx, pipelineRuns, run.LabelRun, exists[*tektonv1.PipelineRun]); err != nil {
		return w, err
	}
	if w.tasks, err = watchStages(ctx, b.cluster.Kube, rig.Namespace, tasksOfJobs); err != nil {
		return w, err
	}
	w.prowJobs, err = watchFor(ctx, b.cluster.Prow.ProwV1().ProwJobs(rig.ProwJobNamespace), run.LabelRun, exists[*prowapi.ProwJob])
	return w, err
}

func (w watches) stop() {
	for _, s := range []*sightings{w.pipelineRuns, w.tasks, w.prowJobs} {
		s.stop()
	}
}
