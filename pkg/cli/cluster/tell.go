package cluster

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/cli/program"
	rehearsalclient "github.com/rehearsal-dev/rehearsal/pkg/client/clientset/versioned/typed/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/event"
	"github.com/rehearsal-dev/rehearsal/pkg/logbook"
	"github.com/rehearsal-dev/rehearsal/pkg/settings"
	"github.com/rehearsal-dev/rehearsal/pkg/terminal"
)

const (
	// maxText is the limit in the schema of Rehearsal for the text of a command, in bytes.
	maxText = 2048
	// appendTime bounds the storing of a command.
	appendTime = 30 * time.Second
)

// said is a command that was written to the log of a Rehearsal.
type said struct {
	cluster  *cluster
	rh       *v1alpha1.Rehearsal
	command  v1alpha1.Command
	kind     event.Kind
	settings *settings.Settings
	// busy says that runs were in progress.
	busy bool
}

// say appends a command to the log of a pull request, under the user's name in the
// cluster.
func (c *cluster) say(ctx context.Context, rh *v1alpha1.Rehearsal, words ...string) (*said, error) {
	chosen := c.settings(ctx)
	text := strings.Join(append([]string{chosen.Prefixes[0]}, strings.Fields(strings.Join(words, " "))...), " ")
	if len(text) > maxText {
		return nil, fmt.Errorf("the command is too long: %d bytes, of at most %d; `*` matches any part of a name, as in *-e2e-*", len(text), maxText)
	}
	parsed := event.Parse(text, chosen.Prefixes)
	if parsed.Verb == event.Unknown {
		return nil, fmt.Errorf("%s is not understood: %s", terminal.Plain(text), parsed.Reason)
	}
	if rh.Status.Pull == nil {
		return nil, notRead(rh)
	}
	user, now, err := c.user(ctx)
	if err != nil {
		return nil, err
	}
	busy := len(active([]*v1alpha1.Rehearsal{rh})) > 0
	s := &said{cluster: c, rh: rh, busy: busy, kind: parsed.Kind(), settings: chosen, command: v1alpha1.Command{
		ID: event.CommandLineID(uuid.NewString()), Text: text, By: user, At: metav1.NewTime(now), Head: rh.Status.Pull.Head,
	}}
	ctx, cancel := context.WithTimeout(ctx, appendTime)
	defer cancel()
	err = logbook.Append(ctx, appender{c.rehearsals}, &event.Entries{Pull: rh.Spec.Pull, Commands: []v1alpha1.Command{s.command}})
	var full *logbook.FullError
	if errors.As(err, &full) {
		return nil, fmt.Errorf("the command log of %s is full; commands leave it after a week", nameOf(rh.Spec.Pull))
	}
	return s, c.explain(err, "patch", "rehearsals")
}

// notRead says why a pull request does not accept commands yet.
func notRead(rh *v1alpha1.Rehearsal) error {
	why := "the controller has not read it yet; is it running?"
	if condition := rh.Status.GetCondition(v1alpha1.ConditionPulled); condition != nil && condition.Message != "" {
		why = condition.Message
	}
	return fmt.Errorf("%s cannot be rehearsed: %s", nameOf(rh.Spec.Pull), why)
}

// appender cannot create Rehearsals: only the receiver and the controller create them.
type appender struct {
	rehearsalclient.RehearsalInterface
}

func (appender) Create(_ context.Context, rh *v1alpha1.Rehearsal, _ metav1.CreateOptions) (*v1alpha1.Rehearsal, error) {
	return nil, apierrors.NewNotFound(v1alpha1.Resource("rehearsals"), rh.Name)
}

