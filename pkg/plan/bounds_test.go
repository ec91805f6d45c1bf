package plan

import (
	"context"
	"strings"
	"testing"

	"github.com/rehearsal-dev/rehearsal/pkg/affected"
	"github.com/rehearsal-dev/rehearsal/pkg/repo"
)

// TestLargeFiles has heads that nobody could load, and what they are told.
func TestLargeFiles(t *testing.T) {
	bomb := "a: &a " + strings.Repeat("x", 64<<10) + "\nb: [" + strings.Repeat("*a, ", 1000) + "]\n"
	long := strings.Repeat("#", affected.MaxFile+1)
	split := ": larger than 16 MiB: split it into several files"
	expanded := ": larger than 16 MiB once its YAML aliases are expanded: use fewer aliases"
	tree := newWorkTree(t)
	tree.write("prow/config.yaml", "{}")
	tree.write("prow/extra/README", "x")
	tree.write("jobs/a.yaml", periodic("a"))
	tree.write("jobs/b.yaml", periodic("b"))
	base := tree.commit()
	planner := NewPlanner(Options{Mirror: func(context.Context, Request) (*repo.Mirror, error) { return tree.mirror(), nil }})
	for name, tc := range map[string]struct{ path, content, refused string }{
		"job file":            {"jobs/a.yaml", long, split},
		"aliases":             {"jobs/a.yaml", bomb, expanded},
		"prow config":         {"prow/config.yaml", long, split},
		"aliases there":       {"prow/config.yaml", bomb, expanded},
		"supplemental config": {"prow/extra/x_prowconfig.yaml", bomb, expanded},
	} {
		t.Run(name, func(t *testing.T) {
			tree.git("reset", "--quiet", "--hard", base)
			tree.write(tc.path, tc.content)
			tree.write("jobs/b.yaml", periodic("c"))
			head := tree.commit()
			req := Request{Org: "org", Repo: "config", Base: base, Head: head, Settings: scenery}
			cold := NewPlanner(planner.options)
			for name, p := range map[string]*Incremental{"warm": planner, "cold": cold} {
				result, err := p.Plan(t.Context(), req)
				if err == nil || !strings.HasPrefix(err.Error(), tc.path+": ") || !strings.HasSuffix(err.Error(), tc.refused[2:]) {
					t.Fatalf("%s: err = %v; want %s", name, err, tc.path+tc.refused)
				}
				if len(result.Incomplete) != 1 || strings.HasPrefix(tc.path, "jobs/") && len(result.Affected) != 1 {
					t.Errorf("%s: %v, incomplete: %v", name, describe(result), result.Incomplete)
				}
			}
			// A base that has it can be repaired.
			back := Request{Org: "org", Repo: "config", Base: head, Head: base, Settings: scenery}
			back.Head = func() string {
				tree.git("checkout", "--quiet", base, "--", ".")
				tree.git("rm", "--quiet", "--force", "--ignore-unmatch", "prow/extra/x_prowconfig.yaml")
				return tree.commit()
			}()
			if _, err := planner.Plan(t.Context(), back); err != nil {
				t.Errorf("taking it away again: %v", err)
			}
		})
	}
}
