//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package screen

import (
	"os"
	"os/signal"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
	"golang.org/x/term"
)

// keyboard makes a terminal send keys as they are pressed, without echo. Ctrl-C and
// Ctrl-Z keep their meaning.
type keyboard struct {
	fd     int
	before *unix.Termios
	// wanted is false while the terminal must be in its former mode. On says that we have
	// changed the mode.
	wanted, on atomic.Bool
	keys       chan Key
	signals    chan os.Signal
	done       chan struct{}
	ended      chan struct{}
}

// openKeyboard returns nil if the input is not a terminal.
func openKeyboard(in *os.File) *keyboard {
	fd := int(in.Fd()) //nolint:gosec // file descriptors are small.
	if !term.IsTerminal(fd) {
		return nil
	}
	before, err := unix.IoctlGetTermios(fd, getTermios)
	if err != nil {
		return nil
	}
	k := &keyboard{
		fd: fd, before: before, keys: make(chan Key), signals: make(chan os.Signal, 4),
		done: make(chan struct{}), ended: make(chan struct{}),
	}
	for _, s := range []os.Signal{unix.SIGHUP, unix.SIGQUIT, unix.SIGTSTP, unix.SIGCONT} {
		if !signal.Ignored(s) { // signals that nohup or a shell ignores stay ignored
			signal.Notify(k.signals, s)
		}
	}
	k.wanted.Store(true)
	k.take()
	go k.listen()
	return k
}

// take changes the mode of the terminal, unless we are in the background: then the
// terminal belongs to another process.
func (k *keyboard) take() {
	group, err := unix.IoctlGetInt(k.fd, unix.TIOCGPGRP)
	if err != nil || group != unix.Getpgrp() || !k.wanted.Load() {
		return
	}
	mode := *k.before
	mode.Lflag &^= unix.ICANON | unix.ECHO
	mode.Cc[unix.VMIN], mode.Cc[unix.VTIME] = 1, 0
	k.on.Store(unix.IoctlSetTermios(k.fd, setTermios, &mode) == nil)
}

// giveBack restores the mode of the terminal.
func (k *keyboard) giveBack() {
	k.wanted.Store(false)
	if k.on.CompareAndSwap(true, false) {
		_ = unix.IoctlSetTermios(k.fd, setTermios, k.before)
	}
}

// obey has the default effect of a signal. It returns if the signal has not ended us.
func (k *keyboard) obey(s os.Signal) {
	if s != unix.SIGCONT {
		k.giveBack()
		signal.Reset(s)
		if s == unix.SIGTSTP {
			s = unix.SIGSTOP // Reset does not restore the effect of SIGTSTP
		}
		_ = unix.Kill(unix.Getpid(), s.(unix.Signal))
		// The signal takes effect in a moment. After a stop, only SIGCONT resumes us here.
		select {
		case <-k.signals:
		case <-time.After(time.Second):
		}
		signal.Notify(k.signals, unix.SIGTSTP)
	}
	k.wanted.Store(true)
	k.take()
}

// patient is the timeout of a poll, in milliseconds, and so bounds the time until listen
// ends.
const patient = 100

// listen sends the pressed keys to the channel.
func (k *keyboard) listen() {
	defer close(k.ended)
	var rest string
	buffer := make([]byte, 256)
	for {
		select {
		case <-k.done:
			return
		default:
		}
		if !k.on.Load() {
			k.take() // a shell may have put us into the foreground
		}
		ready := []unix.PollFd{{Fd: int32(k.fd), Events: unix.POLLIN}} //nolint:gosec // file descriptors are small.
		n, err := unix.Poll(ready, patient)
		switch {
		case err == unix.EINTR || n == 0:
			continue
		case err != nil || ready[0].Revents&unix.POLLIN == 0:
			return // the terminal no longer exists
		case !k.on.Load():
			time.Sleep(patient * time.Millisecond)
			continue // the keys are for another process
		}
		if n, err = unix.Read(k.fd, buffer); err != nil || n == 0 {
			return
		}
		var keys []Key
		keys, rest = keysIn(rest + string(buffer[:n]))
		for _, key := range keys {
			select {
			case k.keys <- key:
			case <-k.done:
				return
			}
		}
	}
}

func (k *keyboard) close() {
	close(k.done)
	<-k.ended
	signal.Stop(k.signals)
	k.giveBack()
}
