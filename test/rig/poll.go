package rig

import (
	"context"
	"fmt"
	"net/http"
	"time"
)

// Poll is the interval of polling.
const Poll = 250 * time.Millisecond

// Until polls a condition until it holds. Look returns what it found instead, which becomes
// the error when the time is up. An error of look counts as something found: what cannot be
// read now may be readable soon.
func Until(ctx context.Context, within time.Duration, what string, look func(context.Context) (found string, ok bool, err error)) error {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	ticker := time.NewTicker(Poll)
	defer ticker.Stop()
	last := "nothing yet"
	for {
		found, ok, err := look(ctx)
		switch {
		case err == nil && ok:
			return nil
		case err != nil && ctx.Err() == nil:
			last = err.Error()
		case err == nil:
			last = found
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waited %s for %s; last seen: %s", within, what, last)
		case <-ticker.C:
		}
	}
}

// Answers is for Until: it reports whether a server responds, with any status.
func Answers(ctx context.Context, url string) (found string, ok bool, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return "", false, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return "", false, err
	}
	return response.Status, true, response.Body.Close()
}
