//go:build integration

package plane

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rehearsal-dev/rehearsal/pkg/run"
	"github.com/rehearsal-dev/rehearsal/test/rig"
)

// storySettings make the controller write everything that it can write.
const storySettings = `page_url: https://pages.example
defaults: {status_context: ci/rehearsals}`

func startStories(t *testing.T, controllers, receivers int) *Plane {
	return Start(t, Options{
		Controllers: controllers, Receivers: receivers, Tasks: Tasks{Jobs: true, Report: true},
		Jobs: StoryJobs, Verdict: StoryVerdict, Settings: storySettings,
	})
}

// teller keeps a number of stories running.
type teller struct {
	t    *testing.T
	p    *Plane
	room chan struct{}
	work sync.WaitGroup
	next int
	// plot is the plot of all stories; if negative, they take turns.
	plot int
	mu   sync.Mutex
	well int
	// repeated counts the commands that were given again.
	repeated int
	// after is called for every story that ended well.
	after func(*Story) error
}

func newTeller(t *testing.T, p *Plane, together int) *teller {
	return &teller{t: t, p: p, room: make(chan struct{}, together), plot: -1}
}

// keep starts stories until the maximum is reached.
func (l *teller) keep() {
	for {
		select {
		case l.room <- struct{}{}:
		default:
			return
		}
		l.begin()
	}
}

// begin starts a story, for which room was already taken.
func (l *teller) begin() {
	n := l.next
	l.next++
	if l.plot >= 0 {
		n = l.plot
	}
	l.work.Add(1)
	go func() {
		defer l.work.Done()
		s, err := l.p.Tell(l.t.Context(), n)
		if err == nil && l.after != nil {
			err = l.after(s)
		}
		l.mu.Lock()
		defer l.mu.Unlock()
		l.repeated += s.Repeated
		if err != nil {
			l.t.Error(err)
		} else {
			l.well++
		}
		<-l.room
	}()
}

// end waits until all stories have ended, and summarises them.
func (l *teller) end() string {
	l.work.Wait()
	return fmt.Sprintf("%d of %d stories ended well, with %d commands given again", l.well, l.next, l.repeated)
}

// strike kills a process at a point while stories run. It returns false if the process does
// not reach the point in time.
func (l *teller) strike(gate *Gate, point Point, patience time.Duration) bool {
	dead, limit := gate.KillAt(point), time.After(patience)
	for {
		l.keep()
		select {
		case <-dead:
			return true
		case <-limit:
			gate.Spare()
			return false
		case <-time.After(rig.Poll):
		}
	}
}

// The writes of a controller and of a receiver that happen in every story.
var (
	controllerWrites = []string{
		"update rehearsals/status", "patch rehearsals", "create configmaps", "create pipelineruns", "patch pipelineruns", "patch prowjobs",
		"patch configmaps rehearsal-rate-limits", "github POST issues/*/comments", "github PATCH issues/comments/*",
		"github POST issues/comments/*/reactions", "github POST statuses/*", "github POST issues/*/labels",
	}
	receiverWrites = []string{"create rehearsals", "patch rehearsals"}
)

// TestKilledAroundEachWrite runs stories while the controller and the receiver are killed
// before and after each kind of write.
func TestKilledAroundEachWrite(t *testing.T) {
	p := startStories(t, 1, 1)
	l := newTeller(t, p, 4)
	kills := 0
	for _, victim := range []struct {
		gate   *Gate
		writes []string
	}{{p.Receivers[0].Gate, receiverWrites}, {p.Controllers[0].Gate, controllerWrites}} {
		for _, write := range victim.writes {
			for _, after := range []bool{false, true} {
				point := Point{Write: write, Nth: 1, After: after}
				if !l.strike(victim.gate, point, 2*time.Minute) {
					t.Errorf("nobody was killed %s: %v", point, victim.gate.Calls())
					continue
				}
				kills++
			}
		}
	}
	t.Logf("%d kills; %s", kills, l.end())
}

// TestKilledTasks runs stories while the pods of tasks are killed before and after each of
// their writes.
func TestKilledTasks(t *testing.T) {
	p := startStories(t, 1, 1)
	points := map[bool][]Point{
		false: {{Write: "create prowjobs", Nth: 1}, {Write: "create prowjobs", Nth: 1, After: true}},
		true: {
			{Write: "create configmaps", Nth: 1}, {Write: "create configmaps", Nth: 1, After: true},
			{Write: "github PATCH issues/comments/*", Nth: 1}, {Write: "github PATCH issues/comments/*", Nth: 1, After: true},
		},
	}
	var mu sync.Mutex
	begun, dead := map[bool]int{}, map[string]<-chan struct{}{}
	p.Player.OnTask = func(pipelineRun, task string, gate *Gate) {
		mu.Lock()
		defer mu.Unlock()
		reports := task == run.CollateTask
		point := points[reports][begun[reports]%len(points[reports])]
		begun[reports]++
		if name := fmt.Sprint(point, " of ", pipelineRun); !strings.Contains(pipelineRun, "-0-c") || reports {
			dead[name] = gate.KillAt(point)
		}
	}
	l := newTeller(t, p, 7)
	l.keep()
	t.Log(l.end())
	kills := map[string]int{}
	for name, died := range dead {
		select {
		case <-died:
			point, _, _ := strings.Cut(name, " of ")
			kills[point]++
		default:
		}
	}
	t.Logf("killed: %v", kills)
	for _, of := range points {
		for _, point := range of {
			if kills[point.String()] == 0 {
				t.Errorf("nobody was killed %s", point)
			}
		}
	}
}

// TestKilledAtRandom kills controllers, receivers and tasks around random writes, for the
// duration in REHEARSAL_SOAK.
func TestKilledAtRandom(t *testing.T) {
	soak, err := time.ParseDuration(os.Getenv("REHEARSAL_SOAK"))
	if err != nil {
		t.Skip("takes minutes: set REHEARSAL_SOAK")
	}
	seed := uint64(time.Now().Unix())
	random := rand.New(rand.NewPCG(seed, 3))
	p := startStories(t, 2, 2)
	l := newTeller(t, p, 8)
	kills := map[string]int{}
	tasks := rand.New(rand.NewPCG(seed, 5))
	var mu sync.Mutex
	p.Player.OnTask = func(pipelineRun, _ string, gate *Gate) {
		mu.Lock()
		defer mu.Unlock()
		if tasks.IntN(5) == 0 && !strings.Contains(pipelineRun, "-0-c") {
			gate.KillAt(Point{Nth: 1 + tasks.IntN(3), After: tasks.IntN(2) == 0})
		}
	}
	for end := time.Now().Add(soak); time.Now().Before(end) && !t.Failed(); {
		victims := p.Controllers
		if random.IntN(5) == 0 {
			victims = p.Receivers
		}
		victim := victims[random.IntN(len(victims))]
		point := Point{Nth: 1 + random.IntN(20), After: random.IntN(2) == 0}
		if l.strike(victim.Gate, point, 15*time.Second) {
			kills[victim.Name]++
		}
	}
	t.Logf("seed %d: %v kills besides those of tasks; %s", seed, kills, l.end())
}
