package nearest

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestNames(t *testing.T) {
	names := []string{"pull-widget-e2e", "pull-widget-e2e-aws", "pull-widget-unit", "periodic-x", "pull-widget-e2e"}
	cases := []struct {
		name string
		want []string
	}{
		{"pull-widget-e2", []string{"pull-widget-e2e", "pull-widget-e2e-aws"}},
		{"unit", []string{"pull-widget-unit"}},
		{"something-else-entirely", nil},
		{"", nil},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, Names(c.name, names)); diff != "" {
				t.Error(diff)
			}
		})
	}
}
