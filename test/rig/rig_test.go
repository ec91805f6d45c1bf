package rig

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	"sigs.k8s.io/prow/pkg/config"
	"sigs.k8s.io/yaml"
)

func TestParseExports(t *testing.T) {
	got := parseExports("export A='b c'\nexport Q='it'\\''s'\nexport PATH='/bin':\"$PATH\"\nother\n")
	want := map[string]string{"A": "b c", "Q": "it's"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("differs (-want +got):\n%s", diff)
	}
}

func TestUntilSaysWhatWasThereInstead(t *testing.T) {
	for name, tc := range map[string]struct {
		found string
		err   error
		want  string
	}{
		"a state":  {found: "2 of 3 pods", want: "last seen: 2 of 3 pods"},
		"an error": {err: errors.New("refused"), want: "last seen: refused"},
	} {
		t.Run(name, func(t *testing.T) {
			err := Until(t.Context(), time.Millisecond, "pods", func(context.Context) (string, bool, error) {
				return tc.found, false, tc.err
			})
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error = %v, want one with %q", err, tc.want)
			}
		})
	}
}

func TestRolledOut(t *testing.T) {
	one, none := int32(1), int32(0)
	for name, tc := range map[string]struct {
		replicas *int32
		status   appsv1.DeploymentStatus
		want     bool
	}{
		"no pods yet":         {&one, appsv1.DeploymentStatus{ObservedGeneration: 1}, false},
		"not observed yet":    {&one, appsv1.DeploymentStatus{ObservedGeneration: 0, Replicas: 1, ReadyReplicas: 1, UpdatedReplicas: 1}, false},
		"old pod still there": {&one, appsv1.DeploymentStatus{ObservedGeneration: 1, Replicas: 2, ReadyReplicas: 2, UpdatedReplicas: 1}, false},
		"rolled out":          {&one, appsv1.DeploymentStatus{ObservedGeneration: 1, Replicas: 1, ReadyReplicas: 1, UpdatedReplicas: 1}, true},
		"scaled to zero":      {&none, appsv1.DeploymentStatus{ObservedGeneration: 1}, true},
	} {
		t.Run(name, func(t *testing.T) {
			d := &appsv1.Deployment{Spec: appsv1.DeploymentSpec{Replicas: tc.replicas}, Status: tc.status}
			d.Generation = 1
			if got := rolledOut(d); got != tc.want {
				t.Errorf("rolledOut = %t, want %t", got, tc.want)
			}
		})
	}
}

func TestCondense(t *testing.T) {
	got := condense(`plain
{"timestamp":"10:00","severity":"INFO","message":"Reconcile succeeded"}
{"timestamp":"10:01","severity":"ERROR","caller":"x.go:1","message":"no","error":"why"}
`)
	if want := "plain\n10:01 ERROR no why\n"; got != want {
		t.Errorf("condense = %q, want %q", got, want)
	}
	long := condense(strings.Repeat("line\n", shownLines+5))
	if !strings.HasPrefix(long, "(5 lines before these)\n") {
		t.Errorf("condense of many lines = %q", long)
	}
}

func TestJobsFileIsProws(t *testing.T) {
	c := &Cluster{Image: "registry/image"}
	file, err := c.JobsFile("acme/widget", Job{Name: "a", Script: "true", Cluster: "build01"}, Job{Name: "b", Branch: "next"})
	if err != nil {
		t.Fatal(err)
	}
	var jobs config.JobConfig
	if err := yaml.UnmarshalStrict([]byte(file), &jobs); err != nil {
		t.Fatal(err)
	}
	got := jobs.PresubmitsStatic["acme/widget"]
	if len(got) != 2 || got[0].Cluster != "build01" || got[0].Spec.Containers[0].Image != "registry/image" || got[1].Branches[0] != "next" {
		t.Errorf("jobs = %+v", got)
	}
}

func TestProwConfiguration(t *testing.T) {
	p := ProwOnGitHub{Quiet: []string{"acme/config"}, Tide: "sync_period: 5s\n"}
	got, err := p.configuration("pod_namespace: test-pods\ntide: {sync_period: 1h}\n")
	if err != nil {
		t.Fatal(err)
	}
	var prow config.ProwConfig
	if err := yaml.Unmarshal([]byte(got), &prow); err != nil {
		t.Fatal(err)
	}
	if prow.PodNamespace != "test-pods" || prow.GitHubReporter.NoCommentRepos[0] != "acme/config" || prow.Tide.SyncPeriod.Duration != 5*time.Second {
		t.Errorf("the configuration is\n%s", got)
	}
	forgotten, err := (ProwOnGitHub{}).configuration(got)
	if err != nil || strings.Contains(forgotten, "sync_period") {
		t.Errorf("without tide the configuration is (%v)\n%s", err, forgotten)
	}
	if _, err := (ProwOnGitHub{Tide: "sync_period"}).configuration(""); err == nil {
		t.Error("what is no mapping is taken for tide's configuration")
	}
}
