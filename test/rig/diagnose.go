package rig

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// Diagnose collects what a person would look at first when a rehearsal did not
// go as it should. It is for the end of a log: what cannot be read is named.
func (c *Cluster) Diagnose() string {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	var b strings.Builder
	for _, args := range [][]string{
		{"-n", Namespace, "get", "rehearsals,pipelineruns,taskruns,pods", "-o", "wide"},
		{"-n", ProwJobNamespace, "get", "prowjobs"},
		{"-n", PodNamespace, "get", "pods"},
		{"get", "events", "-A", "--field-selector", "type!=Normal", "--sort-by=.lastTimestamp"},
		{"-n", Namespace, "logs", "deployment/" + Receiver, "--tail=40"},
		{"-n", Namespace, "logs", "deployment/" + Controller, "--tail=120"},
		{"-n", ProwJobNamespace, "logs", "deployment/prow-controller-manager", "--tail=30"},
	} {
		out, err := c.Output(ctx, "kubectl", args...)
		fmt.Fprintf(&b, "\n$ kubectl %s\n%s", strings.Join(args, " "), tail(out, 200))
		if err != nil {
			fmt.Fprintf(&b, "%v\n", err)
		}
	}
	return b.String()
}

// tail is the end of a text, in lines.
func tail(text string, lines int) string {
	all := strings.SplitAfter(text, "\n")
	if len(all) <= lines {
		return text
	}
	return fmt.Sprintf("(%d lines left out)\n", len(all)-lines) + strings.Join(all[len(all)-lines:], "")
}
