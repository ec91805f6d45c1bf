//go:build integration

package config

import (
	"context"
	"fmt"
	"testing"
	"time"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apiextensions "k8s.io/apiextensions-apiserver/pkg/client/clientset/clientset/typed/apiextensions/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	rehearsals "github.com/rehearsal-dev/rehearsal/pkg/client/clientset/versioned/typed/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/logbook/logbooktest"
	"github.com/rehearsal-dev/rehearsal/test/rig"
)

// TestTheStatusOfAnotherVersion: after a rollback, status may have values that this
// version does not know. What is around them is still written; what is new has to be
// known.
func TestTheStatusOfAnotherVersion(t *testing.T) {
	server := logbooktest.Start(t)
	ours, crds := server.Rehearsals(t), apiextensions.NewForConfigOrDie(server.Config()).CustomResourceDefinitions()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	for i, name := range []string{"r", "probe"} {
		_, err := ours.Create(t.Context(), &v1alpha1.Rehearsal{
			ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: v1alpha1.RehearsalSpec{Pull: v1alpha1.Pull{Org: "acme", Repo: "config", Number: 7 + i}},
		}, metav1.CreateOptions{})
		must(err)
	}
	set := func(name, status string) error {
		_, err := ours.Patch(t.Context(), name, types.MergePatchType, []byte(`{"status": `+status+`}`), metav1.PatchOptions{}, "status")
		return err
	}
	// A server takes a moment to follow its definitions. What it refuses has to be new.
	tries := 0
	until := func(what string, want func(error) bool) {
		t.Helper()
		must(rig.Until(t.Context(), time.Minute, what, func(context.Context) (string, bool, error) {
			tries++
			err := set("probe", fmt.Sprintf(`{"acknowledgement": {"state": "Deferred%d", "head": "a", "baseRef": "main"}}`, tries))
			return fmt.Sprint(err), want(err), nil
		}))
	}
	const later = `{"acknowledgement": {"state": "Deferred", "head": "a", "baseRef": "main"}, "commands": [{"id": "comment-1-0", "verdict": "Postponed"}]}`
	if err := set("r", later); !apierrors.IsInvalid(err) {
		t.Fatalf("a state that nobody knows is taken: %v", err)
	}
	replace(t, crds, withoutEnums)
	until("what a later version writes", func(err error) bool { return err == nil })
	must(set("r", later))
	replace(t, crds, func(*apiextensionsv1.JSONSchemaProps) {})
	until("a refusal", apierrors.IsInvalid)

	stored, err := ours.Get(t.Context(), "r", metav1.GetOptions{})
	must(err)
	stored.Status.Commands = append(stored.Status.Commands, v1alpha1.CommandStatus{ID: "comment-2-0", Verdict: v1alpha1.VerdictAccepted})
	stored.Status.Acknowledgement.Labelled = true
	must(update(t, ours, stored))
	stored, err = ours.Get(t.Context(), "r", metav1.GetOptions{})
	must(err)
	if a := stored.Status.Acknowledgement; a.State != "Deferred" || !a.Labelled || len(stored.Status.Commands) != 2 {
		t.Errorf("of the status there is %+v", stored.Status)
	}
	stored.Status.Acknowledgement.State = "Resting"
	if err := update(t, ours, stored); !apierrors.IsInvalid(err) {
		t.Errorf("another state that nobody knows is taken: %v", err)
	}
}

func update(t *testing.T, ours rehearsals.RehearsalInterface, rh *v1alpha1.Rehearsal) error {
	t.Helper()
	_, err := ours.UpdateStatus(t.Context(), rh, metav1.UpdateOptions{})
	return err
}

// replace replaces the definition of Rehearsals by ours with a change.
func replace(t *testing.T, crds apiextensions.CustomResourceDefinitionInterface, change func(*apiextensionsv1.JSONSchemaProps)) {
	t.Helper()
	for _, crd := range parse[apiextensionsv1.CustomResourceDefinition](t, "CustomResourceDefinition") {
		for i := range crd.Spec.Versions {
			change(crd.Spec.Versions[i].Schema.OpenAPIV3Schema)
		}
		known, err := crds.Get(t.Context(), crd.Name, metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		known.Spec = crd.Spec
		if _, err := crds.Update(t.Context(), known, metav1.UpdateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
}

// withoutEnums lets a version in that knows more values.
func withoutEnums(schema *apiextensionsv1.JSONSchemaProps) {
	schema.Enum = nil
	for name, field := range schema.Properties {
		withoutEnums(&field)
		schema.Properties[name] = field
	}
	if schema.Items != nil {
		withoutEnums(schema.Items.Schema)
	}
}
