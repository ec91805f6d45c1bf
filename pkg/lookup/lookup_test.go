package lookup

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/rehearsal-dev/rehearsal/pkg/github"
)

var noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

const secretBranch = "branch-of-a-private-repository"

// elsewhere is a GitHub whose repositories are all private. It records the calls with our
// credentials, and those without.
type elsewhere struct {
	ours, openly []string
	away         bool
}

func (e *elsewhere) answer(asked *[]string, what, value string, err error) (string, error) {
	*asked = append(*asked, what)
	if e.away {
		return "", errors.New("GitHub answers 502")
	}
	return value, err
}

func (e *elsewhere) DefaultBranch(_ context.Context, org, repo string) (string, error) {
	return e.answer(&e.ours, org+"/"+repo, secretBranch, nil)
}

func (e *elsewhere) BranchTip(_ context.Context, org, repo, branch string) (string, error) {
	return e.answer(&e.ours, org+"/"+repo+"@"+branch, "sha", nil)
}

func (e *elsewhere) PublicDefaultBranch(_ context.Context, org, repo string) (string, error) {
	return e.answer(&e.openly, org+"/"+repo, "", &github.NotFoundError{Op: "reading"})
}

func (e *elsewhere) PublicBranchTip(_ context.Context, org, repo, branch string) (string, error) {
	return e.answer(&e.openly, org+"/"+repo+"@"+branch, "", &github.NotFoundError{Op: "reading"})
}

// TestStrangersAreCounted checks the limit of strangers, without and with an approval.
func TestStrangersAreCounted(t *testing.T) {
	for _, left := range []Allowance{BeforeApproval, AfterApproval} {
		i := &Inquiry{left: left, strangers: map[string]bool{}, atBase: map[string]bool{"nobody/nothing-0299": true}}
		said := map[unknown]int{}
		for range 2 {
			for repo := range 300 {
				_, why := i.admit(fmt.Sprintf("nobody/nothing-%04d", repo), "")
				said[why]++
			}
		}
		if want := 2 * (left.Strangers + 1); said[""] != want || said[whyTooMany] != 600-want {
			t.Errorf("%+v: %v", left, said)
		}
	}
}

// TestBudgetsAreApart checks that config repositories do not share a budget, and that a
// budget refills over time.
func TestBudgetsAreApart(t *testing.T) {
	var l Memory
	now := noon
	take := func(repo string, public bool) (n int) {
		for l.spend(repo, public, now) {
			n++
		}
		return n
	}
	for _, test := range []struct {
		repo   string
		public bool
		after  time.Duration
		want   int
	}{
		{"acme/config", true, 0, StrangersPerHour}, {"acme/config", false, 0, atOnce},
		{"ACME/Config", true, 0, 0}, {"acme/other", true, 0, StrangersPerHour}, {"acme/other", false, 0, atOnce},
		{"acme/config", true, time.Hour, StrangersPerHour}, {"acme/config", false, 0, perHour},
	} {
		now = now.Add(test.after)
		if got := take(test.repo, test.public); got != test.want {
			t.Errorf("%+v: %d questions", test, got)
		}
	}
}

// TestAnswersAreForThoseWhoMayAsk checks that what was looked up with credentials for one
// repository is not returned if no job at base is for it.
func TestAnswersAreForThoseWhoMayAsk(t *testing.T) {
	e := &elsewhere{}
	var l Memory
	ask := func(atBase ...string) (string, unknown) {
		i := l.Inquire(e, "acme/config", atBase, BeforeApproval, noon)
		branch, why, err := i.ask(t.Context(), "Acme/Private", "")
		if err != nil {
			t.Fatal(err)
		}
		return branch, why
	}
	for range 2 {
		if branch, why := ask("acme/private"); branch != secretBranch || why != "" {
			t.Errorf("with a job at base: %q, %q", branch, why)
		}
		if branch, why := ask(); branch != "" || why != whyHidden {
			t.Errorf("without: %q, %q", branch, why)
		}
	}
	if len(e.ours) != 1 || len(e.openly) != 1 {
		t.Errorf("asked %v, %v", e.ours, e.openly)
	}
	e.away = true
	i := l.Inquire(e, "acme/config", []string{"acme/x"}, BeforeApproval, noon)
	if _, _, err := i.ask(t.Context(), "acme/x", ""); err == nil {
		t.Error("GitHub that is away is no reason to try again")
	}
}
