package ratelimit_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	kubefake "k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"

	"github.com/rehearsal-dev/rehearsal/pkg/github"
	"github.com/rehearsal-dev/rehearsal/pkg/ratelimit"
)

var _ github.Windows = (*ratelimit.Store)(nil)

var noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

func TestStore(t *testing.T) {
	kube := kubefake.NewSimpleClientset()
	store := &ratelimit.Store{ConfigMaps: kube.CoreV1().ConfigMaps("rehearsals")}
	load := func(want map[string]time.Time) {
		t.Helper()
		got, err := store.Load(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	}
	load(map[string]time.Time{})
	for account, until := range map[string]time.Time{"token": noon, "installation-7": noon.Add(time.Hour)} {
		if err := store.Save(t.Context(), account, until); err != nil {
			t.Fatal(err)
		}
	}
	if err := store.Save(t.Context(), "token", noon.Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	load(map[string]time.Time{"token": noon.Add(time.Minute), "installation-7": noon.Add(time.Hour)})
}

func TestStoreThatIsSpoilt(t *testing.T) {
	kube := kubefake.NewSimpleClientset(&corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{Name: ratelimit.ConfigMap, Namespace: "rehearsals"},
		Data:       map[string]string{"token": "tomorrow", "app": noon.Format(time.RFC3339)},
	})
	store := &ratelimit.Store{ConfigMaps: kube.CoreV1().ConfigMaps("rehearsals")}
	got, err := store.Load(t.Context())
	if diff := cmp.Diff(map[string]time.Time{"app": noon}, got); diff != "" || err != nil {
		t.Error(diff, err)
	}
	kube.PrependReactor("*", "configmaps", func(clienttesting.Action) (bool, runtime.Object, error) {
		return true, nil, errors.New("away")
	})
	if _, err := store.Load(t.Context()); err == nil {
		t.Error("a store that cannot be read is taken for an empty one")
	}
	if err := store.Save(t.Context(), "app", noon); err == nil {
		t.Error("a write that failed is taken for done")
	}
}
