//go:build integration

package config

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	prowconfig "sigs.k8s.io/prow/pkg/config"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/event"
	"github.com/rehearsal-dev/rehearsal/pkg/render"
	"github.com/rehearsal-dev/rehearsal/test/oracle"
)

// jobsWithLongNames have names, contexts and branches from which Prow makes labels that
// are shorter than they are, or none.
var jobsWithLongNames = strings.NewReplacer(
	"LONG", strings.Repeat("e2e-aws-upgrade-", 6)+"ovn",
	"WORDS", strings.Repeat("unit-and-integration.", 3)+"tests",
).Replace(`
presubmits:
  acme/widget:
  - {name: pull-ci-acme-widget-main-LONG, branches: [main], spec: {containers: [{image: a, command: [x]}]}}
  - {name: pull-short, branches: [release/4.21/hotfix/for-a-customer-with-a-name-that-is-long], spec: {containers: [{image: a, command: [x]}]}}
  - {name: pull-words, branches: [main], context: "Tests / WORDS / on Linux", spec: {containers: [{image: a, command: [x]}]}}
  - {name: pull-slashes, branches: [main], context: "ci/prow/WORDS/x/y", spec: {containers: [{image: a, command: [x]}]}}
  - {name: pull-umlauts, branches: [main], context: "Prüfung ✓ WORDS", spec: {containers: [{image: a, command: [x]}]}}
  - {name: pull-cut-at-a-dot-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.-_.-_.-_.-_.-_.-_.-_b, branches: [main], spec: {containers: [{image: a, command: [x]}]}}
  acme-with-a-long-name-of-39-characters-x/a-repository-with-a-name-of-more-than-sixty-three-characters-in-all-its-length:
  - {name: pull-LONG, branches: [main], spec: {containers: [{image: a, command: [x]}]}}
periodics:
- {name: periodic-ci-acme-widget-main-LONG, interval: 24h, spec: {containers: [{image: a, command: [x]}]}}
`)

// longRepo is the longest name that GitHub gives a repository.
var longRepo = "config-" + strings.Repeat("of-many-teams.", 6) + "and_others"

// testRendered creates ProwJobs as runs hand them over.
func (w policyWorld) testRendered(repo string) {
	t := w.t
	dir := t.TempDir()
	for name, text := range map[string]string{"config.yaml": "prowjob_namespace: " + prow, "jobs.yaml": jobsWithLongNames} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	after, err := prowconfig.Load(filepath.Join(dir, "config.yaml"), filepath.Join(dir, "jobs.yaml"), nil, "")
	if err != nil {
		t.Fatal(err)
	}
	in := render.Input{
		Org: "acme", Repo: repo, Number: 7, Title: "t", Author: "alice", HeadRef: "change",
		Head: strings.Repeat("a", 40), Base: strings.Repeat("b", 40), BaseRef: "main", RepoLink: "https://github.example.com/acme/" + repo,
	}
	jobs := render.Jobs(oracle.Compare(&prowconfig.Config{}, after).Affected, in)
	if len(jobs) != 8 {
		t.Errorf("%d jobs are affected, want 8", len(jobs))
	}
	for _, job := range jobs {
		pj, err := render.ProwJob(job, in, render.Run{
			Rehearsal: event.Name(v1alpha1.Pull{Org: "acme", Repo: repo, Number: 7}), UID: fmt.Sprint("u-", len(repo)), ID: "comment-1-0", Name: "a-run", Namespace: prow, PodNamespace: pods,
		})
		if err != nil {
			t.Errorf("%s: %v", job.Name, err)
			continue
		}
		if _, err := w.create(w.task, pj); err != nil {
			t.Errorf("a task creates the ProwJob of %s for %s, with the labels %v: %v", job.Name, repo, pj.Labels, err)
		}
	}
}
