package gate

import "fmt"

// unqueued lists what holds a job back at base and does not any more: the queue
// that it shares with others, and the bound on how often it runs at once. Something
// that only one may use at a time may depend on it.
func unqueued(change Change) []Ask {
	var out []Ask
	head := change.Head.Spec
	for _, base := range change.Base {
		if queue := base.Spec.JobQueueName; queue != "" && head.JobQueueName != queue {
			out = append(out, Ask{Rule: ruleQueue, Path: "job_queue_name", Value: "no longer in the queue " + word(queue)})
		}
		if most := base.Spec.MaxConcurrency; most > 0 && (head.MaxConcurrency <= 0 || head.MaxConcurrency > most) {
			out = append(out, Ask{Rule: ruleQueue, Path: "max_concurrency", Value: fmt.Sprintf("more than %d at once", most)})
		}
	}
	return out
}
