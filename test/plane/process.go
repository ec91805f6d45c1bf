package plane

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

// Process is a program that can be killed, held and started again.
type Process struct {
	Name string
	// Log is the file with all that it has said.
	Log string

	command []string
	env     []string
	// restarted says that it is started again when it ends, as the kubelet does.
	restarted bool

	mu      sync.Mutex
	wanted  bool
	current *life
	last    *life
}

// life is one process, from its start to its end.
type life struct {
	cmd   *exec.Cmd
	ended chan struct{}
}

// restartPause is how long the kubelet is taken to need.
const restartPause = 200 * time.Millisecond

func newProcess(dir, name string, restarted bool, env []string, command ...string) *Process {
	return &Process{Name: name, Log: filepath.Join(dir, name+".log"), command: command, env: env, restarted: restarted}
}

// Start starts it, unless it runs.
func (p *Process) Start() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.wanted = true
	if p.current != nil {
		return nil
	}
	return p.start()
}

// start is called with the lock held.
func (p *Process) start() error {
	log, err := os.OpenFile(p.Log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close() //nolint:errcheck // the process has its own
	cmd := exec.Command(p.command[0], p.command[1:]...)
	cmd.Env = append(os.Environ(), p.env...)
	cmd.Stdout, cmd.Stderr = log, log
	// What it starts dies with it, as in a container, and it dies with us.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("starting %s: %w", p.Name, err)
	}
	l := &life{cmd: cmd, ended: make(chan struct{})}
	p.current, p.last = l, l
	go p.attend(l)
	return nil
}

// attend waits for the end of a life, and begins another one where there has to be.
func (p *Process) attend(l *life) {
	_ = l.cmd.Wait() // that it was killed is no news
	p.mu.Lock()
	p.current = nil
	p.mu.Unlock()
	close(l.ended)
	if !p.restarted {
		return
	}
	time.Sleep(restartPause)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.wanted && p.current == nil {
		if err := p.start(); err != nil {
			p.wanted = false
		}
	}
}

// Kill ends the process with SIGKILL, and returns when it is dead. A controller or a
// receiver is started again by itself, others by Start.
func (p *Process) Kill() { p.end(syscall.SIGKILL, true) }

// Stop ends it with SIGKILL until it is started.
func (p *Process) Stop() { p.end(syscall.SIGKILL, false) }

// Terminate ends it with SIGTERM, as whoever takes a pod away does, until it is started.
func (p *Process) Terminate() { p.end(syscall.SIGTERM, false) }

func (p *Process) end(signal syscall.Signal, again bool) {
	p.mu.Lock()
	p.wanted = p.wanted && again
	l := p.current
	p.mu.Unlock()
	if l == nil {
		return
	}
	group := -l.cmd.Process.Pid
	if signal != syscall.SIGKILL {
		group = l.cmd.Process.Pid // as the kubelet tells the first process of a container
	}
	_ = syscall.Kill(group, signal) // it may just have ended
	select {
	case <-l.ended:
	case <-time.After(time.Minute):
		_ = syscall.Kill(-l.cmd.Process.Pid, syscall.SIGKILL)
		<-l.ended
	}
}

// Freeze stops it where it is, until Thaw.
func (p *Process) Freeze() { p.signal(syscall.SIGSTOP) }

// Thaw lets it go on.
func (p *Process) Thaw() { p.signal(syscall.SIGCONT) }

func (p *Process) signal(s syscall.Signal) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.current != nil {
		_ = syscall.Kill(-p.current.cmd.Process.Pid, s)
	}
}

// wait returns what the process exits with, -1 when it was killed.
func (p *Process) wait() int {
	p.mu.Lock()
	l := p.last
	p.mu.Unlock()
	if l == nil {
		return -1
	}
	<-l.ended
	return l.cmd.ProcessState.ExitCode()
}

// LastWords are the last bytes of the log.
func (p *Process) LastWords(n int64) string {
	f, err := os.Open(p.Log)
	if err != nil {
		return err.Error()
	}
	defer f.Close() //nolint:errcheck // it was only read
	if size, err := f.Seek(0, io.SeekEnd); err == nil {
		_, err = f.Seek(max(0, size-n), io.SeekStart)
		if err != nil {
			return err.Error()
		}
	}
	words, err := io.ReadAll(f)
	return string(words) + errorText(err)
}

func errorText(err error) string {
	if err == nil || errors.Is(err, io.EOF) {
		return ""
	}
	return err.Error()
}
