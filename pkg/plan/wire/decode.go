package wire

import (
	"time"

	"sigs.k8s.io/prow/pkg/config"

	prowapi "sigs.k8s.io/prow/pkg/apis/prowjobs/v1"

	"github.com/rehearsal-dev/rehearsal/pkg/affected"
	"github.com/rehearsal-dev/rehearsal/pkg/gate"
	"github.com/rehearsal-dev/rehearsal/pkg/key"
	"github.com/rehearsal-dev/rehearsal/pkg/plan"
	"github.com/rehearsal-dev/rehearsal/pkg/plan/codec"
)

// DecodeResult reads what EncodeResult wrote.
func DecodeResult(raw []byte) (*plan.Result, error) {
	d, err := newJobDecoder(raw)
	if err != nil {
		return nil, err
	}
	return d.result()
}

func (d *jobDecoder) result() (*plan.Result, error) {
	r := &plan.Result{Result: affected.Result{Base: d.Text(), Head: d.Text(), Tree: d.Text(), Fingerprint: d.Text(), Jobs: int(d.Number() & 0x7fffffff)}} //nolint:gosec // masked.
	r.Removed = []affected.Ref{}
	for range d.Count() {
		if d.Spend(codec.Growth * refWeight); d.Err() != nil {
			break
		}
		r.Removed = append(r.Removed, d.ref())
	}
	r.Warnings = d.List()
	for range d.Count() {
		if d.Spend(codec.Growth * refWeight); d.Err() != nil {
			break
		}
		r.Incomplete = append(r.Incomplete, d.FileError())
	}
	var findings map[string]gate.Finding
	if d.Value(&findings) {
		r.Findings = findings
	}
	r.Targets = d.List()
	r.Affected = d.jobs()
	r.Weight = d.Weight()
	return r, d.Err()
}

// DecodeJobs reads what EncodeJobs wrote.
func DecodeJobs(raw []byte) ([]affected.Job, error) {
	d, err := newJobDecoder(raw)
	if err != nil {
		return nil, err
	}
	return d.jobs(), d.Err()
}

// jobDecoder reads what a jobEncoder wrote.
//
// The input can be made to become large in memory: the three bytes "{}," stand for
// hundreds. So it counts the approximate memory of the values, and stops at maxWeight.
type jobDecoder struct {
	*codec.Decoder
	known     []affected.Effective
	outlines  *affected.Outlines
	branchers map[string]config.Brancher
}

// maxWeight limits the memory of an answer, in bytes.
const maxWeight = 256 << 20

// ErrTooLarge says that an answer exceeds maxWeight.
var ErrTooLarge = codec.ErrTooLarge

// DecodeAnswer reads an answer that consists of JSON.
func DecodeAnswer(raw []byte, into any) error { return codec.Unmarshal(raw, into, maxWeight) }

func newJobDecoder(raw []byte) (*jobDecoder, error) {
	d, err := codec.NewBoundedDecoder(raw, maxWeight)
	return &jobDecoder{Decoder: d, outlines: affected.NewOutlines(), branchers: map[string]config.Brancher{}}, err
}

// refWeight is the memory of a Ref, or of another element of a plan, besides its lists.
const refWeight = 150

func (d *jobDecoder) ref() affected.Ref {
	return affected.Ref{
		Type: prowapi.ProwJobType(d.Text()), Repo: d.Text(), Name: d.Text(),
		Branches: append([]string{}, d.List()...), SkipBranches: append([]string{}, d.List()...),
	}
}

func (d *jobDecoder) jobs() []affected.Job {
	n := d.Count()
	jobs := make([]affected.Job, 0, min(n, 1024))
	for range n {
		d.Spend(500)
		j := affected.Job{Ref: d.ref(), Change: affected.Change(d.Text()), Rehearse: d.Flag(), Excluded: d.Text()}
		if d.Flag() {
			j.Reasons = []affected.Reason{}
		}
		for range d.Count() {
			j.Reasons = append(j.Reasons, d.reason())
		}
		j.Outline = d.Flag()
		j.Effective = d.effective()
		j.Before = d.effective()
		for range d.Count() {
			d.Spend(50)
			j.Baseline = append(j.Baseline, d.effective())
		}
		if d.Err() != nil {
			return nil
		}
		jobs = append(jobs, j)
	}
	return jobs
}

