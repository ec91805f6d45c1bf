//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/report"
	"github.com/rehearsal-dev/rehearsal/test/github"
	"github.com/rehearsal-dev/rehearsal/test/rig"
)

// The conversation has a config repository with a fixed name, because the jobs in a sample
// depend on it.
const (
	conversationOrg  = "acme"
	conversationRepo = "release"
)

const (
	presetsPath = rig.JobsPath + "/presets.yaml"
	fuzzPath    = rig.JobsPath + "/acme/catalog/acme-catalog-fuzz.yaml"
	cartPath    = rig.JobsPath + "/acme/cart/acme-cart-presubmits.yaml"
)

// TestConversation is a conversation of an author and a maintainer with each other and with
// us on one pull request: each command once, and lines that are no commands. Each answer is
// compared with a golden file. The test takes the longest, so it does not wait for a place.
func TestConversation(t *testing.T) {
	t.Parallel()
	c := converse(t)
	c.opening()
	c.strangers()
	c.questions()
	c.aborting()
	c.running()
	c.acknowledging()
	c.pushing()
	c.network()
	c.approving()
	c.reactions()
}

// opening has a command in the description, and text that only looks like one.
func (c *conversation) opening() {
	c.openWith(map[string]string{presetsPath: c.bump(), fuzzPath: c.file("acme-catalog-fuzz.yaml")}, strings.Join([]string{
		"Go 1.26 is out. This moves all jobs to it, and adds a fuzzer to the catalog.", "",
		"> /rehearse all", "", "```", "/rehearse all", "```", "",
		"/rehearse help",
	}, "\n"))
	c.shows("plan", "pull-catalog-fuzz", c.Pull.HeadSHA)
	c.holds("help", c.said(rig.AnswerComment+" body-"))
}

// strangers may not give commands, and nobody may run anything while the pull request has
// the label needs-ok-to-test.
func (c *conversation) strangers() {
	c.say(stranger, "/pj-rehearse")
	c.say(stranger, "/pj-rehearse ack")
	c.holds("denied", c.said(rig.DeniedComment+" "+stranger))
	c.label("needs-ok-to-test")
	c.say(author, "/pj-rehearse")
	c.holds("untrusted", c.said(rig.DeniedComment+" "+author))
	c.unlabel("needs-ok-to-test")
	c.idle()
}

func (c *conversation) questions() {
	c.asks(author, "/pj-rehearse list", "list")
	c.asks(author, "Kubevirt says:\n\n/rehearse ?", "list-kubevirt")
	c.asks(author, "/pj-rehearse explain pull-cart-e2e-aws", "explain")
	c.asks(maintainer, "/pj-rehearse explain pull-cart-docs", "explain-unaffected")
	c.asks(author, "/pj-rehearse pull-cart-lnit", "unknown-job")
	c.asks(author, "/pj-rehearse post-cart-publish", "postsubmit")
	c.asks(author, "/pj-rehearse list everything", "not-understood")
	c.asks(author, "/pj-rehearse abort", "nothing-to-abort")
	c.asks(author, "/pj-rehearse failed", "nothing-failed")
	c.idle()
}

// aborting has a job that runs until it is aborted.
func (c *conversation) aborting() {
	run := c.starts(author, "/pj-rehearse pull-cart-soak pull-cart-lint")
	c.until("one job to wait and the other to pass", func(ctx context.Context) (string, bool, error) {
		states, err := c.States(ctx)
		return states, states == "pull-cart-lint is success, pull-cart-soak is pending", err
	})
	c.eventually("progress", run, "1 passed")
	c.asks(author, "/pj-rehearse abort pull-cart-sok", "abort-unknown-job")
	c.say(maintainer, "/pj-rehearse abort pull-cart-soak")
	c.ends(run, "abort-job")

	run = c.starts(author, "/pj-rehearse pull-cart-soak")
	c.until("the job to wait", func(ctx context.Context) (string, bool, error) {
		pods, err := c.JobPods(ctx)
		return fmt.Sprintf("%d pods", len(pods)), slices.ContainsFunc(pods, isRunning), err
	})
	c.say(maintainer, "/pj-rehearse abort")
	c.ends(run, "abort")
	world.gates.Open(c.gate)
}

func (c *conversation) running() {
	c.runs(author, "/pj-rehearse", "sample")
	c.runs(author, "/pj-rehearse more", "more")
	c.runs(author, "/pj-rehearse max", "max")
	c.runs(maintainer, "Let us see all of it.\n\n/pj-rehearse all\n", "all")
	c.runs(author, "/pj-rehearse failed", "failed")
	c.runs(author, "/rehearse *-e2e-*", "pattern")
	c.runs(author, "/rehearse pull-cart-build@release-1.0", "branch")

	comment := c.say(author, "/rehearse pull-catalog-fuzz\n/rehearse list")
	c.ends(c.run(comment), "two-commands")
	c.holds("two-commands-list", c.said(answerTo(comment)))
	c.shows("plan-run", c.Pull.HeadSHA)
}

