package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// A server is one long-running process of the cluster.
type server struct {
	name    string
	command []string
	env     []string
	inputs  []string // files whose changes require a restart
	dir     string   // its data directory, created before it starts
	ready   func(context.Context) error
}

// A record is the content of the pid file. The start time distinguishes our process from a
// later one with the same pid; the digest shows whether it still runs with the right flags
// and files.
type record struct {
	PID    int    `json:"pid"`
	Start  string `json:"start"`
	Digest string `json:"digest"`
}

const (
	readyTimeout = 2 * time.Minute
	// patience is the time limit for a server to end. The API server would wait a minute
	// for its watches.
	patience = 5 * time.Second
)

// ensureRunning starts the server unless it already runs with the right flags and files,
// and waits until it is ready.
func (s server) ensureRunning(ctx context.Context, l layout) error {
	held, err := s.ensureStarted(l)
	if err != nil {
		return err
	}
	return s.waitReady(ctx, l, held)
}

// ensureStarted is the first half of ensureRunning.
func (s server) ensureStarted(l layout) (record, error) {
	digest, err := s.digest()
	if err != nil {
		return record{}, err
	}
	if s.dir != "" {
		if err := os.MkdirAll(s.dir, 0o755); err != nil {
			return record{}, err
		}
	}
	held, running := readRecord(l.run(s.name + ".pid"))
	if running && held.Digest == digest {
		return held, nil
	}
	if running {
		stop(held.PID, patience)
	}
	if held, err = s.start(l, digest); err != nil {
		return record{}, fmt.Errorf("start %s: %w", s.name, err)
	}
	return held, nil
}

// digest identifies everything with which a running server was started. The program is
// identified by its real path, so another link to it changes nothing.
func (s server) digest() (string, error) {
	program, err := exec.LookPath(s.command[0])
	if err != nil {
		return "", err
	}
	if program, err = filepath.EvalSymlinks(program); err != nil {
		return "", err
	}
	sum := sha256.New()
	sum.Write(fmt.Appendf(nil, "%q %q %q", program, s.command[1:], s.env))
	for _, path := range s.inputs {
		content, err := os.ReadFile(path)
		if err != nil {
			return "", err
		}
		sum.Write(content)
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// start gives the process a session of its own, so that it outlives the shell that called
// us.
func (s server) start(l layout, digest string) (record, error) {
	if err := os.MkdirAll(filepath.Dir(l.log(s.name)), 0o755); err != nil {
		return record{}, err
	}
	log, err := os.OpenFile(l.log(s.name), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return record{}, err
	}
	defer func() { _ = log.Close() }()
	command := exec.Command(s.command[0], s.command[1:]...)
	command.Env = append(os.Environ(), s.env...)
	command.Dir = l.state
	command.Stdout, command.Stderr = log, log
	command.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := command.Start(); err != nil {
		return record{}, err
	}
	// The process is reaped here while we live, and by pid 1 afterwards.
	go func() { _ = command.Wait() }()
	held := record{PID: command.Process.Pid, Start: startTime(command.Process.Pid), Digest: digest}
	content, err := json.Marshal(held)
	if err != nil {
		return record{}, err
	}
	return held, write(l.run(s.name+".pid"), string(content))
}

func (s server) waitReady(ctx context.Context, l layout, held record) error {
	err := poll(ctx, readyTimeout, func(ctx context.Context) error {
		if held.Start == "" || startTime(held.PID) != held.Start {
			return stopPolling{errors.New("it ended")}
		}
		return s.ready(ctx)
	})
	if err != nil {
		said, _ := os.ReadFile(l.log(s.name))
		return fmt.Errorf("%s is not ready: %w; %s ends with\n%s", s.name, err, l.log(s.name), lastLines(string(said), 12))
	}
	return nil
}

// stopPolling is an error that waiting cannot fix.
type stopPolling struct{ error }

// poll calls check until it returns no error.
func poll(ctx context.Context, limit time.Duration, check func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	ticker := time.NewTicker(100 * time.Millisecond)
	defer ticker.Stop()
	for {
		err := check(ctx)
		var final stopPolling
		if err == nil || errors.As(err, &final) {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("gave up after %s: %w", limit, err)
		case <-ticker.C:
		}
	}
}

// readRecord returns a pid file, and whether its process still runs.
func readRecord(path string) (record, bool) {
	var held record
	content, err := os.ReadFile(path)
	if err != nil || json.Unmarshal(content, &held) != nil || held.PID == 0 {
		return record{}, false
	}
	return held, held.Start != "" && startTime(held.PID) == held.Start
}

// startTime returns field 22 of /proc/PID/stat; empty if the process is gone or a zombie.
func startTime(pid int) string {
	content, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return ""
	}
	return parseStartTime(string(content))
}

func parseStartTime(stat string) string {
	// The name in parentheses may contain spaces, so fields are counted from its end.
	fields := strings.Fields(afterLast(stat, ")"))
	if len(fields) < 20 || fields[0] == "Z" || fields[0] == "X" {
		return ""
	}
	return fields[19]
}

func afterLast(text, separator string) string {
	return text[strings.LastIndex(text, separator)+1:]
}

// stop terminates a process, and kills it if it does not end in time.
func stop(pid int, limit time.Duration) {
	start := startTime(pid)
	if start == "" {
		return
	}
	_ = syscall.Kill(pid, syscall.SIGTERM)
	gone := func(context.Context) error {
		if startTime(pid) == start {
			return errors.New("still running")
		}
		return nil
	}
	if poll(context.Background(), limit, gone) == nil {
		return
	}
	_ = syscall.Kill(pid, syscall.SIGKILL)
	_ = poll(context.Background(), 5*time.Second, gone)
}
