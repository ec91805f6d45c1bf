package prowjob

import (
	"context"
	"sync"
	"time"

	prowapi "sigs.k8s.io/prow/pkg/apis/prowjobs/v1"
	prowclient "sigs.k8s.io/prow/pkg/client/clientset/versioned/typed/prowjobs/v1"

	"github.com/rehearsal-dev/rehearsal/pkg/joblog"
	"github.com/rehearsal-dev/rehearsal/pkg/run"
	"github.com/rehearsal-dev/rehearsal/pkg/secrets"
)

const (
	// readers is how many logs are read at once.
	readers = 4
	// excerptTime bounds the reading of all logs of a run.
	excerptTime = 2 * time.Minute
)

// Collector reads the outcomes of a run.
type Collector struct {
	ProwJobs prowclient.ProwJobInterface
	// Logs adds excerpts of the logs of failed jobs; nil omits them.
	Logs *Logs
}

// Collect returns the outcome of every job of the manifest, in its order, with log
// excerpts for the failed ones. A log that cannot be read is no error: the outcome says
// so instead.
func (c *Collector) Collect(ctx context.Context, m run.Manifest) ([]run.Outcome, error) {
	outcomes, jobs, err := c.Read(ctx, m)
	if err != nil {
		return nil, err
	}
	c.Explain(ctx, outcomes, jobs)
	return outcomes, nil
}

// Read returns the outcomes without excerpts and their ProwJobs, both in the order of the
// manifest.
func (c *Collector) Read(ctx context.Context, m run.Manifest) ([]run.Outcome, []*prowapi.ProwJob, error) {
	seen, _, err := List(ctx, c.ProwJobs, m)
	if err != nil {
		return nil, nil, err
	}
	outcomes, jobs := observe(m, seen)
	return outcomes, jobs, nil
}

// Explain adds an excerpt of the job's log, or the cluster's events, to each bad outcome.
// Its arguments are the two results of Read.
func (c *Collector) Explain(ctx context.Context, outcomes []run.Outcome, jobs []*prowapi.ProwJob) {
	if c.Logs == nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, excerptTime)
	defer cancel()
	var values []string
	if c.Logs.Secrets != nil {
		values = c.Logs.Secrets()
	}
	each(len(outcomes), func(i int) {
		outcomes[i].Detail = secrets.Censor(outcomes[i].Detail, values)
		if jobs[i] != nil && outcomes[i].Verdict.Bad() {
			c.explain(ctx, &outcomes[i], jobs[i], values)
		}
	})
}

func (c *Collector) explain(ctx context.Context, o *run.Outcome, pj *prowapi.ProwJob, values []string) {
	if neverRan(pj) {
		if why := c.Logs.Obstacle(ctx, pj); why != "" {
			o.Detail = joinSentences(o.Detail, secrets.Censor(why, values))
		}
		return
	}
	if pj.Status.PodName == "" && o.Verdict == run.Errored {
		return
	}
	log, err := c.Logs.Tail(ctx, pj)
	if err != nil {
		if o.Verdict == run.Failed {
			o.Detail = joinSentences(o.Detail, "its log could not be read here")
		}
		return
	}
	if limit, ok := joblog.TimeoutOf(log); ok && o.Verdict == run.Failed {
		o.Verdict = run.TimedOut
		o.Detail = joinSentences(o.Detail, "it did not finish within "+limit)
	}
	o.Excerpt = joblog.Excerpt(log, values)
}

func joinSentences(a, b string) string {
	if a == "" {
		return b
	}
	return a + "; " + b
}

// each calls do for every index below n, with a few calls at a time.
func each(n int, do func(i int)) {
	next := make(chan int)
	var group sync.WaitGroup
	for range min(n, readers) {
		group.Go(func() {
			for i := range next {
				do(i)
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	group.Wait()
}
