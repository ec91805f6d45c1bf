package render

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"slices"

	"github.com/rehearsal-dev/rehearsal/pkg/affected"
	prowapi "sigs.k8s.io/prow/pkg/apis/prowjobs/v1"
)

// Digest changes whenever what the rehearsals of the offered jobs run does: their
// specifications, labels and annotations, and the ConfigMaps that the pull request
// changes for them. The commits themselves do not count, unless they are all that
// is known: of a job that is only an outline, see Complete, or of a ConfigMap whose
// content is not in the input.
func Digest(jobs []Job, in Input) string {
	still := in
	still.Head, still.Base, still.HeadRef, still.Title, still.Author, still.Tips = "", "", "", "", "", nil
	h := sha256.New()
	offered := map[string]bool{}
	for _, job := range jobs {
		if !job.due() {
			continue
		}
		offered[job.Key()] = true
		writeJob(h, job, still)
		if job.Outline || readsUnknown(job, in) {
			write(h, in.Head+in.Base)
		}
	}
	for _, cm := range in.ConfigMaps {
		if slices.ContainsFunc(cm.Jobs, func(key string) bool { return offered[key] }) {
			cm.Jobs = nil
			write(h, cm)
		}
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// readsUnknown says that a job is affected by a ConfigMap of unknown content.
func readsUnknown(job Job, in Input) bool {
	return slices.ContainsFunc(job.Reasons, func(r affected.Reason) bool {
		return r.Source == affected.SourceConfigMap && !slices.ContainsFunc(in.ConfigMaps, func(cm ConfigMap) bool {
			return r.Path == "ConfigMap "+cm.Name && cm.Problem == "" && slices.Contains(cm.Jobs, job.Key())
		})
	})
}

// rendered is what Digest takes of a job.
type rendered struct {
	Key, Problem        string
	Spec                prowapi.ProwJobSpec
	Labels, Annotations map[string]string
}

func writeJob(to hash.Hash, job Job, in Input) {
	r := rendered{Key: job.Key(), Labels: job.Base().Labels, Annotations: job.Base().Annotations}
	var err error
	if r.Spec, err = rehearsalSpec(job, in); err != nil {
		r.Problem = err.Error()
	}
	write(to, r)
}

// write adds a value as a line of JSON. All that is written here can be encoded.
func write(to hash.Hash, v any) {
	raw, err := json.Marshal(v)
	fmt.Fprintln(to, string(raw), err) //nolint:errcheck // a hash takes everything
}
