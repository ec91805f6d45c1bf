package github

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// Client provides Control of a stand-in in another process.
type Client struct {
	// URL is the address of the stand-in.
	URL string
	// HTTP is http.DefaultClient if nil.
	HTTP *http.Client
}

// call sends one verb.
func call[In, Out any](ctx context.Context, c *Client, verb string, in In) (out Out, err error) {
	body, err := json.Marshal(in)
	if err != nil {
		return out, fmt.Errorf("%s: %w", verb, err)
	}
	url := strings.TrimRight(c.URL, "/") + "/_control/" + verb
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return out, fmt.Errorf("%s: %w", verb, err)
	}
	req.Header.Set("Content-Type", "application/json")
	client := c.HTTP
	if client == nil {
		client = http.DefaultClient
	}
	resp, err := client.Do(req)
	if err != nil {
		return out, fmt.Errorf("%s: %w", verb, err)
	}
	answer, err := io.ReadAll(resp.Body)
	if cerr := resp.Body.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = refusal(resp.StatusCode, answer)
	}
	if err == nil {
		err = json.Unmarshal(answer, &out)
	}
	if err != nil {
		return out, fmt.Errorf("%s: %w", verb, err)
	}
	return out, nil
}

func refusal(status int, body []byte) error {
	if status == http.StatusOK {
		return nil
	}
	var e struct{ Message string }
	if json.Unmarshal(body, &e) != nil || e.Message == "" {
		e.Message = http.StatusText(status)
	}
	return &apiError{Status: status, Message: e.Message}
}
