// Package codec writes values for other processes to read, and counts the memory that
// they take when it reads them. It knows strings, numbers and JSON, not what they mean.
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
	// ErrDamaged says that the input was not written by an Encoder.
	ErrDamaged = errors.New("damaged cache entry")
	// ErrTooLarge says that an answer from another process takes too much memory.
	ErrTooLarge = errors.New("the answer is too large")
)

// Encoder writes summaries. Numbers are varints. Every string is written once, in a
// table, because many jobs have the same strings.
type Encoder struct {
	table map[string]uint64
	texts []byte
	body  []byte
}

// NewEncoder returns an empty Encoder.
func NewEncoder() *Encoder { return &Encoder{table: map[string]uint64{}} }

// Count writes a number, such as the number of elements that follow.
func (e *Encoder) Count(n int) { e.body = binary.AppendUvarint(e.body, uint64(n)) }

// Flag writes a boolean.
func (e *Encoder) Flag(b bool) {
	if b {
		e.Count(1)
	} else {
		e.Count(0)
	}
}

// Text writes a string.
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

// List writes a list of strings.
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

// Raw writes bytes as they are. The reader must know their number.
func (e *Encoder) Raw(raw []byte) { e.body = append(e.body, raw...) }

// Bytes returns everything that was written.
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

// Decoder reads what an Encoder wrote. After the first error it returns only empty
// values, so callers check for an error once.
type Decoder struct {
	texts []string
	rest  []byte
	err   error
	// weight is the approximate memory of the values read so far, in bytes. most limits
	// it unless it is 0.
	weight, most int
}

// NewDecoder returns a Decoder without a memory limit.
func NewDecoder(body []byte) (*Decoder, error) { return NewBoundedDecoder(body, 0) }

// Begin returns a Decoder for input that begins with single values, before any table.
func Begin(raw []byte) *Decoder { return &Decoder{rest: raw} }

// NewBoundedDecoder returns a Decoder that stops with ErrTooLarge when the values take
// more than most bytes of memory.
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

// Err returns the first error.
func (d *Decoder) Err() error { return d.err }

// Weight returns the approximate memory of the values read so far, in bytes.
func (d *Decoder) Weight() int { return d.weight }

// Rest returns what has not been read yet.
func (d *Decoder) Rest() []byte { return d.rest }

// Number reads what Count wrote, without a limit on the number.
func (d *Decoder) Number() uint64 {
	n, size := binary.Uvarint(d.rest)
	if size <= 0 {
		d.Fail()
		return 0
	}
	d.rest = d.rest[size:]
	return n
}

// Fail stops reading. The first error is kept.
func (d *Decoder) Fail() {
	if d.err == nil {
		d.err = ErrDamaged
	}
	d.rest = nil
}

// textWeight is the memory of a string besides its bytes.
const textWeight = 16

// Spend counts memory. The estimates are rough, and high rather than low.
func (d *Decoder) Spend(bytes int) {
	if d.weight += bytes; d.most > 0 && d.weight > d.most && d.err == nil {
		d.err = ErrTooLarge
		d.Fail()
	}
}

// Count reads the number of elements that follow. Each takes at least one byte, so a
// larger number is false and would waste memory.
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

// Decode reads JSON. It counts the memory of the values if there is a limit.
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
	// The line is not a number of elements, but it is small.
	return affected.FileError{File: d.Text(), Line: int(d.Number() & 0xffffffff), Message: d.Text()} //nolint:gosec // masked.
}
