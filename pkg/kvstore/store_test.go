package kvstore_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	kubefake "k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"

	"github.com/rehearsal-dev/rehearsal/pkg/kvstore"
)

const namespace = "rehearsals"

func TestValues(t *testing.T) {
	kube := kubefake.NewSimpleClientset()
	values := kvstore.Store{ConfigMaps: kube.CoreV1().ConfigMaps(namespace), Name: "notes"}
	load := func(want map[string]string) {
		t.Helper()
		got, err := values.Load(t.Context())
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Error(diff, err)
		}
	}
	set := func(key, value string) {
		t.Helper()
		if err := values.Set(t.Context(), key, value); err != nil {
			t.Fatal(err)
		}
	}
	load(nil)
	set("a", "1")
	set("b", "2")
	set("a", "3")
	load(map[string]string{"a": "3", "b": "2"})
	if err := values.ConfigMaps.Delete(t.Context(), "notes", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	set("c", "4")
	load(map[string]string{"c": "4"})
}

// TestOthersAreFaster creates the ConfigMap after the store has found it missing.
func TestOthersAreFaster(t *testing.T) {
	kube := kubefake.NewSimpleClientset()
	var first sync.Once
	kube.PrependReactor("create", "configmaps", func(clienttesting.Action) (bool, runtime.Object, error) {
		lost := false
		first.Do(func() {
			lost = true
			theirs := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "notes", Namespace: namespace}, Data: map[string]string{"theirs": "1"}}
			if err := kube.Tracker().Add(theirs); err != nil {
				t.Error(err)
			}
		})
		return lost, nil, apierrors.NewAlreadyExists(corev1.Resource("configmaps"), "notes")
	})
	values := kvstore.Store{ConfigMaps: kube.CoreV1().ConfigMaps(namespace), Name: "notes"}
	if err := values.Set(t.Context(), "ours", "2"); err != nil {
		t.Fatal(err)
	}
	got, err := values.Load(t.Context())
	if diff := cmp.Diff(map[string]string{"theirs": "1", "ours": "2"}, got); diff != "" || err != nil {
		t.Error(diff, err)
	}
}

func TestAPIServerIsAway(t *testing.T) {
	kube := kubefake.NewSimpleClientset()
	kube.PrependReactor("*", "configmaps", func(clienttesting.Action) (bool, runtime.Object, error) {
		return true, nil, errors.New("away")
	})
	values := kvstore.Store{ConfigMaps: kube.CoreV1().ConfigMaps(namespace), Name: "notes"}
	if _, err := values.Load(context.Background()); err == nil {
		t.Error("a ConfigMap that cannot be read is taken for an empty one")
	}
	if err := values.Set(context.Background(), "a", "1"); err == nil {
		t.Error("a write that failed is taken for done")
	}
}
