package main

import (
	"context"
	"fmt"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/report"
	"github.com/rehearsal-dev/rehearsal/test/github"
	"github.com/rehearsal-dev/rehearsal/test/rig"
)

// conversation is a pull request and the people that look at it.
type conversation struct {
	hub     github.Control
	cluster *rig.Cluster
	pull    github.Pull
}

// marked returns our comments that end with a marker that starts with prefix.
func (c conversation) marked(ctx context.Context, prefix string) ([]github.Comment, error) {
	comments, err := c.hub.ListComments(ctx, c.pull.PullID)
	if err != nil {
		return nil, err
	}
	var found []github.Comment
	for _, comment := range comments {
		if mark, ok := report.FindMarker(comment.Body); ok && comment.Author == rig.Bot && strings.HasPrefix(mark, prefix) {
			found = append(found, comment)
		}
	}
	return found, nil
}

// planned waits for the comment with the affected jobs.
func (c conversation) planned(ctx context.Context) (found string, ok bool, err error) {
	comments, err := c.marked(ctx, report.PlanMarker())
	return fmt.Sprintf("%d such comments", len(comments)), len(comments) > 0, err
}

// rehearsal is the object of the pull request.
func (c conversation) rehearsal(ctx context.Context) (*v1alpha1.Rehearsal, error) {
	list, err := c.cluster.Rehearsals.RehearsalV1alpha1().Rehearsals(rig.Namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, err
	}
	for i := range list.Items {
		p := list.Items[i].Spec.Pull
		if p.Org == c.pull.Org && p.Repo == c.pull.Repo && p.Number == c.pull.Number {
			return &list.Items[i], nil
		}
	}
	return nil, fmt.Errorf("there is no Rehearsal for %s", c.pull.Name())
}

// finished waits for the end of the only run, and tells what changes meanwhile.
func (c conversation) finished(tell func(string)) func(context.Context) (string, bool, error) {
	last := ""
	return func(ctx context.Context) (string, bool, error) {
		rehearsal, err := c.rehearsal(ctx)
		if err != nil || len(rehearsal.Status.Runs) == 0 {
			return "no run", false, err
		}
		now, err := c.states(ctx)
		if err != nil {
			return "", false, err
		}
		if now != last && now != "" {
			tell(now)
			last = now
		}
		r := rehearsal.Status.Runs[0]
		return fmt.Sprintf("run %s is %s: %s", r.ID, r.State, now), r.State.Done(), nil
	}
}

// states is how far the ProwJobs are.
func (c conversation) states(ctx context.Context) (string, error) {
	list, err := c.cluster.Prow.ProwV1().ProwJobs(rig.ProwJobNamespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return "", err
	}
	var states []string
	for _, pj := range list.Items {
		states = append(states, fmt.Sprintf("%s is %s", pj.Spec.Job, pj.Status.State))
	}
	return strings.Join(states, ", "), nil
}
