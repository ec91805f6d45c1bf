package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// cost is what the machine spent on something, including everything else at that time.
type cost struct {
	// busy is the busy time of all CPUs, of elapsed for each of them.
	busy, elapsed time.Duration
	// requests is the number of requests that the API server answered.
	requests int
}

// meter starts a measurement; the returned function ends it.
func (b *bench) meter(ctx context.Context) (func() (cost, error), error) {
	before, err := b.read(ctx)
	if err != nil {
		return nil, err
	}
	return func() (cost, error) {
		after, err := b.read(ctx)
		return cost{
			busy: after.busy - before.busy, elapsed: after.elapsed - before.elapsed,
			requests: after.requests - before.requests,
		}, err
	}, nil
}

func (b *bench) read(ctx context.Context) (c cost, err error) {
	stat, err := os.ReadFile("/proc/stat")
	if err != nil {
		return c, err
	}
	if c.busy, c.elapsed, err = cpuTime(stat); err != nil {
		return c, err
	}
	metrics, err := b.cluster.Kube.CoreV1().RESTClient().Get().AbsPath("/metrics").DoRaw(ctx)
	if err != nil {
		return c, fmt.Errorf("read the metrics of the API server: %w", err)
	}
	c.requests, err = requests(metrics)
	return c, err
}

// ticks is the unit of /proc/stat.
const ticks = time.Second / 100

// cpuTime reads the first line of /proc/stat: user, nice, system, idle, iowait, irq,
// softirq and steal, followed by parts of these.
func cpuTime(stat []byte) (busy, all time.Duration, err error) {
	line, _, _ := bytes.Cut(stat, []byte("\n"))
	fields := strings.Fields(string(line))
	if len(fields) < 9 || fields[0] != "cpu" {
		return 0, 0, fmt.Errorf("/proc/stat begins with %q", line)
	}
	for i, field := range fields[1:9] {
		n, err := strconv.ParseInt(field, 10, 64)
		if err != nil {
			return 0, 0, fmt.Errorf("/proc/stat: %w", err)
		}
		all += time.Duration(n) * ticks
		if i != 3 && i != 4 {
			busy += time.Duration(n) * ticks
		}
	}
	return busy, all, nil
}

// requests adds up the counters of apiserver_request_total.
func requests(metrics []byte) (int, error) {
	total, lines := 0, bufio.NewScanner(bytes.NewReader(metrics))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		line, ok := strings.CutPrefix(lines.Text(), "apiserver_request_total{")
		if !ok {
			continue
		}
		n, err := strconv.ParseFloat(line[strings.LastIndexByte(line, ' ')+1:], 64)
		if err != nil {
			return 0, fmt.Errorf("metrics of the API server: %w", err)
		}
		total += int(n)
	}
	return total, lines.Err()
}
