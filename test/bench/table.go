package main

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"
)

// Names of rows with which others are compared.
const (
	rowFull    = "full configuration loaded twice"
	rowCold    = "cold, 1 file"
	rowWarm    = "warm, 1 file"
	rowCommand = "command, cache of another pull request, 1 file"
)

// row is one line of a table. Floor is the time of the git commands alone for the same
// change; zero if it does not apply.
type row struct {
	name string
	sample
	floor sample
}

// table has the measurements of one repository.
type table struct {
	jobs, files int
	megabytes   float64
	rows        []row
}

func (t *table) add(name string, s sample) { t.rows = append(t.rows, row{name: name, sample: s}) }

func (t *table) find(name string) row {
	for _, r := range t.rows {
		if r.name == name {
			return r
		}
	}
	return row{}
}

// measure adds a row of measurements that are made in a process of their own.
func (t *table) measure(dir, name, what string, heads []string) error {
	samples, err := measured(dir, what, heads...)
	if err != nil {
		return err
	}
	t.add(name, samples[0])
	return nil
}

// measureWarm adds a row for each change, all made by one process as in the controller.
func (t *table) measureWarm(dir, what, name string, changes []change) error {
	var args []string
	for _, c := range changes {
		args = append(args, strings.Join(c.heads, ","))
	}
	samples, err := measured(dir, what, args...)
	if err != nil {
		return err
	}
	for i, c := range changes {
		t.rows = append(t.rows, row{name: name + c.name, sample: samples[i], floor: t.find("git commands alone, " + c.name).sample})
	}
	return nil
}

func (t *table) print() {
	fmt.Printf("\n%d jobs in %d files, %.1f MB\n\n", t.jobs, t.files, t.megabytes)
	const line = "%-56s %6s %9s %9s %8s %8s  %8s %8s  %7s %7s\n"
	fmt.Printf(line, "", "", "", "", "", "", "times as fast", "", "times git", "")
	fmt.Printf(line, "", "median", "time", "cpu", "peak MiB", "affected", "time", "cpu", "time", "cpu")
	full := t.find(rowFull)
	for _, r := range t.rows {
		peak, affected, floor, floorCPU := "", "", "", ""
		if r.PeakMiB > 0 {
			peak = fmt.Sprintf("%.0f", r.PeakMiB)
		}
		if r.Affected > 0 {
			affected = fmt.Sprint(r.Affected)
		}
		if r.floor.Seconds > 0 {
			floor, floorCPU = fmt.Sprintf("%.1f", r.Seconds/r.floor.Seconds), fmt.Sprintf("%.1f", r.CPU/r.floor.CPU)
		}
		fmt.Printf(line, r.name, fmt.Sprintf("of %d", max(r.Repeats, 1)), rounded(r.Seconds), rounded(r.CPU), peak, affected,
			fmt.Sprintf("%.1f", full.Seconds/r.Seconds), fmt.Sprintf("%.1f", full.CPU/r.CPU), floor, floorCPU)
	}
}

// printMachine prints what the numbers depend on.
func printMachine() {
	git, err := exec.Command("git", "--version").Output()
	if err != nil {
		git = []byte("no git")
	}
	load, _, _ := strings.Cut(read("/proc/loadavg"), " ")
	fmt.Printf("%s, %d CPUs (%s), %s, load before the start %s\n",
		time.Now().UTC().Format(time.DateOnly), runtime.NumCPU(), cpuModel(), strings.TrimSpace(string(git))+", "+runtime.Version(), load)
}

func read(file string) string {
	raw, err := os.ReadFile(file)
	if err != nil {
		return "unknown"
	}
	return string(raw)
}

func cpuModel() string {
	for line := range strings.Lines(read("/proc/cpuinfo")) {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return runtime.GOARCH
}

func printLegend() {
	fmt.Print(`
full            Prow's own loader on both revisions, then a comparison of all jobs;
                the checkouts that it needs are not counted
cold            first sight of the repository: the mirror is there, caches are empty
warm            in a running controller, whose caches other pull requests have filled:
                the head and its files are new, and the base has moved by a commit;
                with the process that the plan is made in, and once without one
command         rehearse affected, the whole process; its cache is of another pull
                request, and of a base that is one to five commits older
git             the floor of warm: merge, two comparisons of trees, and reading the
                files that differ, as four git commands and nothing else
time, cpu       on the clock; of all processors, git commands included
peak MiB        resident, while it was measured
times as fast   as the full load, in the same run
times git       what the git commands alone took for the same change
`)
}

// printGrowth prints how the time for one file grows with the repository, both elapsed and
// processor time.
func printGrowth(tables []*table) {
	if len(tables) < 2 {
		return
	}
	rows := []string{rowFull, rowCold, "git commands alone, 1 file", rowWarm, rowCommand}
	fmt.Printf("\nhow it grows with the repository (time, cpu)\n\n%-46s", "jobs")
	for _, t := range tables {
		fmt.Printf(" %20d", t.jobs)
	}
	for _, name := range rows {
		if tables[0].find(name).Seconds == 0 {
			continue
		}
		fmt.Printf("\n%-46s", name)
		for _, t := range tables {
			r := t.find(name)
			fmt.Printf(" %20s", rounded(r.Seconds)+", "+rounded(r.CPU))
		}
	}
	fmt.Println()
}

func rounded(seconds float64) string {
	switch {
	case seconds < 1:
		return fmt.Sprintf("%.1f ms", seconds*1000)
	case seconds < 100:
		return fmt.Sprintf("%.2f s", seconds)
	}
	return fmt.Sprintf("%.0f s", seconds)
}
