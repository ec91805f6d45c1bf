package main

import (
	"fmt"
	"io"
	"sort"
	"strings"
)

// printEnvironment prints shell lines that point every tool at the cluster.
func printEnvironment(l layout, out io.Writer) error {
	images, err := readBaseImages(l)
	if err != nil {
		return err
	}
	bin, err := l.binDir()
	if err != nil {
		return err
	}
	variables := map[string]string{
		"KUBECONFIG":                 l.kubeconfig(),
		"KO_DOCKER_REPO":             registryAddress,
		"KO_CONFIG_PATH":             l.koConfig(),
		"REHEARSAL_HOST_ADDRESS":     hostAddress,
		"REHEARSAL_BUSYBOX_IMAGE":    images.Busybox,
		"REHEARSAL_GIT_IMAGE":        images.Git,
		"REHEARSAL_BIN_DIR":          bin,
		"REHEARSAL_BUILD_KUBECONFIG": l.buildKubeconfig(),
	}
	names := make([]string, 0, len(variables))
	for name := range variables {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		fmt.Fprintf(out, "export %s=%s\n", name, quote(variables[name]))
	}
	_, err = fmt.Fprintf(out, "export PATH=%s:\"$PATH\"\n", quote(bin))
	return err
}

func quote(word string) string {
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
