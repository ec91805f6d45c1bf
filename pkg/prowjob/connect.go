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
	// Namespace is ours: ConfigMaps and PipelineRuns.
	Namespace string
	// KubeconfigDir is for LoadClusters.
	KubeconfigDir string
}

// AddFlags adds a flag for each place. The defaults come from the environment.
func (p *Places) AddFlags(flags *flag.FlagSet) {
	flags.StringVar(&p.Namespace, "namespace", Env("NAMESPACE", "rehearsals"), "namespace of the run's ConfigMaps and PipelineRun [$NAMESPACE]")
	flags.StringVar(&p.KubeconfigDir, "kubeconfig-dir", Env("KUBECONFIG_DIR", ""), "directory of kubeconfigs for the clusters that pods run in: a file for each of Prow's cluster aliases, named as it is, or files with several contexts named so; may be missing [$KUBECONFIG_DIR]")
}

// Env is the value of an environment variable, or the fallback when it is empty.
func Env(name, fallback string) string {
	if value := os.Getenv(name); value != "" {
		return value
	}
	return fallback
}

// Connection is the clients for all places. What Prow has is found once Find was
// told where.
type Connection struct {
	Kube     kubernetes.Interface
	Tekton   tektonclient.Interface
	Prow     prowclientset.Interface
	ProwJobs prowclient.ProwJobInterface
	// Clusters are those that pods run in.
	Clusters Clusters
	Logs     *Logs
}

// What a client may ask an API server for, calls a second and at once. client-go's
// own limits are 5 and 10: that is for people.
const (
	QPS   = 50
	Burst = 100
)

// Connect makes the clients, with the pod's service account, or with KUBECONFIG
// outside of a pod. It makes no call.
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

// Find says in which namespaces ProwJobs and their pods are.
func (c *Connection) Find(prowJobs, pods string) {
	c.ProwJobs = c.Prow.ProwV1().ProwJobs(prowJobs)
	c.Logs.Namespace = pods
}
