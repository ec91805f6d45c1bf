package gate

import "strconv"

// unqueued lists the limits that a job has at base and no longer has: the queue that it
// shares with others, and max_concurrency. A resource that only one job may use at a time
// may depend on them.
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
