package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// All pods are in a control group of our own, so that they are not confused with those of
// another kubelet, and can be found without containerd.

// cgroupRoots are the hierarchies of this machine: one with v2, one per controller with v1.
func cgroupRoots(mountInfo string) []string {
	var roots []string
	for _, mount := range parseMounts(mountInfo) {
		if mount.kind == "cgroup" || mount.kind == "cgroup2" {
			roots = append(roots, mount.point)
		}
	}
	return roots
}

func machineCgroupRoots() ([]string, error) {
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	return cgroupRoots(string(mounts)), err
}

func makeCgroup() error {
	roots, err := machineCgroupRoots()
	if err != nil {
		return err
	}
	if len(roots) == 0 {
		return errors.New("no control groups are mounted under /sys/fs/cgroup")
	}
	for _, root := range roots {
		if err := enableControllers(root); err != nil {
			return err
		}
		if err := os.MkdirAll(filepath.Join(root, cgroupName), 0o755); err != nil {
			return err
		}
	}
	return nil
}

// enableControllers enables all controllers for the groups below a v2 root. It leaves v1
// alone, and also the v2 hierarchy beside v1, which has no memory controller.
func enableControllers(root string) error {
	available, enabled := controllers2(root)
	if !slices.Contains(available, "memory") {
		return nil
	}
	for _, controller := range difference(available, enabled) {
		if err := switchController(root, "+"+controller); err != nil {
			return fmt.Errorf("control groups cannot be divided on this machine: %w", err)
		}
	}
	return nil
}

// controllers2 lists the available and the enabled controllers of a v2 hierarchy.
func controllers2(root string) (available, enabled []string) {
	read := func(name string) []string {
		content, _ := os.ReadFile(filepath.Join(root, name))
		return strings.Fields(string(content))
	}
	return read("cgroup.controllers"), read("cgroup.subtree_control")
}

func switchController(root, change string) error {
	return os.WriteFile(filepath.Join(root, "cgroup.subtree_control"), []byte(change), 0o644)
}

func difference(from, without []string) []string {
	var rest []string
	for _, word := range from {
		if !slices.Contains(without, word) {
			rest = append(rest, word)
		}
	}
	return rest
}

// removeCgroups removes our groups, and restores the enabled controllers.
func removeCgroups(l layout) error {
	roots, err := machineCgroupRoots()
	if err != nil {
		return err
	}
	was, err := readMachine(l)
	if err != nil {
		return err
	}
	var failed []error
	for _, root := range roots {
		failed = append(failed, removeTree(filepath.Join(root, cgroupName)))
		if before, noted := was.Controllers[root]; noted {
			_, enabled := controllers2(root)
			for _, controller := range difference(enabled, before) {
				// This fails if somebody else uses it by now.
				_ = switchController(root, "-"+controller)
			}
		}
	}
	return errors.Join(failed...)
}

// removeTree removes the groups from the leaves up. A group can always be removed a moment
// after its last process has gone.
func removeTree(dir string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if entry.IsDir() {
			if err := removeTree(filepath.Join(dir, entry.Name())); err != nil {
				return err
			}
		}
	}
	return poll(context.Background(), 5*time.Second, func(context.Context) error { return syscall.Rmdir(dir) })
}
