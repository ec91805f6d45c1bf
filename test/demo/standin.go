package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/rehearsal-dev/rehearsal/test/rig"
)

// stateDir has what outlives the demonstration: the stand-in keeps running, so that people
// can look at its pages.
const stateDir = "/var/lib/rehearsal-demo"

// preferredPort is the port of the pages, unless it is in use.
const preferredPort = 8980

// standIn is the GitHub stand-in in a process of its own.
type standIn struct {
	binary, pidFile, logFile string
}

func newStandIn() standIn {
	return standIn{
		binary:  filepath.Join(stateDir, "github-standin"),
		pidFile: filepath.Join(stateDir, "github-standin.pid"),
		logFile: filepath.Join(stateDir, "github-standin.log"),
	}
}

// start stops the stand-in of an earlier demonstration, and starts a new one on the address
// that pods can reach. Nothing of the earlier one is kept.
func (s standIn) start(ctx context.Context, c *rig.Cluster) (string, error) {
	if err := s.stop(); err != nil {
		return "", err
	}
	if err := os.MkdirAll(stateDir, 0o755); err != nil {
		return "", err
	}
	if out, err := c.Output(ctx, "go", "build", "-o", s.binary, "./test/github/cmd/github-standin"); err != nil {
		return "", fmt.Errorf("%w\n%s", err, out)
	}
	address, err := freeAddress(c.HostAddress)
	if err != nil {
		return "", err
	}
	log, err := os.Create(s.logFile)
	if err != nil {
		return "", err
	}
	cmd := exec.Command(s.binary, "--listen", address)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return "", errors.Join(fmt.Errorf("start the GitHub stand-in: %w", err), log.Close())
	}
	if err := errors.Join(log.Close(), os.WriteFile(s.pidFile, []byte(strconv.Itoa(cmd.Process.Pid)), 0o644)); err != nil {
		return "", err
	}
	url := "http://" + address
	err = rig.Until(ctx, 20*time.Second, "the GitHub stand-in to answer at "+url, func(ctx context.Context) (string, bool, error) {
		return rig.Answers(ctx, url)
	})
	return url, err
}

// stop stops the stand-in in the pid file, if it still runs.
func (s standIn) stop() error {
	content, err := os.ReadFile(s.pidFile)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(content)))
	if err == nil && s.isOurs(pid) {
		if err := syscall.Kill(pid, syscall.SIGTERM); err != nil {
			return fmt.Errorf("stop the GitHub stand-in, process %d: %w", pid, err)
		}
		ctx := context.Background()
		err := rig.Until(ctx, 10*time.Second, "the earlier GitHub stand-in to end", func(context.Context) (string, bool, error) {
			return fmt.Sprintf("process %d", pid), !s.isOurs(pid), nil
		})
		if err != nil {
			return err
		}
	}
	return os.Remove(s.pidFile)
}

// isOurs distinguishes the stand-in from another process that has reused its pid. A binary
// that was replaced is listed as deleted.
func (s standIn) isOurs(pid int) bool {
	exe, err := os.Readlink(fmt.Sprintf("/proc/%d/exe", pid))
	return err == nil && strings.TrimSuffix(exe, " (deleted)") == s.binary
}

func freeAddress(host string) (string, error) {
	for _, port := range []int{preferredPort, 0} {
		l, err := net.Listen("tcp", net.JoinHostPort(host, strconv.Itoa(port)))
		if err != nil {
			continue
		}
		address := l.Addr().String()
		return address, l.Close()
	}
	return "", fmt.Errorf("no port is free on %s", host)
}

// remove stops the stand-in and removes all its files.
func (s standIn) remove() error {
	return errors.Join(s.stop(), os.RemoveAll(stateDir))
}
