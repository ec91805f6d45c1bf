package rig

import (
	"context"
	"fmt"
	"slices"
	"strings"

	tektonv1 "github.com/tektoncd/pipeline/pkg/apis/pipeline/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	prowapi "sigs.k8s.io/prow/pkg/apis/prowjobs/v1"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/report"
	"github.com/rehearsal-dev/rehearsal/pkg/run"
	"github.com/rehearsal-dev/rehearsal/test/github"
)

// The kinds of our comments, by the start of their markers.
const (
	PlanComment   = "<!-- rehearsal:plan"
	RunComment    = "<!-- rehearsal:run"
	DeniedComment = "<!-- rehearsal:denied"
	AnswerComment = "<!-- rehearsal:answer"
)

// Conversation is a pull request on the stand-in, and the cluster's objects for it.
type Conversation struct {
	Hub     github.Control
	Cluster *Cluster
	Pull    github.Pull
	// Bot is the author of our comments.
	Bot string
}

// Say comments on the pull request.
func (c *Conversation) Say(ctx context.Context, by, body string) (github.Comment, error) {
	return c.Hub.CreateComment(ctx, github.NewComment{PullID: c.Pull.PullID, By: by, Body: body})
}

// Comments returns our comments of one kind, the oldest first.
func (c *Conversation) Comments(ctx context.Context, kind string) ([]github.Comment, error) {
	all, err := c.Hub.ListComments(ctx, c.Pull.PullID)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(all, func(comment github.Comment) bool {
		mark, ok := report.FindMarker(comment.Body)
		return !ok || comment.Author != c.Bot || !strings.HasPrefix(mark, kind)
	}), nil
}

// Rehearsal returns the Rehearsal of the pull request; nil if there is none.
func (c *Conversation) Rehearsal(ctx context.Context) (*v1alpha1.Rehearsal, error) {
	list, err := c.Cluster.Rehearsals.RehearsalV1alpha1().Rehearsals(Namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, err
	}
	for i := range list.Items {
		p := list.Items[i].Spec.Pull
		if p.Org == c.Pull.Org && p.Repo == c.Pull.Repo && p.Number == c.Pull.Number {
			return &list.Items[i], nil
		}
	}
	return nil, nil
}

// Runs returns the runs of the pull request, the oldest first.
func (c *Conversation) Runs(ctx context.Context) ([]v1alpha1.RunStatus, error) {
	rehearsal, err := c.Rehearsal(ctx)
	if err != nil || rehearsal == nil {
		return nil, err
	}
	return rehearsal.Status.Runs, nil
}

// PipelineRuns returns the PipelineRuns of the pull request.
func (c *Conversation) PipelineRuns(ctx context.Context) ([]tektonv1.PipelineRun, error) {
	options, ok, err := c.ours(ctx)
	if !ok || err != nil {
		return nil, err
	}
	list, err := c.Cluster.Tekton.TektonV1().PipelineRuns(Namespace).List(ctx, options)
	if err != nil {
		return nil, err
	}
	return list.Items, nil
}

// ProwJobs returns the ProwJobs of the pull request.
func (c *Conversation) ProwJobs(ctx context.Context) ([]prowapi.ProwJob, error) {
	options, ok, err := c.ours(ctx)
	if !ok || err != nil {
		return nil, err
	}
	list, err := c.Cluster.Prow.ProwV1().ProwJobs(ProwJobNamespace).List(ctx, options)
	if err != nil {
		return nil, err
	}
	return list.Items, nil
}

// JobPods returns the pods of the jobs of the pull request.
func (c *Conversation) JobPods(ctx context.Context) ([]corev1.Pod, error) {
	options, ok, err := c.ours(ctx)
	if !ok || err != nil {
		return nil, err
	}
	list, err := c.Cluster.Kube.CoreV1().Pods(PodNamespace).List(ctx, options)
	if err != nil {
		return nil, err
	}
	return list.Items, nil
}

// ours selects the objects of the pull request, if it has a Rehearsal.
func (c *Conversation) ours(ctx context.Context) (metav1.ListOptions, bool, error) {
	rehearsal, err := c.Rehearsal(ctx)
	if err != nil || rehearsal == nil {
		return metav1.ListOptions{}, false, err
	}
	return metav1.ListOptions{LabelSelector: run.LabelRehearsalUID + "=" + string(rehearsal.UID)}, true, nil
}

// States summarises the states of the jobs in one line.
func (c *Conversation) States(ctx context.Context) (string, error) {
	jobs, err := c.ProwJobs(ctx)
	if err != nil {
		return "", err
	}
	var states []string
	for i := range jobs {
		states = append(states, fmt.Sprintf("%s is %s", jobs[i].Annotations[run.AnnotationJob], jobs[i].Status.State))
	}
	slices.Sort(states)
	return strings.Join(states, ", "), nil
}
