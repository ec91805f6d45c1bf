package wire

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"runtime"
	"strings"
	"testing"

	"github.com/rehearsal-dev/rehearsal/pkg/affected"
	"github.com/rehearsal-dev/rehearsal/pkg/gate"
	"github.com/rehearsal-dev/rehearsal/pkg/plan"
	"github.com/rehearsal-dev/rehearsal/pkg/plan/codec"
)

// lengthOf is the approximate length of the answer of each kind, in bytes.
const lengthOf = 2 << 20

// answersThatGrow returns answers that take much more memory than their length. Each
// repeats something else.
func answersThatGrow() map[string][]byte {
	many := func(before, each, after string) string {
		return before + strings.Repeat(each+",", lengthOf/(len(each)+1)) + each + after
	}
	job := func(kind, raw string) []byte {
		e := codec.NewEncoder()
		for range 4 { // base, head, tree, fingerprint
			e.Text("")
		}
		for range 4 { // jobs, removed, warnings, incomplete
			e.Count(0)
		}
		e.Text("")
		e.Count(0) // targets
		e.Count(1)
		(&jobEncoder{Encoder: e}).ref(affected.Ref{})
		e.Text("")
		e.Flag(false)
		e.Text("")
		e.Flag(false)
		e.Count(0)
		e.Flag(false)
		e.Count(1)
		e.Flag(false)
		e.Text(kind)
		e.Text("")
		e.Text(raw)
		e.Count(0)
		e.Count(0)
		return e.Bytes()
	}
	upTo := func(fields int, more func(e *codec.Encoder)) []byte {
		e := codec.NewEncoder()
		for range 4 {
			e.Text("")
		}
		e.Count(0)
		for range fields {
			e.Count(0)
		}
		more(e)
		return append(e.Bytes(), make([]byte, lengthOf)...)
	}
	findings := func(raw string) []byte {
		return upTo(3, func(e *codec.Encoder) { e.Text(raw) })
	}
	return map[string][]byte{
		"texts":                append(binary.AppendUvarint(nil, lengthOf), make([]byte, lengthOf)...),
		"removed":              upTo(0, func(e *codec.Encoder) { e.Count(lengthOf / 5) }),
		"branches of removed":  upTo(0, func(e *codec.Encoder) { e.Count(1); e.Text(""); e.Text(""); e.Text(""); e.Count(lengthOf / 2) }),
		"warnings":             upTo(1, func(e *codec.Encoder) { e.Count(lengthOf) }),
		"incomplete":           upTo(2, func(e *codec.Encoder) { e.Count(lengthOf / 3) }),
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
// length in memory. It checks that the counted memory covers the memory in use, except
// immediate garbage.
func TestWhatAnAnswerBecomesIsCounted(t *testing.T) {
	if raceDetector {
		t.Skip("the race detector takes memory of its own; make unit runs this without it")
	}
	for name, raw := range answersThatGrow() {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			d, err := newJobDecoder(raw)
			var r *plan.Result
			if err == nil {
				r, err = d.result()
			}
			runtime.ReadMemStats(&after)
			taken := int(after.TotalAlloc - before.TotalAlloc)
			if counted := d.Weight(); taken > 4*counted+16<<20 {
				t.Errorf("%d MiB became %d MiB, %d MiB were counted: %v, %v", len(raw)>>20, taken>>20, counted>>20, r != nil, err)
			}
		})
	}
}

// TestAnswersAboutPlansAreBounded checks the same for answers that consist of JSON.
func TestAnswersAboutPlansAreBounded(t *testing.T) {
	most := maxWeight / 100
	for name, raw := range map[string]string{
		"places":        `[` + strings.Repeat(`null,`, most) + `null]`,
		"empty places":  `[` + strings.Repeat(`{},`, most) + `{}]`,
		"wrong places":  `[` + strings.Repeat(`0,`, most) + `0]`,
		"nested places": strings.Repeat(`[`, most),
	} {
		var located []plan.Located
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
