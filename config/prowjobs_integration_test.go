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

	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
	prowapi "sigs.k8s.io/prow/pkg/apis/prowjobs/v1"
	prowclient "sigs.k8s.io/prow/pkg/client/clientset/versioned"
	"sigs.k8s.io/prow/pkg/kube"
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
			Labels: map[string]string{run.LabelRehearsal: "acme-config-7", run.LabelRehearsalUID: "u-1", run.LabelRun: "run-1", kube.IsOptionalLabel: "true"},
		},
		Spec: prowapi.ProwJobSpec{
			Type: prowapi.PresubmitJob, Agent: prowapi.KubernetesAgent, Cluster: "default", Namespace: pods, Job: "rehearse-7-x",
			Context: "ci/rehearse/main/x", RerunCommand: "/pj-rehearse x",
			Refs: &prowapi.Refs{
				Org: "acme", Repo: "config", BaseRef: "main", BaseSHA: strings.Repeat("b", 40),
				Pulls: []prowapi.Pull{{Number: 7, Author: "a", SHA: strings.Repeat("a", 40)}},
			},
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
	"hostname":                 "pod_spec: {hostname: minio}",
	"hostAliases":              "pod_spec: {hostAliases: [{ip: 10.0.0.1, hostnames: [x]}]}",
	"dnsConfig":                "pod_spec: {dnsConfig: {nameservers: [10.0.0.1]}}",
	"imagePullSecrets":         "pod_spec: {imagePullSecrets: [{name: s}]}",
	"tolerations":              "pod_spec: {tolerations: [{operator: Exists}]}",
	"mountPropagation":         "pod_spec: {volumes: [{name: v, emptyDir: {}}], CONTAINER: [{name: c, image: a, volumeMounts: [{name: v, mountPath: /x, mountPropagation: Bidirectional}]}]}",
	"decoration's volume":      "pod_spec: {CONTAINER: [{name: c, image: a, volumeMounts: [{name: gcs-credentials, mountPath: /x}]}]}",
	"probe":                    "pod_spec: {CONTAINER: [{name: c, image: a, livenessProbe: {httpGet: {host: 169.254.169.254, port: 80}}}]}",
	"probe by TCP":             "pod_spec: {CONTAINER: [{name: c, image: a, startupProbe: {tcpSocket: {host: 10.0.0.1, port: 80}}}]}",
	"hook":                     "pod_spec: {CONTAINER: [{name: c, image: a, lifecycle: {postStart: {httpGet: {host: 10.0.0.1, port: 80}}}}]}",
	"another's processes":      "pod_spec: {ephemeralContainers: [{name: e, image: a, targetContainerName: sidecar}]}",
	"scheduler":                "pod_spec: {schedulerName: mine}",
	"priority":                 "pod_spec: {priority: 1000000}",
	"preemptionPolicy":         "pod_spec: {preemptionPolicy: PreemptLowerPriority}",
	"schedulingGates":          "pod_spec: {schedulingGates: [{name: example.com/g}]}",
	"overhead":                 "pod_spec: {overhead: {cpu: '1'}}",
	"device":                   "pod_spec: {CONTAINER: [{name: c, image: a, resources: {limits: {devices.kubevirt.io/kvm: '1'}}}]}",
	"requested device":         "pod_spec: {CONTAINER: [{name: c, image: a, resources: {requests: {nvidia.com/gpu: '1'}}}]}",
	"claimed device":           "pod_spec: {CONTAINER: [{name: c, image: a, resources: {claims: [{name: r}]}}]}",
	"device of the decoration": "decoration_config: {resources: {sidecar: {limits: {nvidia.com/gpu: '8'}}}}",
	"neighbours":               "pod_spec: {affinity: {podAntiAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: topology.kubernetes.io/region, labelSelector: {}}]}}}",
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
	"scheduled": "pod_spec: {schedulerName: default-scheduler, affinity: {podAntiAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: kubernetes.io/hostname, labelSelector: {}}]}}, " +
		"volumes: [{name: v, emptyDir: {}}], containers: [{name: c, image: a, resources: {requests: {cpu: '1', hugepages-2Mi: 4Mi}, limits: {memory: 1Gi, ephemeral-storage: 1Gi}}, " +
		"volumeMounts: [{name: v, mountPath: /x, mountPropagation: None}], readinessProbe: {httpGet: {port: 80}}, lifecycle: {preStop: {exec: {command: [x]}}}}]}",
	"decorated": "decoration_config: {resources: {sidecar: {limits: {memory: 1Gi}}}}",
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
	bind := func(served bool) {
		for _, b := range parse[admissionv1.ValidatingAdmissionPolicyBinding](t, "ValidatingAdmissionPolicyBinding") {
			if (b.Name == "rehearsal-prowjobs-served") != served {
				continue
			}
			if _, err := admin.AdmissionregistrationV1().ValidatingAdmissionPolicyBindings().Create(t.Context(), &b, metav1.CreateOptions{}); err != nil {
				t.Fatal(err)
			}
		}
	}
	served := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "rehearsal-served", Namespace: ours}, Data: map[string]string{"acme.config": "", "acme." + longRepo: ""}}
	config.WarningHandler = rest.NoWarnings{}
	w := policyWorld{t: t, task: prowFor(t, as(config, task)), other: prowFor(t, config)}
	bind(false)
	w.await() // with both in force, either may be the one that an error names
	bind(true)
	w.awaitServed(func() error {
		_, err := admin.CoreV1().ConfigMaps(ours).Create(t.Context(), served, metav1.CreateOptions{})
		return err
	})
	w.testCreate()
	w.testRendered("config")
	w.testRendered(longRepo)
	w.testUpdate()
	w.testFloor()
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

