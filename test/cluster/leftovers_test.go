//go:build cluster

package main

import (
	"context"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strings"
	"testing"
)

// TestDownLeavesNothing brings the cluster up and down again and compares the
// machine before and after. It wants a machine where no cluster runs:
//
//	go -C test/cluster test -tags cluster -run DownLeavesNothing -v .
func TestDownLeavesNothing(t *testing.T) {
	l, err := newLayout()
	if err != nil {
		t.Fatal(err)
	}
	if exists(l.state) {
		t.Fatal("the cluster is up: take it down first")
	}
	ctx := context.Background()
	p := newProgress(os.Stderr)
	// The packages stay: they belong to the machine, not to the cluster.
	if err := installPackages(ctx, missingPackages()); err != nil {
		t.Fatal(err)
	}
	before := snapshot(t)
	if err := up(ctx, l, p); err != nil {
		t.Error(err)
	}
	if len(differences(before, snapshot(t))) == 0 {
		t.Error("a running cluster shows no difference: this test looks at the wrong things")
	}
	if err := down(ctx, l, p); err != nil {
		t.Error(err)
	}
	for _, difference := range differences(before, snapshot(t)) {
		t.Error(difference)
	}
}

// snapshot returns everything on the machine that a cluster might change, as comparable
// lines.
func snapshot(t *testing.T) map[string]bool {
	t.Helper()
	lines := map[string]bool{}
	add := func(kind, text string) {
		for _, line := range strings.Split(text, "\n") {
			if line != "" && !strings.HasPrefix(line, "#") {
				lines[kind+": "+line] = true
			}
		}
	}
	for kind, command := range map[string]string{
		"address":   "ip -oneline address | sed 's/valid_lft.*//'",
		"route":     "ip route show table all; ip -6 route show table all | sed 's/expires.*//'",
		"netns":     "ip netns",
		"iptables":  "iptables-save | sed 's/\\[.*\\]//'",
		"ip6tables": "ip6tables-save | sed 's/\\[.*\\]//'",
		"mount":     "cat /proc/self/mountinfo",
	} {
		said, err := exec.Command("sh", "-c", command).Output()
		if err != nil {
			t.Fatalf("%s: %v", command, err)
		}
		add(kind, string(said))
	}
	for _, process := range daemons() {
		add("process", process)
	}
	for _, root := range []string{"/run", "/var", "/etc", "/opt", "/srv", "/usr/libexec", "/usr/local", "/usr/sbin", "/sys/fs/cgroup"} {
		add("file", strings.Join(files(root), "\n"))
	}
	for _, root := range []string{"kernel", "vm", "net/ipv4", "net/bridge", "net/netfilter"} {
		add("sysctl", strings.Join(settings(root), "\n"))
	}
	return lines
}

func differences(before, after map[string]bool) []string {
	var found []string
	for line := range after {
		if !before[line] {
			found = append(found, "left behind: "+line)
		}
	}
	for line := range before {
		if !after[line] {
			found = append(found, "gone: "+line)
		}
	}
	sort.Strings(found)
	return found
}

// daemons lists the orphaned processes, except kernel threads: a shell or a
// compiler beside this test does not belong to the cluster.
func daemons() []string {
	var found []string
	dirs, _ := filepath.Glob("/proc/[0-9]*")
	for _, dir := range dirs {
		stat, err := os.ReadFile(dir + "/stat")
		if err != nil {
			continue
		}
		command, _ := os.ReadFile(dir + "/cmdline")
		if fields := strings.Fields(afterLast(string(stat), ")")); len(fields) > 1 && fields[1] == "1" && fields[0] != "Z" && len(command) > 0 {
			found = append(found, filepath.Base(dir)+" "+strings.ReplaceAll(string(command), "\x00", " "))
		}
	}
	return found
}

// busy are directories that others change all the time.
var busy = map[string]bool{
	"/var/cache": true, "/var/tmp": true, "/var/log/journal": true, "/var/lib/apt": true,
	lockPath: true,
}

func files(root string) []string {
	var found []string
	_ = filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return nil // removed in the meantime
		case busy[path]:
			return filepath.SkipDir
		case strings.HasPrefix(root, "/sys") && !entry.IsDir():
			return nil
		}
		found = append(found, path)
		return nil
	})
	return found
}

func settings(root string) []string {
	var found []string
	_ = filepath.WalkDir(filepath.Join("/proc/sys", root), func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return nil
		}
		content, err := os.ReadFile(path)
		value := strings.TrimSpace(string(content))
		if err == nil && !isCounter(path) {
			found = append(found, strings.TrimPrefix(path, "/proc/sys/")+" = "+strings.ReplaceAll(value, "\n", " "))
		}
		return nil
	})
	return found
}

// isCounter distinguishes values that the kernel counts from settings.
func isCounter(path string) bool {
	for _, part := range []string{"/random/", "/ns_last_pid", "_count", "/pty/nr", "/stat_refresh"} {
		if strings.Contains(path, part) {
			return true
		}
	}
	return false
}
