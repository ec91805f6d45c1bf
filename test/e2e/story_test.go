//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"sigs.k8s.io/yaml"

	"github.com/rehearsal-dev/rehearsal/test/github"
	"github.com/rehearsal-dev/rehearsal/test/rig"
)

// The people in the stories.
const (
	author     = "alice"   // has write access
	maintainer = "bob"     // has write access
	stranger   = "mallory" // has read access
)

const (
	target   = "acme/widget"
	jobsPath = rig.JobsPath + "/acme/widget/jobs.yaml"
	// patience is the time limit for any condition on a busy machine.
	patience = 4 * time.Minute
)

// story is one pull request, from its opening to its end.
type story struct {
	rig.Conversation
	t   *testing.T
	ctx context.Context
	// jobs are the jobs as changed by the pull request.
	jobs []rig.Job
}

// tell creates a config repository in which the jobs exist, but do something else, and
// another job that never changes.
func tell(t *testing.T, jobs ...rig.Job) *story {
	t.Helper()
	n := int(world.taken.Add(1)) - 1
	if n >= len(world.repositories) {
		t.Fatalf("more than %d stories: enlarge the pool", pool)
	}
	s := stage(t, world.org, world.repositories[n], 10*time.Minute)
	s.publish(false, jobs...)
	return s
}

// publish creates the config repository of a story.
func (s *story) publish(private bool, jobs ...rig.Job) {
	s.t.Helper()
	s.jobs = jobs
	before := []rig.Job{{Name: "pull-widget-untouched", Script: "true"}}
	for _, j := range jobs {
		// The stories are not about requests, so base grants everything else.
		j.Script = "echo as it was before"
		before = append(before, j)
	}
	_, err := world.hub.CreateRepo(s.ctx, github.NewRepo{
		Org: s.Pull.Org, Repo: s.Pull.Repo, Private: private,
		Files: map[string]string{
			rig.ProwConfigPath: rig.ProwConfig, rig.PluginsPath: "{}\n", jobsPath: s.jobsFile(before...),
		},
		Roles: map[string]string{maintainer: "write", rig.Bot: "write", author: "write"},
	})
	s.must(err)
}

// stage returns a story whose config repository does not exist yet.
func stage(t *testing.T, org, repo string, within time.Duration) *story {
	t.Helper()
	ctx, cancel := context.WithTimeout(world.ctx, within)
	t.Cleanup(cancel)
	s := &story{Conversation: rig.Conversation{Hub: world.hub, Cluster: world.cluster, Bot: bot}, t: t, ctx: ctx}
	s.Pull.Org, s.Pull.Repo = org, repo
	t.Cleanup(s.epilogue)
	return s
}

// beside lets other tests run from here on: until now, this test had the cluster to itself.
// It continues when all such tests have reached this point.
func (s *story) beside() {
	s.t.Helper()
	parallel(s.t)
	ctx, cancel := context.WithTimeout(world.ctx, 10*time.Minute)
	s.t.Cleanup(cancel)
	s.ctx = ctx
}

func (s *story) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *story) jobsFile(jobs ...rig.Job) string {
	s.t.Helper()
	file, err := world.cluster.JobsFile(target, jobs...)
	s.must(err)
	return file
}

// changed returns the jobs' file as changed by the pull request.
func (s *story) changed() string {
	return s.jobsFile(append([]rig.Job{{Name: "pull-widget-untouched", Script: "true"}}, s.jobs...)...)
}

// open opens a pull request that changes the jobs.
func (s *story) open() *story {
	s.t.Helper()
	return s.openWith(map[string]string{jobsPath: s.changed()})
}

func (s *story) openWith(files map[string]string) *story {
	s.t.Helper()
	return s.openBy(author, files)
}

func (s *story) openBy(login string, files map[string]string) *story {
	s.t.Helper()
	pull, err := world.hub.OpenPull(s.ctx, github.NewPull{
		Org: s.Pull.Org, Repo: s.Pull.Repo, Author: login, Title: s.t.Name(), Change: github.Change{Files: files},
	})
	s.must(err)
	s.Pull = pull
	return s
}

// until waits for a condition, and fails the story if it does not come.
func (s *story) until(what string, look func(context.Context) (string, bool, error)) {
	s.t.Helper()
	begin := time.Now()
	s.must(rig.Until(s.ctx, patience, what, look))
	s.t.Logf("waited %s for %s", time.Since(begin).Round(100*time.Millisecond), what)
}

// say comments as somebody.
func (s *story) say(by, body string) github.Comment {
	s.t.Helper()
	comment, err := s.Say(s.ctx, by, body)
	s.must(err)
	return comment
}

// comment waits for our only comment of a kind, with all these words.
func (s *story) comment(kind string, says ...string) string {
	s.t.Helper()
	var body string
	s.until(fmt.Sprintf("a comment %s --> that says %q", kind, says), func(ctx context.Context) (string, bool, error) {
		comments, err := s.Comments(ctx, kind)
		if err != nil || len(comments) == 0 {
			return "no such comment", false, err
		}
		body = comments[len(comments)-1].Body
		return body, containsAll(body, says), nil
	})
	return body
}

func containsAll(text string, parts []string) bool {
	for _, part := range parts {
		if !strings.Contains(text, part) {
			return false
		}
	}
	return true
}

// planned waits for the list of affected jobs of the current head.
func (s *story) planned() {
	s.t.Helper()
	s.comment(rig.PlanComment, append(s.names(), s.Pull.HeadSHA)...)
}

func (s *story) names() []string {
	var names []string
	for _, j := range s.jobs {
		names = append(names, j.Name)
	}
	return names
}

// epilogue checks what must hold for every story, and logs details of failed ones.
func (s *story) epilogue() {
	s.ctx = context.WithoutCancel(world.ctx)
	if s.Pull.Number > 0 {
		s.checkInvariants()
	}
	if s.t.Failed() {
		s.t.Log(s.describe())
	}
}

// describe describes the story, with the most useful parts first: logs are cut at their
// end.
func (s *story) describe() string {
	var b strings.Builder
	comments, err := world.hub.ListComments(s.ctx, s.Pull.PullID)
	fmt.Fprintf(&b, "%s, head %s (comments: %v)\n", s.Pull.Name(), s.Pull.HeadSHA, err)
	states, err := s.States(s.ctx)
	fmt.Fprintf(&b, "--- jobs: %s (%v)\n", states, err)
	rehearsal, err := s.Rehearsal(s.ctx)
	fmt.Fprintf(&b, "--- Rehearsal (%v)\n", err)
	if rehearsal != nil {
		for _, c := range rehearsal.Status.Conditions {
			fmt.Fprintf(&b, "%s is %s since %s: %s %s\n", c.Type, c.Status, c.LastTransitionTime.Inner.Format(time.TimeOnly), c.Reason, c.Message)
		}
		rehearsal.ManagedFields = nil
		raw, err := yaml.Marshal(rehearsal)
		fmt.Fprintf(&b, "%s(%v)\n", raw, err)
	}
	for _, c := range comments {
		fmt.Fprintf(&b, "--- %s at %s, changed %s\n%s\n", c.Author, c.CreatedAt.Format(time.TimeOnly), c.UpdatedAt.Format(time.TimeOnly), c.Body)
	}
	return b.String()
}
