package plan

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"slices"
	"sync/atomic"

	"github.com/rehearsal-dev/rehearsal/pkg/affected"
)

// The file of an anchor is made to be read in part: a command looks at the few
// files that its change is about, whatever else there is. It consists of
//
//	magic, the checksum of all that follows,
//	the head: what there is once, and for each file its key and length,
//	the hashes by which files are found, sorted, each with a file's number,
//	the files, each on its own.

// hashSize is the size in bytes of a hash with its file.
const hashSize = 8 + 4

// encodeAnchor writes a state without Prow's configuration, which is loaded
// again from its files.
func encodeAnchor(s *state) []byte {
	var files []byte
	var hashes []hashed
	head := newEncoder()
	head.state(s)
	all := slices.SortedFunc(s.revision.Files(), func(a, b *affected.Loaded) int { return cmp.Compare(a.Key(), b.Key()) })
	head.count(len(all))
	for i, f := range all {
		e := newEncoder()
		e.loaded(f)
		record := e.bytes()
		files = append(files, record...)
		head.text(f.Key())
		head.count(len(record))
		head.flag(f.File != nil && len(f.Presets) > 0)
		if f.File == nil {
			continue
		}
		for _, h := range f.Hashes() {
			hashes = append(hashes, hashed{h, uint32(i)}) //nolint:gosec // there are fewer files.
		}
	}
	head.count(s.revision.Jobs())
	head.count(len(hashes))
	first := head.bytes()
	body := binary.AppendUvarint(nil, uint64(len(first)))
	body = append(body, first...)
	slices.SortFunc(hashes, func(a, b hashed) int { return cmp.Or(cmp.Compare(a.hash, b.hash), cmp.Compare(a.file, b.file)) })
	for _, h := range hashes {
		body = binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint64(body, h.hash), h.file)
	}
	body = append(body, files...)
	sum := sha256.Sum256(body)
	return slices.Concat(magic(), sum[:], body)
}

// hashed is a hash that a file has.
type hashed struct {
	hash uint64
	file uint32
}

// decodeAnchor checks all of a file, and reads its head.
func decodeAnchor(raw []byte) (*state, error) {
	body, ok := bytes.CutPrefix(raw, magic())
	if !ok || len(body) < sha256.Size {
		return nil, errDamaged
	}
	want, body := body[:sha256.Size], body[sha256.Size:]
	if sum := sha256.Sum256(body); !bytes.Equal(sum[:], want) {
		return nil, errDamaged
	}
	return decodeBody(body)
}

func decodeBody(body []byte) (*state, error) {
	outer := &decoder{rest: body}
	head := outer.take(outer.number())
	if outer.err != nil {
		return nil, errDamaged
	}
	d, err := newDecoder(head)
	if err != nil {
		return nil, err
	}
	s := d.state()
	stored := affected.Stored{}
	file := &anchorFile{}
	end := uint64(0)
	for i := range d.count() {
		stored.Keys = append(stored.Keys, d.text())
		size := d.number()
		if size > uint64(len(outer.rest)) {
			return nil, errDamaged
		}
		end += size
		file.ends = append(file.ends, end)
		if d.flag() {
			stored.Presets = append(stored.Presets, i)
		}
	}
	stored.Jobs = int(d.number() & 0x7fffffff) //nolint:gosec // masked.
	hashes := d.number()
	if d.err != nil || len(d.rest) > 0 || hashes > uint64(len(outer.rest)) || end != uint64(len(outer.rest))-hashes*hashSize {
		return nil, errDamaged
	}
	file.hashes, file.records = outer.rest[:hashes*hashSize], outer.rest[hashes*hashSize:]
	file.loaded = make([]atomic.Pointer[affected.Loaded], len(stored.Keys))
	file.keys = stored.Keys
	stored.Load, stored.Having = file.load, file.having
	s.anchor = affected.NewStoredAnchor(stored)
	s.revision = s.anchor.With(s.changed)
	return s, nil
}

// state writes what a state has besides its files.
func (e *encoder) state(s *state) {
	e.text(s.tree)
	e.pairs(s.Watched)
	e.flag(s.entangled)
	e.flag(s.Linked)
	e.pairs(s.Config.Blobs)
	e.flag(s.Config.VersionIsDirectory)
	e.count(len(s.problems))
	for k, p := range s.problems {
		e.text(k.file)
		e.text(k.job)
		e.fileError(p)
	}
}

func (d *decoder) state() *state {
	s := &state{changed: map[string]*affected.Loaded{}, problems: problems{}}
	s.tree = d.text()
	s.Watched = d.pairs()
	s.entangled = d.flag()
	s.Linked = d.flag()
	s.Config.Blobs = d.pairs()
	s.Config.VersionIsDirectory = d.flag()
	for range d.count() {
		k := problemKey{file: d.text(), job: d.text()}
		s.problems[k] = d.fileError()
	}
	return s
}

// anchorFile reads single files of an anchor when they are asked for.
type anchorFile struct {
	keys []string
	// ends are where in records each file ends.
	ends    []uint64
	hashes  []byte
	records []byte
	loaded  []atomic.Pointer[affected.Loaded]
}

func (a *anchorFile) load(i int) *affected.Loaded {
	if known := a.loaded[i].Load(); known != nil {
		return known
	}
	a.loaded[i].CompareAndSwap(nil, a.decode(i))
	return a.loaded[i].Load()
}

func (a *anchorFile) decode(i int) *affected.Loaded {
	begin := uint64(0)
	if i > 0 {
		begin = a.ends[i-1]
	}
	if d, err := newDecoder(a.records[begin:a.ends[i]]); err == nil {
		if f := d.loaded(); d.err == nil && len(d.rest) == 0 && f.Key() == a.keys[i] {
			return f
		}
	}
	// The checksum was right, so it was written like this. Its jobs are said
	// to be missing, which is better than to be wrong about them.
	return &affected.Loaded{Path: a.keys[i], Err: &affected.FileError{File: a.keys[i], Message: "cannot be read from the cache: " + errDamaged.Error()}}
}

// having returns the files with a hash, which is a search in what is sorted.
func (a *anchorFile) having(hash uint64) []int {
	at := func(i int) uint64 { return binary.BigEndian.Uint64(a.hashes[i*hashSize:]) }
	n := len(a.hashes) / hashSize
	low, high := 0, n
	for low < high {
		if middle := (low + high) / 2; at(middle) < hash {
			low = middle + 1
		} else {
			high = middle
		}
	}
	var files []int
	for ; low < n && at(low) == hash; low++ {
		if file := int(binary.BigEndian.Uint32(a.hashes[low*hashSize+8:])); file < len(a.keys) {
			files = append(files, file)
		}
	}
	return files
}
