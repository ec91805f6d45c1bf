package gate

import "strconv"

// unqueued lists what holds a job back at base and does not any more: the queue
// that it shares with others, and the bound on how often it runs at once. Something
// that only one may use at a time may depend on it.
func unqueued(change Change) []Ask {
	var out []Ask
	head := change.Head.Spec
	for _, base := range change.Base {
		if queue := base.Spec.JobQueueName; queue != "" && head.JobQueueName != queue {
			out = append(out, Ask{Rule: RuleQueue, Path: "job_queue_name", Use: Use{Kind: KindQueue, Name: queue, Lost: true}})
		}
		if most := base.Spec.MaxConcurrency; most > 0 && (head.MaxConcurrency <= 0 || head.MaxConcurrency > most) {
			out = append(out, Ask{Rule: RuleQueue, Path: "max_concurrency", Use: Use{Kind: KindMaxConcurrency, Amount: strconv.Itoa(most), Lost: true}})
		}
	}
	return out
}
