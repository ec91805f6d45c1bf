//go:build integration

package config

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
	prowapi "sigs.k8s.io/prow/pkg/apis/prowjobs/v1"
	prowclient "sigs.k8s.io/prow/pkg/client/clientset/versioned"
	"sigs.k8s.io/yaml"

	admissionv1 "k8s.io/api/admissionregistration/v1"

	"github.com/rehearsal-dev/rehearsal/pkg/run"
)

const task = "rehearsal-task"

func prowFor(t *testing.T, config *rest.Config) *prowclient.Clientset {
	t.Helper()
	client, err := prowclient.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// prowJobCRD is Prow's own, from its Go module.
func prowJobCRD(t *testing.T) *apiextensionsv1.CustomResourceDefinition {
	t.Helper()
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "sigs.k8s.io/prow").Output()
	if err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(dir)), "config/prow/cluster/prowjob-crd/prowjob_customresourcedefinition.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	crd := &apiextensionsv1.CustomResourceDefinition{}
	if err := yaml.Unmarshal(raw, crd); err != nil {
		t.Fatal(err)
	}
	return crd
}

func rehearsalProwJob(t *testing.T, spec string) *prowapi.ProwJob {
	t.Helper()
	pj := &prowapi.ProwJob{
		ObjectMeta: metav1.ObjectMeta{
			GenerateName: "job-", Namespace: prow,
			Labels: map[string]string{run.LabelRehearsal: "acme-config-7", run.LabelRehearsalUID: "u-1", run.LabelRun: "run-1"},
		},
		Spec: prowapi.ProwJobSpec{
			Type: prowapi.PresubmitJob, Agent: prowapi.KubernetesAgent, Cluster: "default", Namespace: pods, Job: "rehearse-7-x",
			Refs: &prowapi.Refs{Org: "acme", Repo: "config", Pulls: []prowapi.Pull{{Number: 7, Author: "a", SHA: "s"}}},
		},
		Status: prowapi.ProwJobStatus{StartTime: metav1.Now(), State: prowapi.TriggeredState},
	}
	for _, text := range []string{`pod_spec: {containers: [{name: c, image: a, command: [x]}]}`, spec} {
		if err := yaml.Unmarshal([]byte(text), &pj.Spec); err != nil {
			t.Fatal(err)
		}
	}
	return pj
}

func approved(pj *prowapi.ProwJob) *prowapi.ProwJob {
	hash, _ := run.SpecHash(pj.Spec)
	pj.Annotations = map[string]string{run.AnnotationApproved: hash, run.AnnotationApprovedBy: "base"}
	return pj
}

