package rig

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// FreePort returns a port on which nothing listens now.
func FreePort() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		return "", err
	}
	return port, l.Close()
}

// FreePorts returns several ports, all different.
func FreePorts(n int) ([]string, error) {
	ports := make([]string, n)
	for i := range ports {
		var err error
		if ports[i], err = FreePort(); err != nil {
			return nil, err
		}
	}
	return ports, nil
}

// ModulePath returns a path in a module with which we are built.
func ModulePath(module string, path ...string) (string, error) {
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", module).Output()
	if err != nil {
		return "", fmt.Errorf("finding the module %s: %w", module, err)
	}
	return filepath.Join(append([]string{strings.TrimSpace(string(dir))}, path...)...), nil
}

// FindRoot returns the top of the repository: tests run in their package's directory.
func FindRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "test", "cluster", "go.mod")); err == nil {
			return dir, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", fmt.Errorf("no directory above the current one is the repository")
		}
		dir = parent
	}
}

// ServiceAccount returns the user name of one of our service accounts, which Roles and
// policies use.
func ServiceAccount(name string) string { return "system:serviceaccount:" + Namespace + ":" + name }
