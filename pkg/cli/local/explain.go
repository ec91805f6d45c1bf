package local

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/aymanbagabas/go-udiff"

	prowapi "sigs.k8s.io/prow/pkg/apis/prowjobs/v1"
	"sigs.k8s.io/yaml"

	"github.com/rehearsal-dev/rehearsal/pkg/affected"
	"github.com/rehearsal-dev/rehearsal/pkg/gate"
	"github.com/rehearsal-dev/rehearsal/pkg/report"
	"github.com/rehearsal-dev/rehearsal/pkg/report/planview"
	"github.com/rehearsal-dev/rehearsal/pkg/terminal"
)

// explain prints everything known about the jobs that a name (`job` or `job@branch`) can
// mean.
func (c *change) explain(ctx context.Context, out io.Writer, name string) error {
	found, err := c.named(ctx, []string{name})
	if err != nil {
		return err
	}
	var sections []string
	known := map[string]bool{}
	for _, j := range found {
		if !means(name, j.Ref) {
			continue
		}
		known[j.Key()] = true
		text, err := explainAffected(j, c.result.Findings[j.Key()])
		if err != nil {
			return err
		}
		sections = append(sections, text)
	}
	existing, err := c.lookup(ctx, name)
	if err != nil {
		return err
	}
	for _, j := range existing {
		if means(name, j.Ref) && !known[j.Ref.Key()] {
			sections = append(sections, report.ExplainText(planview.ExplainUnaffected(j)))
		}
	}
	for _, ref := range c.result.Removed {
		if means(name, ref) {
			sections = append(sections, report.ExplainText(planview.ExplainRemoved(ref)))
		}
	}
	if len(sections) == 0 {
		return c.unknown(out, name)
	}
	_, err = io.WriteString(out, strings.Join(sections, "\n"))
	return err
}

// means reports whether a name (`job` or `job@branch`) can mean a job.
func means(name string, ref affected.Ref) bool {
	if name == ref.Name {
		return true
	}
	name, branch, ok := strings.Cut(name, "@")
	return ok && name == ref.Name && (slices.Contains(ref.Branches, branch) || len(ref.Branches) == 0 && !slices.Contains(ref.SkipBranches, branch))
}

// unknown returns the error for a name that no job has, with similar names.
func (c *change) unknown(out io.Writer, name string) error {
	for _, e := range c.result.Incomplete {
		if _, err := fmt.Fprintf(out, "%s\nThe job may be in this file, which cannot be read.\n\n", terminal.Plain(place(e)+": "+e.Message)); err != nil {
			return err
		}
	}
	text := fmt.Sprintf("no job is called %q", name)
	if near := nearest(name, c.result.Names()); len(near) > 0 {
		text += "; did you mean " + strings.Join(near, ", ") + "?"
	}
	return fmt.Errorf("%s", text)
}

func explainAffected(j affected.Job, f gate.Finding) (string, error) {
	known := planview.ExplainLocally(j, f)
	known.Meaning = meaning[j.Change]
	diff, err := prowJobDiff(j)
	if err != nil {
		return "", err
	}
	if diff == "" {
		diff = "The ProwJob itself is the same.\n"
	}
	return report.ExplainText(known) + "\n" + diff, nil
}

// meaning explains each kind of change.
var meaning = map[affected.Change]string{
	affected.ChangeNew:         "new: no job of this type, repository and name existed",
	affected.ChangeBranches:    "branches: a job of this name existed, but for other branches",
	affected.ChangeSpec:        "spec: what the job does differs, or what it reads",
	affected.ChangeLabels:      "labels: only labels of its ProwJob differ",
	affected.ChangeTrigger:     "trigger: only when or how it is triggered differs",
	affected.ChangeAnnotations: "annotations: only annotations differ",
}

// prowJobDiff compares the ProwJobs that Prow would create, without the fields that
// depend only on the commits under test.
func prowJobDiff(j affected.Job) (string, error) {
	before, err := prowJobText(j, j.Before)
	if err != nil {
		return "", err
	}
	after, err := prowJobText(j, j.Effective)
	if err != nil {
		return "", err
	}
	return udiff.ToUnified("ProwJob before", "ProwJob after", before, udiff.Lines(before, after), udiff.DefaultContextLines)
}

func prowJobText(j affected.Job, e affected.Effective) (string, error) {
	if e.IsZero() {
		return "", nil
	}
	org, name, _ := strings.Cut(j.Repo, "/")
	metadata := map[string]any{}
	if labels := e.Base().Labels; len(labels) > 0 {
		metadata["labels"] = labels
	}
	if annotations := e.Base().Annotations; len(annotations) > 0 {
		metadata["annotations"] = annotations
	}
	raw, err := yaml.Marshal(map[string]any{"metadata": metadata, "spec": e.Spec(prowapi.Refs{Org: org, Repo: name})})
	return string(raw), err
}
