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

// prowPrefix is what the keys of most of Prow's labels and annotations begin with:
// those of a job would have the last word.
const prowPrefix = "prow.k8s.io/"

// theirs copies the labels or annotations of a job, without those that are ours or
// Prow's to set.
func theirs(of map[string]string) map[string]string {
	out := map[string]string{}
	for key, value := range of {
		if !strings.HasPrefix(key, run.Prefix) && !strings.HasPrefix(key, prowPrefix) && key != kube.CreatedByProw {
			out[key] = value
		}
	}
	return out
}

// checkGates refuses a job that is held, and one of which rendering would have
// made more than what was looked at.
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
	// The pull request's checkout is ours to add.
	rendered.Spec.Refs = nil
	rendered.Spec.ExtraRefs = slices.Clone(spec.ExtraRefs)
	for i := range rendered.Spec.ExtraRefs {
		if ref := &rendered.Spec.ExtraRefs[i]; repoName(*ref) == job.Repo && ref.RepoLink == repoLinkOf(job.Repo, in) {
			ref.RepoLink = ""
		}
		if ref := &rendered.Spec.ExtraRefs[i]; ref.BaseSHA != "" && ref.BaseSHA == in.Tips[TipKey(repoName(*ref), ref.BaseRef)] {
			ref.BaseSHA = "" // pinned by us
		}
	}
	if beyond := gate.Beyond(rendered, job.Gate(job.Repo)); len(beyond) > 0 {
		a := report.NewAsk(beyond[0])
		return fmt.Errorf("its rehearsal would have more than the job: %s %s at %s", beyond[0].Rule, a.Value, a.Path)
	}
	return nil
}

// approve notes on a ProwJob with privileges that they are in order, and why: base
// grants them, or somebody allowed them. The hash binds the note to the
// specification.
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
