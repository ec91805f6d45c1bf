package rig

import "context"

// tide is the part of Prow that merges. It is asked for only by tests about it.
const tide = "tide"

// StartTide starts Prow's tide, which then merges what its configuration says.
// StartProw must have been called.
func (c *Cluster) StartTide(ctx context.Context) error {
	if err := c.runProw(ctx, tide, 1); err != nil {
		return err
	}
	return c.waitForProw(ctx, tide)
}
