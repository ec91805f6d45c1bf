package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
)

// ensureNetwork creates the pods' bridge, whose address is the host for pods, and a second,
// empty bridge to which the service range is routed: packets to an address without a rule
// end there instead of on the default route.
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

// bridgedTrafficFiltered reports whether packets between two pods on the bridge pass
// iptables. If not, a response from a service's pod only finds its way back if the host is
// in between.
func bridgedTrafficFiltered() bool {
	content, err := os.ReadFile("/proc/sys/net/bridge/bridge-nf-call-iptables")
	return err == nil && strings.TrimSpace(string(content)) == "1"
}

const (
	guardInput   = "REHEARSAL-INPUT"
	guardForward = "REHEARSAL-FORWARD"
)

// guardRules keep the pods' packets inside the machine: pods reach each other and the host,
// and nothing is forwarded in or out.
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
