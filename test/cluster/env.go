package main

import (
	"fmt"
	"io"
	"os"
	"sort"
	"strings"
)

// printEnvironment prints shell commands that configure every tool for the cluster. Without
// a cluster, they only set the paths of the programs.
func printEnvironment(l layout, out io.Writer) error {
	bin, err := l.binDir()
	if err != nil {
		return err
	}
	if !exists(bin) {
		fmt.Fprintln(os.Stderr, "cluster: the programs are not compiled yet: run up, or build")
	}
	variables := map[string]string{"REHEARSAL_BIN_DIR": bin}
	images, err := readBaseImages(l)
	if err != nil {
		fmt.Fprintln(os.Stderr, "cluster: it is down, so these lines name only the programs")
	} else {
		variables["KUBECONFIG"] = l.kubeconfig()
		variables["KO_DOCKER_REPO"] = registryAddress
		variables["KO_CONFIG_PATH"] = l.koConfig()
		variables["REHEARSAL_HOST_ADDRESS"] = hostAddress
		variables["REHEARSAL_BUSYBOX_IMAGE"] = images.Busybox
		variables["REHEARSAL_GIT_IMAGE"] = images.Git
		variables["REHEARSAL_BUILD_KUBECONFIG"] = l.buildKubeconfig()
	}
	names := make([]string, 0, len(variables))
	for name := range variables {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		if _, err := fmt.Fprintf(out, "export %s=%s\n", name, quote(variables[name])); err != nil {
			return err
		}
	}
	_, err = fmt.Fprintf(out, "export PATH=%s:\"$PATH\"\n", quote(bin))
	return err
}

func quote(word string) string {
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
