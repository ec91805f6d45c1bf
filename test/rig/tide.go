package rig

import "context"

// tide is the part of Prow that merges. Only tests about it start it.
const tide = "tide"

// StartTide starts Prow's tide, which merges according to its configuration. StartProw must
// have been called before.
func (c *Cluster) StartTide(ctx context.Context) error {
	if err := c.runProw(ctx, tide, 1); err != nil {
		return err
	}
	return c.waitForProw(ctx, tide)
}
