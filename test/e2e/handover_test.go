//go:build e2e

package e2e

import (
	"encoding/json"
	"strings"
	"testing"

	authenticationv1 "k8s.io/api/authentication/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	prowapi "sigs.k8s.io/prow/pkg/apis/prowjobs/v1"
	prowclient "sigs.k8s.io/prow/pkg/client/clientset/versioned"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/pages"
	"github.com/rehearsal-dev/rehearsal/pkg/run"
	"github.com/rehearsal-dev/rehearsal/test/rig"
)

// TestTaskThatIsTakenOver takes over a task of a run, to make the cluster run something
// other than what was approved.
func TestTaskThatIsTakenOver(t *testing.T) {
	parallel(t)
	s := tell(t, waiting("pull-widget-unit", t.Name())).open()
	s.planned()
	s.say(maintainer, "/pj-rehearse")
	s.started()
	stored := s.handedOver()
	config := s.as("rehearsal-task")
	prow, err := prowclient.NewForConfig(config)
	s.must(err)
	create := func(pj *prowapi.ProwJob) error {
		pj.Status.StartTime = metav1.Now()
		_, err := prow.ProwV1().ProwJobs(rig.ProwJobNamespace).Create(s.ctx, pj, metav1.CreateOptions{})
		return err
	}
	raw, err := json.Marshal(stored)
	s.must(err)
	other := world.repositories[0]
	if other == s.Pull.Repo {
		other = world.repositories[1]
	}
	for name, change := range map[string]func(*prowapi.ProwJob){
		"another checkout": func(pj *prowapi.ProwJob) {
			pj.Spec.ExtraRefs = append(pj.Spec.ExtraRefs, prowapi.Refs{Org: "acme", Repo: "secret", BaseRef: "main"})
		},
		"an approval of its own": func(pj *prowapi.ProwJob) {
			pj.Spec.PodSpec.HostNetwork = true
			hash, err := run.SpecHash(pj.Spec)
			s.must(err)
			pj.Annotations[run.AnnotationApproved], pj.Annotations[run.AnnotationApprovedBy] = hash, "base"
		},
		"another pull request": func(pj *prowapi.ProwJob) {
			*pj = prowapi.ProwJob{}
			s.must(json.Unmarshal([]byte(strings.ReplaceAll(string(raw), s.Pull.Repo, other)), pj))
			pj.Name = stored.Name
		},
		"a success status": func(pj *prowapi.ProwJob) {
			pj.Status.State = prowapi.SuccessState
			pj.SetComplete()
		},
	} {
		pj := stored.DeepCopy()
		change(pj)
		if err := create(pj); !apierrors.IsForbidden(err) && !apierrors.IsServiceUnavailable(err) || !strings.Contains(err.Error(), "prowjobs.rehearsal.dev") {
			t.Errorf("a task creates its ProwJob with %s: %v", name, err)
		} else {
			t.Logf("%s: %v", name, err)
		}
		pj.Name += "-again"
		if err := create(pj); !apierrors.IsForbidden(err) && !apierrors.IsServiceUnavailable(err) {
			t.Errorf("a task creates another ProwJob with %s: %v", name, err)
		}
	}
	if err := create(stored.DeepCopy()); !apierrors.IsAlreadyExists(err) {
		t.Errorf("a task creates its ProwJob as it was handed over: %v", err)
	}
	kube, err := kubernetes.NewForConfig(config)
	s.must(err)
	if _, err := kube.CoreV1().Secrets(rig.Namespace).Get(s.ctx, pages.LinkKeyName, metav1.GetOptions{}); !apierrors.IsForbidden(err) {
		t.Errorf("a task reads the key of the links to pages: %v", err)
	}
	world.gates.Open(t.Name())
	s.result(v1alpha1.RunPassed, 1, 0)
	if err := create(stored.DeepCopy()); !apierrors.IsForbidden(err) || !strings.Contains(err.Error(), "has ended") {
		t.Errorf("a task creates its ProwJob once more when its run is over: %v", err)
	}
}

// handedOver returns the ProwJob of the only job of the only run.
func (s *story) handedOver() *prowapi.ProwJob {
	s.t.Helper()
	runs, err := s.PipelineRuns(s.ctx)
	s.must(err)
	if len(runs) != 1 {
		s.t.Fatalf("%d PipelineRuns", len(runs))
	}
	configMaps := s.Cluster.Kube.CoreV1().ConfigMaps(rig.Namespace)
	manifest, err := run.ReadManifest(s.ctx, configMaps, runs[0].Labels[run.LabelRun])
	s.must(err)
	pj, err := run.ReadProwJob(s.ctx, configMaps, manifest.Jobs[0].ConfigMap, manifest.Jobs[0].ProwJob)
	s.must(err)
	return pj
}

// as returns access to the API server with the token of one of our service accounts.
func (s *story) as(account string) *rest.Config {
	s.t.Helper()
	token, err := s.Cluster.Kube.CoreV1().ServiceAccounts(rig.Namespace).CreateToken(s.ctx, account, &authenticationv1.TokenRequest{}, metav1.CreateOptions{})
	s.must(err)
	config, err := clientcmd.BuildConfigFromFlags("", s.Cluster.Kubeconfig)
	s.must(err)
	config = rest.AnonymousClientConfig(config)
	config.BearerToken = token.Status.Token
	return config
}
