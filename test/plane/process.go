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

// Process is a program that can be killed, frozen and started again.
type Process struct {
	Name string
	// Log is the file with its output.
	Log string

	command []string
	env     []string
	// restarted says that it is started again when it ends, as by the kubelet.
	restarted bool

	mu      sync.Mutex
	wanted  bool
	current *life
	last    *life
}

// life is one execution of the program.
type life struct {
	cmd   *exec.Cmd
	ended chan struct{}
}

// restartPause simulates the time that the kubelet needs.
const restartPause = 200 * time.Millisecond

func newProcess(dir, name string, restarted bool, env []string, command ...string) *Process {
	return &Process{Name: name, Log: filepath.Join(dir, name+".log"), command: command, env: env, restarted: restarted}
}

// Start starts the process, unless it runs.
func (p *Process) Start() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.wanted = true
	if p.current != nil {
		return nil
	}
	return p.start()
}

// start must be called with the lock held.
func (p *Process) start() error {
	log, err := os.OpenFile(p.Log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close() //nolint:errcheck // the process has its own
	cmd := exec.Command(p.command[0], p.command[1:]...)
	cmd.Env = append(os.Environ(), p.env...)
	cmd.Stdout, cmd.Stderr = log, log
	// Its child processes die with it, as in a container, and it dies with us.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("starting %s: %w", p.Name, err)
	}
	l := &life{cmd: cmd, ended: make(chan struct{})}
	p.current, p.last = l, l
	go p.attend(l)
	return nil
}

// attend waits for the end of a life, and starts another one if necessary.
func (p *Process) attend(l *life) {
	_ = l.cmd.Wait() // being killed is not an error
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

// Kill ends the process with SIGKILL, and returns when it is dead. Controllers and
// receivers are restarted automatically, other processes by Start.
func (p *Process) Kill() { p.end(syscall.SIGKILL, true) }

// Stop ends the process with SIGKILL. It does not run again until Start.
func (p *Process) Stop() { p.end(syscall.SIGKILL, false) }

// Terminate ends the process with SIGTERM, like the deletion of a pod, until Start.
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
		group = l.cmd.Process.Pid // the kubelet signals only the first process of a container
	}
	_ = syscall.Kill(group, signal) // the process may just have ended
	select {
	case <-l.ended:
	case <-time.After(time.Minute):
		_ = syscall.Kill(-l.cmd.Process.Pid, syscall.SIGKILL)
		<-l.ended
	}
}

// Freeze suspends the process until Thaw.
func (p *Process) Freeze() { p.signal(syscall.SIGSTOP) }

// Thaw resumes the process.
func (p *Process) Thaw() { p.signal(syscall.SIGCONT) }

func (p *Process) signal(s syscall.Signal) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.current != nil {
		_ = syscall.Kill(-p.current.cmd.Process.Pid, s)
	}
}

// wait returns the exit status of the process; -1 if it was killed.
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

// LastWords returns the last bytes of the log.
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
