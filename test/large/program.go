package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// program is a process whose usage is measured.
type program struct {
	name string
	cmd  *exec.Cmd
	log  string
	done chan struct{}
}

// launch starts a program with its output in a file below dir. It dies with us.
func launch(dir, name string, env []string, command ...string) (*program, error) {
	p := &program{name: name, log: filepath.Join(dir, name+".log"), done: make(chan struct{})}
	out, err := os.Create(p.log)
	if err != nil {
		return nil, err
	}
	defer out.Close() //nolint:errcheck // the process has its own
	p.cmd = exec.Command(command[0], command[1:]...)
	p.cmd.Env = append(os.Environ(), env...)
	p.cmd.Stdout, p.cmd.Stderr = out, out
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting %s: %w", name, err)
	}
	go func() {
		defer close(p.done)
		_ = p.cmd.Wait() // whoever waits for it reads its log
	}()
	return p, nil
}

// stop ends the program and its children.
func (p *program) stop() {
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.done:
	case <-time.After(30 * time.Second):
	}
	_ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL)
}

func (p *program) running() bool {
	select {
	case <-p.done:
		return false
	default:
		return true
	}
}

// usage is the memory of processes in bytes, and their processor time so far.
type usage struct {
	own, children int64
	cpu           time.Duration
}

// look reads /proc. The processor time includes children that have ended.
func (p *program) look() usage {
	var u usage
	u.own, _ = resident(p.cmd.Process.Pid)
	u.cpu = cpu(p.cmd.Process.Pid)
	for _, pid := range children(p.cmd.Process.Pid) {
		if rss, ok := resident(pid); ok {
			u.children += rss
		}
		u.cpu += cpu(pid)
	}
	return u
}

func resident(pid int) (int64, bool) {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, false
	}
	for line := range strings.Lines(string(raw)) {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			kib, err := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
			return kib << 10, err == nil
		}
	}
	return 0, false
}

// clockTick is the unit of processor time in /proc on all current Linux systems.
const clockTick = time.Second / 100

func cpu(pid int) time.Duration {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	fields := bytes.Fields(raw[bytes.LastIndexByte(raw, ')')+1:])
	var ticks int64
	for _, at := range []int{11, 12, 13, 14} { // user and system, of the process and of its children that ended
		n, _ := strconv.ParseInt(string(fields[at]), 10, 64)
		ticks += n
	}
	return time.Duration(ticks) * clockTick
}

// machine returns the processor time of everything on the machine so far, and that of us
// and our children. The difference was used by others: on a machine with other work,
// measurements take longer.
func machine() (all, ours time.Duration) {
	raw, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0, 0
	}
	line, _, _ := strings.Cut(string(raw), "\n")
	var ticks int64
	for at, field := range strings.Fields(line)[1:] {
		if at == 3 || at == 4 || at > 7 { // idle, waiting for disks, and guests, which are included in user
			continue
		}
		n, _ := strconv.ParseInt(field, 10, 64)
		ticks += n
	}
	ours = cpu(os.Getpid())
	for _, pid := range children(os.Getpid()) {
		ours += cpu(pid)
	}
	return time.Duration(ticks) * clockTick, ours
}

// children returns the processes that a process has started, and their children.
func children(pid int) []int {
	raw, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	if err != nil {
		return nil
	}
	var all []int
	for _, file := range raw {
		content, err := os.ReadFile(file)
		if err != nil {
			continue
		}
		for _, field := range strings.Fields(string(content)) {
			if child, err := strconv.Atoi(field); err == nil {
				all = append(append(all, child), children(child)...)
			}
		}
	}
	return all
}
