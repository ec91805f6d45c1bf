package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
	"time"
)

// down removes the cluster, whatever its state. It continues after errors, and finally
// lists what is left.
func down(ctx context.Context, l layout, p *progress) error {
	if os.Geteuid() != 0 {
		return checkMachine(l.source)
	}
	steps := []struct {
		name string
		do   func(context.Context) error
	}{
		{"stop servers and containers", func(context.Context) error { return endProcesses(l) }},
		{"unmount", func(context.Context) error { return unmountBelow(l.state) }},
		{"iptables rules", func(ctx context.Context) error { return removeRules(ctx, l) }},
		{"bridges", removeNetwork},
		{"control groups", func(context.Context) error { return removeCgroups(l) }},
		{"kernel settings", func(context.Context) error { return restoreSysctls(l) }},
		{"files", func(context.Context) error { return removeFiles(l) }},
	}
	var failed []error
	for _, step := range steps {
		failed = append(failed, p.step(ctx, step.name, step.do))
	}
	return errors.Join(append(failed, leftovers(l))...)
}

// endProcesses stops those that restart others first: the kubelet, then containers while
// their shims can still reap them, the shims, and the other servers.
func endProcesses(l layout) error {
	for _, name := range serverNames {
		if name == "containerd" {
			endContainers(l)
		}
		if held, running := readRecord(l.run(name + ".pid")); running {
			stop(held.PID, patience)
		}
	}
	for _, process := range clusterProcesses(l) {
		_ = syscall.Kill(process.pid, syscall.SIGKILL)
	}
	return waitGone(func() []found { return clusterProcesses(l) })
}

func endContainers(l layout) {
	containers := func() []found {
		var running []found
		for _, process := range clusterProcesses(l) {
			if process.container {
				running = append(running, process)
			}
		}
		return running
	}
	for _, process := range containers() {
		_ = syscall.Kill(process.pid, syscall.SIGKILL)
	}
	// Those that do not end now are killed later, with the shims.
	_ = waitGone(containers)
}

func waitGone(running func() []found) error {
	return poll(context.Background(), 10*time.Second, func(context.Context) error {
		if left := running(); len(left) > 0 {
			return fmt.Errorf("%d processes still run, the first is %d: %s", len(left), left[0].pid, left[0].command)
		}
		return nil
	})
}

// leftovers looks for what should be gone.
func leftovers(l layout) error {
	var left []string
	for _, process := range clusterProcesses(l) {
		left = append(left, fmt.Sprintf("process %d", process.pid))
	}
	for _, path := range []string{l.state, "/sys/class/net/" + podBridge, "/sys/class/net/" + serviceBridge} {
		if exists(path) {
			left = append(left, path)
		}
	}
	if len(left) > 0 {
		return errors.New("still there: " + strings.Join(left, ", "))
	}
	return nil
}
