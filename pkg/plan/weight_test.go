package plan

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"runtime"
	"strings"
	"testing"

	"sigs.k8s.io/prow/pkg/config"

	"github.com/rehearsal-dev/rehearsal/pkg/affected"
	"github.com/rehearsal-dev/rehearsal/pkg/gate"
)

// lengthOf is about how many bytes of an answer each kind fills.
const lengthOf = 2 << 20

// answers that become much more than they are, each by another thing that repeats.
func answersThatGrow() map[string][]byte {
	many := func(before, each, after string) string {
		return before + strings.Repeat(each+",", lengthOf/(len(each)+1)) + each + after
	}
	job := func(kind, raw string) []byte {
		e := newEncoder()
		for range 4 { // base, head, tree, fingerprint
			e.text("")
		}
		for range 4 { // jobs, removed, warnings, incomplete
			e.count(0)
		}
		e.text("")
		e.count(0) // targets
		e.count(1)
		(&jobEncoder{encoder: e}).ref(affected.Ref{})
		e.text("")
		e.flag(false)
		e.text("")
		e.flag(false)
		e.count(0)
		e.flag(false)
		e.count(1)
		e.text(kind)
		e.text("")
		e.text(raw)
		e.count(0)
		e.count(0)
		return e.bytes()
	}
	upTo := func(fields int, more func(e *encoder)) []byte {
		e := newEncoder()
		for range 4 {
			e.text("")
		}
		e.count(0)
		for range fields {
			e.count(0)
		}
		more(e)
		return append(e.bytes(), make([]byte, lengthOf)...)
	}
	findings := func(raw string) []byte {
		return upTo(3, func(e *encoder) { e.text(raw) })
	}
	return map[string][]byte{
		"texts":                append(binary.AppendUvarint(nil, lengthOf), make([]byte, lengthOf)...),
		"removed":              upTo(0, func(e *encoder) { e.count(lengthOf / 5) }),
		"branches of removed":  upTo(0, func(e *encoder) { e.count(1); e.text(""); e.text(""); e.text(""); e.count(lengthOf / 2) }),
		"warnings":             upTo(1, func(e *encoder) { e.count(lengthOf) }),
		"incomplete":           upTo(2, func(e *encoder) { e.count(lengthOf / 3) }),
		"asks":                 findings(many(`{"j":{"asks":[`, `{}`, `]}}`)),
		"no asks":              findings(many(`{"j":{"asks":[`, `null`, `]}}`)),
		"asks of a wrong type": findings(many(`{"j":{"asks":[`, `0`, `]}}`)),
		"containers":           job("presubmit", many(`{"spec":{"containers":[`, `{}`, `]}}`)),
		"no containers":        job("presubmit", many(`{"spec":{"containers":[`, `null`, `]}}`)),
		"numbers":              job("presubmit", many(`{"spec":{"containers":[`, `0`, `]}}`)),
		"texts for containers": job("presubmit", many(`{"spec":{"containers":[`, `""`, `]}}`)),
		"arguments":            job("periodic", many(`{"spec":{"containers":[{"args":[`, `""`, `]}]}}`)),
		"labels":               job("postsubmit", `{"labels":{`+manyPairs()+`}}`),
	}
}

func manyPairs() string {
	var b strings.Builder
	for i := 0; b.Len() < lengthOf; i++ {
		if i > 0 {
			b.WriteByte(',')
		}
		raw, _ := json.Marshal(string(binary.AppendUvarint(nil, uint64(i)%0x7f)) + strings.Repeat("x", i%7))
		b.Write(raw)
		b.WriteString(`:""`)
	}
	return b.String()
}

// TestWhatAnAnswerBecomesIsCounted decodes answers that would take many times their
// length. What was counted for them accounts for all the memory that they took, but
// for what is garbage at once.
func TestWhatAnAnswerBecomesIsCounted(t *testing.T) {
	if raceDetector {
		t.Skip("the race detector takes memory of its own; make unit runs this without it")
	}
	for name, raw := range answersThatGrow() {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			d, err := newJobDecoder(raw)
			var r *Result
			if err == nil {
				r, err = d.result()
			}
			runtime.ReadMemStats(&after)
			taken := int(after.TotalAlloc - before.TotalAlloc)
			if counted := d.weight; taken > 4*counted+16<<20 {
				t.Errorf("%d MiB became %d MiB, %d MiB were counted: %v, %v", len(raw)>>20, taken>>20, counted>>20, r != nil, err)
			}
		})
	}
}

// TestAnswersAboutPlansAreBounded is the same for what is answered as JSON alone.
func TestAnswersAboutPlansAreBounded(t *testing.T) {
	most := maxWeight / 100
	for name, raw := range map[string]string{
		"places":        `[` + strings.Repeat(`null,`, most) + `null]`,
		"empty places":  `[` + strings.Repeat(`{},`, most) + `{}]`,
		"wrong places":  `[` + strings.Repeat(`0,`, most) + `0]`,
		"nested places": strings.Repeat(`[`, most),
	} {
		var located []Located
		if err := DecodeAnswer([]byte(raw), &located); err == nil {
			t.Errorf("%s: %d are taken", name, len(located))
		} else if strings.HasSuffix(name, "places") && !strings.HasPrefix(name, "wrong") && !strings.HasPrefix(name, "nested") && !errors.Is(err, ErrTooLarge) {
			t.Errorf("%s: %v", name, err)
		}
	}
	want := map[string]gate.Finding{"a": {New: "b", Asks: []gate.Ask{{Rule: "c", Path: "d", Use: gate.Use{Name: "e"}}}}}
	raw, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]gate.Finding
	if err := DecodeAnswer(raw, &got); err != nil || len(got["a"].Asks) != 1 {
		t.Errorf("%v, %v", got, err)
	}
	var contents []affected.ConfigMapContent
	if err := DecodeAnswer([]byte(`[{"Data":{"a":"b"},"BinaryData":{"c":"ZA=="}}]`), &contents); err != nil || string(contents[0].BinaryData["c"]) != "d" {
		t.Errorf("%v, %v", contents, err)
	}
}

// TestWeighingTakesWhatJSONTakes weighs what a job may look like.
func TestWeighingTakesWhatJSONTakes(t *testing.T) {
	for _, raw := range []string{
		`{}`, `null`, `{"name":"a","NAME":"b","unknown":{"x":[1,[2],{"y":null}]}}`,
		`{"spec":{"containers":[{"name":"c","resources":{"limits":{"cpu":1,"memory":"2Gi"}},"ports":[{"containerPort":1}],"livenessProbe":{"httpGet":{"port":"http"}}}]}}`,
		`{"labels":{"a":"b"},"max_concurrency":3,"decorate":true,"decoration_config":{"timeout":"1h0m0s","gcs_configuration":null}}`,
	} {
		var p config.Presubmit
		if err := json.Unmarshal([]byte(raw), &p); err != nil {
			t.Fatal(err)
		}
		if _, err := weigh([]byte(raw), &p, maxWeight); err != nil {
			t.Errorf("%s: %v", raw, err)
		}
	}
}
