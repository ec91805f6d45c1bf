package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// Places outside the state directory to which containerd, the CNI library and the kubelet
// write, whatever their configuration.
const (
	shimSockets   = "/run/containerd/s"
	cniResults    = "/var/lib/cni/results"
	containerLogs = "/var/log/containers"
	devicePlugins = "/var/lib/kubelet/device-plugins"
)

// sharedDirs are the directories of these places, children first. `down` removes those that
// did not exist before `up`, unless somebody else has put something into them since.
var sharedDirs = []string{
	shimSockets, "/run/containerd",
	cniResults, "/var/lib/cni",
	containerLogs,
	devicePlugins, "/var/lib/kubelet",
	"/run/mount", // used by mount(8), which the kubelet calls
}

func missingDirs(dirs []string) []string {
	missing := []string{}
	for _, dir := range dirs {
		if !exists(dir) {
			missing = append(missing, dir)
		}
	}
	return missing
}

// removeFiles removes the state and the files outside it.
func removeFiles(l layout) error {
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return err
	}
	if len(mountsBelow(string(mounts), l.state)) > 0 {
		return errors.New("something is still mounted below " + l.state + ", so nothing in it is removed")
	}
	was, err := readMachine(l)
	if err != nil {
		return err
	}
	failed := []error{removeContainerLogLinks(l), removeCNIResults(l)}
	for _, pattern := range []string{shimSockets + "/*", devicePlugins + "/kubelet.sock"} {
		failed = append(failed, removeDeadSockets(pattern))
	}
	for _, dir := range was.MissingDirs {
		failed = append(failed, removeIfEmpty(dir))
	}
	// Last, because it has the records that the other steps need.
	if err := errors.Join(failed...); err != nil {
		return err
	}
	return os.RemoveAll(l.state)
}

// removeContainerLogLinks removes the kubelet's links to our log files.
func removeContainerLogLinks(l layout) error {
	links, _ := filepath.Glob(containerLogs + "/*")
	for _, link := range links {
		if target, err := os.Readlink(link); err == nil && strings.HasPrefix(target, l.state+"/") {
			if err := os.Remove(link); err != nil {
				return err
			}
		}
	}
	return nil
}

// removeCNIResults removes the CNI library's records of our pods: they name the pod's
// network namespace, which is in our state.
func removeCNIResults(l layout) error {
	results, _ := filepath.Glob(cniResults + "/*")
	for _, path := range results {
		content, err := os.ReadFile(path)
		if err != nil || !strings.Contains(string(content), l.state+"/") {
			continue
		}
		if err := os.Remove(path); err != nil {
			return err
		}
	}
	return nil
}

// removeDeadSockets removes the sockets on which nobody listens.
func removeDeadSockets(pattern string) error {
	sockets, _ := filepath.Glob(pattern)
	for _, socket := range sockets {
		if accepts("unix", socket)(context.Background()) == nil {
			continue
		}
		if err := os.Remove(socket); err != nil {
			return err
		}
	}
	return nil
}

func removeIfEmpty(dir string) error {
	err := os.Remove(dir)
	if err == nil || errors.Is(err, os.ErrNotExist) || errors.Is(err, syscall.ENOTEMPTY) {
		return nil
	}
	return err
}
