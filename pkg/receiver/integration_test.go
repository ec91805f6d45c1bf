//go:build integration

package receiver

import (
	"fmt"
	"io"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/rehearsal-dev/rehearsal/pkg/logbook/logbooktest"
)

func TestWithAPIServer(t *testing.T) {
	server := logbooktest.Start(t)

	t.Run("one delivery many times at once, to three receivers", func(t *testing.T) {
		rehearsals := server.Rehearsals(t)
		receivers := []*Receiver{fixture(rehearsals, io.Discard), fixture(rehearsals, io.Discard), fixture(rehearsals, io.Discard)}
		for _, status := range deliverAtOnce(100, func(i int) *httptest.ResponseRecorder {
			req := delivery("issue_comment", comment)
			req.Header.Set("X-GitHub-Delivery", fmt.Sprintf("delivery-%d", i))
			return post(receivers[i%3], req)
		}) {
			if status != 200 {
				t.Errorf("an answer is %d", status)
			}
		}
		if n := len(read7(t, rehearsals).Spec.Commands); n != 1 {
			t.Errorf("%d commands are stored", n)
		}
	})

	t.Run("many commands at once, none lost", func(t *testing.T) {
		rehearsals := server.Rehearsals(t)
		r := fixture(rehearsals, io.Discard)
		const n = 200
		for _, status := range deliverAtOnce(n, func(i int) *httptest.ResponseRecorder {
			return post(r, delivery("issue_comment", strings.Replace(comment, "98765", fmt.Sprint(1000+i), 1)))
		}) {
			if status != 200 {
				t.Errorf("an answer is %d", status)
			}
		}
		if got := len(read7(t, rehearsals).Spec.Commands); got != n {
			t.Errorf("%d commands are stored, want %d", got, n)
		}
	})

	t.Run("API server gone", func(t *testing.T) {
		r := fixture(server.Rehearsals(t), io.Discard)
		server.Stop()
		if w := post(r, delivery("issue_comment", comment)); w.Code != 503 {
			t.Errorf("answer is %d %q", w.Code, w.Body)
		}
	})
}

// deliverAtOnce returns the status codes of n deliveries.
func deliverAtOnce(n int, deliver func(i int) *httptest.ResponseRecorder) []int {
	statuses := make([]int, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { statuses[i] = deliver(i).Code })
	}
	wg.Wait()
	return statuses
}
