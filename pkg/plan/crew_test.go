package plan

import (
	"strings"
	"testing"
)

// A panic in a goroutine of a plan is one of whoever makes the plan.
func TestPanicOfACrew(t *testing.T) {
	w := &work{Incremental: NewPlanner(Options{Workers: 4})}
	done := 0
	defer func() {
		if r, ok := recover().(string); !ok || !strings.HasPrefix(r, "the seventeenth\n") {
			t.Errorf("recovered %v", r)
		}
		if done != 0 {
			t.Error("it went on")
		}
	}()
	_ = w.parallel(t.Context(), 100, func(i int) {
		if i == 17 {
			panic("the seventeenth")
		}
	})
	done++
}
