//go:build e2e

package e2e

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"

	"github.com/rehearsal-dev/rehearsal/pkg/report"
	"github.com/rehearsal-dev/rehearsal/test/github"
	"github.com/rehearsal-dev/rehearsal/test/golden"
	"github.com/rehearsal-dev/rehearsal/test/rig"
)

// calm is how long a text that is still edited must stay the same before it is written as a
// golden file.
const calm = 3 * time.Second

// said waits for our comment whose marker starts like this, and returns it.
func (c *conversation) said(marker string) string {
	c.t.Helper()
	var body string
	c.until("a comment "+marker, func(ctx context.Context) (string, bool, error) {
		var err error
		body, err = c.find(ctx, marker)
		return "no such comment", body != "", err
	})
	return body
}

func (c *conversation) find(ctx context.Context, marker string) (string, error) {
	comments, err := c.Comments(ctx, marker)
	if err != nil || len(comments) == 0 {
		return "", err
	}
	return comments[len(comments)-1].Body, nil
}

// holds compares a final text with a golden file.
func (c *conversation) holds(file, text string) {
	c.t.Helper()
	if diff := c.compare(file, text); diff != "" {
		c.t.Errorf("%s (-want +got):\n%s", goldenFile(file), diff)
	}
}

func (c *conversation) compare(file, text string) string {
	c.t.Helper()
	got := c.plain(text)
	if *golden.Update {
		c.must(os.WriteFile(goldenFile(file), []byte(got), 0o644))
		return ""
	}
	want, err := os.ReadFile(goldenFile(file))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		c.must(err)
	}
	return cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n"))
}

func goldenFile(name string) string { return filepath.Join(conversationData, name+".md") }

// eventually waits until the comment of a run matches a golden file while the run goes on.
func (c *conversation) eventually(file, run string, says ...string) {
	c.t.Helper()
	c.becomes(file, says, func(ctx context.Context) (string, error) { return c.find(ctx, report.RunMarker(run)) })
}

// shows waits until the comment with the affected jobs, the labels and the commit status
// match a golden file.
func (c *conversation) shows(file string, says ...string) {
	c.t.Helper()
	c.becomes(file, says, func(ctx context.Context) (string, error) {
		plan, err := c.find(ctx, rig.PlanComment)
		if err != nil {
			return "", err
		}
		pull, err := c.Hub.GetPull(ctx, c.Pull.PullID)
		if err != nil {
			return "", err
		}
		statuses, err := c.Hub.ListStatuses(ctx, github.StatusQuery{Org: c.Pull.Org, Repo: c.Pull.Repo, SHA: pull.HeadSHA})
		text := fmt.Sprintf("%s\n\n---\nLabels: %s\n", strings.TrimSpace(plan), strings.Join(pull.Labels, ", "))
		for _, s := range statuses {
			if s.Context == statusContext {
				text += fmt.Sprintf("Status: %s: %s: %s\n", s.Context, s.State, s.Description)
			}
		}
		return text, err
	})
}

// becomes waits for a text that contains all of says and matches a golden file.
func (c *conversation) becomes(file string, says []string, read func(context.Context) (string, error)) {
	c.t.Helper()
	var last, diff string
	var since time.Time
	err := rig.Until(c.ctx, patience, file, func(ctx context.Context) (string, bool, error) {
		text, err := read(ctx)
		if err != nil || !containsAll(text, says) {
			diff = c.plain(text)
			return text, false, err
		}
		if *golden.Update {
			if text != last {
				last, since = text, time.Now()
			}
			return "it is edited still", time.Since(since) > calm, nil
		}
		diff = c.compare(file, text)
		return "", diff == "", nil
	})
	if err != nil {
		c.t.Errorf("%s (-want +got):\n%s", goldenFile(file), diff)
		return
	}
	if *golden.Update {
		c.compare(file, last)
	}
}

// varying are patterns of values that differ from run to run, and their placeholders.
var varying = []struct {
	pattern *regexp.Regexp
	name    string
}{
	{regexp.MustCompile(`\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b`), "UUID"},
	{regexp.MustCompile(`\b[0-9a-f]{40}\b`), "SHA"},
	{regexp.MustCompile(`\bhttp://(\d{1,3}\.){3}\d{1,3}(:\d+)?/`), "http://HOST/"},
	{regexp.MustCompile(`&id=\d+`), "&id=ID"},
	{regexp.MustCompile(`\bcomment-\d+\b`), "comment-ID"},
	{regexp.MustCompile(`\b(issuecomment|acme-release-\d+)-\d+\b`), "$1-ID"},
	{regexp.MustCompile(`\bbody-[0-9a-f]{16}\b`), "body-ID"},
	{regexp.MustCompile(`\b(\d{1,2} [A-Z][a-z]+ )?\d\d:\d\d(:\d\d)? UTC\b`), "WHEN"},
	{regexp.MustCompile(`\b(\d+h)?(\d+m)?\d+s\b`), "TIME"},
}

// plain replaces the values that differ from run to run.
func (c *conversation) plain(text string) string {
	var names []string
	for i, sha := range c.heads {
		names = append(names, sha, fmt.Sprintf("HEAD%d", i+1), sha[:12], fmt.Sprintf("HEAD%d", i+1))
	}
	names = append(names, c.Pull.BaseSHA, "BASE", c.Pull.BaseSHA[:12], "BASE", c.Cluster.Image, "IMAGE")
	text = strings.NewReplacer(names...).Replace(text)
	for _, v := range varying {
		text = v.pattern.ReplaceAllString(text, v.name)
	}
	return strings.TrimSpace(text) + "\n"
}

func isRunning(pod corev1.Pod) bool { return pod.Status.Phase == corev1.PodRunning }
