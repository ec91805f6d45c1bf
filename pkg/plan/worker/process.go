package worker

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"syscall"
	"time"
)

// process is a child as its parent sees it.
type process struct {
	cmd    *exec.Cmd
	in     io.WriteCloser
	said   *excerpt
	temp   string
	memory int64

	// frames are what it answers; the channel is closed when there is no more.
	frames chan frame
	// broken is why, where it is not that the child has ended.
	broken error
	// gone is closed when the process and what it started have ended.
	gone   chan struct{}
	killed chan struct{}
	kill   func()

	// served counts the questions that it was asked; repository is of the last.
	served     int
	repository string
}

// inherited are the variables that a child may see: where git is, and nothing that
// could let it in anywhere.
var inherited = []string{"PATH", "HOME"}

// outputTimeout is how long what a child has left behind may hold on to its output.
const outputTimeout = time.Second

// start starts a child. It has a process group of its own, so that it ends together
// with the git commands that it runs.
func start(binary, cacheDir string, memory int64) (*process, error) {
	temp, err := os.MkdirTemp("", "rehearsal-plan-")
	if err != nil {
		return nil, fmt.Errorf("starting a planner: %w", err)
	}
	p := &process{said: &excerpt{}, temp: temp, memory: memory, frames: make(chan frame), gone: make(chan struct{}), killed: make(chan struct{})}
	p.cmd = exec.Command(binary, Argument, strconv.FormatInt(memory, 10), cacheDir)
	p.cmd.Env = []string{"TMPDIR=" + temp, "GOTRACEBACK=single"}
	for _, name := range inherited {
		if value, ok := os.LookupEnv(name); ok {
			p.cmd.Env = append(p.cmd.Env, name+"="+value)
		}
	}
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	p.cmd.Stderr, p.cmd.WaitDelay = p.said, outputTimeout
	if err := p.begin(); err != nil {
		_ = os.RemoveAll(temp)
		return nil, fmt.Errorf("starting a planner: %w", err)
	}
	return p, nil
}

func (p *process) begin() error {
	in, err := p.cmd.StdinPipe()
	if err != nil {
		return err
	}
	// A pipe of our own: that of exec.Cmd is closed before all of it is read.
	out, theirs, err := os.Pipe()
	if err != nil {
		return err
	}
	p.in, p.cmd.Stdout = in, theirs
	err = p.cmd.Start()
	_ = theirs.Close()
	if err != nil {
		_ = out.Close()
		return err
	}
	p.kill = sync.OnceFunc(func() {
		close(p.killed)
		_ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL)
	})
	go p.read(out)
	go p.wait(out)
	return nil
}

// read hands on what the child says.
func (p *process) read(out *os.File) {
	defer close(p.frames)
	defer func() { _ = out.Close() }()
	r := bufio.NewReaderSize(out, 1<<16)
	for {
		f, err := readFrame(r)
		if err != nil {
			if errors.Is(err, errFrameTooLong) || errors.Is(err, errGarbage) {
				p.broken = err
				p.kill()
			}
			return
		}
		select {
		case p.frames <- f:
		case <-p.killed:
			return
		}
	}
}

// wait sees to it that nothing is left of a child that has ended: what it started
// is ended, too, and where we are the first process of a container, it is ours to
// bury.
func (p *process) wait(out *os.File) {
	_ = p.cmd.Wait()
	group := p.cmd.Process.Pid
	_ = syscall.Kill(-group, syscall.SIGKILL)
	for {
		if _, err := syscall.Wait4(-group, nil, 0, nil); err != nil && !errors.Is(err, syscall.EINTR) {
			break
		}
	}
	_ = out.SetReadDeadline(time.Now().Add(outputTimeout))
	_ = os.RemoveAll(p.temp)
	close(p.gone)
}

// end ends a child and returns when nothing is left of it.
func (p *process) end() {
	p.kill()
	<-p.gone
}

// ask writes a question. It does not wait for the child to read it: one that does
// not is ended when its time is up.
func (p *process) ask(q question) error {
	p.served++
	q.Number = p.served
	raw, err := json.Marshal(q)
	if err != nil {
		return fmt.Errorf("encoding a question: %w", err)
	}
	p.repository = q.Request.Org + "/" + q.Request.Repo
	p.said.reset()
	go func() { _ = writeFrame(p.in, frameQuestion, raw) }()
	return nil
}

// excerpt keeps the beginning of what is written to it.
type excerpt struct {
	mu   sync.Mutex
	text []byte
}

const maxExcerpt = 4 << 10

func (e *excerpt) Write(b []byte) (int, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.text = append(e.text, b[:min(len(b), maxExcerpt-len(e.text))]...)
	return len(b), nil
}

func (e *excerpt) reset() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.text = e.text[:0]
}

func (e *excerpt) String() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return string(e.text)
}
