package plan

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"maps"
	"slices"

	"sigs.k8s.io/prow/pkg/config"

	prowapi "sigs.k8s.io/prow/pkg/apis/prowjobs/v1"

	"github.com/rehearsal-dev/rehearsal/pkg/affected"
)

var errDamaged = errors.New("damaged cache entry")

// encoder writes summaries: numbers as varints, and every string once, in a
// table, since jobs repeat each other.
type encoder struct {
	table map[string]uint64
	texts []byte
	body  []byte
}

func newEncoder() *encoder { return &encoder{table: map[string]uint64{}} }

func (e *encoder) count(n int) { e.body = binary.AppendUvarint(e.body, uint64(n)) }

func (e *encoder) flag(b bool) {
	if b {
		e.count(1)
	} else {
		e.count(0)
	}
}

func (e *encoder) text(s string) {
	i, ok := e.table[s]
	if !ok {
		i = uint64(len(e.table))
		e.table[s] = i
		e.texts = binary.AppendUvarint(e.texts, uint64(len(s)))
		e.texts = append(e.texts, s...)
	}
	e.body = binary.AppendUvarint(e.body, i)
}

func (e *encoder) list(list []string) {
	e.count(len(list))
	for _, s := range list {
		e.text(s)
	}
}

func (e *encoder) pairs(pairs map[string]string) {
	e.count(len(pairs))
	for _, k := range slices.Sorted(maps.Keys(pairs)) {
		e.text(k)
		e.text(pairs[k])
	}
}

// value writes anything as JSON, "" for nothing.
func (e *encoder) value(v any, present bool) {
	raw, err := json.Marshal(v)
	if !present || err != nil {
		raw = nil
	}
	e.text(string(raw))
}

func (e *encoder) bytes() []byte {
	out := binary.AppendUvarint(nil, uint64(len(e.table)))
	return append(append(out, e.texts...), e.body...)
}

func (e *encoder) fileError(f affected.FileError) {
	e.text(f.File)
	e.count(f.Line)
	e.text(f.Message)
}

func (e *encoder) loaded(f *affected.Loaded) {
	e.text(f.Path)
	e.text(f.Blob)
	e.flag(f.Main)
	e.flag(f.Err != nil)
	if f.Err != nil {
		e.fileError(*f.Err)
	}
	e.flag(f.File != nil)
	if f.File == nil {
		return
	}
	e.value(f.Presets, len(f.Presets) > 0)
	e.count(len(f.Jobs))
	for i := range f.Jobs {
		e.entry(&f.Jobs[i])
	}
}

func (e *encoder) entry(j *affected.Entry) {
	e.text(string(j.Ref.Type))
	e.text(j.Ref.Repo)
	e.text(j.Ref.Name)
	e.list(j.Ref.Branches)
	e.list(j.Ref.SkipBranches)
	e.list(j.Branches)
	e.list(j.SkipBranches)
	e.body = append(e.body, j.Digest...)
	e.text(j.Context)
	e.text(j.Agent)
	e.text(j.Cluster)
	e.text(j.Queue)
	e.flag(j.Hidden)
	e.flag(j.Pod)
	e.pairs(j.Labels)
	e.pairs(j.Annotations)
	e.list(j.ConfigMaps)
	e.value(j.Own.Decorate, j.Own.Decorate != nil)
	e.value(j.Own.Decoration, j.Own.Decoration != nil)
	e.value(j.Own.Defaults, j.Own.Defaults != nil)
	e.text(j.Own.Namespace)
	e.text(j.Own.DefaultsRepo)
	e.flag(j.Own.ExtraRefs)
}

// decoder reads what an encoder wrote. After the first error everything it
// returns is empty, so that callers check once.
type decoder struct {
	texts []string
	rest  []byte
	err   error
	// decorations shares what many jobs have in common.
	decorations map[string]*prowapi.DecorationConfig
}

func newDecoder(body []byte) (*decoder, error) {
	d := &decoder{rest: body, decorations: map[string]*prowapi.DecorationConfig{}}
	for range d.count() {
		d.texts = append(d.texts, string(d.take(d.number())))
		if d.err != nil {
			break
		}
	}
	return d, d.err
}

