package cluster

import (
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/settings"
)

// description is everything known about the rehearsals of one pull request. Scripts read
// its JSON.
type description struct {
	Pull    string `json:"pull"`
	URL     string `json:"url"`
	Title   string `json:"title,omitempty"`
	Author  string `json:"author,omitempty"`
	State   string `json:"state"`
	Head    string `json:"head,omitempty"`
	BaseRef string `json:"baseRef,omitempty"`
	Base    string `json:"base,omitempty"`
	// AuthorTrusted says that the policy lets the author's heads run without approval,
	// Labelled that a label forbids all runs.
	AuthorTrusted bool `json:"authorTrusted"`
	Labelled      bool `json:"untrustedLabel"`

	Plan              *v1alpha1.PlanStatus      `json:"plan,omitempty"`
	HeadApproval      *v1alpha1.Approval        `json:"headApproval,omitempty"`
	PrivilegeApproval *v1alpha1.Approval        `json:"privilegeApproval,omitempty"`
	Acknowledgement   *v1alpha1.Acknowledgement `json:"acknowledgement,omitempty"`
	NetworkAccess     *v1alpha1.Acknowledgement `json:"networkAccess,omitempty"`
	Conditions        []describedCondition      `json:"conditions"`
	Commands          []describedCommand        `json:"commands"`
	Runs              []describedRun            `json:"runs"`
	// Next is what the user can do next, in sentences.
	Next []string `json:"next"`
	// Blind says why the states of jobs are missing.
	Blind string `json:"blind,omitempty"`
}

type describedCondition struct {
	Type    string                 `json:"type"`
	Status  corev1.ConditionStatus `json:"status"`
	Reason  string                 `json:"reason,omitempty"`
	Message string                 `json:"message,omitempty"`
}

type describedCommand struct {
	ID   string      `json:"id"`
	At   metav1.Time `json:"at"`
	By   string      `json:"by"`
	Text string      `json:"text"`
	// Verdict is the decision on the command; empty until there is one.
	Verdict v1alpha1.Verdict `json:"verdict,omitempty"`
	Reason  string           `json:"reason,omitempty"`
	// Why is the reason as a sentence.
	Why string `json:"why,omitempty"`
}

type describedRun struct {
	v1alpha1.RunStatus
	CommentURL string         `json:"commentURL,omitempty"`
	Jobs       []describedJob `json:"jobs"`

	view runView
}

type describedJob struct {
	Name string `json:"name"`
	// State is empty if it is unknown.
	State   string  `json:"state,omitempty"`
	Detail  string  `json:"detail,omitempty"`
	Seconds float64 `json:"seconds,omitempty"`
	URL     string  `json:"url,omitempty"`
	ProwJob string  `json:"prowjob"`
}

// describeRehearsal describes a Rehearsal, its commands and its runs.
func describeRehearsal(rh *v1alpha1.Rehearsal, s *snapshot, chosen *settings.Settings, now time.Time) *description {
	p := rh.Spec.Pull
	d := &description{
		Pull: nameOf(p), URL: chosen.GitHub.PullPage(p.Org, p.Repo, p.Number), State: "not read yet", Plan: rh.Status.Plan, Blind: s.blind,
		HeadApproval: rh.Status.HeadApproval, PrivilegeApproval: rh.Status.PrivilegeApproval,
		Acknowledgement: rh.Status.Acknowledgement, NetworkAccess: rh.Status.NetworkAccess,
		Conditions: []describedCondition{}, Commands: []describedCommand{}, Runs: []describedRun{},
	}
	if p := rh.Status.Pull; p != nil {
		d.Title, d.Author, d.Head, d.BaseRef, d.Base = p.Title, p.Author, p.Head, p.BaseRef, p.Base
		d.AuthorTrusted, d.Labelled, d.State = p.AuthorTrusted, p.Untrusted, "open"
		if !p.Open {
			d.State = "closed"
		}
	}
	for _, c := range rh.Status.Conditions {
		d.Conditions = append(d.Conditions, describedCondition{string(c.Type), c.Status, c.Reason, c.Message})
	}
	for _, c := range rh.Spec.Commands {
		d.Commands = append(d.Commands, describeCommand(rh, c))
	}
	for _, r := range rh.Status.Runs {
		d.Runs = append(d.Runs, describeRun(s.viewRun(rh, r), chosen, now))
	}
	d.Next = next(rh)
	return d
}

