package main

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"strings"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// turnsMetric is how long turns take, in Knative's words.
const turnsMetric = "kn_workqueue_process_duration_seconds"

// turnsQueue is the work queue of Rehearsals.
const turnsQueue = ".reconciler.rehearsal.Reconciler"

// turns are how many turns took at most so long, by the bounds of the histogram.
type turns struct {
	bounds []float64
	counts []uint64 // cumulative
	count  uint64
}

// scrape reads the metrics of a program.
func scrape(ctx context.Context, url string) (map[string]*dto.MetricFamily, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close() //nolint:errcheck // it was only read
	parser := expfmt.NewTextParser(model.UTF8Validation)
	return parser.TextToMetricFamilies(response.Body)
}

func turnsOf(families map[string]*dto.MetricFamily) (turns, error) {
	for _, m := range families[turnsMetric].GetMetric() {
		for _, l := range m.GetLabel() {
			if l.GetName() != "name" || !strings.HasSuffix(l.GetValue(), turnsQueue) {
				continue
			}
			t := turns{count: m.GetHistogram().GetSampleCount()}
			for _, b := range m.GetHistogram().GetBucket() {
				t.bounds = append(t.bounds, b.GetUpperBound())
				t.counts = append(t.counts, b.GetCumulativeCount())
			}
			return t, nil
		}
	}
	return turns{}, fmt.Errorf("there is no %s of the queue %s", turnsMetric, turnsQueue)
}

// since are the turns that came after earlier ones.
func (t turns) since(earlier turns) turns {
	d := turns{bounds: t.bounds, count: t.count - earlier.count}
	for i, n := range t.counts {
		if i < len(earlier.counts) {
			n -= earlier.counts[i]
		}
		d.counts = append(d.counts, n)
	}
	return d
}

// within is the least bound that shareOfTurns kept to.
func (t turns) within() time.Duration {
	for i, n := range t.counts {
		if float64(n) >= shareOfTurns*float64(t.count) && !math.IsInf(t.bounds[i], 1) {
			return time.Duration(t.bounds[i] * float64(time.Second))
		}
	}
	return time.Hour
}

// longer is how many turns took longer than a bound of the histogram.
func (t turns) longer(than time.Duration) uint64 {
	for i, b := range t.bounds {
		if b == than.Seconds() {
			return t.count - t.counts[i]
		}
	}
	return t.count
}

func gauge(families map[string]*dto.MetricFamily, name string) float64 {
	var sum float64
	for _, m := range families[name].GetMetric() {
		sum += m.GetGauge().GetValue() + m.GetCounter().GetValue() + m.GetUntyped().GetValue()
	}
	return sum
}
