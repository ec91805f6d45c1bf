package crew

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
)

// A panic in a goroutine of a plan becomes a panic in the caller.
func TestPanicOfACrew(t *testing.T) {
	done := 0
	defer func() {
		if r, ok := recover().(string); !ok || !strings.HasPrefix(r, "the seventeenth\n") {
			t.Errorf("recovered %v", r)
		}
		if done != 0 {
			t.Error("it went on")
		}
	}()
	_ = Each(t.Context(), 4, 100, func(i int) {
		if i == 17 {
			panic("the seventeenth")
		}
	})
	done++
}

// A plan whose context is done stops between two jobs.
func TestEachEndsWithItsContext(t *testing.T) {
	for _, workers := range []int{1, 2} {
		var done atomic.Int64
		ctx, cancel := context.WithCancel(t.Context())
		err := Each(ctx, workers, 1000, func(int) {
			done.Add(1)
			cancel()
		})
		if !errors.Is(err, context.Canceled) || done.Load() > int64(workers) {
			t.Errorf("%d workers: %d done, err = %v", workers, done.Load(), err)
		}
	}
}
