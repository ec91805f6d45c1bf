package prowjob

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	k8sruntime "k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	kubefake "k8s.io/client-go/kubernetes/fake"
	k8stesting "k8s.io/client-go/testing"

	"github.com/rehearsal-dev/rehearsal/pkg/run"
)

var start = time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)

func newInput(name, runName string) *corev1.ConfigMap {
	return &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{
			Name: name, Namespace: "test-pods", UID: types.UID("uid-of-" + name), CreationTimestamp: metav1.NewTime(start),
			Labels: map[string]string{
				run.LabelCreatedBy: run.CreatedBy, run.LabelRehearsalUID: "uid-1", run.LabelRun: runName,
			},
		},
		Data:       map[string]string{"run.sh": "true"},
		BinaryData: map[string][]byte{"key": {0, 1}},
	}
}

func TestEnsureInput(t *testing.T) {
	changed := func(change func(*corev1.ConfigMap)) []k8sruntime.Object {
		cm := newInput("scripts", "run-1")
		change(cm)
		return []k8sruntime.Object{cm}
	}
	forbidden := apierrors.NewForbidden(corev1.Resource("configmaps"), "scripts", errors.New("no"))
	cases := []struct {
		name   string
		alias  string
		exists []k8sruntime.Object
		answer error
		want   string // part of the error
		// again says that another attempt may help.
		again bool
	}{
		{name: "created", alias: "build01"},
		{name: "adopted", alias: "build01", exists: changed(func(*corev1.ConfigMap) {})},
		{name: "other data", alias: "build01", exists: changed(func(cm *corev1.ConfigMap) { cm.Data["run.sh"] = "false" }),
			want: "the ConfigMap test-pods/scripts in the cluster build01 exists with different content; delete it"},
		{name: "other binary data", alias: "build01", exists: changed(func(cm *corev1.ConfigMap) { cm.BinaryData["key"][1] = 2 }), want: "different content"},
		{name: "other run", alias: "build01", exists: changed(func(cm *corev1.ConfigMap) { cm.Labels[run.LabelRun] = "run-2" }), want: "different content"},
		{name: "not ours", alias: "build01", exists: changed(func(cm *corev1.ConfigMap) { cm.Labels = nil }), want: "different content"},
		{name: "unknown cluster", alias: "build02", want: "creating the ConfigMap test-pods/scripts in the cluster build02: no kubeconfig for this cluster"},
		{name: "forbidden", alias: "build01", answer: forbidden, want: "the identity of this task needs the verbs get and create for ConfigMaps there"},
		{name: "API server unreachable", alias: "build01", answer: errors.New("connection refused"), want: "connection refused", again: true},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			client := kubefake.NewSimpleClientset(c.exists...)
			if c.answer != nil {
				client.PrependReactor("create", "configmaps", func(k8stesting.Action) (bool, k8sruntime.Object, error) {
					return true, nil, c.answer
				})
			}
			want := newInput("scripts", "run-1")
			err := EnsureInput(context.Background(), Clusters{"build01": client}, c.alias, want)
			if c.want != "" {
				if err == nil || !strings.Contains(err.Error(), c.want) || Permanent(err) == c.again {
					t.Errorf("error %v (for good: %t), want %q", err, Permanent(err), c.want)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			have, err := client.CoreV1().ConfigMaps("test-pods").Get(context.Background(), "scripts", metav1.GetOptions{})
			if err != nil || !sameInput(have, want) {
				t.Errorf("there is %+v, %v", have, err)
			}
		})
	}
}

func TestSweepInputs(t *testing.T) {
	unlabelled := newInput("unlabelled", "over")
	unlabelled.Labels = map[string]string{run.LabelRun: "over", run.LabelRehearsalUID: "uid-1"}
	young := newInput("young", "over")
	young.CreationTimestamp = metav1.NewTime(start.Add(30 * time.Minute))
	elsewhere := newInput("elsewhere", "over")
	elsewhere.Namespace = "other"
	otherUID := newInput("other-uid", "over")
	otherUID.Labels[run.LabelRehearsalUID] = "uid-2"
	first := kubefake.NewSimpleClientset(newInput("old", "over"), unlabelled, young, elsewhere, otherUID)
	second := kubefake.NewSimpleClientset(newInput("old-too", "over"))
	broken := kubefake.NewSimpleClientset()
	broken.PrependReactor("list", "configmaps", func(k8stesting.Action) (bool, k8sruntime.Object, error) {
		return true, nil, errors.New("connection refused")
	})
	clusters := Clusters{"default": first, "a-broken": broken, "build01": second}
	over := func(uid string, age time.Duration) bool { return uid == "uid-1" && age >= time.Hour }

	err := SweepInputs(context.Background(), clusters, "test-pods", over, start.Add(time.Hour))
	if err == nil || err.Error() != "sweeping ConfigMaps in the namespace test-pods of the cluster a-broken: connection refused" {
		t.Errorf("error %v, want one about the cluster that is broken", err)
	}
	left := map[string]bool{}
	for alias, client := range map[string]*kubefake.Clientset{"default": first, "build01": second} {
		list, err := client.CoreV1().ConfigMaps("").List(context.Background(), metav1.ListOptions{})
		if err != nil {
			t.Fatal(err)
		}
		for _, cm := range list.Items {
			left[alias+"/"+cm.Name] = true
		}
	}
	want := []string{"default/elsewhere", "default/other-uid", "default/unlabelled", "default/young"}
	if diff := cmp.Diff(want, slices.Sorted(maps.Keys(left))); diff != "" {
		t.Errorf("what is left differs (-want +got):\n%s", diff)
	}
}

// TestSweepReadsPages uses an API server that answers in pages, which the fake clientset
// does not.
func TestSweepReadsPages(t *testing.T) {
	client := kubefake.NewSimpleClientset()
	deleted := 0
	client.PrependReactor("list", "configmaps", func(action k8stesting.Action) (bool, k8sruntime.Object, error) {
		options := action.(k8stesting.ListActionImpl).GetListOptions()
		list := &corev1.ConfigMapList{Items: []corev1.ConfigMap{*newInput(fmt.Sprint("page", options.Continue), "over")}}
		if options.Continue == "" {
			list.Continue = "2"
		}
		if options.Limit != sweepPage {
			t.Errorf("asks for %d at a time", options.Limit)
		}
		return true, list, nil
	})
	client.PrependReactor("delete", "configmaps", func(action k8stesting.Action) (bool, k8sruntime.Object, error) {
		deleted++
		only := action.(k8stesting.DeleteActionImpl).GetDeleteOptions().Preconditions
		if only == nil || only.UID == nil || !strings.HasPrefix(string(*only.UID), "uid-of-page") {
			t.Errorf("deletes whatever has the name: %v", only)
		}
		return true, nil, apierrors.NewNotFound(corev1.Resource("configmaps"), "page")
	})
	always := func(string, time.Duration) bool { return true }
	if err := SweepInputs(context.Background(), Clusters{"default": client}, "test-pods", always, start); err != nil || deleted != 2 {
		t.Errorf("%d deleted, %v, want 2", deleted, err)
	}
}
