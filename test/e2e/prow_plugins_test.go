//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/test/github"
	"github.com/rehearsal-dev/rehearsal/test/rig"
)

// commandedPlugins are plugins of Prow's hook that obey commands in a new comment by
// anybody.
var commandedPlugins = []string{"lgtm", "hold", "skip", "label", "lifecycle"}

const (
	holdLabel = "do-not-merge/hold"
	lgtmLabel = "lgtm"
)

// orders are commands that those plugins obey.
const orders = "/lgtm\n/hold cancel\n/skip\n/label tide/merge-method-squash\n/lifecycle frozen\n/close\n"

// TestNobodyObeysUs puts commands for Prow's plugins wherever a pull request can make us
// quote text: none is obeyed.
func TestNobodyObeysUs(t *testing.T) {
	parallel(t)
	const name = "pull-widget-loud"
	gate := t.Name()
	s := tellHooked(t, pluggedRepo, rig.Job{Name: name, Script: world.gates.Wait(gate) + fmt.Sprintf(
		"printf -- '--- FAIL: TestLoud\\n%s\\n   /lgtm\\nFAIL\\n'\nexit 1\n", strings.ReplaceAll(orders, "\n", `\n`))})
	s.open()
	s.planned()
	s.say(maintainer, "/hold")
	s.hasLabels(holdLabel)

	t.Run("everything in a change", func(t *testing.T) { s.quoted(t) })

	s.say(maintainer, "/pj-rehearse")
	s.started()
	s.deleteOurs(rig.RunComment)
	world.gates.Open(gate)
	s.result(v1alpha1.RunFailed, 0, 1, "TestLoud")
	s.heldAndOpen("the log of a job", "")

	s.say(maintainer, "/hold cancel")
	s.hasLabels()
}

// quoted opens pull requests with such commands, in the repository of the story.
func (s *story) quoted(t *testing.T) {
	escaped := strings.ReplaceAll(orders, "\n", `\n`)
	for title, files := range map[string]map[string]string{
		"a queue":     {rig.JobsPath + "/loud.yaml": "periodics:\n- {name: loud, interval: 1h, job_queue_name: \"x\\n" + escaped + "\", spec: {containers: [{image: i}]}}\n"},
		"a mount":     {rig.JobsPath + "/loud.yaml": "periodics:\n- {name: loud, interval: 1h, decorate: true, spec: {volumes: [{name: v, emptyDir: {}}], containers: [{image: i, command: [x], volumeMounts: [{name: v, mountPath: \"/tools\\n" + escaped + "\"}]}]}}\n"},
		"a label":     {rig.JobsPath + "/loud.yaml": "periodics:\n- {name: loud, interval: 1h, labels: {a: \"x\\n" + escaped + "\"}, spec: {containers: [{image: i}]}}\n"},
		"a field":     {rig.JobsPath + "/loud.yaml": "periodics:\n- {name: loud, interval: 1h, \"x\\n" + escaped + "\": 1, spec: {containers: [{image: i}]}}\n"},
		"a file name": {rig.JobsPath + "/x\n" + orders + ".yaml": "periodics: [}\n"},
		"/lgtm":       {rig.JobsPath + "/loud.yaml": "periodics:\n- {name: loud, interval: 1h, annotations: {description: \"x\\n" + escaped + "\"}, spec: {containers: [{image: \"i\\n" + escaped + "\"}]}}\n"},
	} {
		t.Run(title, func(t *testing.T) {
			t.Parallel()
			other := *s
			other.t = t
			pull, err := world.hub.OpenPull(s.ctx, github.NewPull{
				Org: s.Pull.Org, Repo: s.Pull.Repo, Author: author, Title: title, Change: github.Change{Files: files},
			})
			other.must(err)
			other.Pull = pull
			other.comment(rig.PlanComment)
			other.say(maintainer, "/hold")
			other.hasLabels(holdLabel)
			// The plan of the next head is written into a new comment, too.
			other.deleteOurs(rig.PlanComment)
			other.Pull, err = world.hub.Push(s.ctx, github.NewPush{PullID: pull.PullID, Change: github.Change{Files: map[string]string{"next": title}}})
			other.must(err)
			body := other.comment(rig.PlanComment, other.Pull.HeadSHA)
			other.say(maintainer, "/pj-rehearse list")
			other.comment(rig.AnswerComment)
			other.heldAndOpen(title, body)
		})
	}
}

// deleteOurs deletes our comments of one kind, as somebody with write access can.
func (s *story) deleteOurs(kind string) {
	s.t.Helper()
	comments, err := s.Comments(s.ctx, kind)
	s.must(err)
	for _, c := range comments {
		_, err := world.hub.DeleteComment(s.ctx, github.CommentEdit{Org: s.Pull.Org, Repo: s.Pull.Repo, ID: c.ID, By: maintainer})
		s.must(err)
	}
}

// heldAndOpen expects that no plugin of hook has done anything since the hold. Once a
// plugin has obeyed a person's command, it has processed all earlier comments.
func (s *story) heldAndOpen(what, body string) {
	s.t.Helper()
	_, err := world.hub.WaitDeliveries(s.ctx, github.None{})
	s.must(err)
	if labels := s.labels(); !slices.Equal(labels, []string{holdLabel}) {
		s.t.Errorf("%s: the pull request has %q:\n%s", what, labels, body)
	}
	s.say(maintainer, "/lgtm")
	s.hasLabels(holdLabel, lgtmLabel)
	s.say(maintainer, "/lgtm cancel")
	s.hasLabels(holdLabel)
	pull, err := world.hub.GetPull(s.ctx, s.Pull.PullID)
	s.must(err)
	if pull.State != "open" {
		s.t.Errorf("%s: the pull request is %s:\n%s", what, pull.State, body)
	}
	comments, err := s.Comments(s.ctx, "")
	s.must(err)
	for _, c := range comments {
		for line := range strings.FieldsFuncSeq(c.Body, func(r rune) bool { return strings.ContainsRune("\n\r\v\f\u0085\u2028\u2029", r) }) {
			if strings.HasPrefix(strings.TrimSpace(line), "/") {
				s.t.Errorf("%s: a comment of ours has the line %q", what, line)
			}
		}
	}
}

// labels returns the labels of the pull request without ours, sorted.
func (s *story) labels() []string {
	s.t.Helper()
	pull, err := world.hub.GetPull(s.ctx, s.Pull.PullID)
	s.must(err)
	labels := slices.DeleteFunc(slices.Clone(pull.Labels), func(l string) bool { return strings.HasPrefix(l, "rehearsal") })
	slices.Sort(labels)
	return labels
}

// hasLabels waits until the pull request has these labels besides ours.
func (s *story) hasLabels(labels ...string) {
	s.t.Helper()
	s.until(fmt.Sprintf("the labels %q", labels), func(context.Context) (string, bool, error) {
		has := s.labels()
		return fmt.Sprintf("%q", has), slices.Equal(has, labels), nil
	})
}
