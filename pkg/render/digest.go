package render

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"

	"github.com/rehearsal-dev/rehearsal/pkg/gate"
)

// Digest identifies what a pull request does: it is equal if the fingerprints of the
// plans are equal, and the same jobs are rehearsed in the same way, or not for the same
// reasons. The commits and the approvals do not matter. It is empty if the fingerprint is
// empty.
func Digest(jobs []Job, in Input, fingerprint string) string {
	if fingerprint == "" {
		return ""
	}
	h := sha256.New()
	// Writing to a hash cannot fail, and all of these values can be encoded.
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
