package main

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestCheckGit(t *testing.T) {
	for said, ok := range map[string]bool{
		"git version 2.38.0":            true,
		"git version 2.39.5\n":          true,
		"git version 3.0.1":             true,
		"git version 2.37.9":            false,
		"git version 1.99":              false,
		"git version 2.50.1 (Apple)":    true,
		"something else without number": false,
	} {
		if err := checkGit(said); (err == nil) != ok {
			t.Errorf("%q: %v", said, err)
		}
	}
}

func TestPortTaken(t *testing.T) {
	socket, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := socket.Addr().(*net.TCPAddr).Port
	wanted := listener{server: "registry", address: "127.0.0.1", port: port}
	if wanted.free() == nil {
		t.Error("a port that is taken counts as free")
	}
	if owner := byWhom(port); !strings.HasPrefix(owner, " by ") || !strings.Contains(owner, "process") {
		t.Errorf("the port's owner, this test, is not found: %q", owner)
	}
	if err := socket.Close(); err != nil {
		t.Fatal(err)
	}
	if err := wanted.free(); err != nil {
		t.Errorf("a free port counts as taken: %v", err)
	}
}

func TestListeningInode(t *testing.T) {
	table := `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:3A98 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4242 1
   1: 0100007F:3A99 0100007F:1F90 01 00000000:00000000 00:00000000 00000000     0        0 4343 1
`
	for port, want := range map[int]string{15000: "4242", 15001: "", 80: ""} {
		if got := listeningInode(table, port); got != want {
			t.Errorf("port %d: got %q, want %q", port, got, want)
		}
	}
}

func TestParseMounts(t *testing.T) {
	mountInfo := `22 1 254:0 / / rw,relatime - ext4 /dev/vda rw
30 22 0:26 / /sys/fs/cgroup/cpu rw - cgroup none rw,cpu
31 22 0:27 / /sys/fs/cgroup/unified rw - cgroup2 none rw
40 22 0:40 / /state/kubelet/pods/a\040b rw shared:7 - tmpfs tmpfs rw
41 40 0:41 / /state/kubelet/pods/a\040b/secret rw - tmpfs tmpfs rw
42 22 0:42 / /statement rw - tmpfs tmpfs rw
`
	if got, want := strings.Join(cgroupRoots(mountInfo), " "), "/sys/fs/cgroup/cpu /sys/fs/cgroup/unified"; got != want {
		t.Errorf("cgroups: got %s, want %s", got, want)
	}
	if got, want := strings.Join(mountsBelow(mountInfo, "/state"), "|"), "/state/kubelet/pods/a b/secret|/state/kubelet/pods/a b"; got != want {
		t.Errorf("mounts: got %s, want %s", got, want)
	}
}

func TestEnableControllers(t *testing.T) {
	for name, test := range map[string]struct{ available, enabled, want string }{
		"v2 with a controller to enable":  {"cpu memory pids", "cpu memory", "+pids"},
		"v2 with all controllers enabled": {"cpu memory", "cpu memory", "cpu memory"},
		"v2 beside v1, without memory":    {"hugetlb", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			root := t.TempDir()
			for file, content := range map[string]string{"cgroup.controllers": test.available, "cgroup.subtree_control": test.enabled} {
				if err := os.WriteFile(filepath.Join(root, file), []byte(content), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if err := enableControllers(root); err != nil {
				t.Fatal(err)
			}
			// A plain file keeps only the last write.
			if got, err := os.ReadFile(filepath.Join(root, "cgroup.subtree_control")); err != nil || string(got) != test.want {
				t.Errorf("written: %q, %v", got, err)
			}
		})
	}
	if err := enableControllers(t.TempDir()); err != nil {
		t.Errorf("a v1 hierarchy: %v", err)
	}
}
