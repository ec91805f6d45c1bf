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

// process is a child, as seen by its parent.
type process struct {
	cmd    *exec.Cmd
	in     io.WriteCloser
	said   *excerpt
	temp   string
	memory int64

	// frames are the child's answers. The channel is closed when there are no more.
	frames chan frame
	// broken is the error that closed frames, unless the child has ended.
	broken error
	// gone is closed when the child and the processes that it started have ended.
	gone   chan struct{}
	killed chan struct{}
	kill   func()

	// served is the number of questions that the child was asked. repository is the
	// repository of the last one.
	served     int
	repository string
}

// inherited are the environment variables that a child may see: those to find Git, and
// none with credentials.
var inherited = []string{"PATH", "HOME"}

// outputTimeout is how long processes that a child left behind may keep its output open.
const outputTimeout = time.Second

// start starts a child. It gets its own process group, so that it ends together with the
// Git commands that it runs.
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
	// The pipe of exec.Cmd would be closed before everything is read.
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

// read passes on the frames of the child.
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

// wait cleans up after a child that has ended. It kills the processes that the child
// started and, if we are the first process of a container, reaps them.
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

// end ends a child, and returns when all of its processes are gone.
func (p *process) end() {
	p.kill()
	<-p.gone
}

// ask writes a question. It does not wait for the child to read it: a child that does not
// read is ended at its timeout.
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

// excerpt is a writer that keeps the beginning of what is written.
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