// awaitServed has the controller list what is served, and waits until the API
// server has seen it: before that, nothing is.
func (w policyWorld) awaitServed(list func() error) {
	w.t.Helper()
	deadline := time.Now().Add(time.Minute)
	for {
		_, err := w.create(w.task, rehearsalProwJob(w.t, ""))
		if err != nil && strings.Contains(err.Error(), "rehearsal-prowjobs-served") {
			break
		}
		if time.Now().After(deadline) {
			w.t.Fatalf("without a list a task creates a ProwJob: %v", err)
		}
		time.Sleep(200 * time.Millisecond)
	}
	if err := list(); err != nil {
		w.t.Fatal(err)
	}
	for {
		_, err := w.create(w.task, rehearsalProwJob(w.t, ""))
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			w.t.Fatalf("the list is not in force: %v", err)
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
		"reruns by anyone":            plain(func(pj *prowapi.ProwJob) { pj.Spec.RerunAuthConfig = &prowapi.RerunAuthConfig{AllowAnyone: true} }),
		"a required context":          plain(func(pj *prowapi.ProwJob) { pj.Spec.Context = "pull-unit" }),
		"no context":                  plain(func(pj *prowapi.ProwJob) { pj.Spec.Context = "" }),
		"a look-alike":                plain(func(pj *prowapi.ProwJob) { pj.Spec.Context = "ci/rehearse" }),
		"another's job":               plain(func(pj *prowapi.ProwJob) { pj.Spec.Job = "pull-unit" }),
		"another pull's job":          plain(func(pj *prowapi.ProwJob) { pj.Spec.Refs.Pulls[0].Number = 8 }),
		"another repository":          plain(func(pj *prowapi.ProwJob) { pj.Spec.Refs.Repo = "widget" }),
		"another owner":               plain(func(pj *prowapi.ProwJob) { pj.Spec.Refs.Org = "victim" }),
		"dots elsewhere":              plain(func(pj *prowapi.ProwJob) { pj.Spec.Refs.Org, pj.Spec.Refs.Repo = "acme.config", "" }),
		"another Rehearsal":           plain(func(pj *prowapi.ProwJob) { pj.Labels[run.LabelRehearsal] = "acme-config-17" }),
		"a longer number":             plain(func(pj *prowapi.ProwJob) { pj.Labels[run.LabelRehearsal] = "acme-config-7-8" }),
		"no refs":                     plain(func(pj *prowapi.ProwJob) { pj.Spec.Refs = nil }),
		"no pull request":             plain(func(pj *prowapi.ProwJob) { pj.Spec.Refs.Pulls = nil }),
		"two pull requests":           plain(func(pj *prowapi.ProwJob) { pj.Spec.Refs.Pulls = append(pj.Spec.Refs.Pulls, pj.Spec.Refs.Pulls[0]) }),
		"a branch for a head":         plain(func(pj *prowapi.ProwJob) { pj.Spec.Refs.Pulls[0].SHA = "main" }),
		"a short base":                plain(func(pj *prowapi.ProwJob) { pj.Spec.Refs.BaseSHA = "bbbbbbb" }),
		"one that must pass":          plain(func(pj *prowapi.ProwJob) { delete(pj.Labels, kube.IsOptionalLabel) }),
		"another repository by label": plain(func(pj *prowapi.ProwJob) { pj.Labels[kube.RepoLabel] = "widget" }),
		"another pull by label":       plain(func(pj *prowapi.ProwJob) { pj.Labels[kube.PullLabel] = "8" }),
		"another job by label":        plain(func(pj *prowapi.ProwJob) { pj.Labels[kube.ProwJobAnnotation] = "pull-unit" }),
		"another context by label":    plain(func(pj *prowapi.ProwJob) { pj.Labels[kube.ContextAnnotation] = "pull-unit" }),
		"another type by label":       plain(func(pj *prowapi.ProwJob) { pj.Labels[kube.ProwJobTypeLabel] = "periodic" }),
		"a command of two lines":      plain(func(pj *prowapi.ProwJob) { pj.Spec.RerunCommand = "/pj-rehearse x\n/lgtm" }),
		"no command":                  plain(func(pj *prowapi.ProwJob) { pj.Spec.RerunCommand = "" }),
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
	if _, err := w.create(deck, rehearsalProwJob(w.t, "")); err != nil {
		w.t.Errorf("Deck runs a job again: %v", err)
	}
	if _, err := w.create(deck, approved(privileged)); !apierrors.IsForbidden(err) {
		w.t.Errorf("Deck runs again what was approved for another: %v", err)
	}
	foreign := rehearsalProwJob(w.t, "")
	foreign.Spec.Context = "pull-unit"
	if _, err := w.create(deck, foreign); !apierrors.IsForbidden(err) {
		w.t.Errorf("Deck creates one of ours with a context of another: %v", err)
	}
}

func (w policyWorld) testUpdate() {
	t := w.t
	for name, tc := range map[string]struct {
		change  func(pj *prowapi.ProwJob)
		allowed string
	}{
		"its state":   {func(pj *prowapi.ProwJob) { pj.Status.State = prowapi.PendingState }, "Prow"},
		"its success": {func(pj *prowapi.ProwJob) { pj.Status.State = prowapi.SuccessState; pj.SetComplete() }, "Prow"},
		"what was reported": {func(pj *prowapi.ProwJob) {
			pj.Status.PrevReportStates = map[string]prowapi.ProwJobState{"github-reporter": prowapi.PendingState}
		}, "Prow task"},
		"its abort":        {func(pj *prowapi.ProwJob) { pj.Status.State, pj.Status.Description = prowapi.AbortedState, "why" }, "Prow task"},
		"its cluster":      {func(pj *prowapi.ProwJob) { pj.Spec.Cluster = "build01" }, ""},
		"a label of Prow":  {func(pj *prowapi.ProwJob) { pj.Labels["prow.k8s.io/x"] = "y" }, "Prow task"},
		"our label":        {func(pj *prowapi.ProwJob) { pj.Labels[run.LabelRun] = "other" }, ""},
		"without it":       {func(pj *prowapi.ProwJob) { delete(pj.Labels, run.LabelRun) }, ""},
		"an approval":      {func(pj *prowapi.ProwJob) { approved(pj) }, ""},
		"its pod":          {func(pj *prowapi.ProwJob) { pj.Spec.PodSpec.HostNetwork = true }, ""},
		"its decoration":   {func(pj *prowapi.ProwJob) { pj.Spec.DecorationConfig = &prowapi.DecorationConfig{GitHubAppID: "1"} }, ""},
		"its agent":        {func(pj *prowapi.ProwJob) { pj.Spec.Agent = prowapi.JenkinsAgent }, ""},
		"its commit":       {func(pj *prowapi.ProwJob) { pj.Spec.Refs.Pulls[0].SHA = "other" }, ""},
		"its checkouts":    {func(pj *prowapi.ProwJob) { pj.Spec.ExtraRefs = []prowapi.Refs{{Org: "acme", Repo: "secret"}} }, ""},
		"where its pod is": {func(pj *prowapi.ProwJob) { pj.Spec.Namespace = "kube-system" }, ""},
		"to whom it reports": {func(pj *prowapi.ProwJob) {
			pj.Spec.ReporterConfig = &prowapi.ReporterConfig{Slack: &prowapi.SlackReporterConfig{Channel: "c"}}
		}, ""},
		"to be nothing at all": {func(pj *prowapi.ProwJob) { pj.Spec.PodSpec = nil }, ""},
	} {
		for who, clients := range map[string]*prowclient.Clientset{"Prow": w.other, "task": w.task} {
			pj, err := w.create(w.task, rehearsalProwJob(t, ""))
			if err != nil {
				t.Fatal(err)
			}
			_, err = w.patch(clients, pj, tc.change)
			allowed := strings.Contains(tc.allowed, who)
			if allowed && err != nil || !allowed && !apierrors.IsForbidden(err) {
				t.Errorf("%s changes %s: %v", who, name, err)
			}
		}
	}
	w.testScheduler()
	w.testForeign()
}

// patch changes a ProwJob as Prow's components and our tasks do.
func (w policyWorld) patch(c *prowclient.Clientset, pj *prowapi.ProwJob, change func(*prowapi.ProwJob)) (*prowapi.ProwJob, error) {
	w.t.Helper()
	after := pj.DeepCopy()
	change(after)
	patch, err := client.MergeFrom(pj).Data(after)
	if err != nil {
		w.t.Fatal(err)
	}
	return c.ProwV1().ProwJobs(prow).Patch(w.t.Context(), pj.Name, types.MergePatchType, patch, metav1.PatchOptions{})
}

// testScheduler has Prow's scheduler find a cluster for a ProwJob that waits for
// one, and others do the same.
func (w policyWorld) testScheduler() {
	t := w.t
	waiting := rehearsalProwJob(t, "")
	waiting.Status.State = prowapi.SchedulingState
	pj, err := w.create(w.task, waiting)
	if err != nil {
		t.Fatal(err)
	}
	place := func(pj *prowapi.ProwJob) {
		pj.Spec.Cluster, pj.Status.State = "build01", prowapi.TriggeredState
	}
	if _, err := w.patch(w.task, pj, func(pj *prowapi.ProwJob) { pj.Spec.Cluster = "build01" }); !apierrors.IsForbidden(err) {
		t.Errorf("a task chooses the cluster: %v", err)
	}
	if pj, err = w.patch(w.other, pj, place); err != nil {
		t.Fatalf("Prow's scheduler chooses no cluster: %v", err)
	}
	if _, err := w.patch(w.other, pj, func(pj *prowapi.ProwJob) { pj.Spec.Cluster = "build02" }); !apierrors.IsForbidden(err) {
		t.Errorf("the cluster changes once more: %v", err)
	}
}

// testForeign has ProwJobs that are not of rehearsals become ours, and our task
// touch them.
func (w policyWorld) testForeign() {
	t := w.t
	foreign := &prowapi.ProwJob{ObjectMeta: metav1.ObjectMeta{GenerateName: "x-", Namespace: prow}, Spec: rehearsalProwJob(t, "").Spec, Status: prowapi.ProwJobStatus{StartTime: metav1.Now(), State: prowapi.TriggeredState}}
	pj, err := w.create(w.other, foreign)
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*prowapi.ProwJob){
		"aborts": func(pj *prowapi.ProwJob) { pj.Status.State = prowapi.AbortedState },
		"passes": func(pj *prowapi.ProwJob) { pj.Status.State = prowapi.SuccessState; pj.SetComplete() },
	} {
		if _, err := w.patch(w.task, pj, change); !apierrors.IsForbidden(err) {
			t.Errorf("a task %s a ProwJob of somebody else: %v", name, err)
		}
	}
	pj.Labels = rehearsalProwJob(t, "").Labels
	if _, err := w.other.ProwV1().ProwJobs(prow).Update(t.Context(), pj, metav1.UpdateOptions{}); !apierrors.IsForbidden(err) {
		t.Error(fmt.Errorf("a foreign ProwJob becomes ours: %w", err))
	}
}
