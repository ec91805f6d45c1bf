//go:build e2e

package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	podsecurity "k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/run"
	"github.com/rehearsal-dev/rehearsal/test/rig"
)

// TestPods checks the running pods, including what Tekton adds to the pods of a run.
func TestPods(t *testing.T) {
	parallel(t)
	s := tell(t, waiting("pull-widget-unit", t.Name())).open()
	s.planned()
	namespace, err := s.Cluster.Kube.CoreV1().Namespaces().Get(s.ctx, rig.Namespace, metav1.GetOptions{})
	s.must(err)
	if level := namespace.Labels[podsecurity.EnforceLevelLabel]; level != string(podsecurity.LevelRestricted) {
		t.Errorf("the namespace enforces %q", level)
	}
	s.say(maintainer, "/pj-rehearse")
	s.started()
	for _, pod := range s.checkPods(rig.Receiver, rig.Controller, "rehearsal-prowjob") {
		checkProcesses(t, pod)
	}
	world.gates.Open(t.Name())
	s.result(v1alpha1.RunPassed, 1, 0, "passed")
	s.checkPods(rig.Receiver, rig.Controller, "rehearsal-prowjob", "rehearsal-collate")
}

// checkPods compares our pods with their declarations, and expects one for each network
// policy.
func (s *story) checkPods(want ...string) []corev1.Pod {
	s.t.Helper()
	policies, err := s.Cluster.Kube.NetworkingV1().NetworkPolicies(rig.Namespace).List(s.ctx, metav1.ListOptions{})
	s.must(err)
	pods := s.ourPods()
	var seen []string
	for _, pod := range pods {
		seen = append(seen, checkNetwork(s.t, pod, policies.Items))
		checkRestricted(s.t, pod)
		for _, c := range pod.Spec.Containers {
			if sc := c.SecurityContext; sc == nil || sc.ReadOnlyRootFilesystem == nil || !*sc.ReadOnlyRootFilesystem {
				s.t.Errorf("the container %s of %s may write to its image", c.Name, pod.Name)
			}
		}
	}
	slices.Sort(seen)
	slices.Sort(want)
	if !slices.Equal(seen, want) {
		s.t.Errorf("pods have the network policies %v, want %v", seen, want)
	}
	return pods
}

// TestPodsCannotWrite tries to write with git, the program for which the controller's image
// is made.
func TestPodsCannotWrite(t *testing.T) {
	parallel(t)
	try := func(dir string) (string, error) {
		return world.cluster.Output(world.ctx, "kubectl", "-n", rig.Namespace, "exec", "deployment/"+rig.Controller, "--",
			"git", "init", "--quiet", "--bare", dir)
	}
	if out, err := try("/canary"); err == nil || !strings.Contains(out, "Read-only file system") {
		t.Errorf("writing to the image: %v\n%s", err, out)
	}
	if out, err := try("/tmp/canary"); err != nil {
		t.Errorf("writing to /tmp: %v\n%s", err, out)
	}
}

// ourPods returns the pods of the Deployments and of the story's run.
func (s *story) ourPods() []corev1.Pod {
	s.t.Helper()
	rehearsal, err := s.Rehearsal(s.ctx)
	s.must(err)
	var pods []corev1.Pod
	for _, selector := range []string{"app.kubernetes.io/component in (receiver,controller)", run.LabelRehearsal + "=" + rehearsal.Name} {
		list, err := s.Cluster.Kube.CoreV1().Pods(rig.Namespace).List(s.ctx, metav1.ListOptions{LabelSelector: selector})
		s.must(err)
		for _, pod := range list.Items {
			if pod.DeletionTimestamp == nil {
				pods = append(pods, pod)
			}
		}
	}
	return pods
}

func checkRestricted(t *testing.T, pod corev1.Pod) {
	t.Helper()
	evaluator, err := policy.NewEvaluator(policy.DefaultChecks(), nil)
	if err != nil {
		t.Fatal(err)
	}
	level := podsecurity.LevelVersion{Level: podsecurity.LevelRestricted, Version: podsecurity.LatestVersion()}
	for _, result := range evaluator.EvaluatePod(level, &pod.ObjectMeta, &pod.Spec) {
		if !result.Allowed {
			t.Errorf("%s: %s: %s", pod.Name, result.ForbiddenReason, result.ForbiddenDetail)
		}
	}
}

// checkNetwork returns the name of the only policy for a pod besides the one that denies
// everything.
func checkNetwork(t *testing.T, pod corev1.Pod, policies []networkingv1.NetworkPolicy) string {
	t.Helper()
	var own []string
	denied := false
	for _, p := range policies {
		selector, err := metav1.LabelSelectorAsSelector(&p.Spec.PodSelector)
		if err != nil {
			t.Fatal(err)
		}
		switch {
		case selector.Empty():
			denied = true
		case selector.Matches(labels.Set(pod.Labels)):
			own = append(own, p.Name)
		}
	}
	if !denied || len(own) != 1 {
		t.Errorf("%s has the network policies %v; everything else denied: %v", pod.Name, own, denied)
		return ""
	}
	return own[0]
}

// checkProcesses asks the kernel for the permissions of the processes in a pod's
// containers. The sandbox around them belongs to the container runtime.
func checkProcesses(t *testing.T, pod corev1.Pod) {
	t.Helper()
	files, err := filepath.Glob("/proc/[0-9]*/cgroup")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, file := range files {
		cgroup, err := os.ReadFile(file)
		if err != nil || !hasContainer(pod, string(cgroup)) {
			continue // it has ended, or belongs to another pod
		}
		dir := filepath.Dir(file)
		name, _ := os.ReadFile(filepath.Join(dir, "comm"))
		status, err := os.ReadFile(filepath.Join(dir, "status"))
		if err != nil {
			continue
		}
		found++
		fields := map[string]string{}
		for line := range strings.Lines(string(status)) {
			key, value, _ := strings.Cut(line, ":")
			fields[key] = strings.Join(strings.Fields(value), " ")
		}
		got := fmt.Sprintf("capabilities %s %s, no new privileges %s, seccomp %s", fields["CapEff"], fields["CapBnd"], fields["NoNewPrivs"], fields["Seccomp"])
		const want = "capabilities 0000000000000000 0000000000000000, no new privileges 1, seccomp 2"
		if uid := strings.Fields(fields["Uid"]); got != want || len(uid) != 4 || uid[0] == "0" || uid[1] == "0" {
			t.Errorf("%s, process %s: user %v, %s; want %s", pod.Name, strings.TrimSpace(string(name)), uid, got, want)
		}
	}
	if found == 0 {
		t.Errorf("no process of %s is found", pod.Name)
	}
}

// hasContainer reports whether a cgroup belongs to a container of the pod.
func hasContainer(pod corev1.Pod, cgroup string) bool {
	for _, c := range pod.Status.ContainerStatuses {
		if _, id, ok := strings.Cut(c.ContainerID, "://"); ok && strings.Contains(cgroup, id) {
			return true
		}
	}
	return false
}
