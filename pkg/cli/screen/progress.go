package screen

import (
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/rehearsal-dev/rehearsal/pkg/terminal"
)

// progressDelay is how long a command runs before it shows its progress.
const progressDelay = time.Second

// Progress shows one line on a terminal during a slow command.
type Progress struct {
	out     io.Writer
	mu      sync.Mutex
	message string
	shown   bool
	stopped bool
	timer   *time.Timer
}

// StartProgress shows the line after progressDelay.
func StartProgress(out io.Writer) *Progress {
	p := &Progress{message: "merging"}
	if isTerminal(out) {
		p.out = terminal.File(out)
		p.timer = time.AfterFunc(progressDelay, func() {
			p.mu.Lock()
			defer p.mu.Unlock()
			if p.shown = !p.stopped; p.shown {
				p.print()
			}
		})
	}
	return p
}

func (p *Progress) print() {
	_, _ = fmt.Fprintf(p.out, "\r\033[K%s …", terminal.Plain(p.message))
}

// Show changes the text of the line.
func (p *Progress) Show(message string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.message = message
	if p.shown {
		p.print()
	}
}

// Stop removes the line.
func (p *Progress) Stop() {
	if p.timer == nil {
		return
	}
	p.timer.Stop()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stopped = true
	if p.shown {
		_, _ = fmt.Fprint(p.out, "\r\033[K")
		p.shown = false
	}
}
