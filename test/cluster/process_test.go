package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestParseStartTime(t *testing.T) {
	rest := " 1 2 2 0 -1 4194304 1 0 0 0 0 0 0 0 20 0 1 0 777 100 1 184467"
	for name, test := range map[string]struct{ stat, want string }{
		"running":                        {"12 (etcd) S" + rest, "777"},
		"name with blanks and a bracket": {"12 (a ) b) R" + rest, "777"},
		"zombie":                         {"12 (etcd) Z" + rest, ""},
		"nothing":                        {"", ""},
	} {
		t.Run(name, func(t *testing.T) {
			if got := parseStartTime(test.stat); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestServerLife(t *testing.T) {
	l := layout{state: t.TempDir()}
	config := filepath.Join(l.state, "config")
	if err := os.WriteFile(config, []byte("a"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := server{
		name:    "sleeper",
		command: []string{"sleep", "600"},
		inputs:  []string{config},
		ready:   func(context.Context) error { return nil },
	}
	t.Cleanup(func() {
		if held, running := readRecord(l.run("sleeper.pid")); running {
			stop(held.PID, time.Second)
		}
	})
	start := func() record {
		t.Helper()
		if err := s.ensureRunning(t.Context(), l); err != nil {
			t.Fatal(err)
		}
		held, running := readRecord(l.run("sleeper.pid"))
		if !running {
			t.Fatal("it does not run")
		}
		return held
	}
	begin := start()
	if again := start(); again != begin {
		t.Errorf("a running server was started again: %v, %v", begin, again)
	}
	if err := os.WriteFile(config, []byte("b"), 0o600); err != nil {
		t.Fatal(err)
	}
	changed := start()
	if changed.PID == begin.PID {
		t.Error("a server with another configuration goes on with the old one")
	}
	stop(changed.PID, time.Second)
	if after := start(); after.PID == changed.PID {
		t.Error("a server that ended was not started")
	}
}

func TestServerThatEnds(t *testing.T) {
	l := layout{state: t.TempDir()}
	s := server{
		name:    "failing",
		command: []string{"sh", "-c", "echo no such flag; exit 1"},
		ready:   func(context.Context) error { return errors.New("not yet") },
	}
	err := s.ensureRunning(t.Context(), l)
	if err == nil || !strings.Contains(err.Error(), "no such flag") || !strings.Contains(err.Error(), "it ended") {
		t.Errorf("the server's own words are missing: %v", err)
	}
}

func TestReadRecordOfAnotherProcess(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.pid")
	for name, content := range map[string]string{
		"pid reused": `{"pid": 1, "start": "1", "digest": "d"}`,
		"empty file": "",
		"damaged":    "{",
		"no pid":     `{"start": ""}`,
	} {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, running := readRecord(path); running {
			t.Errorf("%s: counts as running", name)
		}
	}
}

func TestClusterProcesses(t *testing.T) {
	l := layout{state: "/var/lib/rehearsal-cluster"}
	for command, want := range map[string]bool{
		"/usr/bin/etcd --data-dir=/var/lib/rehearsal-cluster/data/etcd":                                   true,
		"/usr/bin/containerd-shim-runc-v2 -address /var/lib/rehearsal-cluster/run/containerd.sock":        true,
		"/usr/bin/containerd-shim-runc-v2 -address /run/containerd/containerd.sock":                       false,
		"/usr/bin/etcd --data-dir=/var/lib/etcd":                                                          false,
		"tail -f /var/lib/rehearsal-cluster/log/etcd.log":                                                 false,
		"/cache/bin/kube-apiserver --client-ca-file=/var/lib/rehearsal-cluster/pki/ca.crt --secure-port=": true,
	} {
		if got := isClusterCommand(l, strings.Split(command, " ")); got != want {
			t.Errorf("%s: got %t", command, got)
		}
	}
	for cgroup, want := range map[string]bool{
		"4:memory:/rehearsal-cluster/kubepods/pod1/abc\n": true,
		"0::/rehearsal-cluster/kubepods/pod1/abc\n":       true,
		"0::/user.slice/rehearsal-cluster.scope\n":        false,
		"0::/kubepods/pod1\n":                             false,
	} {
		if got := inClusterCgroup(cgroup); got != want {
			t.Errorf("%q: got %t", cgroup, got)
		}
	}
}
