package render

import (
	"path/filepath"
	"testing"
	"time"

	"sigs.k8s.io/prow/pkg/config"
	"sigs.k8s.io/yaml"

	"github.com/rehearsal-dev/rehearsal/pkg/affected"
	"github.com/rehearsal-dev/rehearsal/test/golden"
	"github.com/rehearsal-dev/rehearsal/test/oracle"
)

var testInput = Input{
	Org: "acme", Repo: "config", Number: 12, Title: "Change jobs", Author: "alice", HeadRef: "change",
	Head: "1111111111111111111111111111111111111111", Base: "2222222222222222222222222222222222222222",
	BaseRef: "main", RepoLink: "https://github.example.com/acme/config",
	CloneURI:        "https://github.example.com/acme/config.git",
	DefaultBranches: map[string]string{"acme/widget": "main", "acme/gadget": "trunk"},
}

var testRun = Run{
	Rehearsal: "acme-config-12", UID: "6ba7b810-9dad-11d1-80b4-00c04fd430c8",
	ID: "comment-98765-0", Name: "acme-config-12-98765-0", Namespace: "prow", PodNamespace: "test-pods",
	DefaultTimeout: 48 * time.Hour,
	Queueing:       time.Hour,
}

// loadJobs returns all jobs of testdata, loaded as Prow loads them. The base branch has
// only one job, a postsubmit that may be rehearsed.
func loadJobs(t *testing.T) []affected.Job {
	t.Helper()
	after, err := config.Load("testdata/config.yaml", "testdata/jobs", nil, "")
	if err != nil {
		t.Fatalf("load testdata: %v", err)
	}
	before := &config.Config{}
	for _, job := range after.PostsubmitsStatic["acme/widget"] {
		if job.Name == "post-widget-images" {
			job.Labels = map[string]string{openshiftOptIn: "true"}
			before.PostsubmitsStatic = map[string][]config.Postsubmit{"acme/widget": {job}}
		}
	}
	return oracle.Compare(before, after).Affected
}

// find returns the only job with the argument.
func find(t *testing.T, jobs []Job, argument string) Job {
	t.Helper()
	var found []Job
	for _, j := range jobs {
		if j.Argument == argument {
			found = append(found, j)
		}
	}
	if len(found) != 1 {
		t.Fatalf("%d jobs are called %q, want 1", len(found), argument)
	}
	return found[0]
}

func TestProwJobGolden(t *testing.T) {
	jobs := Jobs(loadJobs(t), testInput)
	for _, name := range []string{
		"pull-widget-unit", "pull-widget-e2e", "pull-widget-variants@next", "pull-widget-anywhere",
		"pull-config-check", "periodic-widget-nightly", "periodic-config-workdir", "periodic-alone",
		"post-widget-images",
	} {
		t.Run(name, func(t *testing.T) {
			pj, err := ProwJob(find(t, jobs, name), testInput, testRun)
			if err != nil {
				t.Fatal(err)
			}
			got, err := yaml.Marshal(pj)
			if err != nil {
				t.Fatal(err)
			}
			golden.Compare(t, filepath.Join("golden", name+".yaml"), string(got))
		})
	}
}

func TestRenderingLeavesTheConfigurationAlone(t *testing.T) {
	list := loadJobs(t)
	jobs := Jobs(list, testInput)
	unit := find(t, jobs, "pull-widget-unit")
	if _, err := ProwJob(unit, testInput, testRun); err != nil {
		t.Fatal(err)
	}
	if got := unit.Presubmit.Spec.Containers[0].Env; len(got) != 3 || got[0].Value != "false" {
		t.Errorf("the job's own variables are now %v", got)
	}
	if unit.Presubmit.ReporterConfig == nil || len(unit.Presubmit.DecorationConfig.SparseCheckoutFiles) != 1 {
		t.Error("rendering changed the job itself")
	}
}
