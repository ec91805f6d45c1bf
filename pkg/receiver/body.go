package receiver

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"
)

const (
	// MaxBody is the largest payload that GitHub sends.
	MaxBody = 25 << 20
	// largeBody is the size from which bodies are read one at a time. The events that we
	// use are far smaller, and anyone can send large bodies.
	largeBody = 1 << 20
	// smallBodies is the memory for all other bodies together. Bodies are held before
	// their signature is verified, and can be sent slowly.
	smallBodies = 32 << 20
	// firstBytes are read before a body counts against any limit.
	firstBytes = 1 << 10
	// grace is how long a sender may take to begin, and leastRate the minimum rate after
	// that, in bytes per second.
	grace     = 2 * time.Second
	leastRate = 64 << 10
	// largeGrace and largeRate are the same for a body that keeps other large ones
	// waiting. A slower one of 25 MiB would miss the deadline in any case.
	largeGrace = time.Second
	largeRate  = 2 << 20
)

// refusal is a response other than 2xx, with a message for its reader.
type refusal struct {
	status   int
	sentence string
}

func (r *refusal) Error() string { return r.sentence }

func refuse(status int, format string, args ...any) *refusal {
	return &refusal{status: status, sentence: fmt.Sprintf(format, args...)}
}

// bodies reads request bodies within bounded memory. A signature can be verified only
// once the last byte has arrived, so a body counts for what has arrived, not for its
// announced length. Slow and large senders cannot keep others out: they are evicted.
type bodies struct {
	small   *pool
	large   *place
	sources *sources
}

func newBodies(sources *sources, small int64) *bodies {
	return &bodies{small: newPool(small), large: &place{}, sources: sources}
}

// with reads the body of a request and calls f with it. The body is valid only until
// f returns.
func (b *bodies) with(w http.ResponseWriter, r *http.Request, s standing, f func([]byte) error) error {
	in, err := b.incoming(w, r, s)
	if err != nil {
		return err
	}
	defer in.release()
	body, err := in.read()
	if err != nil {
		return err
	}
	rise(r, settled)
	defer rise(r, s) // whether the answer is read is another matter
	return f(body)
}

// copy streams the body of a request into a writer without buffering it.
func (b *bodies) copy(w http.ResponseWriter, r *http.Request, s standing, to io.Writer) error {
	in, err := b.incoming(w, r, s)
	if err != nil {
		return err
	}
	defer in.release()
	in.buffer = make([]byte, 0, copied)
	for {
		done, err := in.next(cap(in.buffer))
		if err != nil {
			return err
		}
		if _, err := to.Write(in.buffer); err != nil || done {
			return err
		}
		if in.buffer = in.buffer[:0]; in.got > MaxBody {
			return tooLarge()
		}
	}
}

// copied is the buffer size for streamed bodies.
const copied = 4 << 10

func tooLarge() error {
	return refuse(http.StatusRequestEntityTooLarge, "a payload can have at most %d MiB", MaxBody>>20)
}

// incoming is a body that arrives.
type incoming struct {
	*bodies
	request *http.Request
	control *http.ResponseController
	started time.Time
	// waiting is cancelled when it is evicted.
	waiting context.Context
	cancel  context.CancelFunc
	// got is how many bytes have arrived, and buffer what is kept of them.
	got    int
	buffer []byte
	// guest is its share of small, and applicant of large.
	guest     guest
	applicant applicant
	// shelf is the buffer of large, which it has since bigSince, when bigFrom bytes
	// were there.
	shelf    []byte
	isBig    bool
	bigSince time.Time
	bigFrom  int
}

func (b *bodies) incoming(w http.ResponseWriter, r *http.Request, s standing) (*incoming, error) {
	if r.ContentLength > MaxBody {
		return nil, tooLarge()
	}
	in := &incoming{bodies: b, request: r, control: http.NewResponseController(w), started: time.Now()}
	// The body may be waiting for its sender, or for the slot.
	ctx, cancel := context.WithCancel(r.Context())
	in.waiting, in.cancel = ctx, cancel
	interrupt := func() {
		in.wait(in.started)
		cancel()
	}
	source := b.sources.of(r)
	in.guest = guest{claim: claim{source: source, since: in.started, standing: s}, occupant: occupant{interrupt: interrupt}}
	in.applicant = applicant{source: source, standing: s, occupant: occupant{interrupt: interrupt}}
	return in, nil
}

