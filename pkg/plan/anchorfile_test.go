package plan

import (
	"context"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/rehearsal-dev/rehearsal/pkg/affected"
)

// What is read back in part must answer as what is there as a whole.
func TestStoredAnchorAnswersAlike(t *testing.T) {
	s, err := anchorOf(newWorld(7), t)
	if err != nil {
		t.Fatal(err)
	}
	s.Watched = map[string]string{"prow/plugins.yaml": "1f", "files/list": "2e"}
	back, err := decodeAnchor(encodeAnchor(s))
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(back.Config, s.Config) || !reflect.DeepEqual(back.problems, s.problems) || back.tree != s.tree || !reflect.DeepEqual(back.Watched, s.Watched) {
		t.Errorf("state = %+v, want %+v", back, s)
	}
	if got, want := back.revision.Jobs(), s.revision.Jobs(); got != want || got == 0 {
		t.Errorf("%d jobs, want %d", got, want)
	}
	if got, want := text(t, back.revision.Presets()), text(t, s.revision.Presets()); got != want {
		t.Errorf("presets = %s, want %s", got, want)
	}
	var all sync.WaitGroup
	for f := range s.revision.Files() {
		if f.File == nil {
			continue
		}
		for i := range f.Jobs {
			all.Go(func() {
				ref := f.Jobs[i].Ref
				found, ok := back.revision.Find(ref)
				again, _ := back.revision.Find(ref)
				if !ok || found.Key() != f.Key() || found.I != i || found != again {
					t.Errorf("%s is in %v, %v", ref.Name, found, ok)
				}
				ref.Name += "-none"
				if repo := strings.ToUpper(ref.Repo); repo != "" && !back.revision.Targets(repo) || back.revision.Targets(repo+"x") {
					t.Errorf("what targets %s cannot be told", repo)
				}
				if back.revision.HasName(ref) {
					t.Errorf("%s is found", ref.Name)
				}
			})
		}
	}
	all.Wait()
	if got, want := clashesOf(back), clashesOf(s); !slices.Equal(got, want) {
		t.Errorf("clashes = %v, want %v", got, want)
	}
}

// clashesOf adds copies of two files, which clash with themselves.
func clashesOf(s *state) []affected.FileError {
	changed := map[string]*affected.Loaded{}
	for f := range s.revision.Files() {
		if f.File != nil && !f.Main {
			other := *f
			other.Path = "elsewhere/" + f.Path
			changed[other.Path] = &other
		}
	}
	r := s.anchor.With(changed)
	// It fails only with its context.
	found, _ := r.Clashes(context.Background(), r.Files())
	return found
}

func text(t *testing.T, v any) string {
	t.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}
