//go:build integration

package config

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// TestPodsOnAPIServer creates our pods in our namespace, and others that the
// namespace has to refuse.
func TestPodsOnAPIServer(t *testing.T) {
	client := clientFor(t, startAPIServer(t))
	applyRoles(t, client)
	for _, p := range parse[networkingv1.NetworkPolicy](t, "NetworkPolicy") {
		if _, err := client.NetworkingV1().NetworkPolicies(ours).Create(t.Context(), &p, metav1.CreateOptions{FieldValidation: metav1.FieldValidationStrict}); err != nil {
			t.Errorf("%s: %v", p.Name, err)
		}
	}
	create := func(pod *corev1.Pod) error {
		_, err := client.CoreV1().Pods(ours).Create(t.Context(), pod, metav1.CreateOptions{})
		return err
	}
	for name, template := range ourPods(t) {
		pod := &corev1.Pod{ObjectMeta: template.ObjectMeta, Spec: template.Spec}
		pod.Name = name
		if err := create(pod); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		for what, widen := range map[string]func(*corev1.Pod){
			"host-network": func(p *corev1.Pod) { p.Spec.HostNetwork = true },
			"capability": func(p *corev1.Pod) {
				p.Spec.Containers[0].SecurityContext.Capabilities.Add = []corev1.Capability{"NET_RAW"}
			},
			"root":       func(p *corev1.Pod) { p.Spec.SecurityContext.RunAsUser = new(int64) },
			"unconfined": func(p *corev1.Pod) { p.Spec.SecurityContext.SeccompProfile.Type = corev1.SeccompProfileTypeUnconfined },
			"host-path": func(p *corev1.Pod) {
				p.Spec.Volumes = []corev1.Volume{{Name: "x", VolumeSource: corev1.VolumeSource{HostPath: &corev1.HostPathVolumeSource{Path: "/"}}}}
			},
		} {
			wide := pod.DeepCopy()
			wide.Name += "-" + what
			for i := range wide.Spec.Containers {
				wide.Spec.Containers[i].VolumeMounts = nil
			}
			widen(wide)
			if err := create(wide); !apierrors.IsForbidden(err) {
				t.Errorf("%s: %v", wide.Name, err)
			}
		}
	}
}
