//go:build e2e

package e2e

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/test/github"
	"github.com/rehearsal-dev/rehearsal/test/rig"
)

// bombs are changes that are small to push, but large or slow to plan.
func bombs(t *testing.T) map[string]github.Change {
	t.Helper()
	job := func(name, more string) string {
		return "presubmits:\n  " + target + ":\n  - {name: " + name + ", " + more + ", spec: {containers: [{image: a}]}}\n"
	}
	file := func(path, content string) github.Change {
		return github.Change{Files: map[string]string{rig.JobsPath + "/" + path: content}}
	}
	var twins, links strings.Builder
	twins.WriteString("presubmits:\n  " + target + ":\n")
	for i := range 20_000 {
		fmt.Fprintf(&twins, "  - {name: pull-twin, branches: ['^b%d$'], spec: {containers: [{image: a}]}}\n", i)
	}
	broken := map[string]string{}
	for i := range 20_000 {
		broken[fmt.Sprintf("%s/links/l%d.yaml", rig.JobsPath, i)] = "nowhere"
	}
	nested := strings.Repeat("[", 100_000)
	links.WriteString("periodics: &a0 [x]\n")
	for i := range 60 {
		fmt.Fprintf(&links, "k%d: &a%d [%s]\n", i, i+1, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d,", i), 10), ","))
	}
	return map[string]github.Change{
		"an ignore file with an invalid pattern": file(".prowignore", "[é\n"),
		"an ignore file of asterisks": {Files: map[string]string{
			rig.JobsPath + "/.prowignore":                           strings.Repeat("*a", 40) + "*b\n",
			rig.JobsPath + "/" + strings.Repeat("a", 200) + ".yaml": "{}\n",
		}},
		"a long pattern of config-updater": {Files: map[string]string{
			rig.PluginsPath: "config_updater: {maps: {\"" + strings.Repeat("*a", 50<<10) + "\": {name: a}}}\n",
		}},
		"jobs with the same name":                       file("twins.yaml", twins.String()),
		"broken symbolic links":                         {Symlinks: broken},
		"a tree of trees":                               {Vast: map[string]int{"zz": 10}},
		"a tree of trees with jobs":                     {Vast: map[string]int{rig.JobsPath + "/zz": 10}},
		"a compressed file that is large when unpacked": file("big.yaml", packed(t, 1500)),
		"a million mappings":                            file("maps.yaml", "periodics: ["+strings.Repeat("{},", 1_000_000)+"]\n"),
		"aliases of aliases":                            file("alias.yaml", links.String()),
		"deep nesting":                                  file("deep.yaml", nested),
		"a regular expression":                          file("re.yaml", job("pull-re", "branches: ['"+strings.Repeat("(a{1,100}){1,9}", 400)+"']")),
	}
}

// packed returns a line of YAML followed by this many mebibytes of zeros, compressed.
func packed(t *testing.T, mebibytes int) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	zeros := make([]byte, 1<<20)
	for i := range mebibytes {
		part := zeros
		if i == 0 {
			part = []byte("periodics: []\n#")
		}
		if _, err := w.Write(part); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestBombs opens all of them at once, in the repository of a harmless pull request and in
// others. Meanwhile the harmless one is planned and run. Each of the others gets an answer,
// and neither the controller nor the receiver is restarted.
func TestBombs(t *testing.T) {
	parallel(t)
	before := restarts(t)
	s := tell(t, passing("pull-widget-unit"))
	pulls := map[string]*story{}
	for name, change := range bombs(t) {
		pull, err := world.hub.OpenPull(s.ctx, github.NewPull{
			Org: s.Pull.Org, Repo: s.Pull.Repo, Author: stranger, Title: name, Change: change,
		})
		s.must(err)
		bomb := *s
		bomb.Pull = pull
		pulls[name] = &bomb
	}
	begin := time.Now()
	s.open()
	s.planned()
	t.Logf("the harmless pull request was planned and commented on within %s", time.Since(begin).Round(100*time.Millisecond))
	s.say(maintainer, "/pj-rehearse")
	s.result(v1alpha1.RunPassed, 1, 0)
	t.Logf("it was run within %s", time.Since(begin).Round(100*time.Millisecond))
	for name, bomb := range pulls {
		body := bomb.comment(rig.PlanComment)
		first, _, _ := strings.Cut(body, "\n")
		t.Logf("%s: %s", name, first)
	}
	t.Logf("all had an answer within %s", time.Since(begin).Round(100*time.Millisecond))
	if after := restarts(t); after != before {
		t.Errorf("containers were started again: %s before, %s now", before, after)
	}
}

// restarts returns the restart counts of the pods of the receiver and the controller. Pods
// that an earlier rollout is ending do not count.
func restarts(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	pods, err := world.cluster.Kube.CoreV1().Pods(rig.Namespace).List(context.WithoutCancel(world.ctx), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, pod := range pods.Items {
		if pod.DeletionTimestamp != nil || pod.Status.Phase != corev1.PodRunning || !strings.HasPrefix(pod.Name, rig.Controller) && !strings.HasPrefix(pod.Name, rig.Receiver) {
			continue
		}
		for _, c := range pod.Status.ContainerStatuses {
			fmt.Fprintf(&b, "%s %d ", pod.Name, c.RestartCount)
		}
	}
	return b.String()
}