// decided waits until the controller has decided on the command. For a command that asks
// for a run, it also waits until the run has started or has ended without starting. After
// the timeout it returns what is known.
func (s *said) decided(ctx context.Context, atMost time.Duration) (*v1alpha1.CommandStatus, *v1alpha1.RunStatus, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	timeout := time.NewTimer(atMost)
	defer timeout.Stop()
	w, err := s.cluster.lookAt(ctx, s.rh.Name)
	if err != nil {
		return nil, nil, err
	}
	for {
		var verdict *v1alpha1.CommandStatus
		var run *v1alpha1.RunStatus
		for _, rh := range w.look().rehearsals {
			s.rh = rh
			verdict = verdictOf(rh, s.command.ID)
			for i := range rh.Status.Runs {
				if rh.Status.Runs[i].ID == s.command.ID {
					run = &rh.Status.Runs[i]
				}
			}
		}
		begun := run != nil && (run.PipelineRun != "" || run.State.Done())
		if verdict != nil && (verdict.Verdict != v1alpha1.VerdictAccepted || s.kind.Effect != event.Starts || begun) {
			return verdict, run, nil
		}
		select {
		case <-ctx.Done():
			return nil, nil, ctx.Err()
		case <-timeout.C:
			return verdict, run, nil
		case <-w.changed:
		}
	}
}

// answer returns the message about the decision. A command that was not carried out is an
// error with its own exit status.
func (s *said) answer(verdict *v1alpha1.CommandStatus, run *v1alpha1.RunStatus) (string, error) {
	pull := nameOf(s.rh.Spec.Pull)
	switch {
	case verdict == nil:
		return "", &program.Outcome{Status: program.ExitNoAnswer, Words: s.unheard()}
	case verdict.Verdict != v1alpha1.VerdictAccepted:
		return "", &program.Outcome{Status: program.ExitNotAccepted, Words: "not accepted. " + terminal.Plain(refusal(verdict))}
	case s.kind.Effect == event.Ends && !s.busy:
		return fmt.Sprintf("accepted: %s on %s, but nothing is running for it\n", terminal.Plain(s.command.Text), pull), nil
	case s.kind.Effect != event.Starts:
		return fmt.Sprintf("accepted: %s on %s\n", terminal.Plain(s.command.Text), pull), nil
	case run == nil || run.PipelineRun == "" && !run.State.Done():
		return fmt.Sprintf("accepted: %s on %s, at %.10s\nThe run starts once the affected jobs are known. Watch it: rehearse watch %s\n", terminal.Plain(s.command.Text), pull, verdict.Head, pull), nil
	case run.PipelineRun == "":
		return "", &program.Outcome{Status: program.ExitFailed, Words: "nothing was run. " + terminal.Plain(plainText(run.Message)) + s.comment(" See ", run)}
	}
	return fmt.Sprintf("accepted: %s on %s, at %.10s\n  run      %s, %s\n  output   tkn pipelinerun logs %s -f -n %s\n  watch    rehearse watch %s\n%s\n",
		terminal.Plain(s.command.Text), pull, verdict.Head, run.ID, countJobs(run.Total), run.PipelineRun, s.cluster.namespace, run.PipelineRun, s.comment("  comment  ", run)), nil
}

func countJobs(n int) string {
	if n == 1 {
		return "1 job"
	}
	return fmt.Sprintf("%d jobs", n)
}

// unheard is the message if there is no decision in time.
func (s *said) unheard() string {
	text := fmt.Sprintf("the command is stored, but the controller has not read it yet. `kubectl get deployment rehearsal-controller -n %s` shows whether the controller is running", s.cluster.namespace)
	if condition := s.rh.Status.GetCondition(v1alpha1.ConditionPulled); condition != nil && condition.Status != "True" && condition.Message != "" {
		text += ". The controller reports: " + terminal.Plain(condition.Message)
	}
	return text
}

// refusal says why a command was not accepted. A command from the command line has its
// answer in the decision, not on the pull request.
func refusal(verdict *v1alpha1.CommandStatus) string {
	if verdict.Message == "" {
		return verdict.Reason
	}
	return plainText(verdict.Message)
}

// plainText removes the code marks from a sentence.
func plainText(s string) string { return strings.ReplaceAll(s, "`", "") }

// comment returns the link to the comment of a run; empty if there is none yet.
func (s *said) comment(before string, run *v1alpha1.RunStatus) string {
	if run.Comment == 0 {
		return ""
	}
	p := s.rh.Spec.Pull
	return before + s.settings.GitHub.CommentPage(p.Org, p.Repo, p.Number, run.Comment)
}
