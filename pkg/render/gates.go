package render

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	prowapi "sigs.k8s.io/prow/pkg/apis/prowjobs/v1"
	"sigs.k8s.io/prow/pkg/kube"

	"github.com/rehearsal-dev/rehearsal/pkg/gate"
	"github.com/rehearsal-dev/rehearsal/pkg/report"
	"github.com/rehearsal-dev/rehearsal/pkg/run"
)

// prowPrefix is the prefix of most of Prow's labels and annotations. Those of a job would
// override Prow's.
const prowPrefix = "prow.k8s.io/"

// theirs copies the labels or annotations of a job, without those that only we or Prow
// may set.
func theirs(of map[string]string) map[string]string {
	out := map[string]string{}
	for key, value := range of {
		if !strings.HasPrefix(key, run.Prefix) && !strings.HasPrefix(key, prowPrefix) && key != kube.CreatedByProw {
			out[key] = value
		}
	}
	return out
}

// checkGates refuses a held job, and a rehearsal that would use more than the gates have
// checked.
func checkGates(job Job, in Input, spec prowapi.ProwJobSpec, inputs []input) error {
	if in.Gates == nil {
		return nil
	}
	if !job.Hold.Zero() {
		return errors.New(job.Hold.Sentence())
	}
	rendered := gate.Job{Spec: spec}
	for _, i := range inputs {
		rendered.OwnConfigMaps = append(rendered.OwnConfigMaps, i.object.Name)
	}
	// We add the checkout of the pull request.
	rendered.Spec.Refs = nil
	rendered.Spec.ExtraRefs = slices.Clone(spec.ExtraRefs)
	for i := range rendered.Spec.ExtraRefs {
		if ref := &rendered.Spec.ExtraRefs[i]; repoName(*ref) == job.Repo && ref.RepoLink == repoLinkOf(job.Repo, in) {
			ref.RepoLink = ""
		}
		if ref := &rendered.Spec.ExtraRefs[i]; ref.BaseSHA != "" && ref.BaseSHA == in.Tips[TipKey(repoName(*ref), ref.BaseRef)] {
			ref.BaseSHA = "" // we have pinned it
		}
	}
	if beyond := gate.Beyond(rendered, job.Gate(job.Repo)); len(beyond) > 0 {
		a := report.NewAsk(beyond[0])
		return fmt.Errorf("its rehearsal would have more than the job: %s %s at %s", beyond[0].Rule, a.Value, a.Path)
	}
	return nil
}

// approve records on a ProwJob with privileges who granted them: the base branch, or a
// person. The hash binds the record to the specification.
func approve(annotations map[string]string, job Job, in Input, spec prowapi.ProwJobSpec) error {
	if !gate.Privileged(gate.Job{Spec: spec}) {
		return nil
	}
	hash, err := run.SpecHash(spec)
	if err != nil {
		return err
	}
	annotations[run.AnnotationApproved] = hash
	annotations[run.AnnotationApprovedBy] = "base"
	if in.Gates != nil && len(in.Gates.Findings[job.Key()].Asks) > 0 {
		annotations[run.AnnotationApprovedBy] = in.Gates.AllowedBy[job.Key()]
	}
	return nil
}
