package plan

import (
	"time"

	"sigs.k8s.io/prow/pkg/config"

	prowapi "sigs.k8s.io/prow/pkg/apis/prowjobs/v1"

	"github.com/rehearsal-dev/rehearsal/pkg/affected"
	"github.com/rehearsal-dev/rehearsal/pkg/gate"
	"github.com/rehearsal-dev/rehearsal/pkg/key"
)

// DecodeResult reads what EncodeResult wrote.
func DecodeResult(raw []byte) (*Result, error) {
	d, err := newJobDecoder(raw)
	if err != nil {
		return nil, err
	}
	return d.result()
}

func (d *jobDecoder) result() (*Result, error) {
	r := &Result{Result: affected.Result{Base: d.text(), Head: d.text(), Tree: d.text(), Fingerprint: d.text(), Jobs: int(d.number() & 0x7fffffff)}} //nolint:gosec // masked.
	r.Removed = []affected.Ref{}
	for range d.count() {
		if d.spend(growth * refWeight); d.err != nil {
			break
		}
		r.Removed = append(r.Removed, d.ref())
	}
	r.Warnings = d.list()
	for range d.count() {
		if d.spend(growth * refWeight); d.err != nil {
			break
		}
		r.Incomplete = append(r.Incomplete, d.fileError())
	}
	var findings map[string]gate.Finding
	if d.value(&findings) {
		r.Findings = findings
	}
	r.Targets = d.list()
	r.Affected = d.jobs()
	r.Weight = d.weight
	return r, d.err
}

// DecodeJobs reads what EncodeJobs wrote.
func DecodeJobs(raw []byte) ([]affected.Job, error) {
	d, err := newJobDecoder(raw)
	if err != nil {
		return nil, err
	}
	return d.jobs(), d.err
}

// jobDecoder reads what a jobEncoder wrote.
//
// What it reads may be made to become large: "{}," is three bytes that stand for
// hundreds. So it counts about what becomes of them, and stops at maxWeight.
type jobDecoder struct {
	*decoder
	known     []affected.Effective
	outlines  *affected.Outlines
	branchers map[string]config.Brancher
}

// maxWeight bounds the memory that an answer takes, in bytes.
const maxWeight = 256 << 20

func newJobDecoder(raw []byte) (*jobDecoder, error) {
	d, err := newBoundedDecoder(raw, maxWeight)
	return &jobDecoder{decoder: d, outlines: affected.NewOutlines(), branchers: map[string]config.Brancher{}}, err
}

// refWeight is what a Ref, or what else is listed in a plan, takes besides its lists.
const refWeight = 150

func (d *jobDecoder) ref() affected.Ref {
	return affected.Ref{
		Type: prowapi.ProwJobType(d.text()), Repo: d.text(), Name: d.text(),
		Branches: append([]string{}, d.list()...), SkipBranches: append([]string{}, d.list()...),
	}
}

func (d *jobDecoder) jobs() []affected.Job {
	n := d.count()
	jobs := make([]affected.Job, 0, min(n, 1024))
	for range n {
		d.spend(500)
		j := affected.Job{Ref: d.ref(), Change: affected.Change(d.text()), Rehearse: d.flag(), Excluded: d.text()}
		if d.flag() {
			j.Reasons = []affected.Reason{}
		}
		for range d.count() {
			j.Reasons = append(j.Reasons, d.reason())
		}
		j.Outline = d.flag()
		j.Effective = d.effective()
		j.Before = d.effective()
		for range d.count() {
			d.spend(50)
			j.Baseline = append(j.Baseline, d.effective())
		}
		if d.err != nil {
			return nil
		}
		jobs = append(jobs, j)
	}
	return jobs
}

func (d *jobDecoder) reason() affected.Reason {
	d.spend(100)
	texts := d.list()
	if len(texts) != 5 {
		d.fail()
		return affected.Reason{}
	}
	return affected.Reason{Source: texts[0], File: texts[1], Path: texts[2], Old: texts[3], New: texts[4]}
}

func (d *jobDecoder) effective() affected.Effective {
	n := d.number()
	switch known := uint64(len(d.known)); {
	case n == 0 || d.err != nil:
		return affected.Effective{}
	case n <= known:
		return d.known[n-1]
	case n > known+1:
		d.fail()
		return affected.Effective{}
	}
	job, err := d.written()
	if err != nil {
		d.fail()
	}
	d.known = append(d.known, job)
	return job
}

func (d *jobDecoder) written() (affected.Effective, error) {
	kind := d.text()
	switch kind {
	case "outline presubmit", "outline postsubmit", "outline periodic":
		return d.outline(prowapi.ProwJobType(kind[len("outline "):])), d.err
	}
	source, raw := d.text(), []byte(d.text())
	d.spend(2000)
	if d.err != nil {
		return affected.Effective{}, d.err
	}
	job := affected.Effective{}
	switch kind {
	case string(prowapi.PresubmitJob):
		job.Presubmit = &config.Presubmit{}
		d.decode(raw, job.Presubmit)
		job.Presubmit.Brancher = d.compiled(job.Presubmit.Brancher)
	case string(prowapi.PostsubmitJob):
		job.Postsubmit = &config.Postsubmit{}
		d.decode(raw, job.Postsubmit)
		job.Postsubmit.Brancher = d.compiled(job.Postsubmit.Brancher)
	case string(prowapi.PeriodicJob):
		job.Periodic = &config.Periodic{}
		d.decode(raw, job.Periodic)
		setIntervals(job.Periodic)
	default:
		return job, errDamaged
	}
	job.Base().SourcePath = source
	return job, d.err
}

func (d *jobDecoder) outline(kind prowapi.ProwJobType) affected.Effective {
	d.spend(1500)
	e := affected.Entry{Ref: affected.Ref{Type: kind, Name: d.text()}, Agent: d.text(), Cluster: d.text(), Queue: d.text()}
	e.Labels = d.pairs()
	e.Hidden, e.Pod = d.flag(), d.flag()
	e.Context = d.text()
	e.Branches, e.SkipBranches = d.list(), d.list()
	d.compiled(config.Brancher{Branches: e.Branches, SkipBranches: e.SkipBranches})
	if d.err != nil {
		return affected.Effective{}
	}
	return d.outlines.Of(&e)
}

// compiled has Prow compile the branches of a job. Its other expressions are for
// triggers, which nobody pulls here.
func (d *jobDecoder) compiled(b config.Brancher) config.Brancher {
	id := key.Of(key.Of(b.Branches...), key.Of(b.SkipBranches...))
	if known, ok := d.branchers[id]; ok {
		return known
	}
	if len(id) > 10*affected.MaxBranches {
		d.spend(maxWeight)
	}
	d.spend(200 * (affected.Instructions(b.Branches...) + affected.Instructions(b.SkipBranches...)))
	if d.err != nil {
		return b
	}
	jobs := []config.Postsubmit{{Brancher: b}}
	// What Prow cannot compile stays as it is, as it does where the plan was made.
	_ = config.SetPostsubmitRegexes(jobs)
	d.branchers[id] = jobs[0].Brancher
	return jobs[0].Brancher
}

// setIntervals sets what Prow reads from the texts.
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
