package plane

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	prowapi "sigs.k8s.io/prow/pkg/apis/prowjobs/v1"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/event"
	"github.com/rehearsal-dev/rehearsal/pkg/report"
	"github.com/rehearsal-dev/rehearsal/pkg/run"
	"github.com/rehearsal-dev/rehearsal/test/github"
	"github.com/rehearsal-dev/rehearsal/test/rig"
)

// The jobs of stories, named by how they end, see StoryVerdict.
const (
	quickJob   = "pull-quick"
	otherJob   = "pull-other"
	failingJob = "pull-fails"
	endlessJob = "pull-endless"
)

// StoryJobs are all of these jobs.
var StoryJobs = []string{quickJob, otherJob, failingJob, endlessJob}

// StoryVerdict ends ProwJobs as their names say.
func StoryVerdict(pj *prowapi.ProwJob) (prowapi.ProwJobState, time.Duration) {
	switch pj.Annotations[run.AnnotationJob] {
	case failingJob:
		return prowapi.FailureState, 100 * time.Millisecond
	case endlessJob:
		return prowapi.SuccessState, time.Hour
	}
	return prowapi.SuccessState, 300 * time.Millisecond
}

// storyTime is the time limit for each part of a story, however often its processes are
// killed: a Rehearsal looks for duplicate comments after two minutes, and a release may
// resume its work up to five minutes after a limit of a minute.
const storyTime = 8 * time.Minute

// maxAttempts is the maximum number of consecutive PipelineRuns of a run.
const maxAttempts = 3

// Story is one pull request, from its opening to its end.
type Story struct {
	Plot string
	Pull github.Pull
	// Repeated is the number of commands that were given again.
	Repeated int

	p    *Plane
	runs []wantedRun
}

// wantedRun is an expected run, by the id of its command, and its expected end.
type wantedRun struct {
	id, body string
	ends     v1alpha1.RunState
}

// plots are the different courses of stories.
var plots = []struct {
	name string
	jobs []string
	goes func(ctx context.Context, s *Story) error
}{
	{"passes", []string{quickJob, otherJob}, func(_ context.Context, s *Story) error {
		return s.command("/pj-rehearse", v1alpha1.RunPassed)
	}},
	{"is aborted", []string{quickJob, endlessJob}, func(ctx context.Context, s *Story) error {
		return s.interrupted(ctx, func() error {
			_, err := s.say("/pj-rehearse abort")
			return err
		})
	}},
	{"fails", []string{quickJob, failingJob}, func(_ context.Context, s *Story) error {
		return s.command("/pj-rehearse", v1alpha1.RunFailed)
	}},
	{"is pushed away", []string{endlessJob}, func(ctx context.Context, s *Story) error {
		err := s.interrupted(ctx, func() (err error) {
			s.Pull, err = s.p.Hub.Push(ctx, github.NewPush{PullID: s.Pull.PullID, Change: s.p.change([]string{quickJob}, "exit 0")})
			return err
		})
		if err == nil {
			err = s.seen(ctx)
		}
		if err != nil {
			return err
		}
		return s.command("/pj-rehearse", v1alpha1.RunPassed)
	}},
	{"vouches", []string{quickJob}, func(_ context.Context, s *Story) error {
		return s.command("/pj-rehearse auto-ack", v1alpha1.RunPassed)
	}},
	{"is closed", []string{endlessJob}, func(ctx context.Context, s *Story) error {
		return s.interrupted(ctx, func() error {
			_, err := s.p.Hub.ClosePull(ctx, github.PullAction{PullID: s.Pull.PullID})
			return err
		})
	}},
	{"runs twice", []string{quickJob, failingJob}, func(_ context.Context, s *Story) error {
		if err := s.command("/pj-rehearse "+quickJob, v1alpha1.RunPassed); err != nil {
			return err
		}
		return s.command("/pj-rehearse "+failingJob, v1alpha1.RunFailed)
	}},
}

// Tell runs the nth story, and returns when it has ended as expected, or an error that says
// what is wrong.
func (p *Plane) Tell(ctx context.Context, n int) (*Story, error) {
	plot := plots[n%len(plots)]
	s := &Story{Plot: plot.name, p: p}
	var err error
	if s.Pull, err = p.Hub.OpenPull(ctx, github.NewPull{
		Org: Org, Repo: Repo, Author: Author, Title: "A story that " + plot.name, Change: p.change(plot.jobs, "true; true"),
	}); err != nil {
		return s, err
	}
	if err = s.seen(ctx); err == nil {
		err = plot.goes(ctx, s)
	}
	if err != nil {
		return s, fmt.Errorf("%s, which %s: %w", s.Pull.Name(), plot.name, err)
	}
	err = rig.Until(ctx, storyTime, fmt.Sprintf("%s, which %s, to end well", s.Pull.Name(), plot.name), func(ctx context.Context) (string, bool, error) {
		if err := s.repeat(ctx); err != nil {
			return "", false, err
		}
		problems, err := s.Problems(ctx)
		return strings.Join(problems, "; "), err == nil && len(problems) == 0, err
	})
	return s, err
}

