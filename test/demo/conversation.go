package main

import (
	"context"
	"fmt"

	"github.com/rehearsal-dev/rehearsal/test/rig"
)

// planned waits for the comment with the affected jobs.
func (d *demo) planned(ctx context.Context) (found string, ok bool, err error) {
	comments, err := d.Comments(ctx, rig.PlanComment)
	return fmt.Sprintf("%d such comments", len(comments)), len(comments) > 0, err
}

// finished waits for the end of the only run, and prints changes meanwhile.
func (d *demo) finished() func(context.Context) (string, bool, error) {
	last := ""
	return func(ctx context.Context) (string, bool, error) {
		runs, err := d.Runs(ctx)
		if err != nil || len(runs) == 0 {
			return "no run", false, err
		}
		now, err := d.States(ctx)
		if err != nil {
			return "", false, err
		}
		if now != last {
			d.note(now)
			last = now
		}
		return fmt.Sprintf("run %s is %s: %s", runs[0].ID, runs[0].State, now), runs[0].State.Done(), nil
	}
}
