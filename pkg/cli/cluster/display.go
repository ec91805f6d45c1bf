package cluster

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/cli/program"
	"github.com/rehearsal-dev/rehearsal/pkg/cli/screen"
	"github.com/rehearsal-dev/rehearsal/pkg/terminal"
)

// display shows what a lookout sees: on a terminal as a table that is redrawn,
// elsewhere as a line for each change.
type display struct {
	out     io.Writer
	lookout *lookout
	screen  *screen.Screen
	// told is what was said last of each thing there is to say something about.
	told map[string]string
	now  func() time.Time
	tick *time.Ticker
}

func newDisplay(out io.Writer, w *lookout) *display {
	d := &display{out: out, lookout: w, screen: screen.Open(out), told: map[string]string{}, now: time.Now}
	// Times go on where nothing else does.
	d.tick = time.NewTicker(time.Second)
	return d
}

func (d *display) close() {
	d.tick.Stop()
	d.screen.Close()
}

// wait waits for something new to show.
func (d *display) wait(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return &program.Outcome{Status: program.ExitInterrupted, Words: "stopped watching; what runs goes on"}
		case <-d.lookout.changed:
			return nil
		case <-d.tick.C:
			if d.screen != nil {
				return nil
			}
		}
	}
}

const lostWords = "The cluster does not answer; this is what was known last."

// showRuns shows runs. The last time, all there is to tell is shown, and stays.
func (d *display) showRuns(rh *v1alpha1.Rehearsal, runs []runView, last bool) error {
	if d.screen == nil {
		return d.tellRuns(rh, runs, last)
	}
	width, height := d.screen.Size()
	if last {
		height = 0
	} else {
		height-- // the cursor stands below
	}
	var f *screen.Frame
	if len(runs) == 0 {
		f = &screen.Frame{Width: width}
		f.Add("%s: waiting for the controller to start a run", nameOf(rh.Spec.Pull))
	} else {
		f = runFrame(runs, d.lookout.blind, width, height, d.now())
	}
	if d.lookout.lost.Load() && !last {
		f.Add("%s", lostWords)
	}
	return d.screen.Draw(f)
}

// tellRuns writes what is new, and in the end all of it.
func (d *display) tellRuns(rh *v1alpha1.Rehearsal, runs []runView, last bool) error {
	var b strings.Builder
	if len(runs) == 0 {
		d.tell(&b, "", nameOf(rh.Spec.Pull)+": waiting for the controller to start a run")
	}
	if d.lookout.blind != "" {
		d.tell(&b, "blind", d.lookout.blind)
	}
	for _, r := range runs {
		if last && len(d.told) == 0 {
			break // there was nothing to follow
		}
		for _, j := range r.jobs {
			d.tell(&b, r.ID+" "+j.ProwJob, strings.TrimRight(fmt.Sprintf("%s: %s  %s", terminal.Plain(j.DisplayName), j.word(), terminal.Plain(j.URL)), " "))
		}
		d.tell(&b, r.ID, fmt.Sprintf("run %s: %s", r.ID, r.state()))
	}
	if last {
		if len(d.told) > 0 {
			b.WriteString("\n")
		}
		for _, l := range runFrame(runs, "", 0, 0, d.now()).Lines {
			b.WriteString(l.Text + "\n")
		}
	}
	_, err := io.WriteString(d.out, b.String())
	return err
}

// tell writes what there is to say about a thing, unless it was said before.
func (d *display) tell(b *strings.Builder, about, text string) {
	if d.told[about] == text {
		return
	}
	d.told[about] = text
	fmt.Fprintf(b, "%s  %s\n", d.now().Format(time.TimeOnly), text)
}

// showAll shows the rehearsals that go on.
func (d *display) showAll(all []activeRun) error {
	if d.screen == nil {
		return d.tellAll(all)
	}
	width, height := d.screen.Size()
	f := listFrame(all, width, d.now())
	if over := len(f.Lines) - (height - 2); over > 0 && height > 3 {
		f.Lines = f.Lines[:height-3]
		f.Add("… and %d more", over+1)
	}
	words := "Ctrl-C ends the watching."
	if d.lookout.lost.Load() {
		words = lostWords
	}
	f.Add("%s", words)
	return d.screen.Draw(f)
}

func (d *display) tellAll(all []activeRun) error {
	var b strings.Builder
	here := map[string]bool{}
	for _, a := range all {
		here[a.run.ID] = true
		d.tell(&b, a.run.ID, fmt.Sprintf("%s: %s  %s", nameOf(a.pull), a.run.state(), a.run.PipelineRun))
	}
	for id, text := range d.told {
		if id != "" && !here[id] && !strings.HasSuffix(text, overSuffix) {
			name, _, _ := strings.Cut(text, ": ")
			d.tell(&b, id, name+overSuffix)
		}
	}
	if len(all) == 0 && len(d.told) == 0 {
		d.tell(&b, "", nothingGoesOn)
	}
	_, err := io.WriteString(d.out, b.String())
	return err
}

const (
	overSuffix    = ": over"
	nothingGoesOn = "No rehearsal is going on."
)

// quiet hides that a writer is a terminal.
type quiet struct{ io.Writer }
