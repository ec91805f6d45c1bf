package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rehearsal-dev/rehearsal/test/github"
	"github.com/rehearsal-dev/rehearsal/test/rig"
)

// The config repository of the measurement.
const (
	org      = "fanout"
	repo     = "config"
	author   = "alice"
	target   = "acme/widget"
	jobsPath = rig.JobsPath + "/acme/widget/jobs.yaml"
)

// bench is shared by all measurements.
type bench struct {
	cluster *rig.Cluster
	hub     *github.Server
	jobs    int
	// jobPods lets Prow start the pods of jobs while tasks are still starting.
	jobPods bool
	// changed is the file with the jobs as the pull requests change it.
	changed      string
	installation rig.Installation
}

func jobName(i int) string { return fmt.Sprintf("pull-widget-%03d", i) }

// prepare installs the work tree, with a config repository of its own.
func prepare(ctx context.Context, jobs int, jobPods bool) (*bench, error) {
	b := &bench{jobs: jobs, jobPods: jobPods}
	var err error
	if b.cluster, err = rig.Connect(ctx); err != nil {
		return nil, err
	}
	// GitHub's limits and the sizes of selections are not measured.
	if b.hub, err = github.Start(net.JoinHostPort(b.cluster.HostAddress, "0"), github.WithRateLimit(1_000_000)); err != nil {
		return nil, err
	}
	b.installation = rig.Installation{
		GitHub: b.hub.URL(), WebhookSecret: rig.Random(), Token: rig.Random(), Repositories: []string{org + "/" + repo}, Sweep: time.Minute,
		Hurried:  true,
		Settings: fmt.Sprintf("defaults: {limits: {sample: %[1]d, more: %[1]d, max: %[1]d}}", jobs),
	}
	if _, err := b.hub.AddToken(ctx, github.Token{Token: b.installation.Token, User: rig.Bot}); err != nil {
		return nil, err
	}
	if err := b.cluster.Install(ctx, b.installation, func(what string) { fmt.Fprintln(os.Stderr, "fanout:", what) }); err != nil {
		return nil, err
	}
	if err := b.cluster.Clear(ctx); err != nil {
		return nil, err
	}
	return b, errors.Join(b.publish(ctx), b.preparePlain(ctx), b.pullImage(ctx))
}

// publish creates the config repository, and the webhook to the receiver.
func (b *bench) publish(ctx context.Context) error {
	before, err := b.jobsFile("true")
	if err != nil {
		return err
	}
	if b.changed, err = b.jobsFile("true; true"); err != nil {
		return err
	}
	if _, err := b.hub.CreateRepo(ctx, github.NewRepo{
		Org: org, Repo: repo,
		Files: map[string]string{rig.ProwConfigPath: rig.ProwConfig, rig.PluginsPath: "{}\n", jobsPath: before},
		Roles: map[string]string{author: "write", rig.Bot: "write"},
	}); err != nil {
		return err
	}
	if _, err := b.hub.CreateRepo(ctx, github.NewRepo{Org: "acme", Repo: "widget", Files: map[string]string{"README.md": "# widget\n"}}); err != nil {
		return err
	}
	url, err := b.cluster.ReceiverURL(ctx)
	if err != nil {
		return err
	}
	_, err = b.hub.AddHook(ctx, github.Hook{Org: org, Repo: repo, URL: url, Secret: b.installation.WebhookSecret})
	return err
}

func (b *bench) jobsFile(script string) (string, error) {
	jobs := make([]rig.Job, 0, b.jobs)
	for i := range b.jobs {
		jobs = append(jobs, rig.Job{Name: jobName(i), Script: script})
	}
	return b.cluster.JobsFile(target, jobs...)
}

// gone waits until the pods of a measurement are gone, so that the next one has the node to
// itself.
func (b *bench) gone(ctx context.Context, namespace, selector string) error {
	if err := b.cluster.Kube.CoreV1().Pods(rig.PodNamespace).DeleteCollection(ctx, metav1.DeleteOptions{}, metav1.ListOptions{}); err != nil {
		return err
	}
	return rig.Until(ctx, patience, "pods to be gone", func(ctx context.Context) (string, bool, error) {
		ours, err := b.cluster.Kube.CoreV1().Pods(namespace).List(ctx, metav1.ListOptions{LabelSelector: selector})
		if err != nil {
			return "", false, err
		}
		jobs, err := b.cluster.Kube.CoreV1().Pods(rig.PodNamespace).List(ctx, metav1.ListOptions{})
		if err != nil {
			return "", false, err
		}
		left := len(ours.Items) + len(jobs.Items)
		return fmt.Sprintf("%d pods are left", left), left == 0, nil
	})
}

// close removes what would keep looking for a GitHub that ends with us.
func (b *bench) close(ctx context.Context) {
	b.installation.Repositories, b.installation.Sweep = nil, time.Hour
	err := b.cluster.Configure(ctx, b.installation)
	if e := b.cluster.Kube.CoreV1().Namespaces().Delete(ctx, plainNamespace, metav1.DeleteOptions{}); !apierrors.IsNotFound(e) {
		err = errors.Join(err, e)
	}
	if err = errors.Join(err, b.hub.Close()); err != nil {
		fmt.Fprintln(os.Stderr, "fanout: cleaning up:", err)
	}
}
