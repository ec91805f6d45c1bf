package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// status prints each server, the node and their total memory.
func status(ctx context.Context, l layout, out io.Writer) error {
	if !exists(l.state) {
		_, err := fmt.Fprintln(out, "the cluster is down")
		return err
	}
	var rows strings.Builder
	rows.WriteString("SERVER\tSTATE\tMIB\n")
	for _, name := range serverNames {
		held, running := readRecord(l.run(name + ".pid"))
		if !running {
			fmt.Fprintf(&rows, "%s\tnot running\t\n", name)
			continue
		}
		fmt.Fprintf(&rows, "%s\trunning (process %d)\t%d\n", name, held.PID, residentKiB(held.PID)/1024)
	}
	containers, all := 0, 0
	for _, process := range clusterProcesses(l) {
		all += residentKiB(process.pid)
		if process.container {
			containers += residentKiB(process.pid)
		}
	}
	fmt.Fprintf(&rows, "containers\t\t%d\ntogether, with container shims\t\t%d\n", containers/1024, all/1024)
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	if _, err := io.WriteString(table, rows.String()); err != nil {
		return err
	}
	if err := table.Flush(); err != nil {
		return err
	}
	if bin, err := l.binDir(); err != nil || !exists(bin) {
		_, err := fmt.Fprintln(out, "\nit was started by another version of this program: run up")
		return err
	}
	said, err := kubectl(ctx, l, "get", "deployments,nodes", "-A", "--request-timeout=5s")
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "\n%s\n", strings.TrimRight(said, "\n"))
	return err
}
