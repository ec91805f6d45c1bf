package main

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/rehearsal-dev/rehearsal/test/github"
	"github.com/rehearsal-dev/rehearsal/test/rig"
)

const (
	org    = "large"
	target = "acme/widget"
	// jobFiles is the number of files with a few jobs in each config repository; every pull
	// request changes one.
	jobFiles = 50
	// largeFiles is the number of files for the jobs of the large run: there is a limit for
	// a file, and a larger one for a pull request.
	largeFiles = 10
)

// authors take turns, because each person has a quota.
var authors = []string{"alice", "bob", "carol"}

// world is GitHub: the config repositories and their pull requests.
type world struct {
	hub     *github.Server
	options options
	pulls   []github.Pull
	large   github.Pull
}

func newWorld(ctx context.Context, dir, token string, o options) (*world, error) {
	// GitHub's limits are not measured: calls are only counted.
	hub, err := github.Start("127.0.0.1:0", github.WithDir(dir), github.WithToken(token, rig.Bot), github.WithRateLimit(1_000_000))
	if err != nil {
		return nil, err
	}
	w := &world{hub: hub, options: o}
	owner, repo, _ := strings.Cut(target, "/")
	if _, err := hub.CreateRepo(ctx, github.NewRepo{Org: owner, Repo: repo, Files: map[string]string{"README.md": "# widget\n"}}); err != nil {
		return w, err
	}
	for i := range o.repositories {
		if err := w.createRepo(ctx, i); err != nil {
			return w, err
		}
	}
	return w, nil
}

func repoName(i int) string { return fmt.Sprintf("config-%d", i) }

func (w *world) createRepo(ctx context.Context, i int) error {
	files := map[string]string{rig.ProwConfigPath: rig.ProwConfig, rig.PluginsPath: "{}\n"}
	for f := range jobFiles {
		files[jobsPath(f)] = jobsFile(fmt.Sprintf("pull-widget-%02d", f), w.options.jobs, "true", 0)
	}
	if i == 0 {
		w.addLarge(files, "true")
	}
	roles := map[string]string{rig.Bot: "write"}
	for _, a := range authors {
		roles[a] = "write"
	}
	_, err := w.hub.CreateRepo(ctx, github.NewRepo{Org: org, Repo: repoName(i), Files: files, Roles: roles})
	return err
}

func jobsPath(f int) string { return filepath.Join(rig.JobsPath, fmt.Sprintf("widget-%02d.yaml", f)) }

// addLarge adds the files with the jobs of the large run.
func (w *world) addLarge(files map[string]string, script string) {
	n := w.options.largeJobs
	for f := range largeFiles {
		count := n*(f+1)/largeFiles - n*f/largeFiles
		if count > 0 {
			files[filepath.Join(rig.JobsPath, fmt.Sprintf("large-%d.yaml", f))] = jobsFile(fmt.Sprintf("pull-large-%d", f), count, script, w.options.specKiB<<10)
		}
	}
}

// jobsFile returns jobs whose specifications have at least size bytes.
func jobsFile(prefix string, n int, script string, size int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "presubmits:\n  %s:\n", target)
	filler := strings.Repeat("# what a generated script is full of, line by line ------------\n", size>>6)
	for i := range n {
		fmt.Fprintf(&b, "  - name: %s-%03d\n    always_run: true\n    agent: kubernetes\n    branches: [main]\n", prefix, i)
		fmt.Fprintf(&b, "    spec:\n      containers:\n      - image: localhost/job\n        command: [/bin/sh, -ec]\n        args:\n        - |\n")
		for line := range strings.Lines(script + "\n" + filler) {
			b.WriteString("          " + line)
		}
	}
	return b.String()
}

// hook makes GitHub send webhooks to the receiver.
func (w *world) hook(ctx context.Context, url, secret string) error {
	_, err := w.hub.AddHook(ctx, github.Hook{Org: org, URL: url, Secret: secret})
	return err
}

// open opens all pull requests.
func (w *world) open(ctx context.Context) error {
	for i := range w.options.pulls {
		files := map[string]string{}
		if i == 0 {
			w.addLarge(files, "true; true")
		} else {
			f := i / w.options.repositories % jobFiles
			files[jobsPath(f)] = jobsFile(fmt.Sprintf("pull-widget-%02d", f), w.options.jobs, fmt.Sprintf("true # %d", i), 0)
		}
		pull, err := w.hub.OpenPull(ctx, github.NewPull{
			Org: org, Repo: repoName(i % w.options.repositories), Author: authors[i%len(authors)],
			Title: fmt.Sprintf("Change %d", i), Change: github.Change{Files: files},
		})
		if err != nil {
			return err
		}
		w.pulls = append(w.pulls, pull)
	}
	w.large = w.pulls[0]
	return nil
}

// command comments on a pull request.
func (w *world) command(ctx context.Context, i int) error {
	p := w.pulls[i]
	_, err := w.hub.CreateComment(ctx, github.NewComment{PullID: p.PullID, By: p.Author, Body: "/pj-rehearse"})
	return err
}

// calls are calls of GitHub's API; git does not count towards any limit.
type calls struct {
	charged, free int
	routes        map[string]int
	span          time.Duration
}

// hourly extrapolates to an hour.
func (c calls) hourly(n int) float64 {
	if c.span == 0 {
		return 0
	}
	return float64(n) * float64(time.Hour) / float64(c.span)
}

// reset restarts the counts.
func (w *world) reset(ctx context.Context) error {
	_, err := w.hub.ResetCalls(ctx, github.None{})
	return err
}

// count returns the calls since reset. GitHub does not charge for responses with 304.
func (w *world) count(ctx context.Context, since time.Time) (calls, error) {
	c := calls{routes: map[string]int{}, span: time.Since(since)}
	all, err := w.hub.Calls(ctx, github.CallQuery{User: rig.Bot})
	if err != nil {
		return c, err
	}
	for _, call := range all.Calls {
		if call.Route == "" || strings.Contains(call.Path, ".git/") {
			continue
		}
		if call.Status == 304 {
			c.free++
			continue
		}
		c.charged++
		c.routes[call.Route]++
	}
	return c, nil
}
