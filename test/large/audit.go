package main

import (
	"bufio"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"
)

// auditReader reads the API server's audit log, each time from where it stopped.
type auditReader struct {
	path   string
	offset int64
}

// asked are calls to the API server, by user and by purpose.
type asked struct {
	by   map[string]int
	what map[string]int // "USER VERB RESOURCE"
	span time.Duration
}

func (a asked) perSecond(n int) float64 { return float64(n) / a.span.Seconds() }

func (a asked) all() int {
	n := 0
	for _, count := range a.by {
		n += count
	}
	return n
}

// most returns the most frequent calls of one user, one per line.
func (a asked) most(user string, n int) []string {
	var keys []string
	for key := range a.what {
		if strings.HasPrefix(key, user+" ") {
			keys = append(keys, key)
		}
	}
	slices.SortFunc(keys, func(x, y string) int {
		return cmp.Or(cmp.Compare(a.what[y], a.what[x]), cmp.Compare(x, y))
	})
	var lines []string
	for _, key := range keys[:min(n, len(keys))] {
		lines = append(lines, fmt.Sprintf("%s %.2f/s", strings.TrimPrefix(key, user+" "), a.perSecond(a.what[key])))
	}
	return lines
}

// read returns the calls since the last read.
func (r *auditReader) read(span time.Duration) (asked, error) {
	a := asked{by: map[string]int{}, what: map[string]int{}, span: span}
	f, err := os.Open(r.path)
	if err != nil {
		return a, err
	}
	defer f.Close() //nolint:errcheck // it was only read
	if _, err := f.Seek(r.offset, io.SeekStart); err != nil {
		return a, err
	}
	in := bufio.NewReader(f)
	for {
		line, err := in.ReadBytes('\n')
		if err == io.EOF {
			return a, nil // a partial line is left for the next read
		}
		if err != nil {
			return a, err
		}
		r.offset += int64(len(line))
		if err := a.add(line); err != nil {
			return a, err
		}
	}
}

func (a asked) add(line []byte) error {
	var e struct {
		Stage, Verb string
		User        struct{ Username string }
		ObjectRef   struct{ Resource, Subresource string }
	}
	if err := json.Unmarshal(line, &e); err != nil {
		return err
	}
	// A watch is counted when it starts.
	if (e.Stage == "ResponseStarted") != (e.Verb == "watch") {
		return nil
	}
	user := e.User.Username[strings.LastIndexByte(e.User.Username, ':')+1:]
	resource := e.ObjectRef.Resource
	if e.ObjectRef.Subresource != "" {
		resource += "/" + e.ObjectRef.Subresource
	}
	a.by[user]++
	a.what[user+" "+e.Verb+" "+resource]++
	return nil
}
