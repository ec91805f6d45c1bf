//go:build integration

package config

import (
	"reflect"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/rehearsal-dev/rehearsal/pkg/gate"
)

// notServed are fields that a ProwJob of this Prow does not keep.
var notServed = []string{"fileKeyRef", "hostnameOverride", "podCertificate", "schedulingGroup"}

// testFloor sets every field of a pod by itself: the policy asks for our word for
// exactly those that the gates take for a privilege.
func (w policyWorld) testFloor() {
	t := w.t
	n := 0
	for path, pod := range eachField(reflect.TypeFor[corev1.PodSpec](), "") {
		volume := strings.HasPrefix(path, "volumes[].") && !strings.HasPrefix(path, "volumes[].projected.")
		if slices.ContainsFunc(notServed, func(f string) bool { return strings.Contains(path, f) }) || volume && strings.Count(path, ".") > 2 {
			continue
		}
		pj := rehearsalProwJob(t, "")
		spec := pod.Interface().(corev1.PodSpec)
		if len(spec.Containers) == 0 {
			spec.Containers = pj.Spec.PodSpec.Containers
		}
		pj.Spec.PodSpec = &spec
		want := gate.Privileged(gate.Job{Spec: pj.Spec})
		_, err := w.task.ProwV1().ProwJobs(prow).Create(t.Context(), pj, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
		if apierrors.IsInvalid(err) {
			continue // it lacks another field that it must have
		}
		n++
		if got := apierrors.IsForbidden(err); got != want || err != nil && !got {
			t.Errorf("%s: the policy asks for our word: %t, the gates: %t (%v)", path, got, want, err)
		}
	}
	if n < 500 {
		t.Errorf("only %d fields were looked at", n)
	}
}

// eachField yields values of a type of which each has one more field set than it
// must, by the path of that field.
func eachField(typ reflect.Type, path string) map[string]reflect.Value {
	out := map[string]reflect.Value{}
	if v, ok := sample(typ); ok {
		return map[string]reflect.Value{path: v}
	}
	switch typ.Kind() {
	case reflect.Pointer:
		for p, v := range eachField(typ.Elem(), path) {
			to := reflect.New(typ.Elem())
			to.Elem().Set(v)
			out[p] = to
		}
	case reflect.Slice:
		for p, v := range eachField(typ.Elem(), path+"[]") {
			out[p] = reflect.Append(reflect.MakeSlice(typ, 0, 1), v)
		}
	case reflect.Struct:
		out[path] = reflect.New(typ).Elem()
		for i := range typ.NumField() {
			name, _, _ := strings.Cut(typ.Field(i).Tag.Get("json"), ",")
			for p, v := range eachField(typ.Field(i).Type, strings.Trim(path+"."+name, ".")) {
				whole := reflect.New(typ).Elem()
				whole.Field(i).Set(v)
				out[p] = whole
			}
		}
	}
	return out
}

func sample(typ reflect.Type) (reflect.Value, bool) {
	switch typ {
	case reflect.TypeFor[metav1.Time]():
		return reflect.ValueOf(metav1.NewTime(time.Unix(1, 0))), true
	case reflect.TypeFor[resource.Quantity]():
		return reflect.ValueOf(resource.MustParse("1")), true
	case reflect.TypeFor[intstr.IntOrString]():
		return reflect.ValueOf(intstr.FromInt32(1)), true
	case reflect.TypeFor[corev1.ResourceList]():
		return reflect.ValueOf(corev1.ResourceList{"example.com/device": resource.MustParse("1")}), true
	}
	v := reflect.New(typ).Elem()
	switch typ.Kind() {
	case reflect.String:
		v.SetString("x")
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int32, reflect.Int64:
		v.SetInt(1)
	case reflect.Map:
		v.Set(reflect.MakeMap(typ))
		key, _ := sample(typ.Key())
		value, _ := sample(typ.Elem())
		v.SetMapIndex(key, value)
	default:
		return v, false
	}
	return v, true
}