func (c *conversation) acknowledging() {
	c.runs(author, "/pj-rehearse auto-ack pull-cart-lint pull-cart-e2e-aws", "auto-ack-failed")
	c.labels()
	c.runs(author, "/pj-rehearse auto-ack pull-cart-lint pull-cart-unit", "auto-ack")
	c.labels("rehearsals-ack")
	c.shows("plan-auto-ack", c.Pull.HeadSHA, "all jobs passed")
	c.say(maintainer, "/pj-rehearse reject")
	c.labels()
	c.shows("plan-reject", c.Pull.HeadSHA, "withdrew it")
	c.say(maintainer, "/pj-rehearse ack")
	c.labels("rehearsals-ack")
	c.shows("plan-ack", c.Pull.HeadSHA, "**Acknowledged** by")
}

// pushing fixes the job that failed, which ends the acknowledgement.
func (c *conversation) pushing() {
	mended := strings.Replace(c.repositoryFile(cartPath), `"$GO_VERSION" != 1.25`, `"$GO_VERSION" != 1.26`, 1)
	pull, err := c.Hub.Push(c.ctx, github.NewPush{PullID: c.Pull.PullID, Message: "Expect what Go 1.26 does", Change: github.Change{Files: map[string]string{cartPath: mended}}})
	c.must(err)
	c.heads = append(c.heads, pull.HeadSHA)
	c.Pull = pull
	c.labels()
	c.shows("plan-pushed", c.Pull.HeadSHA, "was pushed afterwards")
	// GitHub's times are whole seconds, and a command in the same second as a push counts
	// as older.
	time.Sleep(time.Second)
	c.runs(author, "/pj-rehearse auto-ack pull-cart-e2e-aws", "mended")
	c.labels("rehearsals-ack")
	c.shows("plan-mended", c.Pull.HeadSHA, "all jobs passed")
	c.say(maintainer, "/pj-rehearse skip")
	c.shows("plan-skip", c.Pull.HeadSHA, "without a rehearsal")
}

func (c *conversation) network() {
	c.say(author, "/pj-rehearse network-access-allowed")
	c.holds("network-by-author", c.said(report.DeniedMarker(author, c.Pull.HeadSHA, v1alpha1.ReasonOwnPull)))
	c.say(maintainer, "/pj-rehearse network-access-allowed")
	c.labels("network-access-rehearsals-ok", "rehearsals-ack")
	c.shows("plan-network", c.Pull.HeadSHA, "Network access is allowed")
}

// approving can only be done by others than the author, and applies to the current head.
func (c *conversation) approving() {
	c.say(author, "/pj-rehearse approve")
	c.say(maintainer, "/pj-rehearse approve")
	c.shows("plan-approved", c.Pull.HeadSHA, "approved to run** by")
	c.asks(maintainer, "/pj-rehearse privileges-allowed", "nothing-asked")
	denials, err := c.Comments(c.ctx, rig.DeniedComment+" "+author)
	c.must(err)
	if len(denials) != 2 {
		c.t.Errorf("the author was told %d times what is not for them, want once for each reason and head", len(denials))
	}
}

// reactions are on texts with commands, and on nothing else.
func (c *conversation) reactions() {
	c.say(maintainer, "Thank you!")
	pull, err := c.Hub.GetPull(c.ctx, c.Pull.PullID)
	c.must(err)
	comments, err := c.Hub.ListComments(c.ctx, c.Pull.PullID)
	c.must(err)
	eyes := []github.Reaction{{User: bot, Content: "eyes"}}
	if !slices.Equal(pull.Reactions, eyes) {
		c.t.Errorf("the description has the reactions %v", pull.Reactions)
	}
	for _, comment := range comments {
		want := eyes
		if comment.Author == bot || comment.Author == stranger || !strings.Contains(comment.Body, "rehearse") {
			want = nil
		}
		if !slices.Equal(comment.Reactions, want) {
			c.t.Errorf("%q of %s has the reactions %v, want %v", comment.Body, comment.Author, comment.Reactions, want)
		}
	}
}

// conversation is a story that is compared word by word.
type conversation struct {
	*story
	// gate holds pull-cart-soak.
	gate string
	// heads are the heads of the pull request, the oldest first.
	heads []string
}

