package render

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"

	"github.com/rehearsal-dev/rehearsal/pkg/gate"
)

// Digest is the same for pull requests that do the same, by the fingerprint of their
// plans, and whose jobs are rehearsed alike, or not for the same reasons. The commits
// themselves do not count, nor what was allowed. It is empty where the fingerprint
// is.
func Digest(jobs []Job, in Input, fingerprint string) string {
	if fingerprint == "" {
		return ""
	}
	h := sha256.New()
	// A hash takes everything, and all of this can be encoded.
	enc := json.NewEncoder(h)
	_ = enc.Encode(fingerprint)
	for _, j := range jobs {
		var found gate.Finding
		if in.Gates != nil {
			found = in.Gates.Findings[j.Key()]
		}
		_ = enc.Encode([]any{j.Key(), j.Branch, j.Problem, found, j.rehearsal, j.context})
	}
	return hex.EncodeToString(h.Sum(nil))
}
