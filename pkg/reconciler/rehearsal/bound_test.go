package rehearsal

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	duckv1 "knative.dev/pkg/apis/duck/v1"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/event"
	"github.com/rehearsal-dev/rehearsal/pkg/logbook/logbooktest"
	"github.com/rehearsal-dev/rehearsal/pkg/reconciler/judging"
	"github.com/rehearsal-dev/rehearsal/pkg/reconciler/runs"
	"github.com/rehearsal-dev/rehearsal/pkg/report"
	"github.com/rehearsal-dev/rehearsal/pkg/run"
)

// etcdLimit is the largest object that etcd stores: 1.5 MiB. rest is left for managedFields
// and for what surrounds the object.
const (
	etcdLimit = 1536 << 10
	rest      = 150 << 10
)

// worstSpec returns the largest command log that the schema allows, in which every
// character takes as many bytes as possible.
func worstSpec() v1alpha1.RehearsalSpec {
	long := func(prefix string, n, most int) string { // an id or a login
		s := fmt.Sprintf("%s%d", prefix, n)
		return s + strings.Repeat("0", most-len(s))
	}
	spec := v1alpha1.RehearsalSpec{
		Pull:     v1alpha1.Pull{Org: strings.Repeat("o", 100), Repo: strings.Repeat("r", 100), Number: 1_000_000},
		Observed: &v1alpha1.Observed{Event: strings.Repeat("e", 40), Head: strings.Repeat("a", 64), At: at(0)},
		Pushes:   map[string]v1alpha1.Push{}, Refused: map[string]v1alpha1.Refusal{},
	}
	for i := range v1alpha1.MaxPushers {
		by := long("pusher", i, 100)
		spec.Pushes[by] = v1alpha1.Push{Event: strings.Repeat("e", 40), By: by, ID: 1 << 52, Head: strings.Repeat("a", 64), At: at(0)}
	}
	for i := range 20 {
		spec.Refused[long("refused", i, 100)] = v1alpha1.Refusal{By: long("refused", i, 100), At: at(0)}
	}
	for i := range logbooktest.MaxCommands {
		spec.Commands = append(spec.Commands, v1alpha1.Command{
			ID: long("comment-", i+1_000_000, 78) + "-0", By: long("person", i%3, 100), At: at(0), Head: strings.Repeat("a", 64),
			Text: strings.Repeat("<", maxCharacters/logbooktest.MaxCommands),
		})
	}
	return spec
}

// maxCharacters is the limit of the schema for all texts of a command log together.
const maxCharacters = 49152

