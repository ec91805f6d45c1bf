package wire

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"sigs.k8s.io/prow/pkg/config"

	"github.com/rehearsal-dev/rehearsal/pkg/affected"
)

func TestBranchesOfOneJobAreNotTakenForThoseOfAnother(t *testing.T) {
	branchers := []config.Brancher{
		{Branches: []string{"a", ""}, SkipBranches: []string{"b"}},
		{Branches: []string{"a"}, SkipBranches: []string{"", "b"}},
		{Branches: []string{"a\x00\x00\x00b"}},
		{Branches: []string{"a\x00"}, SkipBranches: []string{"b"}},
	}
	var jobs []affected.Job
	for _, b := range branchers {
		jobs = append(jobs, affected.Job{Effective: affected.Effective{Presubmit: &config.Presubmit{JobBase: config.JobBase{Name: "j"}, Brancher: b}}})
	}
	raw, err := EncodeJobs(jobs)
	if err != nil {
		t.Fatal(err)
	}
	got, err := DecodeJobs(raw)
	if err != nil {
		t.Fatal(err)
	}
	for i, b := range branchers {
		p := got[i].Presubmit
		if !reflect.DeepEqual(p.Branches, b.Branches) || !reflect.DeepEqual(p.SkipBranches, b.SkipBranches) {
			t.Errorf("job %d: branches %q, skipped %q; want %q, %q", i, p.Branches, p.SkipBranches, b.Branches, b.SkipBranches)
		}
	}
}

// An answer that is too large is reported as too large, whatever follows.
func TestLargeAnswersAreNoDamage(t *testing.T) {
	long := config.Brancher{Branches: []string{strings.Repeat("b", 10*affected.MaxBranches)}}
	jobs := []affected.Job{
		{Effective: affected.Effective{Presubmit: &config.Presubmit{JobBase: config.JobBase{Name: "j"}, Brancher: long}}},
		{Effective: affected.Effective{Periodic: &config.Periodic{JobBase: config.JobBase{Name: "k"}}}},
	}
	raw, err := EncodeJobs(jobs)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := DecodeJobs(raw); !errors.Is(err, ErrTooLarge) {
		t.Errorf("err = %v", err)
	}
	if _, err := DecodeJobs(raw[:len(raw)-1]); err == nil {
		t.Error("half an answer is taken")
	}
}
