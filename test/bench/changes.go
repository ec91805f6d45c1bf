package main

import (
	"fmt"
)

// change is one kind of change, made several times: when it is measured, neither its heads
// nor its files have been seen before.
type change struct {
	name  string
	heads []string
	// files is the number of changed job files; 0 for changes of what all jobs share.
	files int
}

// repeats is how often each short measurement is repeated.
const repeats = 5

// changesOf lists the changes that are measured in a repository with a number of job files.
// The first changes one file, the last all jobs.
func changesOf(jobFiles int) []change {
	var out []change
	for _, n := range []int{1, 10, 100, 1000} {
		if n > 1 && n > jobFiles {
			n = jobFiles
		}
		c := change{name: fmt.Sprintf("%d files", n), files: n}
		if n == 1 {
			c.name = "1 file"
		}
		for i := range repeats {
			c.heads = append(c.heads, fmt.Sprintf("files-%d-%d", n, i))
		}
		if len(out) == 0 || out[len(out)-1].files < n {
			out = append(out, c)
		}
	}
	preset, global := change{name: "a preset of 5 % of the jobs"}, change{name: "global: the decoration of all jobs"}
	for i := range repeats {
		preset.heads = append(preset.heads, fmt.Sprintf("preset-%d", i))
		global.heads = append(global.heads, fmt.Sprintf("global-%d", i))
	}
	return append(out, preset, global)
}

// base returns the name of the base branch after i moves.
func base(i int) string { return fmt.Sprintf("base-%d", i) }

// moves is how often the base branch moves, by one commit each.
const moves = 6 * repeats

// branches creates everything that is measured: bases, each one commit after the previous
// one, and heads, all based on the first.
func (r *repository) branches() error {
	const image = "registry/ci-operator:1"
	if err := r.git("branch", "--force", base(0), "main"); err != nil {
		return err
	}
	last := image
	for i := 1; i <= moves; i++ {
		moved := fmt.Sprintf("registry/ci-operator:moved-%d", i)
		// No other change affects the jobs of this file.
		if err := r.branch(base(i), base(i-1), last, moved, otherJobs); err != nil {
			return err
		}
		last = moved
	}
	for _, c := range changesOf(len(r.files)) {
		for i, head := range c.heads {
			var err error
			switch {
			case c.files > 0:
				files := make([]string, c.files)
				for k := range files {
					files[k] = r.files[(i*c.files+k)%len(r.files)]
				}
				err = r.branch(head, "main", image, "registry/ci-operator:"+head, files...)
			case head[0] == 'p':
				err = r.branch(head, "main", "value: one", "value: "+head, jobConfig+"/presets.yaml")
			default:
				err = r.branch(head, "main", "registry/sidecar:v1", "registry/sidecar:"+head, prowConfig)
			}
			if err != nil {
				return err
			}
		}
	}
	return r.branch(earlier, "main", image, "registry/ci-operator:earlier", r.files[len(r.files)/2])
}

// earlier is the pull request that filled the caches.
const earlier = "earlier"
