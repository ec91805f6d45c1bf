package github

import (
	"strconv"
	"testing"
)

// TestKeptBytesCountWhatIsAllocated: a size is rounded up by up to an eighth, which adds up
// to megabytes.
func TestKeptBytesCountWhatIsAllocated(t *testing.T) {
	c := newConditional(nil)
	answers := &accountAnswers{answers: c.answers, account: "a"}
	allocated, asked := 0, 0
	for size := 4 << 10; size < 40<<10; size += 1000 {
		key := strconv.Itoa(size)
		answers.Set(key, make([]byte, size))
		kept, _ := answers.Get(key)
		allocated += cap(kept)
		asked += size
	}
	if counted := int(c.answers.Cost()); counted < allocated || allocated <= asked {
		t.Errorf("%d bytes are counted for %d allocated ones, of answers of %d", counted, allocated, asked)
	}
}
