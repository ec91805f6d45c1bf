package config

import (
	"strings"
	"testing"

	pipelinev1 "github.com/tektoncd/pipeline/pkg/apis/pipeline/v1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	podsecurity "k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
	"k8s.io/utils/ptr"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/reconciler/rehearsal/resources"
	"github.com/rehearsal-dev/rehearsal/pkg/run"
)

// ourPods are all pods that run our code: those of the Deployments, and what
// Tekton makes of the Tasks in a PipelineRun of ours, without its own containers.
func ourPods(t testing.TB) map[string]corev1.PodTemplateSpec {
	t.Helper()
	all := map[string]corev1.PodTemplateSpec{}
	for _, d := range parse[appsv1.Deployment](t, "Deployment") {
		all[d.Name] = d.Spec.Template
	}
	pr := resources.PipelineRun(&v1alpha1.Rehearsal{}, run.Manifest{Name: "run"}, []run.Job{{Task: "job"}}, 1, 1, 1)
	accounts := map[string]string{}
	for _, task := range pr.Spec.PipelineSpec.Tasks {
		accounts[task.TaskRef.Name] = pr.Spec.TaskRunTemplate.ServiceAccountName
	}
	for _, task := range pr.Spec.PipelineSpec.Finally {
		accounts[task.TaskRef.Name] = pr.Spec.TaskRunSpecs[0].ServiceAccountName
	}
	for _, task := range parse[pipelinev1.Task](t, "Task") {
		account, ok := accounts[task.Name]
		if !ok {
			t.Errorf("no PipelineRun has the Task %s", task.Name)
		}
		all[task.Name] = podOf(task, account, pr.Spec.TaskRunTemplate)
	}
	if len(all) != 4 {
		t.Fatalf("%d pods, want 4", len(all))
	}
	return all
}

func podOf(task pipelinev1.Task, account string, template pipelinev1.PipelineTaskRunTemplate) corev1.PodTemplateSpec {
	pod := corev1.PodTemplateSpec{
		// Tekton adds more (pkg/reconciler/taskrun, pkg/pod); these are what can be
		// relied on.
		ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{"tekton.dev/task": task.Name, "app.kubernetes.io/managed-by": "tekton-pipelines"}},
		Spec: corev1.PodSpec{
			ServiceAccountName: account, SecurityContext: template.PodTemplate.SecurityContext, Volumes: task.Spec.Volumes,
		},
	}
	for _, step := range task.Spec.Steps {
		pod.Spec.Containers = append(pod.Spec.Containers, *step.ToK8sContainer())
	}
	return pod
}

// TestPodsAreRestricted asks what the API server asks in a namespace that
// enforces the level that ours does.
func TestPodsAreRestricted(t *testing.T) {
	evaluator, err := policy.NewEvaluator(policy.DefaultChecks(), nil)
	if err != nil {
		t.Fatal(err)
	}
	namespaces := manifests(t, "Namespace")
	if len(namespaces) != 1 || namespaces[0].Name != ours {
		t.Fatalf("namespaces are %v", namespaces)
	}
	enforced := podsecurity.LevelVersion{
		Level: podsecurity.Level(namespaces[0].Labels[podsecurity.EnforceLevelLabel]), Version: podsecurity.LatestVersion(),
	}
	if enforced.Level != podsecurity.LevelRestricted || namespaces[0].Labels[podsecurity.EnforceVersionLabel] != "" {
		t.Errorf("the namespace enforces %v", namespaces[0].Labels)
	}
	for name, pod := range ourPods(t) {
		for _, result := range evaluator.EvaluatePod(enforced, &pod.ObjectMeta, &pod.Spec) {
			if !result.Allowed {
				t.Errorf("%s: %s: %s", name, result.ForbiddenReason, result.ForbiddenDetail)
			}
		}
	}
}

// TestStepsStartWithTheirPod: a step waits until its pod has this annotation, which Tekton
// otherwise adds once all containers are ready.
func TestStepsStartWithTheirPod(t *testing.T) {
	tasks := parse[pipelinev1.Task](t, "Task")
	if len(tasks) == 0 {
		t.Fatal("there are no Tasks")
	}
	for _, task := range tasks {
		if task.Annotations["tekton.dev/ready"] != "READY" || len(task.Spec.Sidecars) > 0 {
			t.Errorf("%s has the annotations %v and %d sidecars", task.Name, task.Annotations, len(task.Spec.Sidecars))
		}
	}
}

