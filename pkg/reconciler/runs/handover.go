package runs

import (
	"context"
	"slices"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/event"
	"github.com/rehearsal-dev/rehearsal/pkg/reconciler/rehearsal/resources"
	"github.com/rehearsal-dev/rehearsal/pkg/render"
	"github.com/rehearsal-dev/rehearsal/pkg/report"
	"github.com/rehearsal-dev/rehearsal/pkg/run"
)

// renderHandover chooses and renders the jobs of a run. If there are none, the notes of the
// manifest say why.
func (t *starter) renderHandover(ctx context.Context, r *v1alpha1.RunStatus) (render.Handover, error) {
	command, said := t.commandOf(r)
	selection, notes, err := t.selectJobs(ctx, r, said)
	if err != nil {
		return render.Handover{}, err
	}
	ok, never, sentence, err := t.Queue.admit(r, len(selection.Jobs))
	switch {
	case err != nil:
		return render.Handover{}, err
	case never:
		return render.Handover{Manifest: run.Manifest{Notes: []string{sentence}}}, nil
	case !ok:
		return render.Handover{}, t.Queue.tellWaiting(ctx, r, len(selection.Jobs), sentence)
	}
	jobs, err := t.Plan.Whole(ctx, selection.Jobs)
	if err != nil {
		return render.Handover{}, err
	}
	in, unpinned, err := t.Plan.RunInput(ctx, jobs)
	if err != nil {
		return render.Handover{}, err
	}
	active, err := t.activeProwJobs(ctx, r)
	if err != nil {
		return render.Handover{}, err
	}
	manifest := t.newManifest(r, command)
	manifest.Affected, manifest.Coverage = selection.Offered, selection.Coverage
	manifest.Notes = slices.Clone(notes)
	if unpinned > 0 {
		manifest.Notes = append(manifest.Notes, report.NotPinned(unpinned))
	}
	// A person who named a job that is not run has not seen it pass.
	manifest.AutoAck = said.AutoAck && len(notes) == 0
	if a := t.Rehearsal.Status.PrivilegeApproval; a.Holds(t.Rehearsal.Status.Pull) {
		manifest.Asks = a.Asks
	}
	return render.NewHandover(manifest, jobs, in, t.renderRun(r), active)
}

// newManifest returns a manifest with what it takes from the command and the settings.
func (t *Pass) newManifest(r *v1alpha1.RunStatus, command v1alpha1.Command) run.Manifest {
	s := t.Settings
	return run.Manifest{
		By: report.Person(r.ID, r.By), Command: command.Text, Page: t.runPage(r),
		ProwJobNamespace: s.Prow.ProwJobNamespace, PodNamespace: s.Prow.PodNamespace,
		KeptFor:        s.KeepRuns,
		GitHubEndpoint: s.GitHub.Endpoint, GitHubAppID: s.GitHub.AppID,
		WritesPerMinute: s.GitHub.Writes.PerMinute, WritesPerHour: s.GitHub.Writes.PerHour,
	}
}

// commandOf returns the command of a run, as stored and as parsed.
func (t *Pass) commandOf(r *v1alpha1.RunStatus) (v1alpha1.Command, event.Command) {
	for _, c := range t.Rehearsal.Spec.Commands {
		if c.ID == r.ID {
			return c, event.ParseStored(c.Text, t.Settings.Prefixes)
		}
	}
	return v1alpha1.Command{ID: r.ID, By: r.By}, event.Command{Verb: event.Run, Selection: event.Sample}
}

// selectJobs chooses the jobs of a run. Its notes explain jobs that are not chosen.
func (t *starter) selectJobs(ctx context.Context, r *v1alpha1.RunStatus, said event.Command) (render.Selection, []string, error) {
	req := t.Plan.Selection(said.Selection)
	req.Names = said.Jobs
	var err error
	if said.Selection == event.Failed {
		var sentence string
		if req.NotPassed, sentence, err = t.notPassed(ctx, r); err != nil || sentence != "" {
			return render.Selection{}, []string{sentence}, err
		}
	}
	if req.Durations, err = t.durations(); err != nil {
		return render.Selection{}, nil, err
	}
	selection := render.Select(t.Plan.Jobs, req)
	notes := t.notes(selection, said)
	left, aborted := t.Aborts.exclude(r, selection.Jobs)
	selection.Jobs = left
	return selection, append(notes, aborted...), nil
}

// notes returns the sentences for the comment about jobs that are not run.
func (t *starter) notes(s render.Selection, said event.Command) []string {
	var out []string
	switch {
	case said.Selection == event.Named || said.Selection == event.Failed && len(s.Jobs) > 0:
	case s.Held > 0:
		out = append(out, report.Waiting(s.Held))
	case len(s.Jobs) == 0 && s.Offered == 0:
		out = append(out, report.NothingAffected())
	}
	names := make([]string, 0, len(t.Plan.Jobs))
	for _, job := range t.Plan.Jobs {
		names = append(names, job.Name)
	}
	for _, unknown := range s.Unknown {
		if render.IsPattern(unknown) {
			out = append(out, report.NothingMatches(unknown))
		} else {
			out = append(out, report.NotAffected(unknown, names))
		}
	}
	for _, gone := range s.Gone {
		out = append(out, report.NoLongerAffected(gone))
	}
	for _, no := range s.NotRunnable {
		out = append(out, report.Excluded(no.Name, no.Why))
	}
	if s.Capped > 0 {
		out = append(out, report.Capped(len(s.Jobs)+s.Capped, t.Repository.Limits.All))
	}
	return out
}

func (t *starter) renderRun(r *v1alpha1.RunStatus) render.Run {
	return render.Run{
		Rehearsal: t.Rehearsal.Name, UID: string(t.Rehearsal.UID), Home: t.Rehearsal.Namespace,
		ID: r.ID, Name: resources.RunName(t.Rehearsal, r.ID),
		Namespace:      t.Settings.Prow.ProwJobNamespace,
		PodNamespace:   t.Settings.Prow.PodNamespace,
		DefaultTimeout: t.Settings.Prow.DefaultJobTimeout,
		Queueing:       t.Settings.Prow.QueueAllowance,
	}
}
