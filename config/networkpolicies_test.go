package config

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// TestNetworkPolicies says which policies each pod has, and what they let
// through, as the API server reads them: `port/protocol`.
func TestNetworkPolicies(t *testing.T) {
	type traffic struct {
		Policies, In, Out []string
	}
	dns := []string{"53/UDP", "53/TCP", "5353/UDP", "5353/TCP"}
	https := append(slices.Clone(dns), "443/TCP", "6443/TCP")
	want := map[string]traffic{
		"rehearsal-receiver":   {[]string{"rehearsal-default-deny", "rehearsal-receiver"}, []string{"http/TCP", "probes/TCP"}, https},
		"rehearsal-controller": {[]string{"rehearsal-default-deny", "rehearsal-controller"}, []string{"pages/TCP", "probes/TCP", "metrics/TCP", "webhook/TCP"}, https},
		"rehearsal-prowjob":    {[]string{"rehearsal-default-deny", "rehearsal-prowjob"}, nil, https},
		"rehearsal-collate":    {[]string{"rehearsal-default-deny", "rehearsal-collate"}, nil, https},
		"any other":            {[]string{"rehearsal-default-deny"}, nil, nil},
	}
	all := ourPods(t)
	all["any other"] = corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{"app": "x"}}}
	got := map[string]traffic{}
	for name, pod := range all {
		var now traffic
		for _, p := range parse[networkingv1.NetworkPolicy](t, "NetworkPolicy") {
			if !selects(t, p, pod.Labels) {
				continue
			}
			now.Policies = append(now.Policies, p.Name)
			for _, rule := range p.Spec.Ingress {
				now.In = append(now.In, open(t, p.Name, rule.Ports)...)
			}
			for _, rule := range p.Spec.Egress {
				now.Out = append(now.Out, open(t, p.Name, rule.Ports)...)
			}
		}
		got[name] = now
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("policies differ (-want +got):\n%s", diff)
	}
}

// selects also holds a policy to being about both directions in our namespace.
func selects(t *testing.T, p networkingv1.NetworkPolicy, of map[string]string) bool {
	t.Helper()
	both := []networkingv1.PolicyType{networkingv1.PolicyTypeIngress, networkingv1.PolicyTypeEgress}
	if p.Namespace != ours || !slices.Equal(p.Spec.PolicyTypes, both) {
		t.Errorf("%s is for %v in %s", p.Name, p.Spec.PolicyTypes, p.Namespace)
	}
	selector, err := metav1.LabelSelectorAsSelector(&p.Spec.PodSelector)
	if err != nil {
		t.Fatal(err)
	}
	return selector.Matches(labels.Set(of))
}

// open lists the ports of a rule; one without ports would be open for all.
func open(t *testing.T, policy string, ports []networkingv1.NetworkPolicyPort) []string {
	t.Helper()
	if len(ports) == 0 {
		t.Errorf("%s has a rule for all ports", policy)
	}
	var list []string
	for _, p := range ports {
		protocol := corev1.ProtocolTCP
		if p.Protocol != nil {
			protocol = *p.Protocol
		}
		if p.Port == nil || p.EndPort != nil {
			t.Errorf("%s names no single port: %v", policy, p)
			continue
		}
		list = append(list, p.Port.String()+"/"+string(protocol))
	}
	return list
}

// TestPagesAndMetricsHaveReaders keeps what is not for the world from other pods.
func TestPagesAndMetricsHaveReaders(t *testing.T) {
	label := map[string]string{"pages": "rehearsal.dev/pages", "metrics": "rehearsal.dev/monitoring", "probes": "rehearsal.dev/monitoring"}
	for _, p := range parse[networkingv1.NetworkPolicy](t, "NetworkPolicy") {
		for _, rule := range p.Spec.Ingress {
			for _, port := range rule.Ports {
				want, guarded := label[port.Port.StrVal]
				if !guarded {
					continue
				}
				if len(rule.From) != 1 || rule.From[0].NamespaceSelector == nil || rule.From[0].IPBlock != nil ||
					rule.From[0].NamespaceSelector.MatchLabels[want] != "true" {
					t.Errorf("%s: %s may be reached from %v", p.Name, port.Port, rule.From)
				}
			}
		}
	}
}

