package receiver

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	"golang.org/x/sync/semaphore"
)

const (
	// MaxBody is the largest payload that GitHub sends.
	MaxBody = 25 << 20
	// largeBody is where a body becomes one of those that are read one at a
	// time. What we listen to is far smaller, and anyone can send large ones.
	largeBody = 1 << 20
	// smallBodies is how much memory all the others may take together. Bodies
	// are held before it is known who signed them, and can be sent slowly.
	smallBodies = 24 << 20
	// shortBody is the size up to which a body may take of the reserve, in which
	// others have no part.
	shortBody = 128 << 10
	reserve   = 8 << 20
	// firstBytes are read before a body counts for anything.
	firstBytes = 1 << 10
	// sourceShare is how much bodies from one address may take in all, and
	// reserveShare how much of the reserve.
	sourceShare  = 8 << 20
	reserveShare = reserve / 4
	// grace is how long a sender may take to begin, and leastRate how much it has
	// to send from then on, in bytes a second.
	grace     = 2 * time.Second
	leastRate = 64 << 10
	// largeGrace and largeRate are the same for a body while it keeps other large
	// ones waiting. A slower one of 25 MiB would not be there in time in any case.
	largeGrace = time.Second
	largeRate  = 2 << 20
)

// refusal is an answer other than 2xx, with a sentence for who reads it.
type refusal struct {
	status   int
	sentence string
}

func (r *refusal) Error() string { return r.sentence }

func refuse(status int, format string, args ...any) *refusal {
	return &refusal{status: status, sentence: fmt.Sprintf(format, args...)}
}

// bodies reads request bodies within bounded memory. Nobody has signed anything
// before the last byte is there, so a body counts for what has arrived of it, and
// not for what its sender says will.
type bodies struct {
	// small and short are what is left of smallBodies and of the reserve, in bytes.
	small, short *semaphore.Weighted
	// large holds the buffer for large bodies while nobody uses it. It is used
	// again: as garbage, a row of them would add up.
	large   chan []byte
	sources *sources
}

func newBodies(sources *sources) *bodies {
	b := &bodies{
		small: semaphore.NewWeighted(smallBodies), short: semaphore.NewWeighted(reserve),
		large: make(chan []byte, 1), sources: sources,
	}
	b.large <- nil
	return b
}

// with reads the body of a request and calls f with it. The body is only good
// until f returns.
func (b *bodies) with(w http.ResponseWriter, r *http.Request, f func([]byte) error) error {
	if r.ContentLength > MaxBody {
		return refuse(http.StatusRequestEntityTooLarge, "a payload has at most %d MiB", MaxBody>>20)
	}
	in := &incoming{bodies: b, request: r, control: http.NewResponseController(w), source: b.sources.of(r), started: time.Now()}
	defer in.release()
	body, err := in.read()
	if err != nil {
		return err
	}
	return f(body)
}

// incoming is a body that arrives.
type incoming struct {
	*bodies
	request *http.Request
	control *http.ResponseController
	source  string
	started time.Time
	buffer  []byte
	// held is what it has taken of small or, when it is short, of the reserve.
	held  int64
	from  *semaphore.Weighted
	shelf []byte // of large, once it has that
	isBig bool
	// bigSince is when it got that, and bigFrom how much of it was there then.
	bigSince time.Time
	bigFrom  int
}

func (in *incoming) read() ([]byte, error) {
	length := in.request.ContentLength
	in.buffer = make([]byte, 0, firstBytes)
	for length < 0 || int64(len(in.buffer)) < length {
		if len(in.buffer) == cap(in.buffer) {
			if err := in.grow(); err != nil {
				return nil, err
			}
		}
		in.hurry()
		end := cap(in.buffer)
		if length >= 0 {
			end = int(min(int64(end), length))
		}
		n, err := in.request.Body.Read(in.buffer[len(in.buffer):end])
		in.buffer = in.buffer[:len(in.buffer)+n]
		switch {
		case errors.Is(err, io.EOF) && (length < 0 || int64(len(in.buffer)) == length):
			return in.buffer, nil
		case errors.Is(err, os.ErrDeadlineExceeded):
			return nil, refuse(http.StatusRequestTimeout, "the payload took too long to arrive")
		case err != nil:
			return nil, refuse(http.StatusBadRequest, "the payload is not complete")
		}
	}
	return in.buffer, nil
}