func (d *jobDecoder) reason() affected.Reason {
	d.Spend(100)
	texts := d.List()
	if len(texts) != 5 {
		d.Fail()
		return affected.Reason{}
	}
	return affected.Reason{Source: texts[0], File: texts[1], Path: texts[2], Old: texts[3], New: texts[4]}
}

func (d *jobDecoder) effective() affected.Effective {
	n := d.Number()
	switch known := uint64(len(d.known)); {
	case n == 0 || d.Err() != nil:
		return affected.Effective{}
	case n <= known:
		return d.known[n-1]
	case n > known+1:
		d.Fail()
		return affected.Effective{}
	}
	job, err := d.written()
	if err != nil {
		d.Fail()
	}
	d.known = append(d.known, job)
	return job
}

func (d *jobDecoder) written() (affected.Effective, error) {
	outline, kind := d.Flag(), d.Text()
	if outline {
		return d.outline(kind)
	}
	source, raw := d.Text(), []byte(d.Text())
	d.Spend(2000)
	if d.Err() != nil {
		return affected.Effective{}, d.Err()
	}
	job := affected.Effective{}
	switch kind {
	case string(prowapi.PresubmitJob):
		job.Presubmit = &config.Presubmit{}
		d.Decode(raw, job.Presubmit)
		job.Presubmit.Brancher = d.compiled(job.Presubmit.Brancher)
	case string(prowapi.PostsubmitJob):
		job.Postsubmit = &config.Postsubmit{}
		d.Decode(raw, job.Postsubmit)
		job.Postsubmit.Brancher = d.compiled(job.Postsubmit.Brancher)
	case string(prowapi.PeriodicJob):
		job.Periodic = &config.Periodic{}
		d.Decode(raw, job.Periodic)
		setIntervals(job.Periodic)
	default:
		return job, codec.ErrDamaged
	}
	job.Base().SourcePath = source
	return job, d.Err()
}

func (d *jobDecoder) outline(kind string) (affected.Effective, error) {
	d.Spend(1500)
	e := affected.Entry{Ref: affected.Ref{Type: prowapi.ProwJobType(kind), Name: d.Text()}, Agent: d.Text(), Cluster: d.Text(), Queue: d.Text()}
	e.Labels = d.Pairs()
	e.Hidden, e.Pod = d.Flag(), d.Flag()
	e.Context = d.Text()
	e.Branches, e.SkipBranches = d.List(), d.List()
	d.compiled(config.Brancher{Branches: e.Branches, SkipBranches: e.SkipBranches})
	switch e.Ref.Type {
	case prowapi.PresubmitJob, prowapi.PostsubmitJob, prowapi.PeriodicJob:
	default:
		d.Fail()
	}
	if d.Err() != nil {
		return affected.Effective{}, d.Err()
	}
	return d.outlines.Of(&e), nil
}

// compiled compiles the branches of a job with Prow's code. The job's other expressions
// are for triggers, which are not used here.
func (d *jobDecoder) compiled(b config.Brancher) config.Brancher {
	id := key.Of(key.Of(b.Branches...), key.Of(b.SkipBranches...))
	if known, ok := d.branchers[id]; ok {
		return known
	}
	if len(id) > 10*affected.MaxBranches {
		d.Spend(maxWeight)
	}
	d.Spend(200 * (affected.Instructions(b.Branches...) + affected.Instructions(b.SkipBranches...)))
	if d.Err() != nil {
		return b
	}
	jobs := []config.Postsubmit{{Brancher: b}}
	// Expressions that Prow cannot compile stay as they are, as they do where the plan
	// was made.
	_ = config.SetPostsubmitRegexes(jobs)
	d.branchers[id] = jobs[0].Brancher
	return jobs[0].Brancher
}

// setIntervals sets the durations that Prow parses from strings.
func setIntervals(p *config.Periodic) {
	for text, set := range map[string]func(time.Duration){p.Interval: p.SetInterval, p.MinimumInterval: p.SetMinimumInterval} {
		if interval, err := time.ParseDuration(text); err == nil {
			set(interval)
		}
	}
	if p.Retry != nil {
		if interval, err := time.ParseDuration(p.Retry.Interval); err == nil {
			p.Retry.SetInterval(interval)
		}
	}
}
