package cluster

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"

	"github.com/rehearsal-dev/rehearsal/pkg/cli/program"
	"github.com/rehearsal-dev/rehearsal/pkg/terminal"
)

const childVariable = "REHEARSE_TEST_ON_TERMINAL"

// TestChild is not a test, but a process that watches a run of 60 jobs on its terminal.
func TestChild(t *testing.T) {
	if os.Getenv(childVariable) == "" {
		t.Skip("only for TestWatchScrolls")
	}
	ctx, stop := signal.NotifyContext(t.Context(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	crash := make(chan os.Signal, 1)
	signal.Notify(crash, syscall.SIGUSR1)
	go func() {
		defer utilruntime.HandleCrash()
		<-crash
		panic("an informer broke down")
	}()
	rh := logged()
	var jobs []string
	for i := range 60 {
		jobs = append(jobs, fmt.Sprintf("pull-widget-%02d", i))
	}
	pr := running(rh, "cli-1-0", jobs...)
	s := newStage(t, rh)
	s.has(pr)
	err := s.watchRuns(ctx, terminal.NewGuard(os.Stdout), rh, nil)
	fmt.Println(err)
	os.Exit(program.Status(err))
}

// console is a terminal of 24 rows with a child process on it.
type console struct {
	t      *testing.T
	master *os.File
	before unix.Termios
	cmd    *exec.Cmd
	mu     sync.Mutex
	// all is the complete output, text the part after the last text that shows has found.
	all, text string
	closed    chan struct{}
}

func newConsole(t *testing.T) *console {
	t.Helper()
	c := &console{t: t, closed: make(chan struct{})}
	c.master = c.open("/dev/ptmx")
	fd := int(c.master.Fd())
	c.must(unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0))
	number, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	c.must(err)
	c.must(unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Row: 24, Col: 100}))
	slave := c.open("/dev/pts/" + strconv.Itoa(number))
	c.before = c.mode()
	c.cmd = exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestChild$")
	c.cmd.Env = append(os.Environ(), childVariable+"=1", "TERM=xterm")
	c.cmd.Stdin, c.cmd.Stdout, c.cmd.Stderr = slave, slave, slave
	c.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	c.must(c.cmd.Start())
	c.must(slave.Close())
	go c.read()
	return c
}

func (c *console) open(name string) *os.File {
	c.t.Helper()
	fd, err := unix.Open(name, unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	c.must(err)
	return os.NewFile(uintptr(fd), name)
}

func (c *console) must(err error) {
	c.t.Helper()
	if err != nil {
		c.t.Fatal(err)
	}
}

func (c *console) read() {
	defer close(c.closed)
	buffer := make([]byte, 4096)
	for {
		n, err := c.master.Read(buffer)
		c.mu.Lock()
		c.all += string(buffer[:n])
		c.text += string(buffer[:n])
		c.mu.Unlock()
		if err != nil {
			return // every process has closed the terminal
		}
	}
}

func (c *console) mode() unix.Termios {
	c.t.Helper()
	mode, err := unix.IoctlGetTermios(int(c.master.Fd()), unix.TCGETS)
	c.must(err)
	return *mode
}

// shows waits until a text has been written, and drops the output up to it.
func (c *console) shows(text string) {
	c.t.Helper()
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		c.mu.Lock()
		_, after, found := strings.Cut(c.text, text)
		if found {
			c.text = after
		}
		c.mu.Unlock()
		if found {
			return
		}
	}
	c.t.Fatalf("%q is never shown, but %q", text, c.text)
}

func (c *console) press(keys string) {
	c.t.Helper()
	_, err := c.master.WriteString(keys)
	c.must(err)
}

// ends waits for the child to end, and checks that the terminal has its former mode.
func (c *console) ends() syscall.WaitStatus {
	c.t.Helper()
	late := time.AfterFunc(time.Minute, func() { _ = c.cmd.Process.Kill() })
	defer late.Stop()
	err := c.cmd.Wait()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		c.t.Fatal(err)
	}
	if c.mode() != c.before {
		c.t.Error("the terminal is not as it was")
	}
	c.must(c.master.Close())
	<-c.closed
	if strings.LastIndex(c.all, "\x1b[?25h") < strings.LastIndex(c.all, "\x1b[?25l") {
		c.t.Errorf("the cursor is not given back: %q", c.all)
	}
	return c.cmd.ProcessState.Sys().(syscall.WaitStatus)
}

func TestWatchScrolls(t *testing.T) {
	c := newConsole(t)
	c.shows("↓ shows all 60 lines, q quits")
	if mode := c.mode(); mode.Lflag&unix.ECHO != 0 || mode.Lflag&unix.ISIG == 0 {
		t.Error("keys are shown, or Ctrl-C is none")
	}
	for _, step := range []struct{ keys, shows string }{
		{"j", "lines 1 to 18 of 60"},
		{"\x1b[B", "lines 2 to 19 of 60"},
		{"G", "pull-widget-59"},
		{"", "lines 43 to 60 of 60"},
		{"k", "lines 42 to 59 of 60"},
		{"\x1b[5~", "lines 25 to 42 of 60"},
		{"\x1b[6~", "lines 42 to 59 of 60"},
		{"g", "lines 1 to 18 of 60"},
		{"s", "↓ shows all 60 lines"},
	} {
		c.press(step.keys)
		c.shows(step.shows)
	}
	c.press("q")
	c.shows("stopped watching; the rehearsals continue")
	if status := c.ends(); status.ExitStatus() != program.ExitInterrupted {
		t.Errorf("it ends with %d", status.ExitStatus())
	}
}

// TestWatchLeavesTheTerminalAsItWas checks that the terminal has its former mode, however
// watch ends.
func TestWatchLeavesTheTerminalAsItWas(t *testing.T) {
	for _, c := range []struct {
		name string
		by   syscall.Signal
		ends func(syscall.WaitStatus) bool
	}{
		{"Ctrl-C", 0, func(s syscall.WaitStatus) bool { return s.ExitStatus() == program.ExitInterrupted }},
		{"SIGTERM", syscall.SIGTERM, func(s syscall.WaitStatus) bool { return s.ExitStatus() == program.ExitInterrupted }},
		{"SIGHUP", syscall.SIGHUP, func(s syscall.WaitStatus) bool { return s.Signal() == syscall.SIGHUP }},
		{"SIGQUIT", syscall.SIGQUIT, func(s syscall.WaitStatus) bool { return s.ExitStatus() == 2 }},
		{"panic in a client", syscall.SIGUSR1, func(s syscall.WaitStatus) bool { return s.ExitStatus() == 2 }},
	} {
		t.Run(c.name, func(t *testing.T) {
			if signal.Ignored(c.by) {
				t.Skip("whoever started us has the signal ignored, and so has a child: nohup, or a shell's background")
			}
			on := newConsole(t)
			on.shows("q quits")
			if c.by == 0 {
				on.press("\x03")
			} else {
				on.must(on.cmd.Process.Signal(c.by))
			}
			if status := on.ends(); !c.ends(status) {
				t.Errorf("it ends with %d, signal %v", status.ExitStatus(), status.Signal())
			}
		})
	}
}