// worstStatus returns a status with far more than has ever been seen of everything that has
// no limit of its own.
func worstStatus(spec v1alpha1.RehearsalSpec) v1alpha1.RehearsalStatus {
	evil, now := strings.Repeat("<&\u2028", 1_000), metav1.NewTime(noon)
	sha := strings.Repeat("a", 40)
	s := v1alpha1.RehearsalStatus{
		Pull: &v1alpha1.PullStatus{Head: sha, Base: sha, BaseRef: strings.Repeat("b", 255), HeadRef: strings.Repeat("h", 255), Author: strings.Repeat("a", 100), Title: evil, Open: true, ReadAt: now,
			Contributors: &v1alpha1.Contributors{Head: sha, BaseRef: strings.Repeat("b", 255), Because: evil}},
		Plan:     &v1alpha1.PlanStatus{Head: sha, Base: sha, BaseRef: strings.Repeat("b", 255), Error: evil, Stopped: &v1alpha1.StoppedPlan{Why: evil}},
		Comments: map[string]v1alpha1.CommentStatus{planComment: {ID: 1}, fullComment: {ID: 2}},
	}
	for i := range 100 {
		s.Pull.Contributors.People = append(s.Pull.Contributors.People, v1alpha1.Contributor{Login: fmt.Sprintf("%0100d", i), ID: 1 << 52})
	}
	s.PrivilegeApproval = &v1alpha1.Approval{Head: sha, At: now}
	for i := range 500 { // the jobs come from a comment, in which their names have to fit
		j := v1alpha1.AskingJob{Job: fmt.Sprintf("pull-ci-%0100d", i), Asks: strings.Repeat("d", 16)}
		s.Plan.Asking = append(s.Plan.Asking, j)
		s.PrivilegeApproval.Jobs = append(s.PrivilegeApproval.Jobs, v1alpha1.AllowedJob{AskingJob: j, By: strings.Repeat("b", 40)})
	}
	for i := range 1000 {
		s.Comments[fmt.Sprintf("denied/%0100d/%s", i, sha)] = v1alpha1.CommentStatus{ID: 1 << 40, Hash: sha[:16], At: &now}
	}
	s.Conditions = worstConditions(evil)
	for i := range 100 {
		s.Doubts = append(s.Doubts, v1alpha1.Doubt{What: fmt.Sprintf("comment %0200d", i), Since: now})
	}
	for i := range len(spec.Commands) + judging.MaxDropped {
		v := v1alpha1.CommandStatus{Verdict: v1alpha1.VerdictAccepted, Reason: v1alpha1.ReasonTooManyQuestions, Message: evil,
			By: strings.Repeat("b", 100), At: &now, Head: sha, Seen: true, Answered: true, Told: true, Found: true}
		if v.ID = fmt.Sprintf("gone-%d-0", i); i < len(spec.Commands) {
			v.ID = spec.Commands[i].ID
		}
		s.Commands = append(s.Commands, v)
	}
	for i := range spec.Commands {
		s.Runs = append(s.Runs, worstRun(spec.Commands[i].ID, evil, i >= len(spec.Commands)-judging.MaxRuns))
	}
	// Not more ends of jobs than this are stored.
	ends := map[string]v1alpha1.JobEnd{}
	for i := range runs.MaxJobEnds {
		ends[fmt.Sprintf("%063d", i)] = v1alpha1.JobEnd{Verdict: string(run.NotStarted), StartedAt: now, DoneAt: now}
	}
	s.Runs[len(s.Runs)-1].JobEnds = ends
	return s
}

func worstConditions(evil string) duckv1.Conditions {
	s := &v1alpha1.RehearsalStatus{}
	s.InitializeConditions()
	s.MarkPulling("Retrying", evil)
	s.MarkPlanning("Retrying", evil)
	s.MarkReporting("Retrying", evil)
	return s.Conditions
}

func worstRun(id, evil string, active bool) v1alpha1.RunStatus {
	now, sha := metav1.NewTime(noon), strings.Repeat("a", 40)
	r := v1alpha1.RunStatus{ID: id, Head: sha, Base: sha, BaseRef: strings.Repeat("b", 255), By: strings.Repeat("b", 100), PipelineRun: strings.Repeat("p", 63), Attempt: 3,
		Comment: 1 << 40, State: v1alpha1.RunRejected, AbortReason: evil, ProgressAt: &now, Progress: sha[:16], Message: evil, Total: 500, Passed: 100, Failed: 400, StartedAt: &now, DoneAt: &now}
	if active {
		r.State, r.PipelineRunEnd = v1alpha1.RunAborting, &v1alpha1.PipelineRunEnd{At: now, Reported: true, FromOutside: true}
		for i := range 500 {
			r.PipelineRunEnd.Unscheduled = append(r.PipelineRunEnd.Unscheduled, fmt.Sprintf("%063d", i))
		}
	}
	return r
}

func sizeOf(t *testing.T, v any) int {
	t.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return len(raw)
}

