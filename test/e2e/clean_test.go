//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/pages"
	"github.com/rehearsal-dev/rehearsal/pkg/run"
	"github.com/rehearsal-dev/rehearsal/test/rig"
)

// TestRunsAreCleanedUp keeps runs only for a moment: then all objects of a run are gone,
// and its result is still shown. It changes the settings of all tests, so no other test
// runs at the same time.
func TestRunsAreCleanedUp(t *testing.T) {
	short := world.installation
	short.Settings = "keep_runs: 5s\n" + short.Settings
	if err := world.cluster.Configure(world.ctx, short); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := world.cluster.Configure(context.WithoutCancel(world.ctx), world.installation); err != nil {
			t.Error(err)
		}
	})
	s := tell(t, failing("pull-widget-unit", "no such wheel")).open()
	s.planned()
	s.say(maintainer, "/pj-rehearse")
	body := s.result(v1alpha1.RunFailed, 0, 1, "no such wheel", "kept for 5s after the end")
	s.until("the run to be cleaned up", func(ctx context.Context) (string, bool, error) {
		left, err := s.leftOfRuns(ctx)
		return strings.Join(left, ", "), len(left) == 0, err
	})
	if now := s.comment(rig.RunComment, "no such wheel"); now != body {
		t.Errorf("the comment was\n%s\nand is now\n%s", body, now)
	}
	s.types(userMaintainer, 0, []string{"describe", s.Pull.Name()}, "Failed", "0 of 1 passed")
	s.say(maintainer, "/pj-rehearse failed")
	s.ended(2)
}

// leftOfRuns are the PipelineRuns of the pull request, their pods, and the ConfigMaps of
// its runs except results.
func (s *story) leftOfRuns(ctx context.Context) ([]string, error) {
	rh, err := s.Rehearsal(ctx)
	if err != nil {
		return nil, err
	}
	runs, err := s.PipelineRuns(ctx)
	if err != nil {
		return nil, err
	}
	var left []string
	for _, pr := range runs {
		left = append(left, "PipelineRun "+pr.Name)
	}
	ours := metav1.ListOptions{LabelSelector: fmt.Sprintf("%s=%s,%s", run.LabelRehearsalUID, rh.UID, run.LabelRun)}
	pods, err := s.Cluster.Kube.CoreV1().Pods(rig.Namespace).List(ctx, ours)
	if err != nil {
		return nil, err
	}
	for _, pod := range pods.Items {
		left = append(left, "pod "+pod.Name)
	}
	configMaps, err := s.Cluster.Kube.CoreV1().ConfigMaps(rig.Namespace).List(ctx, ours)
	if err != nil {
		return nil, err
	}
	for _, cm := range configMaps.Items {
		if name := cm.Labels[run.LabelRun]; name != "" && !kept(&cm) {
			left = append(left, "ConfigMap "+cm.Name)
		}
	}
	return left, nil
}

// kept reports whether a ConfigMap stays as long as its Rehearsal.
func kept(cm *corev1.ConfigMap) bool {
	name := cm.Labels[run.LabelRun]
	return cm.Name == run.ResultName(name) || cm.Name == pages.Name(name)
}
