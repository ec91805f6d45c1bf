package yamlline

import (
	"strings"
	"testing"

	"github.com/rehearsal-dev/rehearsal/pkg/affected"
)

const jobs = `presets:
- labels: {preset-a: "true"}
- labels:
    preset-a: "true"
presubmits:
  org/repo:
  - name: first
    spec: &spec
      containers: [{resources: {requests: {cpu: much}}}]
  - spec: *spec
    name: second
    decorate: 1h
periodics:
- name: third
  nome: x
`

func TestLinesOfMessages(t *testing.T) {
	d := Parse([]byte(jobs))
	for message, want := range map[string]int{
		"yaml: line 7: did not find expected key":                                                       7,
		"yaml: did not find expected node content":                                                      1,
		"json: cannot unmarshal string into Go struct field Presubmit.presubmits.decorate of type bool": 12,
		"quantities must match the regular expression":                                                  9,
		`json: unknown field "nome"`:                                                                    15,
		`json: unknown field "name"`:                                                                    0, // there are several
		`unknown anchor 'spec' referenced`:                                                              10,
		`time: invalid duration "1h"`:                                                                   12,
		"something else":                                                                                0,
	} {
		if got := d.OfMistake(message); got != want {
			t.Errorf("%s: line %d, want %d", message, got, want)
		}
	}
	if got := Parse([]byte("a: \xff\n")).OfMistake("yaml: invalid UTF-8"); got != 1 {
		t.Errorf("invalid UTF-8 is on line %d", got)
	}
}

func TestLinesOfJobsAndPresets(t *testing.T) {
	d := Parse([]byte(jobs))
	if got := d.OfJob(affected.Ref{Type: "presubmit", Repo: "org/repo"}, 1); got != 11 {
		t.Errorf("the second presubmit is on line %d", got)
	}
	if got := d.OfJob(affected.Ref{Type: "periodic"}, 0); got != 14 {
		t.Errorf("the periodic is on line %d", got)
	}
	if got := d.OfJob(affected.Ref{Type: "periodic"}, 1); got != 0 {
		t.Errorf("a job that is not there is on line %d", got)
	}
	if got := d.OfPreset("preset-a"); got != 4 {
		t.Errorf("the last preset is on line %d", got)
	}
}

// A file that is not YAML, or too large, has no lines. That is not an error.
func TestDocumentsWithoutLines(t *testing.T) {
	for name, text := range map[string]string{"broken": "]", "empty": "", "large": jobs + strings.Repeat("#", maxSearched)} {
		if got := Parse([]byte(text)).OfJob(affected.Ref{Type: "periodic"}, 0); got != 0 {
			t.Errorf("%s: line %d", name, got)
		}
	}
}

func TestWithout(t *testing.T) {
	if a, b := Without("yaml: line 3: bad"), Without("yaml: line 12: bad"); a != b {
		t.Errorf("%q and %q", a, b)
	}
}
