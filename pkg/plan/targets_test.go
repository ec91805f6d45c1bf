package plan

import (
	"context"
	"slices"
	"testing"

	"github.com/rehearsal-dev/rehearsal/pkg/repo"
	"github.com/rehearsal-dev/rehearsal/test/worktree"
)

// TestTargetsAreThoseOfBase checks that Targets does not depend on what the head says
// about its jobs.
func TestTargetsAreThoseOfBase(t *testing.T) {
	tree := worktree.New(t)
	tree.Write("prow/config.yaml", "")
	job := func(name, extra string) string {
		return "  - name: " + name + "\n    always_run: true\n    spec: {containers: [{image: x}]}\n" + extra
	}
	extra := func(org, repo string) string {
		return "    extra_refs: [{org: " + org + ", repo: " + repo + ", base_ref: main}]\n"
	}
	tree.Write("jobs/a.yaml", "presubmits:\n  acme/widget:\n"+job("unit", "")+"  acme/moved:\n"+job("moved", ""))
	tree.Write("jobs/b.yaml", "postsubmits:\n  acme/pushed:\n"+job("push", "")[:len("  - name: push\n")]+"    spec: {containers: [{image: x}]}\n")
	tree.Write("jobs/c.yaml", "periodics:\n- name: p\n  interval: 1h\n  spec: {containers: [{image: x}]}\n  extra_refs: [{org: acme, repo: periodic, base_ref: main}]\n")
	base := tree.Commit()
	tree.Write("jobs/a.yaml", "presubmits:\n  acme/widget:\n"+job("unit", extra("acme", "pushed"))+job("new", extra("acme", "private"))+"  acme/moved:\n"+job("moved", extra("acme", "periodic")))
	tree.Write("jobs/d.yaml", "presubmits:\n  acme/secret:\n"+job("oracle", extra("Acme", "Widget"))+"  ACME/moved:\n"+job("again", ""))
	head := tree.Commit()
	planner := NewPlanner(Options{Mirror: func(context.Context, Request) (*repo.Mirror, error) { return tree.Mirror(), nil }})
	result, err := planner.Plan(t.Context(), Request{Org: "acme", Repo: "config", Base: base, Head: head, Layout: plain})
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"ACME/moved", "Acme/Widget", "acme/moved", "acme/pushed", "acme/widget"}; !slices.Equal(result.Targets, want) {
		t.Errorf("targets = %v, want %v (affected: %v)", result.Targets, want, describe(result))
	}
}