func (d *decoder) number() uint64 {
	n, size := binary.Uvarint(d.rest)
	if size <= 0 {
		d.fail()
		return 0
	}
	d.rest = d.rest[size:]
	return n
}

// fail keeps the first error, which says most.
func (d *decoder) fail() {
	if d.err == nil {
		d.err = errDamaged
	}
	d.rest = nil
}

// count reads a number of things that follow. Each takes a byte at least, so a
// larger number is a lie that would cost memory.
func (d *decoder) count() int {
	n := d.number()
	if n > uint64(len(d.rest)) {
		d.fail()
		return 0
	}
	return int(n) //nolint:gosec // bounded by the length of the input.
}

func (d *decoder) take(n uint64) []byte {
	if n > uint64(len(d.rest)) {
		d.fail()
		return nil
	}
	out := d.rest[:n]
	d.rest = d.rest[n:]
	return out
}

func (d *decoder) flag() bool { return d.number() == 1 }

func (d *decoder) text() string {
	i := d.number()
	if i >= uint64(len(d.texts)) {
		d.fail()
		return ""
	}
	return d.texts[i]
}

func (d *decoder) list() []string {
	n := d.count()
	if n == 0 {
		return nil
	}
	out := make([]string, 0, n)
	for range n {
		out = append(out, d.text())
	}
	return out
}

func (d *decoder) pairs() map[string]string {
	n := d.count()
	if n == 0 {
		return nil
	}
	out := make(map[string]string, n)
	for range n {
		k := d.text()
		out[k] = d.text()
	}
	return out
}

func (d *decoder) value(v any) bool {
	raw := d.text()
	if raw == "" {
		return false
	}
	if json.Unmarshal([]byte(raw), v) != nil {
		d.fail()
	}
	return d.err == nil
}

func (d *decoder) fileError() affected.FileError {
	// The line is no count of things, but a small number all the same.
	return affected.FileError{File: d.text(), Line: int(d.number() & 0xffffffff), Message: d.text()} //nolint:gosec // masked.
}

func (d *decoder) loaded() *affected.Loaded {
	f := &affected.Loaded{Path: d.text(), Blob: d.text(), Main: d.flag()}
	if d.flag() {
		e := d.fileError()
		f.Err = &e
	}
	if !d.flag() {
		return f
	}
	f.File = &affected.File{}
	var presets []config.Preset
	if d.value(&presets) {
		f.Presets = presets
	}
	n := d.count()
	for range n {
		f.Jobs = append(f.Jobs, d.entry())
		if d.err != nil {
			break
		}
	}
	return f
}

func (d *decoder) entry() affected.Entry {
	var j affected.Entry
	j.Ref.Type = prowapi.ProwJobType(d.text())
	j.Ref.Repo = d.text()
	j.Ref.Name = d.text()
	j.Ref.Branches = append([]string{}, d.list()...)
	j.Ref.SkipBranches = append([]string{}, d.list()...)
	j.Branches, j.SkipBranches = d.list(), d.list()
	j.Digest = d.take(affected.DigestSize)
	j.Context = d.text()
	j.Agent = d.text()
	j.Cluster = d.text()
	j.Queue = d.text()
	j.Hidden, j.Pod = d.flag(), d.flag()
	j.Labels, j.Annotations = d.pairs(), d.pairs()
	j.ConfigMaps = d.list()
	var decorate bool
	if d.value(&decorate) {
		j.Own.Decorate = &decorate
	}
	j.Own.Decoration = d.decoration()
	var defaults prowapi.ProwJobDefault
	if d.value(&defaults) {
		j.Own.Defaults = &defaults
	}
	j.Own.Namespace = d.text()
	j.Own.DefaultsRepo = d.text()
	j.Own.ExtraRefs = d.flag()
	return j
}

func (d *decoder) decoration() *prowapi.DecorationConfig {
	raw := d.text()
	if raw == "" {
		return nil
	}
	if known := d.decorations[raw]; known != nil {
		return known
	}
	var dc prowapi.DecorationConfig
	if json.Unmarshal([]byte(raw), &dc) != nil {
		d.fail()
		return nil
	}
	d.decorations[raw] = &dc
	return &dc
}
