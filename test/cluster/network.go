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

// sysctls are the kernel's settings that the kubelet, kube-proxy, the CNI
// plugins or we may change; `up` notes their values, `down` puts them back.
var sysctls = []string{
	"kernel/keys/root_maxbytes",
	"kernel/keys/root_maxkeys",
	"kernel/panic",
	"kernel/panic_on_oops",
	"net/bridge/bridge-nf-call-iptables",
	"net/ipv4/conf/all/route_localnet",
	"net/ipv4/conf/default/route_localnet",
	"net/ipv4/ip_forward",
	"net/ipv4/vs/conntrack",
	"net/netfilter/nf_conntrack_max",
	"net/netfilter/nf_conntrack_tcp_timeout_close_wait",
	"net/netfilter/nf_conntrack_tcp_timeout_established",
	"vm/overcommit_memory",
	"vm/panic_on_oom",
}

// saveMachine notes what `down` has to put back. Only the first `up` sees the
// machine as it was.
func saveMachine(ctx context.Context, l layout) error {
	if !exists(l.config("sysctls.json")) {
		content, err := json.MarshalIndent(readSysctls("/proc/sys"), "", "  ")
		if err != nil {
			return err
		}
		if err := write(l.config("sysctls.json"), string(content)); err != nil {
			return err
		}
	}
	for _, family := range families {
		path := l.config(family.save + ".before")
		if exists(path) {
			continue
		}
		rules, err := output(ctx, family.save)
		if err != nil && family.required {
			return err
		}
		if err := write(path, rules); err != nil {
			return err
		}
	}
	return nil
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
	content, err := os.ReadFile(l.config("sysctls.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	var before map[string]string
	if err := json.Unmarshal(content, &before); err != nil {
		return fmt.Errorf("%s: %w", l.config("sysctls.json"), err)
	}
	var failed []error
	for name, now := range readSysctls("/proc/sys") {
		if was, known := before[name]; known && was != now {
			failed = append(failed, os.WriteFile(filepath.Join("/proc/sys", name), []byte(was), 0o644))
		}
	}
	return errors.Join(failed...)
}

// ensureNetwork makes the pods' bridge, whose address is the host as pods see
// it, and a second, empty bridge that the service range is routed to: an
// address no rule has caught yet ends there, and not on the default route.
func ensureNetwork(ctx context.Context) error {
	for _, bridge := range []string{podBridge, serviceBridge} {
		if !exists("/sys/class/net/" + bridge) {
			if _, err := output(ctx, "ip", "link", "add", bridge, "type", "bridge"); err != nil {
				return err
			}
		}
		if _, err := output(ctx, "ip", "link", "set", bridge, "up"); err != nil {
			return err
		}
	}
	if _, err := output(ctx, "ip", "address", "replace", hostPrefix, "dev", podBridge); err != nil {
		return err
	}
	if _, err := output(ctx, "ip", "route", "replace", serviceRange, "dev", serviceBridge, "src", hostAddress); err != nil {
		return err
	}
	if err := os.WriteFile("/proc/sys/net/ipv4/ip_forward", []byte("1"), 0o644); err != nil {
		return err
	}
	return ensureGuard(ctx)
}

// bridgedTrafficFiltered tells whether packets between two pods on the bridge
// pass iptables. Where they do not, an answer from a service's pod would not
// find its way back unless the host stands in between.
func bridgedTrafficFiltered() bool {
	content, err := os.ReadFile("/proc/sys/net/bridge/bridge-nf-call-iptables")
	return err == nil && strings.TrimSpace(string(content)) == "1"
}

const (
	guardInput   = "REHEARSAL-INPUT"
	guardForward = "REHEARSAL-FORWARD"
)

// guardRules keep the pods' packets inside the machine: pods reach each other
// and the host, and nothing is forwarded in or out.
func guardRules() string {
	return strings.Join([]string{
		"*filter",
		":" + guardInput + " - [0:0]",
		":" + guardForward + " - [0:0]",
		"-A " + guardInput + " -i " + podBridge + " -j ACCEPT",
		"-A " + guardForward + " -i " + podBridge + " -o " + podBridge + " -j ACCEPT",
		"-A " + guardForward + " -i " + podBridge + " -j REJECT",
		"-A " + guardForward + " -o " + podBridge + " -j REJECT",
		"COMMIT",
		"",
	}, "\n")
}

func ensureGuard(ctx context.Context) error {
	if _, err := runIn(ctx, "", nil, guardRules(), "iptables-restore", "--noflush"); err != nil {
		return err
	}
	for hook, chain := range map[string]string{"INPUT": guardInput, "FORWARD": guardForward} {
		if _, err := output(ctx, "iptables", "-w", "-C", hook, "-j", chain); err == nil {
			continue
		}
		if _, err := output(ctx, "iptables", "-w", "-I", hook, "-j", chain); err != nil {
			return err
		}
	}
	return nil
}

func removeNetwork(ctx context.Context) error {
	var failed []error
	for _, bridge := range []string{podBridge, serviceBridge} {
		if !exists("/sys/class/net/" + bridge) {
			continue
		}
		ports, _ := filepath.Glob("/sys/class/net/" + bridge + "/brif/*")
		for _, port := range ports {
			if _, err := output(ctx, "ip", "link", "delete", filepath.Base(port)); err != nil {
				failed = append(failed, err)
			}
		}
		if _, err := output(ctx, "ip", "link", "delete", bridge); err != nil {
			failed = append(failed, err)
		}
	}
	return errors.Join(failed...)
}