// TestNamedPortsExist holds the names of ports in policies to those of the pods,
// and those of the pods to the policies: a port that nobody may reach is a
// mistake.
func TestNamedPortsExist(t *testing.T) {
	for name, pod := range ourPods(t) {
		var has, allowed []string
		for _, c := range pod.Spec.Containers {
			for _, p := range c.Ports {
				has = append(has, p.Name)
			}
		}
		for _, p := range parse[networkingv1.NetworkPolicy](t, "NetworkPolicy") {
			if !selects(t, p, pod.Labels) {
				continue
			}
			for _, rule := range p.Spec.Ingress {
				for _, port := range rule.Ports {
					if port.Port.Type == intstr.String {
						allowed = append(allowed, port.Port.StrVal)
					}
				}
			}
		}
		slices.Sort(has)
		slices.Sort(allowed)
		if !slices.Equal(has, allowed) {
			t.Errorf("%s listens on %v, and may be reached on %v", name, has, allowed)
		}
	}
}

// TestServicesLeadToWhatMayBeReached holds the Services to the pods that they are for,
// and what they lead to to the policies of those pods: by the ports' own names.
func TestServicesLeadToWhatMayBeReached(t *testing.T) {
	pods := ourPods(t)
	for _, service := range parse[corev1.Service](t, "Service") {
		found := 0
		for name, pod := range pods {
			if !labels.SelectorFromSet(service.Spec.Selector).Matches(labels.Set(pod.Labels)) {
				continue
			}
			found++
			for _, port := range service.Spec.Ports {
				if port.TargetPort.Type != intstr.String || !listens(pod, port.TargetPort.StrVal) {
					t.Errorf("the Service %s leads to port %s, which %s does not have", service.Name, port.TargetPort.String(), name)
				}
				if allowed := allowedInto(t, pod.Labels); !slices.Contains(allowed, port.TargetPort.StrVal) {
					t.Errorf("the Service %s leads to port %s of %s, which may be reached on %v", service.Name, port.TargetPort.String(), name, allowed)
				}
			}
		}
		if found != 1 || len(service.Spec.Selector) == 0 {
			t.Errorf("the Service %s is for %d kinds of pods", service.Name, found)
		}
	}
}

func listens(pod corev1.PodTemplateSpec, name string) bool {
	return slices.ContainsFunc(pod.Spec.Containers, func(c corev1.Container) bool {
		return slices.ContainsFunc(c.Ports, func(p corev1.ContainerPort) bool { return p.Name == name })
	})
}

// allowedInto are the names of the ports that pods with labels may be reached on.
func allowedInto(t *testing.T, of map[string]string) []string {
	t.Helper()
	var names []string
	for _, p := range parse[networkingv1.NetworkPolicy](t, "NetworkPolicy") {
		if !selects(t, p, of) {
			continue
		}
		for _, rule := range p.Spec.Ingress {
			for _, port := range rule.Ports {
				names = append(names, port.Port.StrVal)
			}
		}
	}
	return names
}

// anybodys are the ports that anybody may reach: webhooks come from outside, and the API
// server, which asks the controller about ProwJobs, has no pod that a rule could name.
var anybodys = map[string]string{"rehearsal-receiver": "http", "rehearsal-controller": "webhook"}

// TestOnlyWebhooksComeFromAnywhere holds the rules to a sender, which an empty list is
// not: it is everybody.
func TestOnlyWebhooksComeFromAnywhere(t *testing.T) {
	for _, p := range parse[networkingv1.NetworkPolicy](t, "NetworkPolicy") {
		for _, rule := range p.Spec.Ingress {
			if len(rule.From) > 0 {
				for _, from := range rule.From {
					if empty := from.NamespaceSelector == nil || len(from.NamespaceSelector.MatchLabels)+len(from.NamespaceSelector.MatchExpressions) == 0; empty {
						t.Errorf("%s: all namespaces may reach %v", p.Name, rule.Ports)
					}
				}
				continue
			}
			if len(rule.Ports) != 1 || rule.Ports[0].Port.StrVal != anybodys[p.Name] {
				t.Errorf("%s: anybody may reach %v", p.Name, rule.Ports)
			}
		}
	}
}