// converse creates the config repository from testdata.
func converse(t *testing.T) *conversation {
	t.Helper()
	c := &conversation{story: stage(t, conversationOrg, conversationRepo, 25*time.Minute), gate: t.Name()}
	files := map[string]string{}
	root := filepath.Join(conversationData, "repository")
	c.must(filepath.WalkDir(root, func(path string, entry os.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			name, _ := filepath.Rel(root, path)
			files[name] = c.repositoryFile(name)
		}
		return err
	}))
	_, err := world.hub.CreateRepo(c.ctx, github.NewRepo{
		Org: c.Pull.Org, Repo: c.Pull.Repo, Files: files,
		Roles: map[string]string{maintainer: "write", rig.Bot: "write", author: "write", stranger: "read"},
	})
	c.must(err)
	c.targets("cart", "release-1.0")
	c.targets("catalog")
	return c
}

// targets creates a repository that jobs test, with these branches besides main.
func (c *conversation) targets(repo string, branches ...string) {
	c.t.Helper()
	_, err := c.Hub.CreateRepo(c.ctx, github.NewRepo{Org: conversationOrg, Repo: repo, Files: map[string]string{"README.md": "# " + repo + "\n"}})
	c.must(err)
	for _, branch := range branches {
		_, err := c.Hub.CreateCommit(c.ctx, github.NewCommit{Org: conversationOrg, Repo: repo, Branch: branch})
		c.must(err)
	}
}

const conversationData = "testdata/conversation"

// file reads a file beside the golden ones, and replaces placeholders for values of the
// cluster.
func (c *conversation) file(name string) string {
	c.t.Helper()
	raw, err := os.ReadFile(filepath.Join(conversationData, name))
	c.must(err)
	text := strings.ReplaceAll(string(raw), "IMAGE", c.Cluster.Image)
	return regexp.MustCompile(`(?m)^( *)WAIT$`).ReplaceAllStringFunc(text, func(line string) string {
		indent := strings.TrimSuffix(line, "WAIT")
		return indent + strings.ReplaceAll(strings.TrimSpace(world.gates.Wait(c.gate)), "\n", "\n"+indent)
	})
}

func (c *conversation) repositoryFile(name string) string {
	return c.file(filepath.Join("repository", name))
}

// bump returns the change: another version in the presets that most jobs share.
func (c *conversation) bump() string {
	return strings.Replace(c.repositoryFile(presetsPath), "1.25", "1.26", 1)
}

func (c *conversation) openWith(files map[string]string, body string) {
	c.t.Helper()
	pull, err := c.Hub.OpenPull(c.ctx, github.NewPull{
		Org: c.Pull.Org, Repo: c.Pull.Repo, Author: author, Title: "Move to Go 1.26", Body: body, Change: github.Change{Files: files},
	})
	c.must(err)
	c.Pull, c.heads = pull, []string{pull.HeadSHA}
}

func (c *conversation) label(name string) {
	c.t.Helper()
	_, err := c.Hub.AddLabels(c.ctx, github.PullLabels{PullID: c.Pull.PullID, By: maintainer, Labels: []string{name}})
	c.must(err)
}

func (c *conversation) unlabel(name string) {
	c.t.Helper()
	_, err := c.Hub.RemoveLabels(c.ctx, github.PullLabels{PullID: c.Pull.PullID, By: maintainer, Labels: []string{name}})
	c.must(err)
}

// labels waits until the pull request has exactly these labels.
func (c *conversation) labels(want ...string) {
	c.t.Helper()
	c.until(fmt.Sprintf("the labels %q", want), func(ctx context.Context) (string, bool, error) {
		pull, err := c.Hub.GetPull(ctx, c.Pull.PullID)
		return fmt.Sprint(pull.Labels), slices.Equal(pull.Labels, want), err
	})
}

// answerTo returns the marker of the answer to a comment.
func answerTo(comment github.Comment) string {
	return report.AnswerMarker(fmt.Sprintf("comment-%d-0", comment.ID))
}

// asks comments, and compares the answer with a golden file.
func (c *conversation) asks(by, body, golden string) {
	c.t.Helper()
	c.holds(golden, c.said(answerTo(c.say(by, body))))
}

// run returns the id of the run that the first line of a comment requests.
func (c *conversation) run(comment github.Comment) string {
	return fmt.Sprintf("comment-%d-0", comment.ID)
}

func (c *conversation) starts(by, body string) string {
	c.t.Helper()
	return c.run(c.say(by, body))
}

// runs comments, waits for the end of the run, and compares its comment with a golden file.
func (c *conversation) runs(by, body, golden string) {
	c.t.Helper()
	c.ends(c.starts(by, body), golden)
}

func (c *conversation) ends(run, golden string) {
	c.t.Helper()
	c.until("the end of the run for "+golden, func(ctx context.Context) (string, bool, error) {
		runs, err := c.Runs(ctx)
		for _, r := range runs {
			if r.ID == run {
				return string(r.State), r.State.Done(), err
			}
		}
		return "no such run", false, err
	})
	c.holds(golden, c.said(report.RunMarker(run)))
}