// say comments on the pull request, and returns the id of a command in the comment.
func (s *Story) say(body string) (string, error) {
	c, err := s.p.Hub.CreateComment(s.p.ctx, github.NewComment{PullID: s.Pull.PullID, By: Maintainer, Body: body})
	return fmt.Sprintf("comment-%d-0", c.ID), err
}

// command requests a run.
func (s *Story) command(body string, ends v1alpha1.RunState) error {
	id, err := s.say(body)
	s.runs = append(s.runs, wantedRun{id, body, ends})
	return err
}

// repeat gives commands again that were denied because it is unknown for which head they
// were meant. This happens if a webhook was lost, and somebody writes as soon as they see
// the first comment.
func (s *Story) repeat(ctx context.Context) error {
	rh, err := s.rehearsal(ctx)
	if err != nil {
		return err
	}
	for i, want := range s.runs {
		denied := slices.ContainsFunc(rh.Status.Commands, func(c v1alpha1.CommandStatus) bool {
			return c.ID == want.id && c.Answered && (c.Reason == v1alpha1.ReasonHeadUnknown || c.Reason == v1alpha1.ReasonPushedSince)
		})
		if !denied {
			continue
		}
		id, err := s.say(want.body)
		if err != nil {
			return err
		}
		s.runs[i].id = id
		s.Repeated++
	}
	return nil
}

// interrupted starts a run, and calls interrupt to abort it once its ProwJobs run.
func (s *Story) interrupted(ctx context.Context, interrupt func() error) error {
	if err := s.command("/pj-rehearse", v1alpha1.RunAborted); err != nil {
		return err
	}
	err := rig.Until(ctx, storyTime, "the endless job to run", func(ctx context.Context) (string, bool, error) {
		if err := s.repeat(ctx); err != nil {
			return "", false, err
		}
		jobs, err := s.prowJobs(ctx)
		going := slices.ContainsFunc(jobs, func(pj prowapi.ProwJob) bool { return pj.Annotations[run.AnnotationJob] == endlessJob })
		return fmt.Sprintf("%d ProwJobs", len(jobs)), going, err
	})
	if err != nil {
		return err
	}
	return interrupt()
}

// seen waits until the comment with the affected jobs is about the current head: a command
// counts for the head that its author can have seen.
func (s *Story) seen(ctx context.Context) error {
	return rig.Until(ctx, storyTime, "the jobs of the new head", func(ctx context.Context) (string, bool, error) {
		comments, err := s.p.Hub.ListComments(ctx, s.Pull.PullID)
		i := slices.IndexFunc(comments, func(c github.Comment) bool {
			marker, _ := report.FindMarker(c.Body)
			return marker == report.PlanMarker() && strings.Contains(c.Body, s.Pull.HeadSHA[:7])
		})
		return fmt.Sprintf("%d comments", len(comments)), i >= 0, err
	})
}

func (s *Story) rehearsal(ctx context.Context) (*v1alpha1.Rehearsal, error) {
	name := event.Name(v1alpha1.Pull{Org: Org, Repo: Repo, Number: s.Pull.Number})
	return s.p.Rehearsals.RehearsalV1alpha1().Rehearsals(rig.Namespace).Get(ctx, name, metav1.GetOptions{})
}

func (s *Story) prowJobs(ctx context.Context) ([]prowapi.ProwJob, error) {
	rh, err := s.rehearsal(ctx)
	if err != nil {
		return nil, err
	}
	list, err := s.p.Prow.ProwV1().ProwJobs(rig.ProwJobNamespace).List(ctx, metav1.ListOptions{LabelSelector: run.LabelRehearsalUID + "=" + string(rh.UID)})
	if err != nil {
		return nil, err
	}
	return list.Items, nil
}

