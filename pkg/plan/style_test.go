package plan

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"strconv"
	"strings"

	"sigs.k8s.io/yaml"
)

// text returns the text of a file of a scene.
func (s *scene) text(p string) string {
	raw, err := yaml.Marshal(s.files[p])
	if err != nil {
		panic(err)
	}
	text := string(raw)
	switch s.style[p] {
	case "crlf":
		return strings.ReplaceAll(text, "\n", "\r\n")
	case "gzip":
		return zipped(text)
	case "json":
		raw, _ = json.MarshalIndent(s.files[p], "", "  ")
		return string(raw)
	case "bom":
		return "\ufeff" + text
	case "utf16":
		out := []byte{0xff, 0xfe}
		for _, r := range text {
			out = append(out, byte(r), byte(r>>8))
		}
		return string(out)
	case "documents":
		return "---\n" + text + "---\nperiodics: [{name: second-document}]\n"
	case "escaped":
		raw, _ = json.Marshal(s.files[p])
		return strings.NewReplacer(`"presets"`, `"\x70resets"`, `"periodics"`, `"perio\u0064ics"`, `"presubmits"`, `"presu\x62mits"`).Replace(string(raw))
	case "upper":
		return strings.NewReplacer("presets:", "PRESETS:", "presubmits:", "preſubmits:", "periodics:", "Periodics:").Replace(text)
	case "comment":
		return "# " + strconv.Itoa(s.IntN(9)) + "\n" + text
	case "anchors":
		return "x-shared: &s {labels: {preset-a: \"true\"}}\n" + strings.ReplaceAll(text, "always_run: true", "<<: *s")
	}
	return text
}

func zipped(s string) string {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = z.Write([]byte(s))
	_ = z.Close()
	return b.String()
}
