package snapshot

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"slices"
	"sync/atomic"

	"github.com/rehearsal-dev/rehearsal/pkg/affected"
	"github.com/rehearsal-dev/rehearsal/pkg/plan/codec"
)

// The file of an anchor can be read in part: a command reads only the few files that
// its change is about. It consists of
//
//	magic, and the checksum of everything that follows,
//	the head: what exists once, and the key and length of each file,
//	the hashes by which files are found, sorted, each with the number of a file,
//	the files, each encoded separately.

// hashSize is the size in bytes of a hash and the number of its file.
const hashSize = 8 + 4

// Encode writes a state without Prow's configuration, which is loaded again from its
// files.
func Encode(s *Snapshot) []byte {
	var files []byte
	var hashes []hashed
	head := &writer{codec.NewEncoder()}
	head.state(s)
	all := slices.SortedFunc(s.Revision.Files(), func(a, b *affected.Loaded) int { return cmp.Compare(a.Key(), b.Key()) })
	head.Count(len(all))
	for i, f := range all {
		e := &writer{codec.NewEncoder()}
		e.loaded(f)
		record := e.Bytes()
		files = append(files, record...)
		head.Text(f.Key())
		head.Count(len(record))
		head.Flag(f.File != nil && len(f.Presets) > 0)
		if f.File == nil {
			continue
		}
		for _, h := range f.Hashes() {
			hashes = append(hashes, hashed{h, uint32(i)}) //nolint:gosec // there are fewer files.
		}
	}
	head.Count(s.Revision.Jobs())
	head.Count(len(hashes))
	first := head.Bytes()
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

// hashed is a hash and the number of a file that has it.
type hashed struct {
	hash uint64
	file uint32
}

// Decode verifies the checksum of a file, and reads its head.
func Decode(raw []byte) (*Snapshot, error) {
	body, ok := bytes.CutPrefix(raw, magic())
	if !ok || len(body) < sha256.Size {
		return nil, codec.ErrDamaged
	}
	want, body := body[:sha256.Size], body[sha256.Size:]
	if sum := sha256.Sum256(body); !bytes.Equal(sum[:], want) {
		return nil, codec.ErrDamaged
	}
	return decodeBody(body)
}

func decodeBody(body []byte) (*Snapshot, error) {
	outer := codec.Begin(body)
	head := outer.Take(outer.Number())
	if outer.Err() != nil {
		return nil, codec.ErrDamaged
	}
	d, err := newReader(head)
	if err != nil {
		return nil, err
	}
	s := d.state()
	stored := affected.Stored{}
	file := &anchorFile{}
	end := uint64(0)
	for i := range d.Count() {
		stored.Keys = append(stored.Keys, d.Text())
		size := d.Number()
		if size > uint64(len(outer.Rest())) {
			return nil, codec.ErrDamaged
		}
		end += size
		file.ends = append(file.ends, end)
		if d.Flag() {
			stored.Presets = append(stored.Presets, i)
		}
	}
	stored.Jobs = int(d.Number() & 0x7fffffff) //nolint:gosec // masked.
	hashes := d.Number()
	if d.Err() != nil || len(d.Rest()) > 0 || hashes > uint64(len(outer.Rest())) || end != uint64(len(outer.Rest()))-hashes*hashSize {
		return nil, codec.ErrDamaged
	}
	file.hashes, file.records = outer.Rest()[:hashes*hashSize], outer.Rest()[hashes*hashSize:]
	file.loaded = make([]atomic.Pointer[affected.Loaded], len(stored.Keys))
	file.keys = stored.Keys
	stored.Load, stored.Having = file.load, file.having
	s.anchor = affected.NewStoredAnchor(stored)
	s.Revision = s.anchor.With(s.changed)
	return s, nil
}

// state writes everything in a state except its files.
func (e *writer) state(s *Snapshot) {
	e.Text(s.Tree)
	e.Pairs(s.Watched)
	e.Flag(s.Entangled)
	e.Flag(s.Linked)
	e.Pairs(s.Config.Blobs)
	e.Flag(s.Config.VersionIsDirectory)
	e.Count(len(s.Problems))
	for k, p := range s.Problems {
		e.Text(k.File)
		e.Count(int(k.About))
		e.Text(k.Text)
		e.FileError(p)
	}
}

func (d *reader) state() *Snapshot {
	s := &Snapshot{changed: map[string]*affected.Loaded{}, Problems: Problems{}}
	s.Tree = d.Text()
	s.Watched = d.Pairs()
	s.Entangled = d.Flag()
	s.Linked = d.Flag()
	s.Config.Blobs = d.Pairs()
	s.Config.VersionIsDirectory = d.Flag()
	for range d.Count() {
		k := Key{File: d.Text(), About: About(d.Number() & 0xff), Text: d.Text()} //nolint:gosec // masked.
		s.Problems[k] = d.FileError()
	}
	return s
}

// anchorFile reads single files of an anchor on demand.
type anchorFile struct {
	keys []string
	// ends are the offsets in records at which the files end.
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
	if d, err := newReader(a.records[begin:a.ends[i]]); err == nil {
		if f := d.loaded(); d.Err() == nil && len(d.Rest()) == 0 && f.Key() == a.keys[i] {
			return f
		}
	}
	// The checksum is correct, so the file was written like this. Reporting its jobs as
	// missing is better than wrong data about them.
	return &affected.Loaded{Path: a.keys[i], Err: &affected.FileError{File: a.keys[i], Message: "cannot be read from the cache: " + codec.ErrDamaged.Error()}}
}

// having returns the files with a hash, by a binary search.
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
