package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/pmezard/go-difflib/difflib"

	prowapi "sigs.k8s.io/prow/pkg/apis/prowjobs/v1"
	"sigs.k8s.io/yaml"

	"github.com/rehearsal-dev/rehearsal/pkg/affected"
)

// explain tells everything about the jobs of one name.
func (c *change) explain(ctx context.Context, out io.Writer, name string) error {
	var found []affected.Job
	for _, j := range c.result.Affected {
		if j.Name == name {
			found = append(found, j)
		}
	}
	if len(found) == 0 {
		return c.explainAbsence(out, name)
	}
	found, err := c.result.Effective(ctx, found)
	if err != nil {
		return err
	}
	for _, j := range found {
		if err := explainJob(out, j); err != nil {
			return err
		}
	}
	return nil
}

func (c *change) explainAbsence(out io.Writer, name string) error {
	for _, ref := range c.result.Named(name) {
		_, _ = fmt.Fprintf(out, "%s (%s, %s, branches %s) is not affected: the ProwJob that Prow would create for it is the same before and after.\n",
			ref.Name, ref.Type, orDash(ref.Repo), branches(ref))
	}
	for _, ref := range c.result.Removed {
		if ref.Name == name {
			_, _ = fmt.Fprintf(out, "%s (%s, %s, branches %s) is removed by the change.\n", ref.Name, ref.Type, orDash(ref.Repo), branches(ref))
			return nil
		}
	}
	if len(c.result.Named(name)) > 0 {
		return nil
	}
	for _, e := range c.result.Incomplete {
		_, _ = fmt.Fprintf(out, "%s could not be read (%s): the job may be there.\n", place(e), e.Message)
	}
	return fmt.Errorf("no job is called %q", name)
}

func explainJob(out io.Writer, j affected.Job) error {
	_, _ = fmt.Fprintf(out, "%s: %s of %s, branches %s\n", j.Name, j.Type, orDash(j.Repo), branches(j.Ref))
	_, _ = fmt.Fprintf(out, "change: %s\n", j.Change)
	if j.Rehearse {
		_, _ = fmt.Fprintln(out, "rehearsed: yes")
	} else {
		_, _ = fmt.Fprintln(out, "rehearsed: no: "+j.Excluded)
	}
	for _, r := range j.Reasons {
		_, _ = fmt.Fprintf(out, "because: %s (%s, %s)\n", reasonText(r), r.Source, r.File)
	}
	diff, err := prowJobDiff(j)
	if err != nil {
		return err
	}
	if diff == "" {
		diff = "(the ProwJob itself is the same)\n"
	}
	_, err = fmt.Fprintf(out, "\n%s\n", diff)
	return err
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
	raw, err := yaml.Marshal(map[string]any{
		"metadata": map[string]any{"labels": e.Base().Labels, "annotations": e.Base().Annotations},
		"spec":     e.Spec(prowapi.Refs{Org: org, Repo: name}),
	})
	return string(raw), err
}
