package cluster

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	clienttesting "k8s.io/client-go/testing"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/cli/program"
)

// logged returns a Rehearsal with a command in its log. The fake API server cannot
// distinguish an empty log from a missing one, as JSON Patch must.
func logged() *v1alpha1.Rehearsal {
	rh := pull("acme", "release", 7)
	command(rh, "comment-1-0", "bob", "/try list")
	accept(rh, "comment-1-0")
	return rh
}

func TestSay(t *testing.T) {
	s := newStage(t, logged())
	said, err := s.say(t.Context(), s.present, "max")
	if err != nil {
		t.Fatal(err)
	}
	rh, err := s.rehearsals.Get(t.Context(), s.present.Name, metav1.GetOptions{})
	s.must(err)
	if n := len(rh.Spec.Commands); n != 2 {
		t.Fatalf("%d commands are stored", n)
	}
	got := rh.Spec.Commands[1]
	if !strings.HasPrefix(got.ID, "cli-") || !strings.HasSuffix(got.ID, "-0") || got.ID != said.command.ID || len(got.ID) > 80 {
		t.Errorf("its id is %q", got.ID)
	}
	if got.Text != "/try max" || got.By != "alice" || got.Head != head || !got.At.Time.Equal(noon) {
		t.Errorf("it is %+v", got)
	}
}

func TestSayNot(t *testing.T) {
	for _, c := range []struct {
		name  string
		user  string
		words []string
		rh    func(*v1alpha1.Rehearsal)
		says  string
	}{
		{name: "user name too long", user: strings.Repeat("x", 101), says: "has 101 characters, but a command can record only 100"},
		{name: "user name with control characters", user: "eve\x1b[2J", says: "characters that cannot be shown"},
		{name: "anonymous user", user: "system:anonymous", says: "does not know who you are"},
		{name: "command too long", words: []string{strings.Repeat("x", 2060), "y"}, says: "the command is too long"},
		{name: "command not understood", words: []string{"two$"}, says: "is not understood"},
		{name: "pull request not read yet", rh: func(rh *v1alpha1.Rehearsal) { rh.Status.Pull = nil }, says: "has not read it yet"},
		{name: "repository not served", rh: func(rh *v1alpha1.Rehearsal) {
			rh.Status.Pull = nil
			rh.Status.MarkNotPulled("NotServed", "the settings do not list this repository")
		}, says: "the settings do not list this repository"},
	} {
		t.Run(c.name, func(t *testing.T) {
			rh := logged()
			if c.rh != nil {
				c.rh(rh)
			}
			s := newStage(t, rh)
			if c.user != "" {
				s.user = c.user
			}
			if _, err := s.say(t.Context(), rh, c.words...); err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("error is %v, want %q", err, c.says)
			}
			stored, err := s.rehearsals.Get(t.Context(), rh.Name, metav1.GetOptions{})
			s.must(err)
			if n := len(stored.Spec.Commands); n != 1 {
				t.Errorf("%d commands are stored", n)
			}
		})
	}
	if err := checkUser(strings.Repeat("é", 100)); err != nil {
		t.Errorf("100 characters are too long: %v", err)
	}
}

// TestSayMakesNoRehearsal: a Rehearsal that was deleted meanwhile is not created again.
func TestSayMakesNoRehearsal(t *testing.T) {
	s := newStage(t)
	if _, err := s.say(t.Context(), logged()); err == nil {
		t.Error("it was said to nobody")
	}
	list, err := s.rehearsals.List(t.Context(), metav1.ListOptions{})
	if err != nil || len(list.Items) > 0 {
		t.Errorf("there are %v, %v", list.Items, err)
	}
}