// hurry bounds the next read: by what should have arrived, and by the deadline of
// the whole.
func (in *incoming) hurry() {
	allowed := grace + time.Duration(len(in.buffer))*time.Second/leastRate
	until := in.started.Add(min(allowed, deadline))
	if in.isBig {
		sooner := in.bigSince.Add(largeGrace + time.Duration(len(in.buffer)-in.bigFrom)*time.Second/largeRate)
		if sooner.Before(until) {
			until = sooner
		}
	}
	// A writer without deadlines is one that nothing slow is behind.
	_ = in.control.SetReadDeadline(until)
}

// grow makes room for twice as much, once there is some.
func (in *incoming) grow() error {
	size := int64(2 * cap(in.buffer))
	if size <= largeBody {
		if err := in.take(size); err != nil {
			return err
		}
		in.buffer = append(make([]byte, 0, size), in.buffer...)
		return nil
	}
	if in.request.ContentLength < 0 {
		return refuse(http.StatusLengthRequired, "a payload of more than %d MiB needs a Content-Length", largeBody>>20)
	}
	select {
	case in.shelf = <-in.large:
	case <-in.request.Context().Done():
		return refuse(http.StatusServiceUnavailable, "too many large payloads at once, deliver it again")
	}
	in.isBig, in.bigSince, in.bigFrom = true, time.Now(), len(in.buffer)
	if n := in.request.ContentLength; n > int64(cap(in.shelf)) {
		in.shelf = make([]byte, n)
	}
	in.buffer = append(in.shelf[:0], in.buffer...)
	in.give()
	return nil
}

// take holds that much in all: of the reserve as long as the body is short and
// there is some.
func (in *incoming) take(size int64) error {
	if !in.sources.take(in.source, size-in.held) {
		return refuse(http.StatusServiceUnavailable, "too many payloads at once from your address, deliver it again")
	}
	if err := in.acquire(size); err != nil {
		in.sources.give(in.source, size-in.held)
		return refuse(http.StatusServiceUnavailable, "too many payloads at once, deliver it again")
	}
	in.held = size
	return nil
}

// acquire takes what is missing where it has the rest, or all of it elsewhere.
func (in *incoming) acquire(size int64) error {
	if in.from == in.small && in.from.TryAcquire(size-in.held) {
		return nil
	}
	if in.from == in.short && size <= shortBody && in.sources.reserve(in.source, size-in.held) {
		if in.from.TryAcquire(size - in.held) {
			return nil
		}
		in.sources.unreserve(in.source, size-in.held)
	}
	from, err := in.elsewhere(size)
	if err != nil {
		return err
	}
	in.vacate()
	in.from = from
	return nil
}

// elsewhere takes all of it: of the reserve when it is short and all others are
// taken, and its address has a part of the reserve left.
func (in *incoming) elsewhere(size int64) (*semaphore.Weighted, error) {
	if in.small.TryAcquire(size) {
		return in.small, nil
	}
	from := in.small
	if size <= shortBody && in.sources.reserve(in.source, size) {
		from = in.short
	}
	ctx, cancel := context.WithTimeout(in.request.Context(), grace)
	defer cancel()
	if err := from.Acquire(ctx, size); err != nil {
		if from == in.short {
			in.sources.unreserve(in.source, size)
		}
		return nil, err
	}
	return from, nil
}

// vacate leaves where it has been.
func (in *incoming) vacate() {
	if in.from == nil {
		return
	}
	in.from.Release(in.held)
	if in.from == in.short {
		in.sources.unreserve(in.source, in.held)
	}
}

// give returns what is held.
func (in *incoming) give() {
	in.vacate()
	in.sources.give(in.source, in.held)
	in.from, in.held = nil, 0
}

func (in *incoming) release() {
	in.give()
	if in.isBig {
		in.large <- in.shelf
	}
}
