//go:build integration

package receiver

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rehearsal-dev/rehearsal/pkg/logbook/logbooktest"
)

// BenchmarkBurst delivers 10,000 commands on 1,000 pull requests, 64 at once,
// to an API server: run it with -benchtime=1x.
func BenchmarkBurst(b *testing.B) {
	const commands, pulls, workers = 10_000, 1_000, 64
	server := logbooktest.Start(b)
	for b.Loop() {
		rehearsals := server.Rehearsals(b)
		r := fixture(rehearsals, io.Discard)
		took := make([]time.Duration, commands)
		var wg sync.WaitGroup
		for w := range workers {
			wg.Go(func() {
				for i := w; i < commands; i += workers {
					begin := time.Now()
					if code := post(r, delivery("issue_comment", numbered(i, pulls))).Code; code != 200 {
						b.Errorf("command %d is answered with %d", i, code)
					}
					took[i] = time.Since(begin)
				}
			})
		}
		wg.Wait()
		slices.Sort(took)
		b.ReportMetric(float64(took[commands/2].Milliseconds()), "p50-ms")
		b.ReportMetric(float64(took[commands*99/100].Milliseconds()), "p99-ms")
		b.ReportMetric(float64(took[commands-1].Milliseconds()), "max-ms")
		list, err := rehearsals.List(b.Context(), metav1.ListOptions{})
		if err != nil {
			b.Fatal(err)
		}
		stored := 0
		for _, rehearsal := range list.Items {
			stored += len(rehearsal.Spec.Commands)
		}
		if stored != commands || len(list.Items) != pulls {
			b.Errorf("%d commands on %d pull requests are stored", stored, len(list.Items))
		}
	}
}

// numbered returns the i-th comment, on one of so many pull requests.
func numbered(i, pulls int) string {
	body := strings.Replace(comment, "98765", fmt.Sprint(1+i), 1)
	return strings.Replace(body, `"number":7`, fmt.Sprintf(`"number":%d`, 1+i%pulls), 1)
}
