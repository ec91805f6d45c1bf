package main

import (
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
)

// socketOwner returns the process that holds a socket.
func socketOwner(proc, inode string) string {
	descriptors, _ := filepath.Glob(proc + "/[0-9]*/fd/*")
	for _, path := range descriptors {
		if target, err := os.Readlink(path); err == nil && target == "socket:["+inode+"]" {
			pid := strings.Split(strings.TrimPrefix(path, proc+"/"), "/")[0]
			name, _ := os.ReadFile(filepath.Join(proc, pid, "comm"))
			return strings.TrimSpace(string(name)) + " (process " + pid + ")"
		}
	}
	return ""
}

// A found process belongs to the cluster: to a container, a shim or a server.
type found struct {
	pid       int
	container bool
	command   string
}

// clusterProcesses finds the cluster's processes without pid files: containers by their
// control group, all others by the state directory on their command line.
func clusterProcesses(l layout) []found {
	entries, _ := filepath.Glob("/proc/[0-9]*")
	var processes []found
	for _, dir := range entries {
		pid, err := strconv.Atoi(filepath.Base(dir))
		if err != nil || pid == os.Getpid() || startTime(pid) == "" {
			continue
		}
		cgroup, _ := os.ReadFile(dir + "/cgroup")
		command, _ := os.ReadFile(dir + "/cmdline")
		arguments := strings.TrimSpace(strings.ReplaceAll(string(command), "\x00", " "))
		switch {
		case inClusterCgroup(string(cgroup)):
			processes = append(processes, found{pid: pid, container: true, command: arguments})
		case isClusterCommand(l, strings.Split(string(command), "\x00")):
			processes = append(processes, found{pid: pid, command: arguments})
		}
	}
	sort.Slice(processes, func(i, j int) bool { return processes[i].pid < processes[j].pid })
	return processes
}

func inClusterCgroup(cgroup string) bool {
	return strings.Contains(cgroup, ":/"+cgroupName+"/")
}

// isClusterCommand recognises servers and container shims, but not an editor with one of
// our files open.
func isClusterCommand(l layout, arguments []string) bool {
	program := filepath.Base(arguments[0])
	known := program == "containerd-shim-runc-v2" || program == "crane" || program == "runc"
	for _, name := range serverNames {
		known = known || program == name
	}
	return known && strings.Contains(strings.Join(arguments, " "), l.state+"/")
}

// residentKiB returns the resident memory of a process.
func residentKiB(pid int) int {
	status, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/status")
	if err != nil {
		return 0
	}
	for _, line := range strings.Split(string(status), "\n") {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			kib, _ := strconv.Atoi(strings.Fields(rest)[0])
			return kib
		}
	}
	return 0
}
