package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/pmezard/go-difflib/difflib"

	prowapi "sigs.k8s.io/prow/pkg/apis/prowjobs/v1"
	"sigs.k8s.io/yaml"

	"github.com/rehearsal-dev/rehearsal/pkg/affected"
	"github.com/rehearsal-dev/rehearsal/pkg/gate"
	"github.com/rehearsal-dev/rehearsal/pkg/plan"
	"github.com/rehearsal-dev/rehearsal/pkg/sources"
	"github.com/rehearsal-dev/rehearsal/pkg/terminal"
)

// explain tells everything about the jobs that a name, `job` or `job@branch`,
// may mean.
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
			sections = append(sections, explainUnaffected(j))
		}
	}
	for _, ref := range c.result.Removed {
		if means(name, ref) {
			sections = append(sections, about(ref)+"affected:   no, the change removes it\n")
		}
	}
	if len(sections) == 0 {
		return c.unknown(out, name)
	}
	_, err = io.WriteString(out, strings.Join(sections, "\n"))
	return err
}

// means reports whether a name, `job` or `job@branch`, may mean a job.
func means(name string, ref affected.Ref) bool {
	if name == ref.Name {
		return true
	}
	name, branch, ok := strings.Cut(name, "@")
	return ok && name == ref.Name && (slices.Contains(ref.Branches, branch) || len(ref.Branches) == 0 && !slices.Contains(ref.SkipBranches, branch))
}

// unknown says what a name that no job has may have meant.
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

func about(ref affected.Ref) string {
	return "job:        " + terminal.Plain(ref.Name) + "\nis:         " + describe(ref) + "\n"
}

func explainUnaffected(j plan.Located) string {
	text := about(j.Ref) + "file:       " + terminal.Plain(j.File) + "\n"
	text += "affected:   no, the ProwJob that Prow would create for it is the same before and after\n"
	if j.Touched {
		text += "            (the change touches the file, but what it says of this job means the same)\n"
	}
	return text
}

func explainAffected(j affected.Job, f gate.Finding) (string, error) {
	var b strings.Builder
	b.WriteString(about(j.Ref))
	fmt.Fprintf(&b, "file:       %s\naffected:   yes, %s\n", terminal.Plain(j.Effective.Base().SourcePath), meaning[j.Change])
	if j.Rehearse {
		b.WriteString("rehearsed:  yes\n")
	} else {
		b.WriteString("rehearsed:  no: " + terminal.Plain(j.Excluded) + "\n")
	}
	b.WriteString("because:\n")
	for _, r := range j.Reasons {
		b.WriteString("  " + terminal.Plain(reasonText(r)) + "\n")
		if _, named := sources.Phrase(r); r.File != "" && !named {
			b.WriteString("    in " + terminal.Plain(r.File) + "\n")
		}
	}
	if len(f.Asks) > 0 {
		b.WriteString("asks for, and base does not grant it:\n")
	}
	for _, a := range f.Asks {
		b.WriteString("  " + askText(a) + "\n")
	}
	diff, err := prowJobDiff(j)
	if err != nil {
		return "", err
	}
	if diff == "" {
		diff = "The ProwJob itself is the same.\n"
	}
	b.WriteString("\n" + diff)
	return b.String(), nil
}

// meaning says what each change is.
var meaning = map[affected.Change]string{
	affected.ChangeNew:         "new: no job of this type, repository and name existed",
	affected.ChangeBranches:    "branches: a job of this name existed, but for other branches",
	affected.ChangeSpec:        "spec: what the job does differs, or what it reads",
	affected.ChangeLabels:      "labels: only labels of its ProwJob differ",
	affected.ChangeTrigger:     "trigger: only when or how it is triggered differs",
	affected.ChangeAnnotations: "annotations: only annotations differ",
}

// prowJobDiff compares the ProwJobs that Prow would create, less what only the
// commits under test decide.
func prowJobDiff(j affected.Job) (string, error) {
	before, err := prowJobText(j, j.Before)
	if err != nil {
		return "", err
	}
	after, err := prowJobText(j, j.Effective)
	if err != nil {
		return "", err
	}
	return difflib.GetUnifiedDiffString(difflib.UnifiedDiff{
		A: lines(before), B: lines(after), FromFile: "ProwJob before", ToFile: "ProwJob after", Context: 3,
	})
}

func lines(s string) []string {
	if s == "" {
		return nil
	}
	return strings.SplitAfter(strings.TrimSuffix(s, "\n"), "\n")
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
