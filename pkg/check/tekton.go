package check

import (
	"context"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/version"
	"k8s.io/client-go/kubernetes"
)

const (
	// tektonNamespace is where Tekton is installed.
	tektonNamespace = "tekton-pipelines"
	// oldestTekton is the oldest supported version.
	oldestTekton = "1.0.0"
)

// Tekton checks the version and the feature flags of Tekton.
func Tekton(ctx context.Context, kube kubernetes.Interface) []Finding {
	a := &area{name: "Tekton"}
	if !a.served(kube, "tekton.dev/v1", "PipelineRun", "install Tekton Pipelines "+oldestTekton+" or later") {
		return a.findings
	}
	if info, ok := a.tektonConfigMap(ctx, kube, "pipelines-info"); ok {
		a.tektonVersion(info["version"])
	}
	flags, ok := a.tektonConfigMap(ctx, kube, "feature-flags")
	if !ok {
		return a.findings
	}
	if flags["set-security-context"] == "true" {
		a.fine("Its own containers meet PodSecurity restricted.")
	} else {
		a.missing(`set it to "true" in the ConfigMap feature-flags of `+tektonNamespace,
			"set-security-context is off: no task starts in our namespace, which enforces PodSecurity restricted.")
	}
	if flags["keep-pod-on-cancel"] == "true" {
		a.fine("The logs of aborted runs are kept.")
	} else {
		a.missing(`set it to "true" in the ConfigMap feature-flags of `+tektonNamespace,
			"keep-pod-on-cancel is off: the logs of a run are deleted when it is aborted.")
	}
	return a.findings
}

func (a *area) tektonVersion(text string) {
	have, err := version.ParseGeneric(text)
	switch {
	case err != nil:
		a.unknown("compare it with "+oldestTekton, "Its version is %q, which is not one that can be compared.", text)
	case have.LessThan(version.MustParseGeneric(oldestTekton)):
		a.missing("upgrade it to "+oldestTekton+" or later", "Its version is %s.", text)
	default:
		a.fine("Its version is %s.", text)
	}
}

func (a *area) tektonConfigMap(ctx context.Context, kube kubernetes.Interface, name string) (map[string]string, bool) {
	cm, err := kube.CoreV1().ConfigMaps(tektonNamespace).Get(ctx, name, metav1.GetOptions{})
	if err != nil {
		a.unknown("check whether Tekton is in "+tektonNamespace+", and whether you may read its ConfigMaps", "The ConfigMap %s cannot be read: %v", name, err)
		return nil, false
	}
	return cm.Data, true
}

// served adds a finding about whether the API server serves a resource, and returns
// whether it does.
func (a *area) served(kube kubernetes.Interface, groupVersion, kind, do string) bool {
	list, err := kube.Discovery().ServerResourcesForGroupVersion(groupVersion)
	if err != nil && !apierrors.IsNotFound(err) {
		a.unknown("try again", "The API server does not say whether it has %s: %v", kind, err)
		return false
	}
	if err == nil {
		for _, r := range list.APIResources {
			if r.Kind == kind {
				a.fine("The API server has %s %s.", groupVersion, kind)
				return true
			}
		}
	}
	a.missing(do, "The API server has no %s %s.", groupVersion, kind)
	return false
}