// privileges are specifications of which each has something that needs a word of
// ours. CONTAINER stands for each kind of container.
var privileges = map[string]string{
	"cluster":                  "cluster: build01",
	"hostNetwork":              "pod_spec: {hostNetwork: true}",
	"hostPID":                  "pod_spec: {hostPID: true}",
	"hostIPC":                  "pod_spec: {hostIPC: true}",
	"shareProcessNamespace":    "pod_spec: {shareProcessNamespace: true}",
	"automount":                "pod_spec: {automountServiceAccountToken: true}",
	"serviceAccountName":       "pod_spec: {serviceAccountName: deployer}",
	"serviceAccount":           "pod_spec: {serviceAccount: deployer}",
	"nodeName":                 "pod_spec: {nodeName: n}",
	"priorityClassName":        "pod_spec: {priorityClassName: p}",
	"runtimeClassName":         "pod_spec: {runtimeClassName: r}",
	"hostAliases":              "pod_spec: {hostAliases: [{ip: 10.0.0.1, hostnames: [x]}]}",
	"dnsConfig":                "pod_spec: {dnsConfig: {nameservers: [10.0.0.1]}}",
	"imagePullSecrets":         "pod_spec: {imagePullSecrets: [{name: s}]}",
	"tolerations":              "pod_spec: {tolerations: [{operator: Exists}]}",
	"hostPath":                 "pod_spec: {volumes: [{name: v, hostPath: {path: /}}]}",
	"secret":                   "pod_spec: {volumes: [{name: v, secret: {secretName: s}}]}",
	"claim":                    "pod_spec: {volumes: [{name: v, persistentVolumeClaim: {claimName: c}}]}",
	"csi":                      "pod_spec: {volumes: [{name: v, csi: {driver: d}}]}",
	"projected secret":         "pod_spec: {volumes: [{name: v, projected: {sources: [{secret: {name: s}}]}}]}",
	"projected token":          "pod_spec: {volumes: [{name: v, projected: {sources: [{serviceAccountToken: {path: t}}]}}]}",
	"sysctls":                  "pod_spec: {securityContext: {sysctls: [{name: a, value: b}]}}",
	"pod's SELinux":            "pod_spec: {securityContext: {seLinuxOptions: {type: spc_t}}}",
	"pod's seccomp":            "pod_spec: {securityContext: {seccompProfile: {type: Unconfined}}}",
	"secretKeyRef":             "pod_spec: {CONTAINER: [{name: c, image: a, env: [{name: E, valueFrom: {secretKeyRef: {name: s, key: k}}}]}]}",
	"secretRef":                "pod_spec: {CONTAINER: [{name: c, image: a, envFrom: [{secretRef: {name: s}}]}]}",
	"hostPort":                 "pod_spec: {CONTAINER: [{name: c, image: a, ports: [{containerPort: 80, hostPort: 80}]}]}",
	"volumeDevices":            "pod_spec: {CONTAINER: [{name: c, image: a, volumeDevices: [{name: v, devicePath: /dev/x}]}]}",
	"privileged":               "pod_spec: {CONTAINER: [{name: c, image: a, securityContext: {privileged: true}}]}",
	"allowPrivilegeEscalation": "pod_spec: {CONTAINER: [{name: c, image: a, securityContext: {allowPrivilegeEscalation: true}}]}",
	"capabilities":             "pod_spec: {CONTAINER: [{name: c, image: a, securityContext: {capabilities: {add: [SYS_ADMIN]}}}]}",
	"procMount":                "pod_spec: {CONTAINER: [{name: c, image: a, securityContext: {procMount: Unmasked}}]}",
	"seLinuxOptions":           "pod_spec: {CONTAINER: [{name: c, image: a, securityContext: {seLinuxOptions: {type: spc_t}}}]}",
	"windowsOptions":           "pod_spec: {CONTAINER: [{name: c, image: a, securityContext: {windowsOptions: {hostProcess: true}}}]}",
	"seccompProfile":           "pod_spec: {CONTAINER: [{name: c, image: a, securityContext: {seccompProfile: {type: Unconfined}}}]}",
	"appArmorProfile":          "pod_spec: {CONTAINER: [{name: c, image: a, securityContext: {appArmorProfile: {type: Unconfined}}}]}",
}

// plainSpecs are what every job may be.
var plainSpecs = map[string]string{
	"plain":   "",
	"volumes": "pod_spec: {volumes: [{name: v, emptyDir: {}}, {name: w, configMap: {name: c}}, {name: x, projected: {sources: [{configMap: {name: c}}, {downwardAPI: {}}]}}]}",
	"confined": "pod_spec: {automountServiceAccountToken: false, hostNetwork: false, securityContext: {runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}}, containers: [{name: c, image: a, env: [{name: E, value: v}], " +
		"securityContext: {privileged: false, allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}}]}",
}

