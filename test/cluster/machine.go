package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"time"
)

const etcdPackage = "etcd-server"

// needed are the programs that the cluster uses, with their Debian packages.
var needed = []struct{ path, debian string }{
	{"etcd", etcdPackage},
	{"containerd", "containerd"},
	{"runc", "runc"},
	{"/usr/lib/cni/bridge", "containernetworking-plugins"},
	{"iptables", "iptables"},
	{"conntrack", "conntrack"},
	{"/bin/busybox", "busybox-static"},
	{"ip", "iproute2"},
	{"git", "git"},
	{"esbuild", "esbuild"},
	{momentLibrary, "libjs-moment"},
	{certificateBundle, "ca-certificates"},
	{"mount", "mount"},
}

// checkMachine returns an error, in one sentence, if the cluster cannot work here. It
// changes nothing.
func checkMachine(source string) error {
	if runtime.GOOS != "linux" {
		return fmt.Errorf("the cluster runs on Linux only, this is %s", runtime.GOOS)
	}
	if os.Geteuid() != 0 {
		return errors.New("the cluster needs root: it makes network devices, mounts and control groups")
	}
	if !exists("/sys/fs/cgroup") {
		return errors.New("the kernel has no control groups under /sys/fs/cgroup")
	}
	return checkSource(source)
}

// checkSource returns an error if something needed to compile is missing.
func checkSource(source string) error {
	if !exists(source + "/components/go.mod") {
		return errors.New("run this from its own directory: go -C test/cluster run . up")
	}
	if _, err := exec.LookPath("go"); err != nil {
		return errors.New("the cluster is built from source, and there is no go on PATH")
	}
	return nil
}

// checkPrograms checks what can only be checked once the packages are installed.
func checkPrograms(ctx context.Context) error {
	version, err := output(ctx, "git", "--version")
	if err != nil {
		return err
	}
	if err := checkGit(version); err != nil {
		return err
	}
	if _, err := output(ctx, "iptables", "-w", "-t", "nat", "-S"); err != nil {
		return fmt.Errorf("iptables cannot be used on this machine, so neither can services: %w", err)
	}
	return nil
}

var gitVersion = regexp.MustCompile(`(\d+)\.(\d+)`)

// checkGit requires merge-tree --write-tree, which git has since 2.38.
func checkGit(said string) error {
	numbers := gitVersion.FindStringSubmatch(said)
	if numbers == nil {
		return fmt.Errorf("git does not tell its version: %q", strings.TrimSpace(said))
	}
	major, _ := strconv.Atoi(numbers[1])
	minor, _ := strconv.Atoi(numbers[2])
	if major < 2 || major == 2 && minor < 38 {
		return fmt.Errorf("git 2.38 or newer is needed (for merge-tree --write-tree), this is %s", numbers[0])
	}
	return nil
}

// checkForeign refuses to share the machine with another Kubernetes: both would write the
// same rules, and `down` would remove them.
func checkForeign(ctx context.Context, l layout) error {
	if exists(l.state) {
		return nil
	}
	saved, err := output(ctx, "iptables-save")
	if err != nil {
		return err
	}
	for _, table := range parseTables(saved) {
		for chain := range table.chains {
			if strings.HasPrefix(chain, "KUBE-") {
				return fmt.Errorf("another Kubernetes uses this machine: iptables has its chain %s", chain)
			}
		}
	}
	return nil
}

// A listener is an address that must be free before its server starts.
type listener struct {
	server  string
	address string
	port    int
}

// checkPorts names the first port that is taken, and by whom. Our servers that already run
// hold theirs rightly; one that has just ended may take a moment to release it.
func checkPorts(ctx context.Context, l layout) error {
	for _, wanted := range listeners() {
		if _, running := readRecord(l.run(wanted.server + ".pid")); running {
			continue
		}
		if err := poll(ctx, 2*time.Second, func(context.Context) error { return wanted.free() }); err != nil {
			return fmt.Errorf("port %d, which %s needs, is taken%s", wanted.port, wanted.server, byWhom(wanted.port))
		}
	}
	return nil
}

// free tries the port on every address if its own address may not exist yet.
func (w listener) free() error {
	address := w.address
	if address == hostAddress {
		address = ""
	}
	socket, err := net.Listen("tcp", net.JoinHostPort(address, strconv.Itoa(w.port)))
	if err != nil {
		return err
	}
	return socket.Close()
}

func byWhom(port int) string {
	for _, path := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		content, err := os.ReadFile(path)
		if err != nil {
			continue
		}
		if inode := listeningInode(string(content), port); inode != "" {
			if owner := socketOwner("/proc", inode); owner != "" {
				return " by " + owner
			}
		}
	}
	return ""
}

// listeningInode finds the socket that listens on a port in /proc/net/tcp: column 1 is the
// local address, 3 the state (0A = LISTEN), 9 the inode.
func listeningInode(table string, port int) string {
	suffix := fmt.Sprintf(":%04X", port)
	for _, line := range strings.Split(table, "\n") {
		fields := strings.Fields(line)
		if len(fields) > 9 && strings.HasSuffix(fields[1], suffix) && fields[3] == "0A" {
			return fields[9]
		}
	}
	return ""
}
