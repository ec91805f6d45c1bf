package repo

import (
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"testing"
)

// hostileTrees is a repository with trees that git itself would not create.
type hostileTrees struct {
	t   *testing.T
	dir string
}

func newHostileTrees(t *testing.T) hostileTrees {
	h := hostileTrees{t, t.TempDir()}
	h.git("", "init", "--quiet", "--bare")
	return h
}

func (h hostileTrees) git(in string, args ...string) string {
	h.t.Helper()
	cmd := exec.Command("git", append([]string{"-c", "user.name=a", "-c", "user.email=a@example.com"}, args...)...)
	cmd.Dir, cmd.Stdin = h.dir, strings.NewReader(in)
	out, err := cmd.Output()
	if err != nil {
		h.t.Fatalf("git %v: %v", args, err)
	}
	return strings.TrimSpace(string(out))
}

func (h hostileTrees) blob(content string) string {
	return h.git(content, "hash-object", "-w", "--stdin")
}

func (h hostileTrees) tree(lines ...string) string {
	return h.git(strings.Join(lines, "\x00")+"\x00", "mktree", "-z")
}

func (h hostileTrees) commit(tree string, parents ...string) string {
	args := []string{"commit-tree", "-m", "x"}
	for _, p := range parents {
		args = append(args, "-p", p)
	}
	return h.git("", append(args, tree)...)
}

// bomb returns a tree that has few objects and 10^(depth+1) files.
func (h hostileTrees) bomb(depth int) string {
	var lines []string
	for i := range 10 {
		lines = append(lines, fmt.Sprintf("100644 blob %s\tf%d.yaml", h.blob("{}"), i))
	}
	tree := h.tree(lines...)
	for range depth {
		lines = nil
		for i := range 10 {
			lines = append(lines, fmt.Sprintf("040000 tree %s\td%d", tree, i))
		}
		tree = h.tree(lines...)
	}
	return tree
}

func wantBound(t *testing.T, what string, err error, words string) {
	t.Helper()
	var bound *BoundError
	if !errors.As(err, &bound) || !strings.Contains(err.Error(), words) {
		t.Errorf("%s: err = %v; want a bound with %q", what, err, words)
	}
	if Corrupt(err) {
		t.Errorf("%s: %v is taken for a damaged mirror", what, err)
	}
}

// TestTreeOfTrees reads a tree of eleven objects that expand to ten billion files.
func TestTreeOfTrees(t *testing.T) {
	h := newHostileTrees(t)
	file := "100644 blob " + h.blob("a\nb\nc\nd\ne\nf\n") + "\ta.yaml"
	edited := "100644 blob " + h.blob("a\nb\nc\nd\ne\nf\ng\n") + "\ta.yaml"
	bomb := "040000 tree " + h.bomb(9) + "\tx"
	root := h.commit(h.tree(file))
	base := h.commit(h.tree(edited), root)
	// The change on the base makes git look for a rename of the removed file.
	head := h.commit(h.tree(bomb), root)
	m := OpenClone(h.dir)
	_, err := m.List(t.Context(), head)
	wantBound(t, "list", err, "has more than 500000 files")
	_, err = m.Diff(t.Context(), base, head)
	wantBound(t, "diff", err, "cannot be read by git diff-tree with 512 MiB of memory")
	_, err = m.Merge(t.Context(), base, head)
	wantBound(t, "merge", err, "cannot be read by git merge-tree with 512 MiB of memory")
}

func TestLongPaths(t *testing.T) {
	h := newHostileTrees(t)
	blob := h.blob("{}")
	m := OpenClone(h.dir)
	for name, tc := range map[string]struct {
		length int
		want   string
	}{
		"name of more than 255 bytes": {256, "has a name of more than 255 bytes in it"}, "path of more than 3800 bytes": {5000, "is a path of more than 3800 bytes"},
		"path longer than the read buffer": {100_000, "is a path of more than 3800 bytes"}, "name of exactly 255 bytes": {255, ""},
	} {
		commit := h.commit(h.tree("100644 blob " + blob + "\t" + strings.Repeat("a", tc.length)))
		_, listErr := m.List(t.Context(), commit)
		_, diffErr := m.Diff(t.Context(), h.commit(h.tree("100644 blob "+blob+"\ta")), commit)
		if tc.want == "" {
			if listErr != nil || diffErr != nil {
				t.Errorf("%s: %v, %v", name, listErr, diffErr)
			}
			continue
		}
		wantBound(t, name, listErr, tc.want)
		wantBound(t, name, diffErr, tc.want)
	}
}

func TestManyConflicts(t *testing.T) {
	h := newHostileTrees(t)
	side := func(content string, parents ...string) string {
		blob := h.blob(content)
		var lines []string
		for i := range 1000 {
			lines = append(lines, fmt.Sprintf("100644 blob %s\tf%d", blob, i))
		}
		return h.commit(h.tree(lines...), parents...)
	}
	root := side("a")
	_, err := OpenClone(h.dir).Merge(t.Context(), side("b", root), side("c", root))
	var conflict *ConflictError
	if !errors.As(err, &conflict) || len(conflict.Files) != maxConflicts+1 || conflict.Files[maxConflicts] != "and 900 more" {
		t.Errorf("err = %.300v", err)
	}
}

// TestLargeBlobsAreNotRead checks the limit on blobs. Unpacking a blob can take as much
// memory as its size, which may be far larger than its size in the pack.
func TestLargeBlobsAreNotRead(t *testing.T) {
	h := newHostileTrees(t)
	small, large := h.blob("small"), h.blob(strings.Repeat("x", 1<<20))
	var got []int
	err := OpenClone(h.dir).BlobsUpTo(t.Context(), 100, []string{large, small, large, small}, func(_ string, content []byte) error {
		got = append(got, len(content))
		if len(content) > 100 && content[0] == 'x' {
			t.Error("a large blob was read")
		}
		return nil
	})
	if err != nil || fmt.Sprint(got) != "[101 5 101 5]" {
		t.Errorf("lengths %v, err = %v", got, err)
	}
}
