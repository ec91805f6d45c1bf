package prowjob

import (
	"flag"
	"fmt"
	"os"

	tektonclient "github.com/tektoncd/pipeline/pkg/client/clientset/versioned"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	prowclientset "sigs.k8s.io/prow/pkg/client/clientset/versioned"
	prowclient "sigs.k8s.io/prow/pkg/client/clientset/versioned/typed/prowjobs/v1"
)

// Places says where the objects of a rehearsal are.
type Places struct {
	// Namespace is the namespace of our ConfigMaps and PipelineRuns.
	Namespace string
	// KubeconfigDir is the directory for LoadClusters.
	KubeconfigDir string
}

// AddFlags adds a flag for each place. The defaults come from the environment.
func (p *Places) AddFlags(flags *flag.FlagSet) {
	flags.StringVar(&p.Namespace, "namespace", Env("NAMESPACE", "rehearsals"), "namespace of the run's ConfigMaps and PipelineRun [$NAMESPACE]")
	flags.StringVar(&p.KubeconfigDir, "kubeconfig-dir", Env("KUBECONFIG_DIR", ""), "directory of kubeconfigs for the clusters that pods run in: a file for each of Prow's cluster aliases, named as it is, or files with several contexts named so; may be missing [$KUBECONFIG_DIR]")
}

// Env returns the value of an environment variable, or the fallback if it is empty.
func Env(name, fallback string) string {
	if value := os.Getenv(name); value != "" {
		return value
	}
	return fallback
}

// Connection has the clients for all places. Find sets the namespaces of Prow's objects.
type Connection struct {
	Kube     kubernetes.Interface
	Tekton   tektonclient.Interface
	Prow     prowclientset.Interface
	ProwJobs prowclient.ProwJobInterface
	// Clusters are the build clusters.
	Clusters Clusters
	Logs     *Logs
}

// Rate limits of a client: calls per second, and in a burst. client-go's defaults, 5 and
// 10, are meant for interactive use.
const (
	QPS   = 50
	Burst = 100
)

// Connect creates the clients, with the pod's service account, or with KUBECONFIG outside
// of a pod. It makes no call.
func (p Places) Connect() (*Connection, error) {
	config, err := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(
		clientcmd.NewDefaultClientConfigLoadingRules(), &clientcmd.ConfigOverrides{}).ClientConfig()
	if err != nil {
		return nil, fmt.Errorf("finding the cluster: %w", err)
	}
	config.UserAgent = rest.DefaultKubernetesUserAgent()
	config.QPS, config.Burst = QPS, Burst
	c := &Connection{}
	if c.Kube, err = kubernetes.NewForConfig(config); err != nil {
		return nil, fmt.Errorf("making a client: %w", err)
	}
	if c.Tekton, err = tektonclient.NewForConfig(config); err != nil {
		return nil, fmt.Errorf("making a client for Tekton: %w", err)
	}
	if c.Prow, err = prowclientset.NewForConfig(config); err != nil {
		return nil, fmt.Errorf("making a client for Prow: %w", err)
	}
	if c.Clusters, err = LoadClusters(p.KubeconfigDir, config); err != nil {
		return nil, err
	}
	c.Logs = NewLogs(c.Clusters, "", nil)
	return c, nil
}

// Find sets the namespaces of the ProwJobs and of their pods.
func (c *Connection) Find(prowJobs, pods string) {
	c.ProwJobs = c.Prow.ProwV1().ProwJobs(prowJobs)
	c.Logs.Namespace = pods
}
