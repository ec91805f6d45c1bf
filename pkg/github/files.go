package github

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	gogithub "github.com/google/go-github/v60/github"
)

// maxFiles is how many changed files GitHub lists for a pull request, see
// https://docs.github.com/rest/pulls/pulls#list-pull-requests-files.
const maxFiles = 3000

// IncompleteError says that GitHub returns only a part of something: retrying does
// not help. Reason is a clause.
type IncompleteError struct {
	Op     string
	Reason string
}

func (e *IncompleteError) Error() string { return e.Op + ": " + e.Reason }

// ChangedFiles returns the files that a pull request adds, changes, removes or renames,
// with the old and the new names of renamed ones. For 3,000 or more it returns an
// *IncompleteError.
func (c *Client) ChangedFiles(ctx context.Context, org, repo string, number int) ([]string, error) {
	if err := checkRepository(org, repo); err != nil {
		return nil, err
	}
	op := "listing the files of " + pullName(org, repo, number)
	opts := &gogithub.ListOptions{PerPage: pageSize}
	var files []string
	for listed := 0; ; {
		page, resp, err := c.github.PullRequests.ListFiles(ctx, org, repo, number, opts)
		if err != nil {
			return nil, translate(op, err)
		}
		for _, f := range page {
			files = append(files, f.GetFilename())
			if before := f.GetPreviousFilename(); before != "" {
				files = append(files, before)
			}
		}
		if listed += len(page); listed >= maxFiles {
			return nil, &IncompleteError{Op: op, Reason: fmt.Sprintf("GitHub lists no more than %d", maxFiles)}
		}
		if resp.NextPage == 0 {
			return files, nil
		}
		opts.Page = resp.NextPage
	}
}

// Content reads a file at a ref. A missing file or a directory gives a
// *NotFoundError; a file that cannot be read, an *IncompleteError.
func (c *Client) Content(ctx context.Context, org, repo, path, ref string) ([]byte, error) {
	if err := checkRepository(org, repo); err != nil {
		return nil, err
	}
	path = strings.Trim(path, "/")
	if !isPath(path) {
		return nil, noName("file", path)
	}
	if !isRef(ref) {
		return nil, noName("commit", ref)
	}
	op := fmt.Sprintf("reading %s of %s/%s at %s", path, org, repo, ref)
	// go-github refuses names that have two dots in them.
	escaped := (&url.URL{Path: path}).EscapedPath()
	r, err := c.github.NewRequest(http.MethodGet, fmt.Sprintf("repos/%s/%s/contents/%s?ref=%s", org, repo, escaped, url.QueryEscape(ref)), nil)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", op, err)
	}
	var raw json.RawMessage
	if _, err := c.github.Do(ctx, r, &raw); err != nil {
		return nil, translate(op, err)
	}
	if strings.HasPrefix(strings.TrimSpace(string(raw)), "[") {
		return nil, &NotFoundError{Op: op}
	}
	var file gogithub.RepositoryContent
	if err := json.Unmarshal(raw, &file); err != nil {
		return nil, fmt.Errorf("%s: %w", op, err)
	}
	if file.GetType() != "file" || file.GetEncoding() != "base64" {
		return nil, &IncompleteError{Op: op, Reason: "it is not a file, or it is too large"}
	}
	text, err := file.GetContent()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", op, err)
	}
	return []byte(text), nil
}
