package prowjob

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	prowapi "sigs.k8s.io/prow/pkg/apis/prowjobs/v1"
)

// Clusters has the clients for the build clusters, by Prow's alias.
type Clusters map[string]kubernetes.Interface

// LoadClusters reads the kubeconfigs in a directory. In a file with several contexts each
// context is a cluster alias, as in Prow. A file with one context is for the alias that
// is the file's name up to its first dot, whatever the context is called. The alias
// "default" is our own cluster unless a file defines it. An empty or missing directory is
// no error: only "default" exists then.
func LoadClusters(dir string, own *rest.Config) (Clusters, error) {
	configs := map[string]*rest.Config{}
	files, err := kubeconfigs(dir)
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		if err := addContexts(configs, file); err != nil {
			return nil, fmt.Errorf("reading the kubeconfig %s: %w", file, err)
		}
	}
	if _, ok := configs[prowapi.DefaultClusterAlias]; !ok && own != nil {
		configs[prowapi.DefaultClusterAlias] = own
	}
	clusters := Clusters{}
	for alias, config := range configs {
		if clusters[alias], err = kubernetes.NewForConfig(config); err != nil {
			return nil, fmt.Errorf("making a client for the cluster %s: %w", alias, err)
		}
	}
	return clusters, nil
}

// kubeconfigs lists the files of a directory. A mounted Secret contains links, and names
// that begin with two dots, which are skipped.
func kubeconfigs(dir string) ([]string, error) {
	if dir == "" {
		return nil, nil
	}
	entries, err := os.ReadDir(dir)
	if os.IsNotExist(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("listing the kubeconfigs: %w", err)
	}
	var files []string
	for _, entry := range entries {
		path := filepath.Join(dir, entry.Name())
		info, err := os.Stat(path)
		if err != nil {
			return nil, fmt.Errorf("listing the kubeconfigs: %w", err)
		}
		if !info.IsDir() && !strings.HasPrefix(entry.Name(), ".") {
			files = append(files, path)
		}
	}
	return files, nil
}

func addContexts(configs map[string]*rest.Config, file string) error {
	loaded, err := clientcmd.LoadFromFile(file)
	if err != nil {
		return err
	}
	for name := range loaded.Contexts {
		config, err := clientcmd.NewNonInteractiveClientConfig(*loaded, name, &clientcmd.ConfigOverrides{}, nil).ClientConfig()
		if err != nil {
			return fmt.Errorf("context %s: %w", name, err)
		}
		config.QPS, config.Burst = QPS, Burst
		alias := name
		if len(loaded.Contexts) == 1 {
			alias = aliasOf(file, name)
		}
		if _, ok := configs[alias]; ok {
			return fmt.Errorf("the cluster %s is defined twice", alias)
		}
		configs[alias] = config
	}
	return nil
}

// aliasOf returns the alias for a file with one context. Tools give all their contexts
// the same name, so the context's name counts only for files with the default name of a
// kubeconfig.
func aliasOf(file, context string) string {
	stem, _, _ := strings.Cut(filepath.Base(file), ".")
	if stem == "kubeconfig" || stem == "config" {
		return context
	}
	return stem
}
