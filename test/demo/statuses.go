package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/rehearsal-dev/rehearsal/test/github"
)

// contexts is the prefix of the contexts of rehearsals.
const contexts = "ci/rehearse/"

// reported waits until each job of the run has a final status on the pull request.
func (d *demo) reported(ctx context.Context) (found string, ok bool, err error) {
	all, err := d.Hub.ListStatuses(ctx, github.StatusQuery{Org: org, Repo: repo, SHA: d.Pull.HeadSHA})
	if err != nil {
		return "", false, err
	}
	d.statuses = slices.DeleteFunc(all, func(s github.Status) bool { return !strings.HasPrefix(s.Context, contexts) })
	pending := 0
	for _, s := range d.statuses {
		if s.State == "pending" {
			pending++
		}
	}
	return fmt.Sprintf("%d statuses, %d of them pending", len(d.statuses), pending), len(d.statuses) == 1+len(passing) && pending == 0, nil
}

// printStatuses prints the statuses by crier, with Deck's pages of the logs.
func (d *demo) printStatuses() {
	d.heading("The statuses on the pull request, by Prow's crier, with the logs on its Deck")
	for _, s := range d.statuses {
		fmt.Printf("%-8s %s\n         %s\n", s.State, s.Context, d.style.dim(s.TargetURL))
	}
}

// checkStatuses checks the statuses, and opens the page of the job that failed.
func checkStatuses(ctx context.Context, statuses []github.Status) error {
	var errs []error
	for _, s := range statuses {
		want := "success"
		if strings.HasSuffix(s.Context, failing) {
			want = "failure"
			errs = append(errs, checkPage(ctx, s.TargetURL))
		}
		if s.State != want {
			errs = append(errs, fmt.Errorf("%s is %s, not %s", s.Context, s.State, want))
		}
	}
	return errors.Join(errs...)
}

// checkPage expects a page of Deck that shows a build log. The log itself is loaded by the
// page's script.
func checkPage(ctx context.Context, url string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	page, err := io.ReadAll(resp.Body)
	if err := errors.Join(err, resp.Body.Close()); err != nil {
		return err
	}
	return contains(url, string(page), "buildlog", failing)
}