func TestDecided(t *testing.T) {
	for _, c := range []struct {
		name   string
		words  []string
		decide func(rh *v1alpha1.Rehearsal, id string)
		status int
		says   []string
	}{
		{
			name: "run started",
			decide: func(rh *v1alpha1.Rehearsal, id string) {
				accept(rh, id)
				running(rh, id, "one", "two")
			},
			says: []string{"accepted: /try on acme/release#7, at 0123456789", "2 jobs", "tkn pipelinerun logs acme-release-7-cli-", " -f -n rehearsals", "https://github.example.com/acme/release/pull/7#issuecomment-42"},
		},
		{
			name: "run rejected",
			decide: func(rh *v1alpha1.Rehearsal, id string) {
				accept(rh, id)
				rh.Status.Runs = append(rh.Status.Runs, v1alpha1.RunStatus{ID: id, State: v1alpha1.RunRejected, Message: "Nothing has failed."})
			},
			status: program.ExitFailed, says: []string{"nothing was run. Nothing has failed."},
		},
		{
			name:  "run pending",
			words: []string{"max"},
			decide: func(rh *v1alpha1.Rehearsal, id string) {
				accept(rh, id)
				rh.Status.Runs = append(rh.Status.Runs, v1alpha1.RunStatus{ID: id, State: v1alpha1.RunPending})
			},
			says: []string{"accepted: /try max", "starts once the affected jobs are known", "rehearse watch acme/release#7"},
		},
		{
			name: "command denied",
			decide: func(rh *v1alpha1.Rehearsal, id string) {
				rh.Status.Commands = append(rh.Status.Commands, v1alpha1.CommandStatus{ID: id, Verdict: v1alpha1.VerdictDenied, Reason: v1alpha1.ReasonNotAllowed, Message: "Only `bob` may.\x1b[2J"})
			},
			status: program.ExitNotAccepted, says: []string{`not accepted. Only bob may.\x1b[2J`},
		},
		{
			name: "not understood, without a message",
			decide: func(rh *v1alpha1.Rehearsal, id string) {
				rh.Status.Commands = append(rh.Status.Commands, v1alpha1.CommandStatus{ID: id, Verdict: v1alpha1.VerdictUnknown, Reason: v1alpha1.ReasonNotUnderstood})
			},
			status: program.ExitNotAccepted, says: []string{"not accepted. NotUnderstood"},
		},
		{name: "abort with nothing running", words: []string{"abort"}, decide: accept, says: []string{"accepted: /try abort", "nothing is running"}},
		{name: "acknowledgement", words: []string{"ack"}, decide: accept, says: []string{"accepted: /try ack on acme/release#7"}},
		{name: "no decision from the controller", decide: func(rh *v1alpha1.Rehearsal, _ string) { rh.Status.MarkPulling("Retrying", "GitHub is away") }, status: program.ExitNoAnswer, says: []string{"stored, but the controller has not read", "kubectl get deployment rehearsal-controller -n rehearsals", "The controller reports: GitHub is away"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newStage(t, logged())
			said, err := s.say(t.Context(), s.present, c.words...)
			s.must(err)
			s.status(func(rh *v1alpha1.Rehearsal) { c.decide(rh, said.command.ID) })
			verdict, run, err := said.decided(t.Context(), 100*time.Millisecond)
			s.must(err)
			text, err := said.answer(verdict, run)
			if err != nil {
				text = err.Error()
				if program.Status(err) != c.status {
					t.Errorf("the exit status is %d, want %d", program.Status(err), c.status)
				}
			} else if c.status != 0 {
				t.Errorf("the exit status is 0, want %d", c.status)
			}
			for _, want := range c.says {
				if !strings.Contains(text, want) {
					t.Errorf("no %q in %s", want, text)
				}
			}
		})
	}
}

// TestDecidedWaits checks that decided returns if the decision comes while it waits.
func TestDecidedWaits(t *testing.T) {
	s := newStage(t, logged())
	said, err := s.say(t.Context(), s.present)
	s.must(err)
	got := make(chan *v1alpha1.RunStatus)
	go func() {
		_, run, err := said.decided(soon(t), time.Minute)
		if err != nil {
			t.Error(err)
		}
		got <- run
	}()
	s.status(func(rh *v1alpha1.Rehearsal) { accept(rh, said.command.ID) })
	s.status(func(rh *v1alpha1.Rehearsal) { running(rh, said.command.ID, "one") })
	if run := <-got; run == nil || run.PipelineRun == "" {
		t.Errorf("the run is %+v", run)
	}
}

