package deadline

import (
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
)

var noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

func ptrTime(t time.Time) *metav1.Time { return &metav1.Time{Time: t} }

// constants returns the values of the constants of a type in a file.
func constants(t *testing.T, file, ofType string) []string {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var values []string
	ast.Inspect(parsed, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if of, ok := spec.Type.(*ast.Ident); ok && of.Name == ofType {
			value, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
			if err != nil {
				t.Fatal(err)
			}
			values = append(values, value)
		}
		return true
	})
	if len(values) == 0 {
		t.Fatalf("%s has no constant of type %s", file, ofType)
	}
	return values
}

// TestEveryStateHasADeadline reads the states of a run from the source of the API, and the
// stages from the source of this package.
func TestEveryStateHasADeadline(t *testing.T) {
	for _, name := range constants(t, "../../apis/rehearsal/v1alpha1/run_types.go", "RunState") {
		r := &v1alpha1.RunStatus{State: v1alpha1.RunState(name)}
		Begin(r, noon)
		if r.State.Done() {
			if at := Due(r); !at.IsZero() {
				t.Errorf("%s is final, and due at %s", name, at)
			}
			r.Unreported, r.DoneAt = true, ptrTime(noon)
		}
		if at := Due(r); !at.After(noon) {
			t.Errorf("%s has no deadline", name)
		}
	}
	stages := constants(t, "deadline.go", "Stage")
	for _, name := range stages {
		if Lasts[Stage(name)] <= 0 {
			t.Errorf("the stage %s lasts for ever", name)
		}
	}
	if len(Lasts) != len(stages) {
		t.Errorf("the table has %d stages, and there are %d", len(Lasts), len(stages))
	}
}

func TestDue(t *testing.T) {
	at := func(d time.Duration) *metav1.Time { return ptrTime(noon.Add(d)) }
	for name, tc := range map[string]struct {
		run  v1alpha1.RunStatus
		want time.Duration
	}{
		"pending":  {v1alpha1.RunStatus{State: v1alpha1.RunPending, Since: at(0)}, WaitTime},
		"hindered": {v1alpha1.RunStatus{State: v1alpha1.RunPending, Since: at(0), HinderedSince: at(time.Hour)}, time.Hour + Lasts[Hindered]},
		"hindered just before the end of waiting": {v1alpha1.RunStatus{State: v1alpha1.RunPending, Since: at(0), HinderedSince: at(WaitTime - time.Minute)}, WaitTime},
		"running":                           {v1alpha1.RunStatus{State: v1alpha1.RunRunning, StartedAt: at(0), Deadline: at(time.Hour)}, time.Hour},
		"running without a known deadline":  {v1alpha1.RunStatus{State: v1alpha1.RunRunning, StartedAt: at(0)}, Lasts[Running]},
		"aborting":                          {v1alpha1.RunStatus{State: v1alpha1.RunAborting, Since: at(0), Deadline: at(time.Hour)}, Lasts[Aborting]},
		"aborting just before the deadline": {v1alpha1.RunStatus{State: v1alpha1.RunAborting, Since: at(0), Deadline: at(time.Minute)}, time.Minute},
		"over, but not reported":            {v1alpha1.RunStatus{State: v1alpha1.RunPassed, Unreported: true, DoneAt: at(0)}, Lasts[Unreported]},
	} {
		t.Run(name, func(t *testing.T) {
			if got := Due(&tc.run).Sub(noon); got != tc.want {
				t.Errorf("due after %s, want %s", got, tc.want)
			}
		})
	}
}