// Problems lists how the story differs from its expected end.
func (s *Story) Problems(ctx context.Context) ([]string, error) {
	rh, err := s.rehearsal(ctx)
	if err != nil {
		return nil, err
	}
	pipelineRuns, err := s.p.Tekton.TektonV1().PipelineRuns(rig.Namespace).List(ctx, metav1.ListOptions{LabelSelector: run.LabelRehearsalUID + "=" + string(rh.UID)})
	if err != nil {
		return nil, err
	}
	prowJobs, err := s.prowJobs(ctx)
	if err != nil {
		return nil, err
	}
	comments, err := s.p.Hub.ListComments(ctx, s.Pull.PullID)
	if err != nil {
		return nil, err
	}
	problems := s.problemsOfRuns(rh)
	byRun, byJob, bodies := map[string]int{}, map[string]int{}, map[string]string{}
	for i := range pipelineRuns.Items {
		pr := &pipelineRuns.Items[i]
		byRun[pr.Labels[run.LabelRun]]++
		if !pr.IsDone() {
			problems = append(problems, "the PipelineRun "+pr.Name+" goes on")
		}
	}
	for i := range prowJobs {
		pj := &prowJobs[i]
		byJob[pj.Labels[run.LabelRun]+" "+pj.Annotations[run.AnnotationJob]]++
		if !pj.Complete() {
			problems = append(problems, "the ProwJob "+pj.Name+" goes on")
		}
	}
	for _, c := range comments {
		if marker, ok := report.FindMarker(c.Body); ok && c.Author == rig.Bot {
			if bodies[marker] != "" {
				problems = append(problems, "two comments "+marker)
			}
			bodies[marker] = c.Body
		}
	}
	attempts := 1
	if s.p.Player.OnTask != nil {
		attempts = maxAttempts // tasks are killed, and continued
	}
	for name, n := range byRun {
		if n > attempts {
			problems = append(problems, fmt.Sprint(n, " PipelineRuns of ", name))
		}
	}
	for name, n := range byJob {
		if n > 1 {
			problems = append(problems, fmt.Sprint(n, " ProwJobs of ", name))
		}
	}
	if len(byRun) != len(s.runs) {
		problems = append(problems, fmt.Sprintf("PipelineRuns: %v, want %d", byRun, len(s.runs)))
	}
	return append(problems, s.problemsOfComments(bodies)...), nil
}

func (s *Story) problemsOfRuns(rh *v1alpha1.Rehearsal) (problems []string) {
	if len(rh.Status.Runs) != len(s.runs) {
		problems = append(problems, fmt.Sprintf("%d runs, want %d", len(rh.Status.Runs), len(s.runs)))
	}
	for _, want := range s.runs {
		i := slices.IndexFunc(rh.Status.Runs, func(r v1alpha1.RunStatus) bool { return r.ID == want.id })
		if i < 0 {
			problems = append(problems, "no run of "+want.id+": "+verdictOn(rh, want.id))
			continue
		}
		r := rh.Status.Runs[i]
		all := want.ends == v1alpha1.RunAborted || r.Total > 0 && r.Passed+r.Failed == r.Total
		if r.State != want.ends || r.Unreported || !all {
			problems = append(problems, fmt.Sprintf("run %s is %s (%d of %d passed, %d failed) %s", r.ID, r.State, r.Passed, r.Total, r.Failed, r.Message))
		}
	}
	for _, c := range rh.Spec.Commands {
		i := slices.IndexFunc(rh.Status.Commands, func(v v1alpha1.CommandStatus) bool { return v.ID == c.ID })
		if i < 0 || !rh.Status.Commands[i].Answered {
			problems = append(problems, "the command "+c.ID+" has no answer")
		}
	}
	return problems
}

// verdictOn describes the decision on a command.
func verdictOn(rh *v1alpha1.Rehearsal, id string) string {
	heard := slices.ContainsFunc(rh.Spec.Commands, func(c v1alpha1.Command) bool { return c.ID == id })
	for _, c := range rh.Status.Commands {
		if c.ID == id {
			return fmt.Sprintf("it is %s %s", c.Verdict, c.Reason)
		}
	}
	return fmt.Sprintf("heard: %t, no verdict", heard)
}

// problemsOfComments checks our comments by their markers.
func (s *Story) problemsOfComments(bodies map[string]string) (problems []string) {
	if bodies[report.PlanMarker()] == "" {
		problems = append(problems, "no comment lists the jobs")
	}
	for _, want := range s.runs {
		body := bodies[report.RunMarker(want.id)]
		if body == "" || report.InProgress(body) {
			problems = append(problems, "run "+want.id+" is not reported")
			continue
		}
		verdict := map[v1alpha1.RunState]string{v1alpha1.RunPassed: " passed", v1alpha1.RunFailed: " failed", v1alpha1.RunAborted: "Aborted"}[want.ends]
		if !strings.Contains(body, verdict) {
			problems = append(problems, fmt.Sprintf("the report on run %s does not say %q: %.120q", want.id, verdict, body))
		}
	}
	return problems
}
