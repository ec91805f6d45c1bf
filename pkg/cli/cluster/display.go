package cluster

import (
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	utilruntime "k8s.io/apimachinery/pkg/util/runtime"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/cli/program"
	"github.com/rehearsal-dev/rehearsal/pkg/cli/screen"
	"github.com/rehearsal-dev/rehearsal/pkg/terminal"
)

// display shows a watcher's objects: on a terminal as a table that is redrawn, elsewhere
// as one line for each change.
type display struct {
	out     io.Writer
	watcher *watcher
	screen  *screen.Screen
	// shown has the last line written about each job and run.
	shown map[string]string
	// going has the pull requests of the runs that were in progress in the last list, by
	// run id.
	going map[string]string
	now   func() time.Time
	tick  *time.Ticker
	// scroll is the user's position in a table that is higher than the terminal.
	scroll screen.Scroll
	// others are the panic handlers that clients had before.
	others []func(context.Context, any)
}

func newDisplay(out io.Writer, w *watcher) *display {
	d := &display{out: out, watcher: w, screen: screen.Open(os.Stdin, out), shown: map[string]string{}, now: time.Now}
	// Durations change even if nothing else does.
	d.tick = time.NewTicker(time.Second)
	d.others = utilruntime.PanicHandlers
	utilruntime.PanicHandlers = append(slices.Clone(d.others), func(context.Context, any) { d.screen.Restore() })
	return d
}

func (d *display) close() {
	d.tick.Stop()
	d.screen.Close()
	utilruntime.PanicHandlers = d.others
}

// wait waits until there is something new to show.
func (d *display) wait(ctx context.Context) error {
	stopped := &program.Outcome{Status: program.ExitInterrupted, Words: "stopped watching; the rehearsals continue"}
	for {
		select {
		case <-ctx.Done():
			return stopped
		case <-d.watcher.changed:
			return nil
		case key := <-d.screen.Keys():
			if key == screen.Quit {
				return stopped
			}
			d.scroll.Press(key)
			return nil
		case sig := <-d.screen.Signals():
			d.screen.Obey(sig)
			return nil
		case <-d.tick.C:
			if d.screen != nil {
				return nil
			}
		}
	}
}

const disconnected = "The cluster does not respond; this is the last known state."

// showRuns shows runs. Last makes it show all details, which stay on the terminal.
func (d *display) showRuns(rh *v1alpha1.Rehearsal, runs []runView, last bool) error {
	if d.screen == nil {
		return d.tellRuns(rh, runs, last)
	}
	table := func(width, rows int) *screen.Frame {
		if len(runs) == 0 {
			f := &screen.Frame{Width: width}
			f.Add("%s: waiting for the controller to start a run", nameOf(rh.Spec.Pull))
			return f
		}
		return runFrame(runs, d.watcher.blind, width, rows, d.now())
	}
	if last {
		width, _ := d.screen.Size()
		return d.screen.Draw(table(width, 0))
	}
	return d.draw(table, "")
}

// draw shows a table and a line below it. The function table returns the table with at
// most so many rows, or all of it for 0. A table that does not fit is cut: to the part
// that the user has scrolled to, or else to the most important rows.
func (d *display) draw(table func(width, rows int) *screen.Frame, below string) error {
	width, height := d.screen.Size()
	if d.watcher.lost.Load() {
		below = disconnected
	}
	rows := height - 1 // the cursor is on the last row
	if below != "" {
		rows--
	}
	f := table(width, 0)
	switch all := f; {
	case all.Rows() <= rows:
	case d.screen.Keys() == nil:
		f = table(width, max(rows, 1))
	case d.scroll.Chosen:
		f = d.scroll.Window(all, max(rows, 2))
	default:
		f = table(width, max(rows-1, 1))
		f.Add("%s", screen.Hint(all))
	}
	if below != "" {
		f.Add("%s", below)
	}
	return d.screen.Draw(f)
}

// tellRuns writes what has changed, and at the end the whole table.
func (d *display) tellRuns(rh *v1alpha1.Rehearsal, runs []runView, last bool) error {
	var b strings.Builder
	if len(runs) == 0 {
		d.tell(&b, "", nameOf(rh.Spec.Pull)+": waiting for the controller to start a run")
	}
	if d.watcher.blind != "" {
		d.tell(&b, "blind", d.watcher.blind)
	}
	for _, r := range runs {
		if last && len(d.shown) == 0 {
			break // the runs were over from the start
		}
		for _, j := range r.jobs {
			d.tell(&b, r.ID+" "+j.ProwJob, strings.TrimRight(fmt.Sprintf("%s: %s  %s", terminal.Plain(j.DisplayName), j.word(), terminal.Plain(j.URL)), " "))
		}
		d.tell(&b, r.ID, fmt.Sprintf("run %s: %s", r.ID, r.state()))
	}
	if last {
		if len(d.shown) > 0 {
			b.WriteString("\n")
		}
		for _, l := range runFrame(runs, "", 0, 0, d.now()).Lines {
			b.WriteString(l.Text + "\n")
		}
	}
	_, err := io.WriteString(d.out, b.String())
	return err
}

// tell writes a line about something, unless it was the last line about it.
func (d *display) tell(b *strings.Builder, about, text string) {
	if d.shown[about] == text {
		return
	}
	d.shown[about] = text
	fmt.Fprintf(b, "%s  %s\n", d.now().Format(time.TimeOnly), text)
}

// showAll shows the runs in progress.
func (d *display) showAll(all []activeRun) error {
	if d.screen == nil {
		return d.tellAll(all)
	}
	table := func(width, rows int) *screen.Frame {
		f := listFrame(all, width, d.now())
		if over := len(f.Lines) - rows; rows > 0 && over > 0 {
			f.Lines = f.Lines[:max(rows-1, 1)]
			f.Add("… and %d more", over+1)
		}
		return f
	}
	return d.draw(table, "Ctrl-C stops watching.")
}

func (d *display) tellAll(all []activeRun) error {
	var b strings.Builder
	here := map[string]string{}
	for _, a := range all {
		here[a.run.ID] = nameOf(a.pull)
		d.tell(&b, a.run.ID, fmt.Sprintf("%s: %s  %s", nameOf(a.pull), a.run.state(), a.run.PipelineRun))
	}
	for _, id := range slices.Sorted(maps.Keys(d.going)) {
		if here[id] == "" {
			d.tell(&b, id, d.going[id]+": over")
		}
	}
	d.going = here
	if len(all) == 0 && len(d.shown) == 0 {
		d.tell(&b, "", nothingGoesOn)
	}
	_, err := io.WriteString(d.out, b.String())
	return err
}

const nothingGoesOn = "No rehearsals are running."

// quiet hides that a writer is a terminal.
type quiet struct{ io.Writer }
