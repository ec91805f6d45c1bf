package rig

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// Diagnose collects what a person would look at first after a failure, for the end of a
// log. It also says what could not be read.
func (c *Cluster) Diagnose() string {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	var b strings.Builder
	for _, args := range [][]string{
		{"-n", Namespace, "get", "rehearsals,pipelineruns,taskruns,pods"},
		{"-n", ProwJobNamespace, "get", "prowjobs"},
		{"-n", PodNamespace, "get", "pods"},
		{"-n", Namespace, "get", "events", "--field-selector", "type!=Normal", "--sort-by=.lastTimestamp"},
		{"-n", PodNamespace, "get", "events", "--field-selector", "type!=Normal", "--sort-by=.lastTimestamp"},
		{"-n", Namespace, "logs", "deployment/" + Receiver, "--tail=200"},
		{"-n", Namespace, "logs", "deployment/" + Controller, "--tail=1000"},
		{"-n", ProwJobNamespace, "get", "pods"},
		{"-n", ProwJobNamespace, "logs", "deployment/prow-controller-manager", "--tail=50"},
		{"-n", ProwJobNamespace, "logs", "deployment/hook", "--tail=50"},
		{"-n", ProwJobNamespace, "logs", "deployment/crier", "--tail=50"},
		{"-n", ProwJobNamespace, "logs", "deployment/tide", "--tail=50"},
	} {
		out, err := c.Output(ctx, "kubectl", args...)
		fmt.Fprintf(&b, "\n$ kubectl %s\n%s", strings.Join(args, " "), condense(out))
		if err != nil {
			fmt.Fprintf(&b, "%v\n", err)
		}
	}
	return b.String()
}

const (
	shownLines  = 60
	shownColumn = 400
)

// condense returns the end of a text; JSON log lines are reduced to what a person reads.
func condense(text string) string {
	var lines []string
	for line := range strings.Lines(text) {
		if line = condenseLine(strings.TrimRight(line, "\n")); line != "" {
			lines = append(lines, line)
		}
	}
	if left := len(lines) - shownLines; left > 0 {
		lines = append([]string{fmt.Sprintf("(%d lines before these)", left)}, lines[left:]...)
	}
	return strings.Join(lines, "\n") + "\n"
}

// condenseLine drops successes, because they are many, and fields that are the same in each
// line.
func condenseLine(line string) string {
	var fields map[string]any
	if json.Unmarshal([]byte(line), &fields) == nil {
		var parts []string
		for _, name := range []string{"timestamp", "time", "severity", "level", "message", "msg", "knative.dev/key", "job", "event", "pull", "run", "repository", "error"} {
			if value, ok := fields[name]; ok {
				parts = append(parts, fmt.Sprint(value))
			}
		}
		line = strings.Join(parts, " ")
	}
	if strings.Contains(line, "Reconcile succeeded") {
		return ""
	}
	if len(line) > shownColumn {
		line = line[:shownColumn] + "…"
	}
	return line
}