// TestPodsAreBounded is about what PodSecurity does not ask for.
func TestPodsAreBounded(t *testing.T) {
	withRights := map[string]bool{}
	for _, r := range rights {
		withRights[r.who] = true
	}
	for name, pod := range ourPods(t) {
		if len(pod.Spec.InitContainers) > 0 {
			t.Errorf("%s has init containers, which this test does not know", name)
		}
		if !withRights[pod.Spec.ServiceAccountName] && !ptr.Equal(pod.Spec.AutomountServiceAccountToken, ptr.To(false)) {
			t.Errorf("%s has a token of the service account %q, which may do nothing", name, pod.Spec.ServiceAccountName)
		}
		if sc := pod.Spec.SecurityContext; sc == nil || ptr.Deref(sc.RunAsUser, 0) == 0 {
			t.Errorf("%s may run as root", name)
		}
		for _, c := range pod.Spec.Containers {
			checkContainer(t, name+"/"+c.Name, c)
		}
		for _, v := range pod.Spec.Volumes {
			checkVolume(t, name, v)
		}
	}
}

func checkContainer(t *testing.T, name string, c corev1.Container) {
	t.Helper()
	if c.SecurityContext == nil || !ptr.Deref(c.SecurityContext.ReadOnlyRootFilesystem, false) {
		t.Errorf("%s may write to its image", name)
	}
	for _, amount := range []corev1.ResourceName{corev1.ResourceCPU, corev1.ResourceMemory} {
		if _, ok := c.Resources.Requests[amount]; !ok {
			t.Errorf("%s requests no %s", name, amount)
		}
	}
	for _, amount := range []corev1.ResourceName{corev1.ResourceMemory, corev1.ResourceEphemeralStorage} {
		if _, ok := c.Resources.Limits[amount]; !ok {
			t.Errorf("%s has no limit of %s", name, amount)
		}
	}
	for _, mount := range c.VolumeMounts {
		if strings.HasPrefix(mount.MountPath, "/etc/") && !mount.ReadOnly {
			t.Errorf("%s may write to %s", name, mount.MountPath)
		}
	}
	if strings.Contains(c.Image, ":latest") || len(c.Env) > 0 && hasSecret(c.Env) {
		t.Errorf("%s has a secret in its environment, or an image of no version", name)
	}
}

// hasSecret says that a value comes from a Secret: the environment is shown by
// more than a file is.
func hasSecret(env []corev1.EnvVar) bool {
	for _, v := range env {
		if v.ValueFrom != nil && v.ValueFrom.SecretKeyRef != nil {
			return true
		}
	}
	return false
}

func checkVolume(t *testing.T, name string, v corev1.Volume) {
	t.Helper()
	if v.EmptyDir != nil && v.EmptyDir.SizeLimit == nil {
		t.Errorf("%s: the volume %s may fill the node", name, v.Name)
	}
}

// TestWhoHoldsWhichSecret says which pods have which Secrets. None of them runs
// code of a pull request; those that do are in other namespaces.
func TestWhoHoldsWhichSecret(t *testing.T) {
	want := map[string]string{
		"rehearsal-receiver":   "rehearsal-hmac",
		"rehearsal-controller": "rehearsal-github rehearsal-kubeconfigs",
		"rehearsal-prowjob":    "rehearsal-kubeconfigs",
		"rehearsal-collate":    "rehearsal-github rehearsal-kubeconfigs",
	}
	for name, pod := range ourPods(t) {
		var secrets []string
		for _, v := range pod.Spec.Volumes {
			if v.Secret != nil {
				secrets = append(secrets, v.Secret.SecretName)
			}
			if v.Projected != nil {
				t.Errorf("%s has the projected volume %s", name, v.Name)
			}
		}
		for _, c := range pod.Spec.Containers {
			if len(c.EnvFrom) > 0 {
				t.Errorf("%s takes its environment from somewhere", name)
			}
		}
		if got := strings.Join(secrets, " "); got != want[name] {
			t.Errorf("%s holds %q, want %q", name, got, want[name])
		}
	}
}