// TestProwJobPolicy asks a real API server what it lets whom create.
func TestProwJobPolicy(t *testing.T) {
	config := startAPIServer(t)
	admin := clientFor(t, config)
	applyRoles(t, admin)
	if _, err := envtest.InstallCRDs(config, envtest.CRDInstallOptions{CRDs: []*apiextensionsv1.CustomResourceDefinition{prowJobCRD(t)}}); err != nil {
		t.Fatal(err)
	}
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
	w := policyWorld{t: t, task: prowFor(t, as(config, task)), other: prowFor(t, config)}
	w.await()
	w.testCreate()
	w.testUpdate()
	deck := rest.CopyConfig(config)
	deck.Impersonate = rest.ImpersonationConfig{UserName: "system:serviceaccount:" + prow + ":deck", Groups: []string{"system:masters"}}
	w.testDeck(prowFor(t, deck))
}

type policyWorld struct {
	t           *testing.T
	task, other *prowclient.Clientset
}

func (w policyWorld) create(c *prowclient.Clientset, pj *prowapi.ProwJob) (*prowapi.ProwJob, error) {
	return c.ProwV1().ProwJobs(prow).Create(w.t.Context(), pj, metav1.CreateOptions{})
}

// await waits until the policy is in force.
func (w policyWorld) await() {
	w.t.Helper()
	deadline := time.Now().Add(time.Minute)
	for {
		_, err := w.create(w.other, rehearsalProwJob(w.t, ""))
		if apierrors.IsForbidden(err) {
			return
		}
		if time.Now().After(deadline) {
			w.t.Fatalf("the policy is not in force: %v", err)
		}
		time.Sleep(200 * time.Millisecond)
	}
}

