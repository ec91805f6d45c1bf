package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"
)

// progress shows the current step and its duration: on a terminal as a running counter,
// elsewhere as a line if a step takes long.
type progress struct {
	out      io.Writer
	terminal bool
	tick     time.Duration
}

func newProgress(out *os.File) *progress {
	info, err := out.Stat()
	terminal := err == nil && info.Mode()&os.ModeCharDevice != 0
	tick := 30 * time.Second
	if terminal {
		tick = time.Second
	}
	return &progress{out: out, terminal: terminal, tick: tick}
}

// step runs do, and prints its name and duration.
func (p *progress) step(ctx context.Context, name string, do func(context.Context) error) error {
	begin := time.Now()
	done := make(chan error, 1)
	go func() { done <- do(ctx) }()
	ticker := time.NewTicker(p.tick)
	defer ticker.Stop()
	for {
		select {
		case err := <-done:
			p.finish(name, time.Since(begin), err)
			if err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			return nil
		case <-ticker.C:
			p.going(name, time.Since(begin))
		}
	}
}

func (p *progress) going(name string, elapsed time.Duration) {
	if p.terminal {
		p.print("\r  …     %6s  %s", elapsed.Round(time.Second), name)
		return
	}
	p.print("  …     %6s  %s\n", elapsed.Round(time.Second), name)
}

func (p *progress) finish(name string, elapsed time.Duration, err error) {
	word := "done"
	if err != nil {
		word = "failed"
	}
	if p.terminal {
		p.print("\r\x1b[K")
	}
	p.print("  %-6s%6s  %s\n", word, elapsed.Round(100*time.Millisecond), name)
}

// print ignores errors: the work continues if nobody reads the output.
func (p *progress) print(format string, arguments ...any) {
	_, _ = fmt.Fprintf(p.out, format, arguments...)
}
