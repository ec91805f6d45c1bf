package main

import (
	"fmt"
	"math"
	"strings"
	"time"

	dto "github.com/prometheus/client_model/go"
)

// turnsMetric is the duration of reconciles, by Knative's name.
const turnsMetric = "kn_workqueue_process_duration_seconds"

// turnsQueue is the work queue of Rehearsals.
const turnsQueue = ".reconciler.rehearsal.Reconciler"

// turns counts reconciles by duration, with the bounds of the histogram.
type turns struct {
	bounds []float64
	counts []uint64 // cumulative
	count  uint64
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

// since returns the reconciles after earlier ones.
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

// within returns the lowest bound within which shareOfTurns of the reconciles stayed.
func (t turns) within() time.Duration {
	for i, n := range t.counts {
		if float64(n) >= shareOfTurns*float64(t.count) && !math.IsInf(t.bounds[i], 1) {
			return time.Duration(t.bounds[i] * float64(time.Second))
		}
	}
	return time.Hour
}

// longer returns how many reconciles took longer than a bound of the histogram.
func (t turns) longer(than time.Duration) uint64 {
	for i, b := range t.bounds {
		if b == than.Seconds() {
			return t.count - t.counts[i]
		}
	}
	return t.count
}
