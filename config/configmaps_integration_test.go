//go:build integration

package config

import (
	"testing"
	"time"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
)

// TestConfigMapPolicy has an intruder in the pod that reports a run try to write
// what the tasks of another run read.
func TestConfigMapPolicy(t *testing.T) {
	config := startAPIServer(t)
	admin := clientFor(t, config)
	applyRoles(t, admin)
	for _, p := range parse[admissionv1.ValidatingAdmissionPolicy](t, "ValidatingAdmissionPolicy") {
		if _, err := admin.AdmissionregistrationV1().ValidatingAdmissionPolicies().Create(t.Context(), &p, metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	for _, b := range parse[admissionv1.ValidatingAdmissionPolicyBinding](t, "ValidatingAdmissionPolicyBinding") {
		if _, err := admin.AdmissionregistrationV1().ValidatingAdmissionPolicyBindings().Create(t.Context(), &b, metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	create := func(client kubernetes.Interface, name string) error {
		cm := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: name, GenerateName: map[bool]string{true: "x-"}[name == ""]}}
		_, err := client.CoreV1().ConfigMaps(ours).Create(t.Context(), cm, metav1.CreateOptions{})
		return err
	}
	collate, controller := clientFor(t, as(config, "rehearsal-collate")), clientFor(t, as(config, "rehearsal-controller"))
	for deadline := time.Now().Add(time.Minute); !apierrors.IsForbidden(create(collate, "")); time.Sleep(200 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the policy is not in force after a minute")
		}
	}
	for name, allowed := range map[string]bool{
		"acme-config-7-1000000025-0.page": true, "rehearsal-rate-limits": true,
		"acme-config-7-1000000025-0": false, "acme-config-7-1000000025-0-1": false, "acme-config-7-1000000025-0-result": false,
		"rehearsal-served": false, "config-observability": false, "page": false,
	} {
		if err := create(collate, name); allowed && err != nil || !allowed && !apierrors.IsForbidden(err) {
			t.Errorf("the pod that reports creates %s: %v", name, err)
		}
	}
	for _, name := range []string{"acme-config-7-1000000025-0", "rehearsal-served"} {
		if err := create(controller, name); err != nil {
			t.Errorf("the controller creates %s: %v", name, err)
		}
	}
}
