package admission

import (
	"context"
	"errors"
	"fmt"
	"slices"

	pipelinelisters "github.com/tektoncd/pipeline/pkg/client/listers/pipeline/v1"
	admissionv1 "k8s.io/api/admission/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/json"
	"knative.dev/pkg/logging"
	"knative.dev/pkg/webhook"

	"github.com/rehearsal-dev/rehearsal/pkg/run"
)

// path is the path of the webhook.
const path = "/prowjobs"

// prowJobs is the resource, and prowJobCRD its CustomResourceDefinition.
var prowJobs = schema.GroupResource{Group: "prow.k8s.io", Resource: "prowjobs"}

const prowJobCRD = "prowjobs.prow.k8s.io"

// CRDs is the part of the client that is needed to read the schema of ProwJobs.
type CRDs interface {
	Get(ctx context.Context, name string, opts metav1.GetOptions) (*apiextensionsv1.CustomResourceDefinition, error)
}

// validator decides about ProwJobs for the API server. Every replica can answer.
type validator struct {
	// pipelineRuns and configMaps are those of our namespace.
	pipelineRuns pipelinelisters.PipelineRunNamespaceLister
	configMaps   run.ConfigMaps
	crds         CRDs
	memory       *memory
}

var _ webhook.AdmissionController = (*reconciler)(nil)

func (j *validator) Path() string { return path }

// Admit implements webhook.AdmissionController. A permanent refusal is "forbidden". If it
// cannot decide yet, it answers "unavailable", so that the task tries again.
func (j *validator) Admit(ctx context.Context, req *admissionv1.AdmissionRequest) *admissionv1.AdmissionResponse {
	err := j.admit(ctx, req)
	if err == nil {
		return &admissionv1.AdmissionResponse{Allowed: true}
	}
	log := logging.FromContext(ctx).With("prowjob", req.Name, "user", req.UserInfo.Username, "why", err)
	var refused *refusal
	status := apierrors.NewServiceUnavailable(err.Error()).Status()
	if errors.As(err, &refused) {
		log.Warn("A ProwJob that was not handed over was refused")
		status = apierrors.NewForbidden(prowJobs, req.Name, err).Status()
	} else {
		log.Info("A ProwJob cannot be checked yet")
	}
	return &admissionv1.AdmissionResponse{Result: &status}
}

func (j *validator) admit(ctx context.Context, req *admissionv1.AdmissionRequest) error {
	if req.Operation != admissionv1.Create || req.Resource.Group != prowJobs.Group || req.Resource.Resource != prowJobs.Resource || req.SubResource != "" {
		return refuse("this is for the creation of ProwJobs, not for %s of %s", req.Operation, req.Resource.Resource)
	}
	var got object
	if err := json.Unmarshal(req.Object.Raw, &got); err != nil {
		return refuse("it cannot be decoded: %v", err)
	}
	runs, over := j.underWay(labelsOf(got))
	reading := &reading{ConfigMaps: j.configMaps, memory: j.memory}
	err := j.compare(ctx, req, got, reading, runs, over)
	if err != nil && reading.remembered {
		// The cache may be outdated. It is good enough to allow a ProwJob, but not to
		// refuse one.
		err = j.compare(ctx, req, got, reading.anew(), runs, over)
	}
	return err
}

// compare compares a ProwJob with those that the runs have handed over.
func (j *validator) compare(ctx context.Context, req *admissionv1.AdmissionRequest, got object, configMaps run.ConfigMaps, runs []string, over bool) error {
	offers, err := offersOf(ctx, configMaps, stringAt(got, "metadata", "name"), runs)
	if err != nil {
		return err
	}
	err = decide(got, over, offers, nil)
	var refused *refusal
	if len(offers) == 0 || !errors.As(err, &refused) {
		return err
	}
	// The difference may come from the API server, which prunes and defaults the object.
	crd, err := j.crds.Get(ctx, prowJobCRD, metav1.GetOptions{})
	if err != nil {
		return fmt.Errorf("reading the CustomResourceDefinition %s: %w", prowJobCRD, err)
	}
	kept, err := j.memory.schemaOf(crd, req.Resource.Version)
	if err != nil {
		return err
	}
	return decide(got, over, offers, kept)
}

// underWay returns the runs of a Rehearsal that have an active PipelineRun, the run of
// the label first. Over says that the run of the label had a PipelineRun and has no
// active one any more.
func (j *validator) underWay(of map[string]string) (runs []string, over bool) {
	same := labels.SelectorFromSet(labels.Set{run.LabelRehearsalUID: of[run.LabelRehearsalUID]})
	all, err := j.pipelineRuns.List(same)
	if err != nil || of[run.LabelRehearsalUID] == "" {
		return nil, false // an in-memory lister does not fail
	}
	seen := false
	for _, pr := range all {
		name := pr.Labels[run.LabelRun]
		seen = seen || name == of[run.LabelRun]
		if name == "" || pr.IsDone() || pr.IsCancelled() || pr.IsGracefullyCancelled() || pr.DeletionTimestamp != nil {
			continue
		}
		runs = append(runs, name)
	}
	slices.Sort(runs)
	runs = slices.Compact(runs)
	if i := slices.Index(runs, of[run.LabelRun]); i >= 0 {
		runs = slices.Insert(slices.Delete(runs, i, i+1), 0, of[run.LabelRun])
		return runs, false
	}
	return runs, seen
}

// offersOf returns the ProwJobs with a name that runs have handed over.
func offersOf(ctx context.Context, configMaps run.ConfigMaps, name string, runs []string) ([]offer, error) {
	var offers []offer
	for _, of := range runs {
		manifest, err := run.ReadManifest(ctx, configMaps, of)
		if err != nil {
			return nil, fmt.Errorf("reading what run %s has handed over: %w", of, err)
		}
		i := slices.IndexFunc(manifest.Jobs, func(job run.Job) bool { return job.ProwJob == name })
		if i < 0 {
			continue
		}
		pj, err := run.ReadProwJob(ctx, configMaps, manifest.Jobs[i].ConfigMap, name)
		if err != nil {
			return nil, fmt.Errorf("reading what run %s has handed over: %w", of, err)
		}
		offers = append(offers, offer{run: of, prowJob: pj})
	}
	return offers, nil
}