func TestRunWords(t *testing.T) {
	for _, c := range []struct {
		jobs      []string
		selection string
		autoAck   bool
		want      string
		says      string
	}{
		{},
		{selection: "sample"},
		{selection: "max", want: "max"},
		{selection: "failed", autoAck: true, want: "auto-ack failed"},
		{autoAck: true, want: "auto-ack"},
		{jobs: []string{"a", "b@main", "*-e2e-*"}, want: "a b@main *-e2e-*"},
		{jobs: []string{"a"}, autoAck: true, want: "auto-ack a"},
		{jobs: []string{"max"}, want: "max"},
		{jobs: []string{"a"}, selection: "max", says: "do not name any"},
		{selection: "most", says: "--selection most: must be one of sample, more, max, all, failed"},
		{jobs: []string{"ack"}, says: "is not a selection of jobs"},
		{jobs: []string{"abort", "a"}, says: "is not a selection of jobs"},
		{jobs: []string{"a;b"}, says: "cannot be job names"},
		{jobs: []string{"a\nack"}, want: "a\nack"},
	} {
		words, err := runWords(c.jobs, c.selection, c.autoAck)
		if got := strings.Join(words, " "); err == nil && got != c.want || (err == nil) != (c.says == "") || err != nil && !strings.Contains(err.Error(), c.says) {
			t.Errorf("%+v is %q, %v", c, got, err)
		}
	}
}

func TestExplainErrors(t *testing.T) {
	c := &cluster{namespace: "rehearsals", host: "https://cluster.example.com"}
	resource := schema.GroupResource{Group: "rehearsal.dev", Resource: "rehearsals"}
	unknown := &apierrors.StatusError{ErrStatus: metav1.Status{Reason: metav1.StatusReasonNotFound, Code: 404, Message: "the server could not find the requested resource", Details: &metav1.StatusDetails{}}}
	for name, e := range map[string]struct {
		err  error
		verb string
		says []string
	}{
		"credentials expired": {apierrors.NewUnauthorized("expired"), "get", []string{"log in again"}},
		"no right to list": {apierrors.NewForbidden(resource, "", errors.New(`User "eve" cannot list resource`)), "list",
			[]string{"you may not list rehearsals in namespace rehearsals", "kubectl create rolebinding rehearsal-viewer -n rehearsals --role=rehearsal-viewer --user=eve"}},
		"no right to command":            {apierrors.NewForbidden(resource, "", errors.New("no")), "patch", []string{"--role=rehearsal-user --user=YOU"}},
		"denied by the admission policy": {apierrors.NewForbidden(resource, "", errors.New("ValidatingAdmissionPolicy 'rehearsal-commands' denied")), "patch", []string{"refused to store it"}},
		"not installed":                  {unknown, "list", []string{"has no rehearsals", "this is the wrong context"}},
		"any other error":                {apierrors.NewInternalError(errors.New("boom")), "list", []string{"list rehearsals in namespace rehearsals", "boom"}},
	} {
		for _, want := range e.says {
			if got := c.explain(e.err, e.verb, "rehearsals"); got == nil || !strings.Contains(got.Error(), want) {
				t.Errorf("%s: no %q in %v", name, want, got)
			}
		}
	}
	_, err := http.Get("http://127.0.0.1:1/")
	if got := c.explain(err, "list", "rehearsals"); !strings.Contains(got.Error(), "https://cluster.example.com does not respond") {
		t.Errorf("nobody there: %v", got)
	}
	if c.explain(nil, "list", "rehearsals") != nil {
		t.Error("no error is one")
	}
}

// TestNotInstalled checks that a cluster without Rehearsal gives another error than a
// pull request without a Rehearsal.
func TestNotInstalled(t *testing.T) {
	s := newStage(t)
	s.ours.PrependReactor("*", "rehearsals", func(clienttesting.Action) (bool, runtime.Object, error) {
		return true, nil, &apierrors.StatusError{ErrStatus: metav1.Status{Reason: metav1.StatusReasonNotFound, Code: 404, Details: &metav1.StatusDetails{Group: "rehearsal.dev"}}}
	})
	for _, argument := range []string{"acme/release#7", "7"} {
		if _, err := s.find(t.Context(), argument); err == nil || !strings.Contains(err.Error(), "Rehearsal is not installed there") {
			t.Errorf("%s: %v", argument, err)
		}
	}
}
