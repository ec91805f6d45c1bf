package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
)

// missingPackages lists the Debian packages that `up` has to install.
func missingPackages() []string {
	var packages []string
	for _, program := range needed {
		if strings.HasPrefix(program.path, "/") {
			if !exists(program.path) {
				packages = append(packages, program.debian)
			}
			continue
		}
		if _, err := exec.LookPath(program.path); err != nil {
			packages = append(packages, program.debian)
		}
	}
	return packages
}

// policyPath is a policy that forbids starting services, see invoke-rc.d(8): otherwise the
// packages of etcd and containerd would start theirs.
const policyPath = "/usr/sbin/policy-rc.d"

func installPackages(ctx context.Context, packages []string) error {
	if len(packages) == 0 {
		return nil
	}
	if _, err := exec.LookPath("apt-get"); err != nil {
		return fmt.Errorf("%s missing and this is no Debian: install them by hand", strings.Join(packages, ", "))
	}
	if !exists(policyPath) {
		if err := os.WriteFile(policyPath, []byte("#!/bin/sh\nexit 101\n"), 0o755); err != nil {
			return err
		}
		defer func() { _ = os.Remove(policyPath) }()
	}
	environment := []string{"DEBIAN_FRONTEND=noninteractive"}
	if _, err := runIn(ctx, "", environment, "", "apt-get", "update", "-q"); err != nil {
		return err
	}
	arguments := append([]string{"install", "-q", "-y", "--no-install-recommends"}, packages...)
	_, err := runIn(ctx, "", environment, "", "apt-get", arguments...)
	return err
}