// wait sets a read deadline. A writer without deadlines has no slow sender behind it.
func (in *incoming) wait(until time.Time) { _ = in.control.SetReadDeadline(until) }

func (in *incoming) read() ([]byte, error) {
	in.buffer = make([]byte, 0, firstBytes)
	for {
		if len(in.buffer) == cap(in.buffer) && !in.complete() {
			if err := in.grow(); err != nil {
				return nil, err
			}
		}
		switch done, err := in.next(cap(in.buffer)); {
		case err != nil:
			return nil, err
		case done:
			in.small.settle(&in.guest)
			in.large.settle(&in.applicant)
			return in.buffer, nil
		}
	}
}

// complete reports whether the announced length has arrived.
func (in *incoming) complete() bool {
	return in.request.ContentLength >= 0 && int64(in.got) == in.request.ContentLength
}

// next reads more into the buffer, up to that length. done says that this was all.
func (in *incoming) next(end int) (done bool, err error) {
	if in.complete() {
		return true, nil
	}
	if err := in.hurry(); err != nil {
		return false, err
	}
	length, start := in.request.ContentLength, len(in.buffer)
	if length >= 0 {
		end = int(min(int64(end), int64(start)+length-int64(in.got)))
	}
	n, err := in.request.Body.Read(in.buffer[start:end])
	in.buffer, in.got = in.buffer[:start+n], in.got+n
	switch {
	case errors.Is(err, io.EOF) && (length < 0 || in.complete()):
		return true, nil
	case err != nil && in.gaveWay():
		return false, busy()
	case errors.Is(err, os.ErrDeadlineExceeded):
		return false, refuse(http.StatusRequestTimeout, "the payload took too long to arrive")
	case err != nil:
		return false, refuse(http.StatusBadRequest, "the payload is not complete")
	}
	return in.complete(), nil
}

func busy() error {
	return refuse(http.StatusServiceUnavailable, "too many payloads at once, redeliver it")
}

// hurry sets the deadline of the next read: from the minimum rate, and from the
// deadline of the whole request.
func (in *incoming) hurry() error {
	allowed := grace + time.Duration(in.got)*time.Second/leastRate
	until := in.started.Add(min(allowed, deadline))
	if in.isBig {
		sooner := in.bigSince.Add(largeGrace + time.Duration(in.got-in.bigFrom)*time.Second/largeRate)
		if sooner.Before(until) {
			until = sooner
		}
	}
	if in.small.wait(&in.guest.occupant, until, in.wait) != nil || in.large.wait(&in.applicant.occupant, until, in.wait) != nil {
		return busy()
	}
	return nil
}

func (in *incoming) gaveWay() bool {
	return in.small.hasLeft(&in.guest.occupant) || in.large.hasLeft(&in.applicant.occupant)
}

// grow doubles the buffer once memory is available.
func (in *incoming) grow() error {
	size := int64(2 * cap(in.buffer))
	if size <= largeBody {
		if err := in.small.take(in.waiting, &in.guest, size); err != nil {
			return busy()
		}
		in.buffer = append(make([]byte, 0, size), in.buffer...)
		return nil
	}
	if in.request.ContentLength < 0 {
		return refuse(http.StatusLengthRequired, "a payload of more than %d MiB needs a Content-Length", largeBody>>20)
	}
	shelf, err := in.large.take(in.waiting, &in.applicant)
	if err != nil {
		return refuse(http.StatusServiceUnavailable, "too many large payloads at once, redeliver it")
	}
	in.shelf, in.isBig, in.bigSince, in.bigFrom = shelf, true, time.Now(), in.got
	if n := in.request.ContentLength; n > int64(cap(in.shelf)) {
		in.shelf = make([]byte, n)
	}
	in.buffer = append(in.shelf[:0], in.buffer...)
	in.small.leave(&in.guest)
	return nil
}

func (in *incoming) release() {
	in.cancel()
	in.small.leave(&in.guest)
	if in.isBig {
		in.large.leave(&in.applicant, in.shelf)
	}
}
