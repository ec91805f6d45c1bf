package plan

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/rehearsal-dev/rehearsal/pkg/repo"
	"github.com/rehearsal-dev/rehearsal/test/worktree"
)

// TestHistories plans pull requests whose history is not linear.
func TestHistories(t *testing.T) {
	tree := worktree.New(t)
	tree.Write("prow/config.yaml", "{}\n")
	tree.Write("prow/extra/README", "x")
	tree.Write("jobs/a.yaml", periodic("a")+"# 1\n# 2\n# 3\n# 4\n")
	start := tree.Commit()
	on := func(branch, path, content string) string {
		tree.Git("checkout", "--quiet", branch)
		tree.Write(path, content)
		return tree.Commit()
	}
	merge := func(into, other string) string {
		tree.Git("checkout", "--quiet", into)
		tree.Git("merge", "--quiet", "--no-edit", "--no-ff", other)
		return tree.Git("rev-parse", "HEAD")
	}
	tree.Git("branch", "topic")
	topic := on("topic", "jobs/t.yaml", periodic("t"))
	for i := range 20 {
		on("main", fmt.Sprintf("jobs/m%d.yaml", i), periodic(fmt.Sprint("m", i)))
	}
	far := on("main", "jobs/a.yaml", periodic("a2")+"# 1\n# 2\n# 3\n# 4\n")
	merged := merge("topic", "main")
	more := on("topic", "jobs/t.yaml", periodic("t2"))
	crossed := merge("main", topic)
	on("main", "jobs/m1.yaml", periodic("other"))
	mainTip := tree.Git("rev-parse", "HEAD")
	topicTip := merge("topic", far)
	tree.Git("checkout", "--quiet", "topic")
	tree.Git("mv", "jobs/t.yaml", "jobs/T.yaml")
	renamed := tree.Commit()
	tree.Git("update-index", "--chmod=+x", "jobs/a.yaml")
	tree.Git("commit", "--quiet", "--message=mode")
	mode := tree.Git("rev-parse", "HEAD")

	loader := &truths{tree, scenery, map[string]truth{}}
	planner := NewPlanner(Options{Mirror: func(context.Context, Request) (*repo.Mirror, error) { return tree.Mirror(), nil }})
	for name, pull := range map[string][2]string{
		"base far ahead":         {far, topic},
		"merge commit in head":   {far, merged},
		"more after the merge":   {far, more},
		"nothing but the base":   {topic, far},
		"head is behind":         {far, start},
		"head is base":           {far, far},
		"crossed":                {crossed, more},
		"crossed and moved on":   {mainTip, topicTip},
		"renamed, other case":    {far, renamed},
		"renamed there, changed": {mainTip, renamed},
		"mode only":              {renamed, mode},
	} {
		t.Run(name, func(t *testing.T) {
			req := Request{Org: "org", Repo: "config", Base: pull[0], Head: pull[1], Layout: scenery}
			after := strings.Fields(tree.Git("-c", "merge.directoryRenames=false", "merge-tree", "--write-tree", req.Base, req.Head))[0]
			result, err := planner.Plan(t.Context(), req)
			if text := disagreement(t.Context(), loader.of(req.Base), loader.of(after), result, err); text != "" {
				t.Error(text)
			}
			if (name == "head is behind" || name == "head is base" || name == "mode only") && len(result.Affected)+len(result.Removed) > 0 {
				t.Errorf("affected: %v", describe(result))
			}
		})
	}
}
