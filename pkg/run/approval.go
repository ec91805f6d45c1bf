package run

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	prowapi "sigs.k8s.io/prow/pkg/apis/prowjobs/v1"
)

// SpecHash returns the SHA-256 of a specification as JSON, in hexadecimal.
func SpecHash(spec prowapi.ProwJobSpec) (string, error) {
	raw, err := json.Marshal(spec)
	if err != nil {
		return "", fmt.Errorf("encoding the specification: %w", err)
	}
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:]), nil
}

// UnapprovedError says that a ProwJob differs from the approved one.
type UnapprovedError struct{ Name string }

func (e *UnapprovedError) Error() string {
	return fmt.Sprintf("the ProwJob %s is not what was approved: the hash of its spec differs from its annotation %s", e.Name, AnnotationApproved)
}

// CheckApproval returns an *UnapprovedError if a ProwJob has an approval for another
// specification.
func CheckApproval(pj *prowapi.ProwJob) error {
	approved, ok := pj.Annotations[AnnotationApproved]
	if !ok {
		return nil
	}
	if hash, err := SpecHash(pj.Spec); err != nil || hash != approved {
		return &UnapprovedError{Name: pj.Name}
	}
	return nil
}
