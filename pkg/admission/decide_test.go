package admission

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"strings"
	"testing"
	"time"

	pipelinev1 "github.com/tektoncd/pipeline/pkg/apis/pipeline/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/json"
	prowapi "sigs.k8s.io/prow/pkg/apis/prowjobs/v1"

	"github.com/rehearsal-dev/rehearsal/pkg/run"
)

// handedOver returns a ProwJob as the controller renders it.
func handedOver() *prowapi.ProwJob {
	return &prowapi.ProwJob{
		TypeMeta: metav1.TypeMeta{APIVersion: "prow.k8s.io/v1", Kind: "ProwJob"},
		ObjectMeta: metav1.ObjectMeta{
			Name: "job-1", Namespace: "prow",
			Labels:      map[string]string{run.LabelRehearsal: "acme-config-7", run.LabelRehearsalUID: "u-1", run.LabelRun: "run-1"},
			Annotations: map[string]string{run.AnnotationJob: "pull-unit"},
		},
		Spec: prowapi.ProwJobSpec{
			Type: prowapi.PresubmitJob, Agent: prowapi.KubernetesAgent, Job: "rehearse-7-pull-unit", Context: "ci/rehearse/pull-unit",
			Refs: &prowapi.Refs{Org: "acme", Repo: "config", Pulls: []prowapi.Pull{{Number: 7, SHA: strings.Repeat("a", 40)}}},
			PodSpec: &corev1.PodSpec{Containers: []corev1.Container{{
				Name: "c", Image: "a", Resources: corev1.ResourceRequirements{Requests: corev1.ResourceList{"cpu": resource.MustParse("100m")}},
			}}},
		},
		Status: prowapi.ProwJobStatus{State: prowapi.TriggeredState},
	}
}

