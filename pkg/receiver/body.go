package receiver

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"

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
	smallBodies = 32 << 20
	// leastBody is what a body counts for at least: a request costs more than
	// its body.
	leastBody = 16 << 10
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

// bodies reads request bodies within bounded memory.
type bodies struct {
	// small is what is left of smallBodies, in bytes.
	small *semaphore.Weighted
	// large holds the buffer for large bodies while nobody uses it. It is used
	// again: as garbage, a row of them would add up.
	large chan []byte
}

func newBodies() *bodies {
	b := &bodies{small: semaphore.NewWeighted(smallBodies), large: make(chan []byte, 1)}
	b.large <- nil
	return b
}

// with reads the body of a request and calls f with it. The body is only good
// until f returns.
func (b *bodies) with(w http.ResponseWriter, r *http.Request, f func([]byte) error) error {
	var buffer []byte
	switch {
	case r.ContentLength > MaxBody:
		return refuse(http.StatusRequestEntityTooLarge, "a payload has at most %d MiB", MaxBody>>20)
	case r.ContentLength > largeBody:
		select {
		case buffer = <-b.large:
			defer func() { b.large <- buffer }()
		case <-r.Context().Done():
			return refuse(http.StatusServiceUnavailable, "too many large payloads at once, deliver it again")
		}
	default:
		size := max(r.ContentLength, leastBody)
		if r.ContentLength < 0 {
			size = 2 * largeBody // it grows in a buffer that doubles
		}
		if b.small.Acquire(r.Context(), size) != nil {
			return refuse(http.StatusServiceUnavailable, "too many payloads at once, deliver it again")
		}
		defer b.small.Release(size)
	}
	if n := r.ContentLength; n > int64(cap(buffer)) {
		buffer = make([]byte, n)
	}
	body, err := read(w, r, buffer)
	if err != nil {
		return err
	}
	return f(body)
}

// read reads a body into the buffer if its length is known.
func read(w http.ResponseWriter, r *http.Request, buffer []byte) ([]byte, error) {
	var (
		body []byte
		err  error
	)
	if r.ContentLength >= 0 {
		body = buffer[:r.ContentLength]
		_, err = io.ReadFull(r.Body, body)
	} else {
		body, err = io.ReadAll(http.MaxBytesReader(w, r.Body, largeBody))
	}
	var tooLarge *http.MaxBytesError
	switch {
	case err == nil:
		return body, nil
	case errors.As(err, &tooLarge):
		return nil, refuse(http.StatusLengthRequired, "a payload of more than %d MiB needs a Content-Length", largeBody>>20)
	case errors.Is(err, os.ErrDeadlineExceeded):
		return nil, refuse(http.StatusRequestTimeout, "the payload took too long to arrive")
	}
	return nil, refuse(http.StatusBadRequest, "the payload is not complete")
}