func describeCommand(rh *v1alpha1.Rehearsal, c v1alpha1.Command) describedCommand {
	out := describedCommand{ID: c.ID, At: c.At, By: c.By, Text: c.Text}
	if v := verdictOf(rh, c.ID); v != nil {
		out.Verdict, out.Reason = v.Verdict, v.Reason
		if v.Verdict != v1alpha1.VerdictAccepted {
			out.Why = refusal(v)
		}
	}
	return out
}

func describeRun(v runView, chosen *settings.Settings, now time.Time) describedRun {
	out := describedRun{RunStatus: v.RunStatus, Jobs: []describedJob{}, view: v}
	if v.Comment != 0 {
		out.CommentURL = chosen.GitHub.CommentPage(v.pull.Org, v.pull.Repo, v.pull.Number, v.Comment)
	}
	for _, j := range v.jobs {
		job := describedJob{Name: j.DisplayName, ProwJob: j.ProwJob}
		if j.known {
			job.State, job.Detail, job.URL = string(j.Verdict), j.Detail, j.URL
			job.Seconds = j.lasted(now).Round(time.Second).Seconds()
		}
		out.Jobs = append(out.Jobs, job)
	}
	return out
}

// next says what the user can do next about a pull request.
func next(rh *v1alpha1.Rehearsal) []string {
	pull, name := rh.Status.Pull, nameOf(rh.Spec.Pull)
	if pull == nil {
		return []string{"Wait until the controller has read the pull request; the conditions show any problem."}
	}
	if !pull.Open {
		return []string{"Nothing: the pull request is closed."}
	}
	var out []string
	plan := rh.Status.Plan
	switch {
	case plan == nil || plan.Head != pull.Head:
		return []string{"Wait until the affected jobs are known; the conditions show any problem."}
	case plan.Error != "":
		return []string{"Fix the problem that the plan reports, and push."}
	case pull.Untrusted:
		out = append(out, "Somebody who may trust the author has to review it and remove the label that forbids running anything.")
	}
	if plan.Held > 0 {
		out = append(out, fmt.Sprintf("Waiting for approval: %s. The comment with the affected jobs says which kind, and from whom: rehearse approve %s, or rehearse privileges-allowed %s", countJobs(plan.Held), name, name))
	}
	return append(out, nextRun(rh)...)
}

func nextRun(rh *v1alpha1.Rehearsal) []string {
	name := nameOf(rh.Spec.Pull)
	if a := rh.Status.Acknowledgement; a != nil && a.State == v1alpha1.StateAcknowledged {
		return []string{"Nothing: it is acknowledged, and can be merged."}
	}
	// A rejected run did not run anything.
	began := slices.DeleteFunc(slices.Clone(rh.Status.Runs), func(r v1alpha1.RunStatus) bool { return r.State == v1alpha1.RunRejected })
	if n := len(began); n > 0 && began[n-1].Head == rh.Status.Pull.Head {
		switch began[n-1].State {
		case v1alpha1.RunPassed:
			return []string{"Acknowledge it: rehearse ack " + name}
		case v1alpha1.RunFailed:
			return []string{"Look at what failed, and push a fix; or rerun it: rehearse run " + name + " --selection failed"}
		case v1alpha1.RunAborted:
		default:
			return []string{"Watch it: rehearse watch " + name}
		}
	}
	return []string{"Rehearse it: rehearse run " + name}
}