// created returns a ProwJob as the API server sends it to the webhook.
func created(t *testing.T, pj *prowapi.ProwJob) object {
	t.Helper()
	o, err := encoded(pj)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func encoded(pj *prowapi.ProwJob) (o object, err error) {
	pj = pj.DeepCopy()
	if pj.Status.StartTime.IsZero() {
		pj.Status.StartTime = metav1.NewTime(time.Unix(1_000_000, 0))
	}
	pj.UID, pj.Generation, pj.CreationTimestamp = "p-1", 1, metav1.NewTime(time.Unix(1_000_001, 0))
	pj.ManagedFields = []metav1.ManagedFieldsEntry{{Manager: "prowjob"}}
	raw, err := json.Marshal(pj)
	if err != nil {
		return nil, err
	}
	return o, json.Unmarshal(raw, &o)
}

func offers(pjs ...*prowapi.ProwJob) []offer {
	var all []offer
	for i, pj := range pjs {
		all = append(all, offer{run: fmt.Sprintf("run-%d", i+1), prowJob: pj})
	}
	return all
}

// wants checks an answer: allowed, refused, or not known yet.
func wants(t *testing.T, err error, want string) {
	t.Helper()
	var (
		refused *refusal
		unknown *notYet
	)
	got := "another error"
	switch {
	case err == nil:
		got = "allowed"
	case errors.As(err, &refused):
		got = "refused"
	case errors.As(err, &unknown):
		got = "not yet"
	}
	if got != want {
		t.Errorf("%s, want %s: %v", got, want, err)
	}
}

func TestDecide(t *testing.T) {
	changed := func(change func(*prowapi.ProwJob)) *prowapi.ProwJob {
		pj := handedOver()
		change(pj)
		return pj
	}
	joined := changed(func(pj *prowapi.ProwJob) {
		pj.Status.State, pj.Status.StartTime = prowapi.PendingState, metav1.NewTime(time.Unix(5, 0))
	})
	for name, tc := range map[string]struct {
		got    *prowapi.ProwJob
		over   bool
		offers []offer
		want   string
	}{
		"unchanged ProwJob":       {handedOver(), false, offers(handedOver()), "allowed"},
		"ProwJob of a joined run": {joined, true, offers(handedOver(), joined), "allowed"},
		"run is over":             {handedOver(), true, nil, "refused"},
		"run not observed yet":    {handedOver(), false, nil, "not yet"},
		"ProwJob of a joined run with another start time": {changed(func(pj *prowapi.ProwJob) {
			pj.Status.State, pj.Status.StartTime = prowapi.PendingState, metav1.NewTime(time.Unix(6, 0))
		}), true, offers(joined), "refused"},
		"additional checkout": {changed(func(pj *prowapi.ProwJob) {
			pj.Spec.ExtraRefs = []prowapi.Refs{{Org: "acme", Repo: "secret"}}
		}), false, offers(handedOver()), "refused"},
		"another clone URL":    {changed(func(pj *prowapi.ProwJob) { pj.Spec.Refs.CloneURI = "https://evil.example/x.git" }), false, offers(handedOver()), "refused"},
		"another pull request": {changed(func(pj *prowapi.ProwJob) { pj.Spec.Refs.Pulls[0].Number = 8 }), false, offers(handedOver()), "refused"},
		"approval by the task itself": {changed(func(pj *prowapi.ProwJob) {
			pj.Spec.PodSpec.HostNetwork = true
			pj.Annotations[run.AnnotationApproved], _ = run.SpecHash(pj.Spec)
			pj.Annotations[run.AnnotationApprovedBy] = "base"
		}), false, offers(handedOver()), "refused"},
		"passed from the start": {changed(func(pj *prowapi.ProwJob) { pj.Status.State = prowapi.SuccessState; pj.SetComplete() }), false, offers(handedOver()), "refused"},
		"owner added":           {changed(func(pj *prowapi.ProwJob) { pj.OwnerReferences = []metav1.OwnerReference{{Name: "x"}} }), false, offers(handedOver()), "refused"},
		"finalizer added":       {changed(func(pj *prowapi.ProwJob) { pj.Finalizers = []string{"x"} }), false, offers(handedOver()), "refused"},
		"generated name":        {changed(func(pj *prowapi.ProwJob) { pj.GenerateName = "job-" }), false, offers(handedOver()), "refused"},
		"no labels":             {changed(func(pj *prowapi.ProwJob) { pj.Labels = nil }), false, offers(handedOver()), "refused"},
		"no label with the run": {changed(func(pj *prowapi.ProwJob) { delete(pj.Labels, run.LabelRun) }), false, nil, "refused"},
	} {
		t.Run(name, func(t *testing.T) {
			wants(t, decide(created(t, tc.got), tc.over, tc.offers, nil), tc.want)
		})
	}
}

// TestUnknownFields adds a field that our version of the API does not know.
func TestUnknownFields(t *testing.T) {
	for _, path := range [][]string{{"spec"}, {"status"}, {"metadata"}, {"spec", "refs"}, {"spec", "pod_spec"}, {}} {
		got := created(t, handedOver())
		at := got
		for _, step := range path {
			at = at[step].(object)
		}
		at["invented"] = "x"
		wants(t, decide(got, false, offers(handedOver()), nil), "refused")
	}
}

// TestEveryFieldCounts changes each field of a ProwJob: any change must be refused,
// except for fields that the API server sets and the time of creation.
func TestEveryFieldCounts(t *testing.T) {
	free := map[string]bool{
		"TypeMeta.Kind": true, "TypeMeta.APIVersion": true, // part of the request
		"ObjectMeta.UID": true, "ObjectMeta.CreationTimestamp.Time": true, "ObjectMeta.Generation": true,
		"Status.StartTime.Time": true,
	}
	n, seen := 0, map[string]bool{}
	eachField(reflect.TypeFor[prowapi.ProwJob](), func(path string, set func(of reflect.Value)) {
		if strings.HasPrefix(path, "ObjectMeta.ManagedFields") {
			return
		}
		got := handedOver()
		set(reflect.ValueOf(got).Elem())
		after, err := encoded(got)
		if err != nil || reflect.DeepEqual(created(t, handedOver()), after) {
			return // the field cannot be set alone, or is not part of the object
		}
		n++
		want := "refused"
		if free[path] {
			want, seen[path] = "allowed", true
		}
		err = decide(after, false, offers(handedOver()), nil)
		var refused *refusal
		if (err == nil) != (want == "allowed") || err != nil && !errors.As(err, &refused) {
			t.Errorf("%s: %v, want %s", path, err, want)
		}
	})
	if n < 900 {
		t.Errorf("only %d fields were changed", n)
	}
	delete(free, "TypeMeta.Kind")
	for path := range maps.Keys(free) {
		if !seen[path] && !strings.HasPrefix(path, "TypeMeta") && !strings.HasPrefix(path, "ObjectMeta") {
			t.Errorf("%s was not changed", path)
		}
	}
}

// eachField calls do for every leaf of a type, with a function that sets the leaf, and
// creates the objects around it.
func eachField(typ reflect.Type, do func(path string, set func(reflect.Value))) {
	var walk func(typ reflect.Type, path string, within func(reflect.Value, func(reflect.Value)))
	walk = func(typ reflect.Type, path string, within func(reflect.Value, func(reflect.Value))) {
		if v, ok := sample(typ); ok {
			do(path, func(root reflect.Value) { within(root, func(at reflect.Value) { at.Set(v) }) })
			return
		}
		if strings.Count(path, "PipelineSpec") > 1 {
			return // pipelines may contain pipelines
		}
		switch typ.Kind() {
		case reflect.Pointer:
			walk(typ.Elem(), path, func(root reflect.Value, then func(reflect.Value)) {
				within(root, func(at reflect.Value) {
					if at.IsNil() {
						at.Set(reflect.New(typ.Elem()))
					}
					then(at.Elem())
				})
			})
		case reflect.Slice:
			walk(typ.Elem(), path+"[]", func(root reflect.Value, then func(reflect.Value)) {
				within(root, func(at reflect.Value) {
					if at.Len() == 0 {
						at.Set(reflect.MakeSlice(typ, 1, 1))
					}
					then(at.Index(0))
				})
			})
		case reflect.Struct:
			for i := range typ.NumField() {
				if !typ.Field(i).IsExported() {
					continue
				}
				walk(typ.Field(i).Type, strings.TrimPrefix(path+"."+typ.Field(i).Name, "."), func(root reflect.Value, then func(reflect.Value)) {
					within(root, func(at reflect.Value) { then(at.Field(i)) })
				})
			}
		}
	}
	walk(typ, "", func(root reflect.Value, then func(reflect.Value)) { then(root) })
}

// sample returns a value for a leaf of a type that differs from all values in handedOver.
func sample(typ reflect.Type) (reflect.Value, bool) {
	switch typ {
	case reflect.TypeFor[time.Time]():
		return reflect.ValueOf(time.Unix(7, 0)), true
	case reflect.TypeFor[resource.Quantity]():
		return reflect.ValueOf(resource.MustParse("7")), true
	case reflect.TypeFor[intstr.IntOrString]():
		return reflect.ValueOf(intstr.FromInt32(7)), true
	case reflect.TypeFor[pipelinev1.ParamValue]():
		return reflect.ValueOf(*pipelinev1.NewStructuredValues("other")), true
	case reflect.TypeFor[metav1.FieldsV1]():
		return reflect.ValueOf(*metav1.NewFieldsV1("{}")), true
	}
	v := reflect.New(typ).Elem()
	switch typ.Kind() {
	case reflect.String:
		v.SetString("other")
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int32, reflect.Int64:
		v.SetInt(77)
	case reflect.Uint8:
		v.SetUint(7)
	case reflect.Float64:
		v.SetFloat(7)
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
