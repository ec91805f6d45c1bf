package main

import (
	"context"
	"fmt"
	"time"

	tektonv1 "github.com/tektoncd/pipeline/pkg/apis/pipeline/v1"
	prowapi "sigs.k8s.io/prow/pkg/apis/prowjobs/v1"

	"github.com/rehearsal-dev/rehearsal/pkg/run"
	"github.com/rehearsal-dev/rehearsal/test/github"
	"github.com/rehearsal-dev/rehearsal/test/rig"
)

// milestones are times since the comment with the command.
type milestones struct {
	// pipelineRun is when it was created, firstPod and tasks when the first and
	// the last of its tasks' pods had started, prowJobs when the last ProwJob was
	// created.
	pipelineRun, firstPod, tasks, prowJobs time.Duration
}

// rehearse opens a pull request that changes all jobs, waits for its plan, and
// measures from the command on.
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
	if _, err := b.hub.ClosePull(ctx, github.PullAction{PullID: c.Pull.PullID, By: author}); err != nil {
		return m, err
	}
	if err := b.cluster.Clear(ctx); err != nil {
		return m, err
	}
	return m, b.gone(ctx, rig.Namespace, run.LabelRun)
}

// open waits for the comment of the pull request: the plan is no part of what is
// measured.
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

// command writes the command and waits for the last ProwJob.
func (b *bench) command(ctx context.Context, c *rig.Conversation) (m milestones, err error) {
	tasks := run.LabelRun + ",tekton.dev/pipelineTask"
	starting, err := watchFor(ctx, b.cluster.Kube.CoreV1().Pods(rig.Namespace), tasks, podStarted)
	if err != nil {
		return m, err
	}
	defer starting.stop()
	running, err := watchFor(ctx, b.cluster.Tekton.TektonV1().PipelineRuns(rig.Namespace), run.LabelRun, exists[*tektonv1.PipelineRun])
	if err != nil {
		return m, err
	}
	defer running.stop()
	created, err := watchFor(ctx, b.cluster.Prow.ProwV1().ProwJobs(rig.ProwJobNamespace), run.LabelRun, exists[*prowapi.ProwJob])
	if err != nil {
		return m, err
	}
	defer created.stop()

	begin := time.Now()
	if _, err := c.Say(ctx, author, "/pj-rehearse"); err != nil {
		return m, err
	}
	if m.prowJobs, err = created.last(ctx, b.jobs, begin); err != nil {
		return m, fmt.Errorf("ProwJobs: %w", err)
	}
	m.pipelineRun, _ = running.last(ctx, 1, begin)
	m.firstPod, _ = starting.last(ctx, 1, begin)
	m.tasks, err = starting.last(ctx, b.jobs, begin)
	return m, err
}

// exists says of anything that a watch shows that it is there.
func exists[T any](T) bool { return true }
