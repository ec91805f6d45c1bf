package render

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rehearsal-dev/rehearsal/pkg/run"
)

const tip = "5555555555555555555555555555555555555555"

func TestCheckouts(t *testing.T) {
	jobs := Jobs(loadJobs(t), testInput)
	var some []Job
	for _, name := range []string{
		"pull-widget-reader", "pull-widget-e2e", "pull-config-check", "periodic-widget-nightly", "pull-widget-hidden",
	} {
		some = append(some, find(t, jobs, name))
	}
	want := []run.Checkout{
		{Repo: "acme/copy", Ref: "main"},
		{Repo: "acme/helpers", Ref: "main"},
		{Repo: "acme/helpers", Ref: "v1"},
		{Repo: "acme/widget", Ref: "main"},
		{Repo: "acme/widget", Ref: "release-1.0"},
	}
	in := testInput
	in.Tips = map[string]string{TipKey("acme/widget", "main"): tip}
	if diff := cmp.Diff(want, Checkouts(some, in)); diff != "" {
		t.Errorf("checkouts differ (-want +got):\n%s", diff)
	}
}

func TestPins(t *testing.T) {
	in := testInput
	in.Tips = map[string]string{
		TipKey("acme/widget", "main"): tip, TipKey("acme/pinned", "main"): tip, TipKey("acme/fork", "main"): tip,
		TipKey("acme/config", "main"): tip,
	}
	h, err := NewHandover(run.Manifest{}, []Job{find(t, Jobs(loadJobs(t), in), "pull-widget-reader")}, in, testRun, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := []run.Checkout{
		{Repo: "acme/copy", Ref: "main"},
		{Repo: "acme/fork", Ref: "main"},
		{Repo: "acme/helpers", Ref: "v1"},
		{Repo: "acme/pinned", Ref: "main", SHA: "4444444444444444444444444444444444444444"},
		{Repo: "acme/widget", Ref: "main", SHA: tip},
	}
	if diff := cmp.Diff(want, h.Manifest.Jobs[0].Checkouts); diff != "" {
		t.Errorf("checkouts differ (-want +got):\n%s", diff)
	}
}
