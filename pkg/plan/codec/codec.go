// Package codec writes values for other processes to read, and counts what they take
// when it reads them. It knows strings, numbers and JSON, not what they mean.
package codec

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"maps"
	"slices"

	"github.com/rehearsal-dev/rehearsal/pkg/affected"
)

var (
	// ErrDamaged says that what is read was not written by an Encoder.
	ErrDamaged = errors.New("damaged cache entry")
	// ErrTooLarge says that an answer from another process takes too much memory.
	ErrTooLarge = errors.New("the answer is too large")
)

// Encoder writes summaries: numbers as varints, and every string once, in a
// table, since jobs repeat each other.
type Encoder struct {
	table map[string]uint64
	texts []byte
	body  []byte
}

// NewEncoder has nothing written yet.
func NewEncoder() *Encoder { return &Encoder{table: map[string]uint64{}} }

// Count writes a number, as of what follows.
func (e *Encoder) Count(n int) { e.body = binary.AppendUvarint(e.body, uint64(n)) }

// Flag writes a truth value.
func (e *Encoder) Flag(b bool) {
	if b {
		e.Count(1)
	} else {
		e.Count(0)
	}
}

// Text writes a text.
func (e *Encoder) Text(s string) {
	i, ok := e.table[s]
	if !ok {
		i = uint64(len(e.table))
		e.table[s] = i
		e.texts = binary.AppendUvarint(e.texts, uint64(len(s)))
		e.texts = append(e.texts, s...)
	}
	e.body = binary.AppendUvarint(e.body, i)
}

// List writes texts.
func (e *Encoder) List(list []string) {
	e.Count(len(list))
	for _, s := range list {
		e.Text(s)
	}
}

// Pairs writes a map.
func (e *Encoder) Pairs(pairs map[string]string) {
	e.Count(len(pairs))
	for _, k := range slices.Sorted(maps.Keys(pairs)) {
		e.Text(k)
		e.Text(pairs[k])
	}
}

// Value writes anything as JSON, "" for nothing.
func (e *Encoder) Value(v any, present bool) {
	raw, err := json.Marshal(v)
	if !present || err != nil {
		raw = nil
	}
	e.Text(string(raw))
}

// Raw writes bytes as they are; whoever reads them knows how many.
func (e *Encoder) Raw(raw []byte) { e.body = append(e.body, raw...) }

// Bytes is all that was written.
func (e *Encoder) Bytes() []byte {
	out := binary.AppendUvarint(nil, uint64(len(e.table)))
	return append(append(out, e.texts...), e.body...)
}

// FileError writes a mistake.
func (e *Encoder) FileError(f affected.FileError) {
	e.Text(f.File)
	e.Count(f.Line)
	e.Text(f.Message)
}

// Decoder reads what an Encoder wrote. After the first error everything it
// returns is empty, so that callers check once.
type Decoder struct {
	texts []string
	rest  []byte
	err   error
	// weight is about how much memory the answer takes so far, in bytes; most bounds
	// it where that is not 0.
	weight, most int
}

// NewDecoder reads what may take all the memory it needs.
func NewDecoder(body []byte) (*Decoder, error) { return NewBoundedDecoder(body, 0) }

// Begin reads what begins with single values, outside any table.
func Begin(raw []byte) *Decoder { return &Decoder{rest: raw} }

// NewBoundedDecoder stops with ErrTooLarge where what is read takes more than most bytes.
func NewBoundedDecoder(body []byte, most int) (*Decoder, error) {
	d := &Decoder{rest: body, most: most}
	n := d.Count()
	d.Spend(2*len(body) + textWeight*n)
	if d.err != nil {
		return d, d.err
	}
	d.texts = make([]string, 0, n)
	for range n {
		d.texts = append(d.texts, string(d.Take(d.Number())))
		if d.err != nil {
			break
		}
	}
	return d, d.err
}

// Err is the first error.
func (d *Decoder) Err() error { return d.err }

// Weight is about how much memory the answer takes so far, in bytes.
func (d *Decoder) Weight() int { return d.weight }

// Rest is what has not been read yet.
func (d *Decoder) Rest() []byte { return d.rest }

// Number reads what Count wrote, whatever it counts.
func (d *Decoder) Number() uint64 {
	n, size := binary.Uvarint(d.rest)
	if size <= 0 {
		d.Fail()
		return 0
	}
	d.rest = d.rest[size:]
	return n
}

// Fail ends the reading. The first reason stays.
func (d *Decoder) Fail() {
	if d.err == nil {
		d.err = ErrDamaged
	}
	d.rest = nil
}

// textWeight is what a text takes besides its bytes.
const textWeight = 16

// Spend counts memory, roughly and rather too much of it.
func (d *Decoder) Spend(bytes int) {
	if d.weight += bytes; d.most > 0 && d.weight > d.most && d.err == nil {
		d.err = ErrTooLarge
		d.Fail()
	}
}

// Count reads a number of things that follow. Each takes a byte at least, so a
// larger number is a lie that would cost memory.
func (d *Decoder) Count() int {
	n := d.Number()
	if n > uint64(len(d.rest)) {
		d.Fail()
		return 0
	}
	return int(n) //nolint:gosec // bounded by the length of the input.
}

// Take reads n bytes.
func (d *Decoder) Take(n uint64) []byte {
	if n > uint64(len(d.rest)) {
		d.Fail()
		return nil
	}
	out := d.rest[:n]
	d.rest = d.rest[n:]
	return out
}

// Flag reads what Flag wrote.
func (d *Decoder) Flag() bool { return d.Number() == 1 }

// Text reads what Text wrote.
func (d *Decoder) Text() string {
	i := d.Number()
	if i >= uint64(len(d.texts)) {
		d.Fail()
		return ""
	}
	return d.texts[i]
}

// List reads what List wrote.
func (d *Decoder) List() []string {
	n := d.Count()
	d.Spend(2 * textWeight * n) // some are copied
	if n == 0 || d.err != nil {
		return nil
	}
	out := make([]string, 0, n)
	for range n {
		out = append(out, d.Text())
	}
	return out
}

// Pairs reads what Pairs wrote.
func (d *Decoder) Pairs() map[string]string {
	n := d.Count()
	d.Spend(pairWeight * n)
	if n == 0 || d.err != nil {
		return nil
	}
	out := make(map[string]string, n)
	for range n {
		k := d.Text()
		out[k] = d.Text()
	}
	return out
}

// Value reads what Value wrote, if anything.
func (d *Decoder) Value(v any) bool {
	raw := d.Text()
	if raw == "" {
		return false
	}
	d.Decode([]byte(raw), v)
	return d.err == nil
}

// Decode reads JSON, and counts what becomes of it where that is bounded.
func (d *Decoder) Decode(raw []byte, v any) {
	if d.most > 0 && d.err == nil {
		weight, err := weigh(raw, v, d.most-d.weight)
		if d.Spend(weight); err != nil {
			d.Fail()
		}
	}
	if d.err == nil && json.Unmarshal(raw, v) != nil {
		d.Fail()
	}
}

// FileError reads what FileError wrote.
func (d *Decoder) FileError() affected.FileError {
	// The line is no count of things, but a small number all the same.
	return affected.FileError{File: d.Text(), Line: int(d.Number() & 0xffffffff), Message: d.Text()} //nolint:gosec // masked.
}