func (w policyWorld) testCreate() {
	t := w.t
	for name, spec := range plainSpecs {
		if _, err := w.create(w.task, rehearsalProwJob(t, spec)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, spec := range privileges {
		kinds := []string{"containers"}
		if strings.Contains(spec, "CONTAINER") {
			kinds = []string{"containers", "initContainers", "ephemeralContainers"}
		}
		for _, kind := range kinds {
			pj := rehearsalProwJob(t, strings.ReplaceAll(spec, "CONTAINER", kind))
			if _, err := w.create(w.task, pj); !apierrors.IsForbidden(err) || !strings.Contains(err.Error(), "rehearsal.dev/approved") {
				t.Errorf("%s in %s without approval: %v", name, kind, err)
			}
			if _, err := w.create(w.task, approved(pj)); err != nil {
				t.Errorf("%s in %s with approval: %v", name, kind, err)
			}
		}
	}
	plain := func(change func(pj *prowapi.ProwJob)) *prowapi.ProwJob {
		pj := rehearsalProwJob(t, "")
		change(pj)
		return pj
	}
	for name, pj := range map[string]*prowapi.ProwJob{
		"nothing of ours": plain(func(pj *prowapi.ProwJob) { pj.Labels = nil }),
		"a label missing": plain(func(pj *prowapi.ProwJob) { delete(pj.Labels, run.LabelRun) }),
		"periodic":        plain(func(pj *prowapi.ProwJob) { pj.Spec.Type = prowapi.PeriodicJob }),
		"another agent":   plain(func(pj *prowapi.ProwJob) { pj.Spec.Agent = "jenkins" }),
		"reporters": plain(func(pj *prowapi.ProwJob) {
			pj.Spec.ReporterConfig = &prowapi.ReporterConfig{Slack: &prowapi.SlackReporterConfig{Channel: "c"}}
		}),
		"reruns by anyone": plain(func(pj *prowapi.ProwJob) { pj.Spec.RerunAuthConfig = &prowapi.RerunAuthConfig{AllowAnyone: true} }),
		"an approval of words": plain(func(pj *prowapi.ProwJob) {
			pj.Annotations = map[string]string{run.AnnotationApproved: "yes", run.AnnotationApprovedBy: "me"}
		}),
	} {
		if _, err := w.create(w.task, pj); !apierrors.IsForbidden(err) {
			t.Errorf("a task creates %s: %v", name, err)
		}
	}
	for name, pj := range map[string]*prowapi.ProwJob{
		"one of ours":        rehearsalProwJob(t, ""),
		"only a label":       plain(func(pj *prowapi.ProwJob) { pj.Labels = map[string]string{run.LabelRun: "x"} }),
		"only the approval":  plain(func(pj *prowapi.ProwJob) { pj.Labels = nil; approved(pj) }),
		"ours, and approved": approved(rehearsalProwJob(t, privileges["hostNetwork"])),
	} {
		if _, err := w.create(w.other, pj); !apierrors.IsForbidden(err) {
			t.Errorf("somebody else creates %s: %v", name, err)
		}
	}
	own := plain(func(pj *prowapi.ProwJob) { pj.Labels = map[string]string{"rehearsal.dev/can-be-rehearsed": "true"} })
	own.Spec.PodSpec.HostNetwork = true
	if _, err := w.create(w.other, own); err != nil {
		t.Errorf("Prow creates its own: %v", err)
	}
}

// testDeck has Deck run a job again, which it does by a copy.
func (w policyWorld) testDeck(deck *prowclient.Clientset) {
	privileged := rehearsalProwJob(w.t, privileges["hostNetwork"])
	if _, err := w.create(deck, privileged); !apierrors.IsForbidden(err) {
		w.t.Errorf("Deck creates what nobody approved: %v", err)
	}
	for _, pj := range []*prowapi.ProwJob{rehearsalProwJob(w.t, ""), approved(privileged)} {
		if _, err := w.create(deck, pj); err != nil {
			w.t.Errorf("Deck runs a job again: %v", err)
		}
	}
}

func (w policyWorld) testUpdate() {
	t := w.t
	for name, tc := range map[string]struct {
		change  func(pj *prowapi.ProwJob)
		allowed bool
	}{
		"its state":       {func(pj *prowapi.ProwJob) { pj.Status.State = prowapi.PendingState }, true},
		"its cluster":     {func(pj *prowapi.ProwJob) { pj.Spec.Cluster = "build01" }, true},
		"a label of Prow": {func(pj *prowapi.ProwJob) { pj.Labels["prow.k8s.io/x"] = "y" }, true},
		"our label":       {func(pj *prowapi.ProwJob) { pj.Labels[run.LabelRun] = "other" }, false},
		"without it":      {func(pj *prowapi.ProwJob) { delete(pj.Labels, run.LabelRun) }, false},
		"an approval":     {func(pj *prowapi.ProwJob) { approved(pj) }, false},
		"its pod":         {func(pj *prowapi.ProwJob) { pj.Spec.PodSpec.HostNetwork = true }, false},
		"its decoration":  {func(pj *prowapi.ProwJob) { pj.Spec.DecorationConfig = &prowapi.DecorationConfig{GitHubAppID: "1"} }, false},
	} {
		for who, client := range map[string]*prowclient.Clientset{"somebody": w.other} {
			pj, err := w.create(w.task, rehearsalProwJob(t, ""))
			if err != nil {
				t.Fatal(err)
			}
			tc.change(pj)
			_, err = client.ProwV1().ProwJobs(prow).Update(t.Context(), pj, metav1.UpdateOptions{})
			if tc.allowed && err != nil || !tc.allowed && !apierrors.IsForbidden(err) {
				t.Errorf("%s changes %s: %v", who, name, err)
			}
		}
	}
	foreign := &prowapi.ProwJob{ObjectMeta: metav1.ObjectMeta{GenerateName: "x-", Namespace: prow}, Spec: rehearsalProwJob(t, "").Spec, Status: prowapi.ProwJobStatus{StartTime: metav1.Now(), State: prowapi.TriggeredState}}
	pj, err := w.create(w.other, foreign)
	if err != nil {
		t.Fatal(err)
	}
	pj.Labels = rehearsalProwJob(t, "").Labels
	if _, err := w.other.ProwV1().ProwJobs(prow).Update(t.Context(), pj, metav1.UpdateOptions{}); !apierrors.IsForbidden(err) {
		t.Error(fmt.Errorf("a foreign ProwJob becomes ours: %w", err))
	}
}
