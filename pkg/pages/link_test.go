package pages

import (
	"errors"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	kubefake "k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"
)

// secret returns the Secret with the key of the links.
func secret() *corev1.Secret {
	return &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Name: LinkKeyName, Namespace: "rehearsals"},
		Data:       map[string][]byte{linkKey: []byte(strings.Repeat("k", linkKeySize))},
	}
}

func TestLinkKeyIsMadeOnce(t *testing.T) {
	empty := secret()
	empty.Data = nil
	kube := kubefake.NewSimpleClientset(empty)
	store := kube.CoreV1().Secrets("rehearsals")
	first, err := EnsureLinkKey(t.Context(), store)
	if err != nil {
		t.Fatal(err)
	}
	again, err := EnsureLinkKey(t.Context(), store)
	if err != nil || again.Token("x") != first.Token("x") {
		t.Errorf("it is another: %v", err)
	}
	other, err := EnsureLinkKey(t.Context(), kubefake.NewSimpleClientset(empty).CoreV1().Secrets("rehearsals"))
	if err != nil || other.Token("x") == first.Token("x") {
		t.Errorf("two installations have one key: %v", err)
	}
	if _, err := EnsureLinkKey(t.Context(), kubefake.NewSimpleClientset().CoreV1().Secrets("rehearsals")); err == nil {
		t.Error("a Secret is made, which nobody of ours may")
	}
}

// TestLinkKeyOfTheFirst lets another replica create a key at the same time.
func TestLinkKeyOfTheFirst(t *testing.T) {
	empty := secret()
	empty.Data = nil
	kube := kubefake.NewSimpleClientset(empty)
	faster := true
	kube.PrependReactor("update", "secrets", func(clienttesting.Action) (bool, runtime.Object, error) {
		if !faster {
			return false, nil, nil
		}
		faster = false
		err := kube.Tracker().Update(corev1.SchemeGroupVersion.WithResource("secrets"), secret(), "rehearsals")
		if err != nil {
			t.Error(err)
		}
		return true, nil, apierrors.NewConflict(corev1.Resource("secrets"), LinkKeyName, errors.New("it has changed"))
	})
	key, err := EnsureLinkKey(t.Context(), kube.CoreV1().Secrets("rehearsals"))
	if want := LinkKey(secret().Data[linkKey]); err != nil || key.Token("x") != want.Token("x") {
		t.Errorf("the key is not the first one: %v", err)
	}
}
