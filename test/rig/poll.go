package rig

import (
	"context"
	"fmt"
	"net/http"
	"time"
)

// Poll is how often a condition is looked at.
const Poll = 250 * time.Millisecond

// Until looks at a condition until it holds. Look says what it found instead,
// which becomes the error when time is up. An error of look is something found,
// too: what cannot be read now may be readable soon.
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

// Answers looks for Until whether a server answers, whatever it says.
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