// TestTheWorstFits checks the size of the largest command log with the largest status.
// TestTheWorstFitsEtcd stores the same in etcd.
func TestTheWorstFits(t *testing.T) {
	rh := &v1alpha1.Rehearsal{Spec: worstSpec()}
	rh.Status = worstStatus(rh.Spec)
	before := sizeOf(t, rh)
	boundStatus(rh)
	spec, status := sizeOf(t, rh.Spec), sizeOf(t, rh.Status)
	t.Logf("spec %d KiB, status %d KiB of %d KiB", spec>>10, status>>10, etcdLimit>>10)
	if before < 2*etcdLimit || spec+status > etcdLimit-rest {
		t.Errorf("of %d bytes %d of the spec and %d of the status are left; there is room for %d", before, spec, status, etcdLimit-rest)
	}
	again := rh.DeepCopy()
	if boundStatus(again); sizeOf(t, again) != sizeOf(t, rh) {
		t.Error("what fits is made smaller")
	}
}

// TestWhatIsKept checks that status keeps the runs and comments that are needed.
func TestWhatIsKept(t *testing.T) {
	rh := &v1alpha1.Rehearsal{Spec: worstSpec()}
	rh.Status = worstStatus(rh.Spec)
	rh.Status.Commands[0].Answered = false
	boundStatus(rh)
	going := 0
	for _, r := range rh.Status.Runs {
		if !r.State.Done() {
			going++
		}
	}
	if n := len(rh.Status.Runs); going != judging.MaxRuns || n != judging.MaxRuns+maxDone+1 || rh.Status.Runs[0].ID != rh.Spec.Commands[0].ID {
		t.Errorf("%d runs stay, %d of them go on; want %d, %d and the one without an answer", n, going, judging.MaxRuns+maxDone+1, judging.MaxRuns)
	}
	if !rh.Status.Commands[1].Over || rh.Status.Commands[0].Over {
		t.Error("it is not noted which runs are over and gone")
	}
	for _, name := range []string{planComment, fullComment} {
		if rh.Status.Comments[name].ID == 0 {
			t.Errorf("the comment %s is forgotten", name)
		}
	}
}

// TestARunThatIsGoneStaysOver checks that a run which was dropped from status is not
// started again by its command in the log.
func TestARunThatIsGoneStaysOver(t *testing.T) {
	w := newWorld(t, runCommand())
	passing(w)
	w.rh.Status.Runs = nil
	w.rh.Status.VerdictOn(wholeRun).Over = true
	w.rh.Generation++
	w.reconcile()
	if _, _, _, pipelineRuns, _ := w.counts(); len(w.rh.Status.Runs) != 0 || pipelineRuns != 1 {
		t.Errorf("there are %d runs and %d PipelineRuns", len(w.rh.Status.Runs), pipelineRuns)
	}
}

// TestWhoFindsNoRoomIsTold checks that everybody whose command does not fit in the log is
// answered once.
func TestWhoFindsNoRoomIsTold(t *testing.T) {
	w := newWorld(t)
	w.rh.Spec.Refused = map[string]v1alpha1.Refusal{"eve": {By: "Eve", At: at(0)}}
	w.rh.Generation++
	w.reconcile()
	w.rh.Spec.Refused["mallory"] = v1alpha1.Refusal{By: "mallory", At: at(1)}
	w.rh.Generation++
	w.reconcile()
	var told []string
	for _, c := range w.hub.comments {
		if marker, _ := report.FindMarker(c.Body); marker == report.FullMarker() {
			told = append(told, c.Body)
		}
	}
	if len(told) != 1 || !strings.Contains(told[0], "`Eve`, last at 2026-") || !strings.Contains(told[0], "`mallory`") {
		t.Errorf("told %q", told)
	}
	if ops := judging.Trim(w.rh, w.clock.Now()); len(ops) != 0 {
		t.Errorf("%v are trimmed", ops)
	}
	if ops := judging.Trim(w.rh, w.clock.Now().Add(event.MaxAge+time.Hour)); !slices.ContainsFunc(ops, func(op judging.PatchOp) bool { return op.Op == "remove" && op.Path == "/spec/refused" }) {
		t.Errorf("a week later only %v are trimmed", ops)
	}
}
