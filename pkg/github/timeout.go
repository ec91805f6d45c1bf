package github

import (
	"context"
	"io"
	"net/http"
	"time"
)

// callTimeout limits one call. GitHub itself gives up after ten seconds.
const callTimeout = 30 * time.Second

// bounded cancels calls that take too long, including reading the body. It replaces
// http.Client's Timeout, which holds a goroutine until the body is closed: go-github
// only reads error bodies to their end.
type bounded struct {
	next http.RoundTripper
}

// RoundTrip implements http.RoundTripper.
func (b *bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithTimeout(r.Context(), callTimeout)
	resp, err := b.next.RoundTrip(r.WithContext(ctx))
	if err != nil {
		cancel()
		return nil, err
	}
	resp.Body = &boundedBody{ReadCloser: resp.Body, cancel: cancel}
	return resp, nil
}

// boundedBody stops the timer of a call once its body is read or closed.
type boundedBody struct {
	io.ReadCloser
	cancel context.CancelFunc
}

func (b *boundedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil {
		b.cancel()
	}
	return n, err
}

func (b *boundedBody) Close() error {
	defer b.cancel()
	return b.ReadCloser.Close()
}
