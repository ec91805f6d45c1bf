package render

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation"
	prowapi "sigs.k8s.io/prow/pkg/apis/prowjobs/v1"

	"github.com/rehearsal-dev/rehearsal/pkg/key"
	"github.com/rehearsal-dev/rehearsal/pkg/run"
)

// labelPlugin is the label that the openshift plugin sets on its ConfigMaps. We set it
// too, so that existing cleanup jobs find ours.
const labelPlugin = "created-by-pj-rehearse"

// input is a ConfigMap that replaces one which the pull request changes.
type input struct {
	original, cluster string
	object            *corev1.ConfigMap
}

// takeInputs makes a rehearsal use ConfigMaps with the pull request's content, and
// returns them.
func takeInputs(spec *prowapi.ProwJobSpec, job Job, in Input, r Run) ([]input, error) {
	var out []input
	for _, cm := range changedConfigMaps(spec, job, in, r.PodNamespace) {
		if cm.Problem != "" {
			return nil, fmt.Errorf("it reads the ConfigMap %s, which this pull request changes, and which cannot be made for a rehearsal: %s", cm.Name, cm.Problem)
		}
		object := newInput(cm, in, r)
		for _, name := range configMapNames(spec.PodSpec) {
			if *name == cm.Name {
				*name = object.Name
			}
		}
		out = append(out, input{original: cm.Name, cluster: clusterAlias(cm.Cluster), object: object})
	}
	return out, nil
}

// changedConfigMaps returns the ConfigMaps that the pull request changes and that the pod
// of a job reads. A ConfigMap with the same name in another cluster or namespace is not
// one that it reads.
func changedConfigMaps(spec *prowapi.ProwJobSpec, job Job, in Input, namespace string) []ConfigMap {
	var out []ConfigMap
	names := configMapNames(spec.PodSpec)
	for _, cm := range in.ConfigMaps {
		read := slices.ContainsFunc(names, func(name *string) bool { return *name == cm.Name })
		here := clusterAlias(cm.Cluster) == clusterAlias(spec.Cluster) && cm.Namespace == namespace
		if read && here && slices.Contains(cm.Jobs, job.Key()) {
			out = append(out, cm)
		}
	}
	return out
}

func clusterAlias(alias string) string { return cmp.Or(alias, prowapi.DefaultClusterAlias) }

// configMapNames returns pointers to all names of ConfigMaps in a pod.
func configMapNames(pod *corev1.PodSpec) []*string {
	var out []*string
	for _, v := range pod.Volumes {
		if v.ConfigMap != nil {
			out = append(out, &v.ConfigMap.Name)
		}
		if v.Projected == nil {
			continue
		}
		for _, source := range v.Projected.Sources {
			if source.ConfigMap != nil {
				out = append(out, &source.ConfigMap.Name)
			}
		}
	}
	for e := range environments(pod) {
		for _, v := range *e.vars {
			if v.ValueFrom != nil && v.ValueFrom.ConfigMapKeyRef != nil {
				out = append(out, &v.ValueFrom.ConfigMapKeyRef.Name)
			}
		}
		for _, from := range e.from {
			if from.ConfigMapRef != nil {
				out = append(out, &from.ConfigMapRef.Name)
			}
		}
	}
	return out
}

// newInput creates the ConfigMap. Its name is unique to the run, because it is deleted
// when the run is over.
func newInput(cm ConfigMap, in Input, r Run) *corev1.ConfigMap {
	labels := runLabels(r)
	labels[run.LabelCreatedBy] = run.CreatedBy
	labels[labelPlugin] = "true"
	immutable := true
	return &corev1.ConfigMap{
		TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "ConfigMap"},
		ObjectMeta: metav1.ObjectMeta{
			Name: inputName(cm, in, r), Namespace: cm.Namespace, Labels: labels,
		},
		Immutable: &immutable,
		Data:      maps.Clone(cm.Data), BinaryData: maps.Clone(cm.BinaryData),
	}
}

func inputName(cm ConfigMap, in Input, r Run) string {
	id := key.Of(r.UID, r.ID, clusterAlias(cm.Cluster), cm.Namespace, cm.Name)
	name := "rehearse-" + strconv.Itoa(in.Number) + "-" + in.Head[:min(len(in.Head), 7)] + "-" + shortHash(id) + "-" + cm.Name
	return strings.TrimRight(name[:min(len(name), validation.DNS1123SubdomainMaxLength)], ".-")
}
