package render

import (
	"errors"
	"fmt"
	"maps"
	"strconv"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	prowapi "sigs.k8s.io/prow/pkg/apis/prowjobs/v1"
	"sigs.k8s.io/prow/pkg/config"
	"sigs.k8s.io/prow/pkg/kube"
	"sigs.k8s.io/prow/pkg/pjutil"

	"github.com/rehearsal-dev/rehearsal/pkg/gate"
	"github.com/rehearsal-dev/rehearsal/pkg/run"
)

// Labels on the ProwJobs of rehearsals, as the openshift plugin sets them.
const (
	// LabelPull has the number of the pull request.
	LabelPull = "ci.openshift.io/rehearse"
	// LabelContext has the last part of the original context.
	LabelContext = "ci.openshift.io/rehearse.context"
)

// ProwJob renders the rehearsal of a job as Prow would create it. Only status.startTime,
// the time of creation, is not set.
func ProwJob(job Job, in Input, r Run) (*prowapi.ProwJob, error) {
	pj, _, err := renderJob(job, in, r)
	return pj, err
}

// renderJob also returns the ConfigMaps that must exist before the ProwJob.
func renderJob(job Job, in Input, r Run) (*prowapi.ProwJob, []input, error) {
	spec, err := rehearsalSpec(job, in)
	if err != nil {
		return nil, nil, refuse(job, err)
	}
	if r.PodNamespace != "" {
		spec.Namespace = r.PodNamespace
	}
	inputs, err := takeInputs(&spec, job, in, r)
	if err != nil {
		return nil, nil, refuse(job, err)
	}
	if err := checkGates(job, in, spec, inputs); err != nil {
		return nil, nil, refuse(job, err)
	}
	base := job.Base()
	labels := theirs(base.Labels)
	labels[kube.IsOptionalLabel] = "true"
	labels[LabelPull] = strconv.Itoa(in.Number)
	labels[LabelContext] = labelValue(job.short)
	maps.Copy(labels, runLabels(r))

	annotations := theirs(base.Annotations)
	annotations[run.AnnotationJob] = job.Name
	if r.Home != "" {
		annotations[run.AnnotationNamespace] = r.Home
	}
	if err := approve(annotations, job, in, spec); err != nil {
		return nil, nil, refuse(job, err)
	}

	pj := pjutil.NewProwJob(spec, labels, annotations, pjutil.RequireScheduling(r.RequireScheduling))
	pj.Namespace, pj.Spec.Namespace = r.Namespace, r.PodNamespace
	pj.Name = prowJobName(r, job.Key())
	pj.Status.StartTime = metav1.Time{}
	return &pj, inputs, nil
}

// runLabels returns the labels that lead from an object to its run.
func runLabels(r Run) map[string]string {
	return map[string]string{
		run.LabelRehearsal:    labelValue(r.Rehearsal),
		run.LabelRehearsalUID: r.UID,
		run.LabelRun:          labelValue(r.Name),
	}
}

func refuse(job Job, err error) error {
	return fmt.Errorf("job %s cannot be rehearsed: %w", job.Argument, err)
}

// rehearsalSpec returns the specification of a job's rehearsal, the same for all runs, or
// an error that says why there is none.
func rehearsalSpec(job Job, in Input) (prowapi.ProwJobSpec, error) {
	if job.Problem != "" {
		return prowapi.ProwJobSpec{}, errors.New(job.Problem)
	}
	if job.Outline {
		return prowapi.ProwJobSpec{}, errors.New("only its outline is known")
	}
	spec := presubmitSpec(job, in)
	if err := checkRefs(spec); err != nil {
		return prowapi.ProwJobSpec{}, err
	}
	setEnv(spec.PodSpec, identity(job))
	return spec, nil
}

// presubmitSpec returns the specification of the original job as a presubmit of the pull
// request.
func presubmitSpec(job Job, in Input) prowapi.ProwJobSpec {
	presubmit := config.Presubmit{JobBase: *job.Base()}
	presubmit.Reporter = reporterOf(job)
	presubmit.Name = job.rehearsal
	presubmit.Context = job.context
	presubmit.RerunCommand = in.command() + " " + job.Argument
	presubmit.Optional = true
	presubmit.ReporterConfig = nil
	// Reruns are requested on the pull request, where the policy decides.
	presubmit.RerunAuthConfig = nil
	if !targetsConfigRepo(job.Job, in) {
		// These settings are for the checkout of the target repository, which is not the
		// one under test here. The reference to the target repository has them.
		presubmit.PathAlias, presubmit.CloneURI = "", ""
		presubmit.SkipSubmodules, presubmit.CloneDepth, presubmit.SkipFetchHead = false, 0, false
	}
	presubmit.ExtraRefs = extraRefs(job, in)

	shared := pjutil.PresubmitSpec(presubmit, refs(in))
	spec := *shared.DeepCopy()
	spec.Refs.SparseCheckoutFiles = nil
	if spec.DecorationConfig != nil {
		spec.DecorationConfig.SparseCheckoutFiles = nil
	}
	if !targetsConfigRepo(job.Job, in) && gate.Credentialed(spec.DecorationConfig) {
		// The pull request chooses the URLs of its submodules, and the job reads none.
		spec.Refs.SkipSubmodules = true
	}
	if alias, ok := configRepoAlias(job, in); ok && spec.Refs.PathAlias == "" {
		spec.Refs.PathAlias = alias
	}
	return spec
}

// refs returns the reference to the pull request on the config repository.
func refs(in Input) prowapi.Refs {
	pull := prowapi.Pull{
		Number: in.Number, Author: in.Author, SHA: in.Head, Title: in.Title, HeadRef: in.HeadRef,
	}
	refs := prowapi.Refs{
		Org: in.Org, Repo: in.Repo, BaseRef: in.BaseRef, BaseSHA: in.Base, CloneURI: in.CloneURI,
	}
	if link := in.repoLink(); link != "" {
		refs.RepoLink = link
		refs.BaseLink = link + "/commit/" + in.Base
		pull.Link = fmt.Sprintf("%s/pull/%d", link, in.Number)
		pull.CommitLink = fmt.Sprintf("%s/pull/%d/commits/%s", link, in.Number, in.Head)
	}
	refs.Pulls = []prowapi.Pull{pull}
	return refs
}
