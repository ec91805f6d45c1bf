package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// A before describes the machine before `up`, as far as `down` has to restore it.
type before struct {
	Sysctls     map[string]string   `json:"sysctls"`
	Tables      map[string][]string `json:"tables"` // the iptables tables, by family
	MissingDirs []string            `json:"missing_dirs"`
	Controllers map[string][]string `json:"controllers"` // enabled, by v2 hierarchy
}

// sysctls are the kernel settings that the kubelet, kube-proxy, the CNI plugins or we may
// change.
var sysctls = []string{
	"kernel/keys/root_maxbytes",
	"kernel/keys/root_maxkeys",
	"kernel/panic",
	"kernel/panic_on_oops",
	"net/ipv4/conf/all/route_localnet",
	"net/ipv4/ip_forward",
	"net/netfilter/nf_conntrack_max",
	"net/netfilter/nf_conntrack_tcp_be_liberal",
	"net/netfilter/nf_conntrack_tcp_timeout_close_wait",
	"net/netfilter/nf_conntrack_tcp_timeout_established",
	"vm/overcommit_memory",
	"vm/panic_on_oom",
}

// saveMachine records the machine's state once: a second `up` would record the changes of
// the first one.
func saveMachine(ctx context.Context, l layout) error {
	if exists(l.config("before.json")) {
		return nil
	}
	was := before{
		Sysctls:     readSysctls("/proc/sys"),
		Tables:      map[string][]string{},
		MissingDirs: missingDirs(sharedDirs),
		Controllers: map[string][]string{},
	}
	roots, err := machineCgroupRoots()
	if err != nil {
		return err
	}
	for _, root := range roots {
		if available, enabled := controllers2(root); len(available) > 0 {
			was.Controllers[root] = enabled
		}
	}
	for _, family := range families {
		saved, err := output(ctx, family.save)
		if err != nil && family.required {
			return err
		}
		was.Tables[family.save] = []string{}
		for _, table := range parseTables(saved) {
			was.Tables[family.save] = append(was.Tables[family.save], table.name)
		}
	}
	content, err := json.MarshalIndent(was, "", "  ")
	if err != nil {
		return err
	}
	return write(l.config("before.json"), string(content))
}

// readMachine returns the recorded state; it is empty if `up` stopped before it changed
// anything.
func readMachine(l layout) (before, error) {
	var was before
	content, err := os.ReadFile(l.config("before.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return was, nil
	}
	if err != nil {
		return was, err
	}
	if err := json.Unmarshal(content, &was); err != nil {
		return was, fmt.Errorf("%s: %w", l.config("before.json"), err)
	}
	return was, nil
}

func readSysctls(root string) map[string]string {
	values := map[string]string{}
	for _, name := range sysctls {
		if content, err := os.ReadFile(filepath.Join(root, name)); err == nil {
			values[name] = strings.TrimSpace(string(content))
		}
	}
	return values
}

func restoreSysctls(l layout) error {
	was, err := readMachine(l)
	if err != nil {
		return err
	}
	var failed []error
	for name, now := range readSysctls("/proc/sys") {
		if value, noted := was.Sysctls[name]; noted && value != now {
			failed = append(failed, os.WriteFile(filepath.Join("/proc/sys", name), []byte(value), 0o644))
		}
	}
	return errors.Join(failed...)
}
