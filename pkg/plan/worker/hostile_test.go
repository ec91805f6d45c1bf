package worker

import (
	"errors"
	"strings"
	"testing"

	"github.com/rehearsal-dev/rehearsal/pkg/affected"
	"github.com/rehearsal-dev/rehearsal/pkg/plan"
)

// A plan that is lost at each question is not made again forever.
func TestQuestionsThatAreNeverAnswered(t *testing.T) {
	for order, tc := range map[string]struct {
		why   string
		times int
	}{
		"forget":  {"was forgotten 10 times", maxForgotten},
		"kill":    {"was ended from outside 3 times", maxAttempts},
		"panic":   {"broke down", maxDeaths},
		"garbage": {"broke down", maxDeaths},
	} {
		t.Run(order, func(t *testing.T) {
			p := newPool(t, 1)
			for time := 1; time <= tc.times; time++ {
				result, err := p.Plan(t.Context(), ordered("asked "+order))
				if err != nil {
					t.Fatal(err)
				}
				_, err = result.ConfigMaps(t.Context(), nil)
				var stopped *plan.StoppedError
				if last := time == tc.times; last && (!errors.As(err, &stopped) || stopped.Why != tc.why) || !last && !errors.Is(err, plan.ErrForgotten) {
					t.Fatalf("time %d: %v", time, err)
				}
			}
		})
	}
}

// Planning does not stop for losses with answers in between.
func TestAnswersForgiveWhatWasLost(t *testing.T) {
	p := newPool(t, 1)
	req := ordered("")
	for range 3 * maxForgotten {
		if why := p.lostOver(req, nil); why != "" {
			t.Fatal(why)
		}
		p.answered(req)
	}
}

// An answer of a child counts only for its question, and only up to its maximum length.
func TestAChildThatLies(t *testing.T) {
	p := newPool(t, 1)
	var stopped *plan.StoppedError
	if result, err := p.Plan(t.Context(), ordered("lie about the head")); !errors.As(err, &stopped) {
		t.Errorf("%+v, %v", result, err)
	}
	if result, err := p.Plan(t.Context(), ordered("lie about the number")); err != nil || result.Jobs < 0 {
		t.Errorf("%+v, %v", result, err)
	}
	if _, err := p.Plan(t.Context(), ordered("blame")); !errors.As(err, &stopped) || stopped.Base {
		t.Errorf("the head was read, and the base is to blame: %v", err)
	}
	if _, err := p.Plan(t.Context(), ordered("chatter")); !plan.Terminal(err) || len(err.Error()) > 3*maxFaultText {
		t.Errorf("%d bytes: %.200v", len(err.Error()), err)
	}
	if _, err := p.Plan(t.Context(), ordered("list")); !plan.Terminal(err) || len(err.Error()) > 3*maxFaultList {
		t.Errorf("%d bytes: %.200v", len(err.Error()), err)
	}
	result, err := p.Plan(t.Context(), ordered("asked nothing"))
	if err != nil {
		t.Fatal(err)
	}
	jobs := []affected.Job{{Ref: affected.Ref{Name: "one"}, Outline: true}}
	if got, err := result.Effective(t.Context(), jobs); err == nil || strings.Contains(err.Error(), "another") {
		t.Errorf("%+v, %v", got, err)
	}
}

// A base is reported as unreadable only if two children say so. The second has read
// nothing else.
func TestABaseIsBlamedByTwo(t *testing.T) {
	p := newPool(t, 1)
	if _, err := p.Plan(t.Context(), ordered("")); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Plan(t.Context(), ordered("base unless first blame")); err != nil {
		t.Errorf("the word of a child that others were planned in counts alone: %v", err)
	}
	var stopped *plan.StoppedError
	if _, err := p.Plan(t.Context(), ordered("base blame")); !errors.As(err, &stopped) || !stopped.Base {
		t.Errorf("%v", err)
	}
}
