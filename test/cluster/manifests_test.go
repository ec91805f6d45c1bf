package main

import (
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func TestApplyEdits(t *testing.T) {
	manifest := "a: 1\nb: 2\nb: 2\n"
	got, err := applyEdits(manifest, []edit{{1, "a: 1", "a: 3"}, {2, "b: 2", "b: 4"}})
	if want := "a: 3\nb: 4\nb: 4\n"; err != nil || got != want {
		t.Errorf("got %q, %v", got, err)
	}
	if _, err := applyEdits(manifest, []edit{{1, "c: 1", "c: 2"}}); err == nil {
		t.Error("a setting that is not in the manifest was lost silently")
	}
	if _, err := applyEdits(manifest, []edit{{1, "b: 2", "b: 3"}}); err == nil {
		t.Error("an edit hit more places than it meant")
	}
}

func TestTektonFiles(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{
		"webhook.yaml", "controller.yaml", "events.yaml", "webhook-hpa.yaml", "config-events.yaml",
		"config-leader-election-events.yaml", "200-role.yaml", "dummy.go",
		"100-namespace/100-namespace.yaml", "300-crds/300-task.yaml", "resolvers/resolvers.yaml",
	} {
		if err := write(filepath.Join(dir, name), "x"); err != nil {
			t.Fatal(err)
		}
	}
	paths, err := tektonFiles(dir)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, path := range paths {
		got = append(got, filepath.Base(path))
	}
	want := strings.Fields("100-namespace.yaml 300-task.yaml 200-role.yaml config-events.yaml controller.yaml webhook.yaml")
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestResolve(t *testing.T) {
	manifest := "image: ko://example.com/cmd/b\nargs: [\"-a\", \"ko://example.com/cmd/a\", ko://example.com/cmd/b]\n"
	if got, want := koPrograms(manifest), []string{"example.com/cmd/a", "example.com/cmd/b"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	got, err := resolve(manifest, map[string]string{"example.com/cmd/a": "A", "example.com/cmd/b": "B"})
	if want := "image: B\nargs: [\"-a\", \"A\", B]\n"; err != nil || got != want {
		t.Errorf("got %q, %v", got, err)
	}
	if _, err := resolve(manifest, map[string]string{"example.com/cmd/a": "A"}); err == nil || !strings.Contains(err.Error(), "cmd/b") {
		t.Errorf("an image that was not built is used: %v", err)
	}
}

func TestBuiltReferences(t *testing.T) {
	said := "127.0.0.1:15000/example.com/b@sha256:2\n127.0.0.1:15000/example.com/a@sha256:1\n"
	got, err := builtReferences(said, []string{"example.com/a", "example.com/b"})
	if err != nil || got["example.com/a"] != "127.0.0.1:15000/example.com/a@sha256:1" || len(got) != 2 {
		t.Errorf("got %q, %v", got, err)
	}
	if _, err := builtReferences(said, []string{"example.com/c"}); err == nil {
		t.Error("an image that ko did not build is not missed")
	}
}

// TestProwManifestsAgree checks the addresses that replace names, because there is no DNS,
// against the services that have them.
func TestProwManifestsAgree(t *testing.T) {
	entries, err := prowManifests.ReadDir("manifests")
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, entry := range entries {
		if !slices.Contains(prowFiles, entry.Name()) {
			t.Errorf("%s is not applied", entry.Name())
		}
		content, err := prowManifests.ReadFile("manifests/" + entry.Name())
		if err != nil {
			t.Fatal(err)
		}
		all.Write(content)
	}
	services := map[string]bool{}
	for _, match := range regexp.MustCompile(`clusterIP: (\S+)`).FindAllStringSubmatch(all.String(), -1) {
		services[match[1]] = true
	}
	for _, address := range regexp.MustCompile(`\b\d+\.\d+\.\d+\.\d+\b`).FindAllString(all.String(), -1) {
		if !services[address] {
			t.Errorf("no service has the address %s", address)
		}
	}
	for address := range services {
		if !netip.MustParsePrefix(serviceRange).Contains(netip.MustParseAddr(address)) {
			t.Errorf("%s is not in the range of services", address)
		}
	}
}

func TestNodeConfigsNameNoOtherPlace(t *testing.T) {
	l := layout{state: "/state"}
	for name, config := range map[string]string{
		"containerd": containerdConfig(l, "pause", "overlayfs"),
		"cni":        cniConfig(l),
		"kubelet":    kubeletConfig(l),
		"kube-proxy": proxyConfig(l, false),
	} {
		if strings.Contains(config, "%!") {
			t.Errorf("%s is badly formatted:\n%s", name, config)
		}
		elsewhere := regexp.MustCompile(`/state/[^\s"}]*`).ReplaceAllString(config, "")
		for _, path := range regexp.MustCompile(`/(etc|var|run|opt|home|root|tmp)/\S*`).FindAllString(elsewhere, -1) {
			t.Errorf("%s writes to %s, outside the state directory", name, path)
		}
	}
}

func TestGuardRulesKeepPodsInside(t *testing.T) {
	rules := guardRules()
	accept := strings.Index(rules, "-i "+podBridge+" -o "+podBridge+" -j ACCEPT")
	reject := strings.Index(rules, "-i "+podBridge+" -j REJECT")
	if accept < 0 || reject < 0 || accept > reject {
		t.Errorf("pods reach each other first, and then nothing else:\n%s", rules)
	}
}

// TestSharedVersions compares the nested module of Tekton and Prow with the product's:
// where they agree, every package is compiled only once.
func TestSharedVersions(t *testing.T) {
	product := requirements(t, "../../go.mod")
	for module, version := range requirements(t, "components/go.mod") {
		if ours, shared := product[module]; shared && ours != version {
			t.Errorf("%s is %s in the product and %s in components", module, ours, version)
		}
	}
}

func requirements(t *testing.T, path string) map[string]string {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	for _, match := range regexp.MustCompile(`(?m)^\s+(\S+) (v\S+)`).FindAllStringSubmatch(string(content), -1) {
		found[match[1]] = match[2]
	}
	return found
}
