// Package cluster has the commands that talk to the cluster where the rehearsals run.
package cluster

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	tektonclient "github.com/tektoncd/pipeline/pkg/client/clientset/versioned/typed/pipeline/v1"
	authenticationv1 "k8s.io/api/authentication/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	authenticationclient "k8s.io/client-go/kubernetes/typed/authentication/v1"
	coreclient "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	prowclient "sigs.k8s.io/prow/pkg/client/clientset/versioned/typed/prowjobs/v1"

	"github.com/rehearsal-dev/rehearsal/pkg/cli/screen"
	rehearsalclient "github.com/rehearsal-dev/rehearsal/pkg/client/clientset/versioned/typed/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/prowjob"
	"github.com/rehearsal-dev/rehearsal/pkg/settings"
	"github.com/rehearsal-dev/rehearsal/pkg/terminal"
)

// namespaceVariable is the environment variable with the namespace of the Rehearsals, if
// that is not the default.
const namespaceVariable = "REHEARSAL_NAMESPACE"

// Address holds the flags that select a cluster, as kubectl has them.
type Address struct {
	kubeconfig, context, Namespace, as string
}

// Add adds the flags to a command.
func (a *Address) Add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&a.kubeconfig, "kubeconfig", "", "`path` of the kubeconfig file (default: $KUBECONFIG, else ~/.kube/config)")
	flags.StringVar(&a.context, "context", "", "`name` of the context in the kubeconfig (default: the current one)")
	// The namespace of the context is not used: it is where the user works, not where
	// Rehearsal is installed.
	flags.StringVarP(&a.Namespace, "namespace", "n", prowjob.Env(namespaceVariable, "rehearsals"), "`namespace` of the Rehearsals [$"+namespaceVariable+"]")
	flags.StringVar(&a.as, "as", "", "`user` to impersonate")
	completeFlag(cmd, "context", func(context.Context) ([]string, error) { return a.contexts() })
}

func (a *Address) rules() *clientcmd.ClientConfigLoadingRules {
	rules := clientcmd.NewDefaultClientConfigLoadingRules()
	rules.ExplicitPath = a.kubeconfig
	return rules
}

func (a *Address) contexts() ([]string, error) {
	config, err := a.rules().Load()
	if err != nil {
		return nil, err
	}
	names := make([]string, 0, len(config.Contexts))
	for name := range config.Contexts {
		names = append(names, name)
	}
	return names, nil
}

// cluster holds the clients that the commands use.
type cluster struct {
	namespace, host string
	users           authenticationclient.SelfSubjectReviewInterface
	configMaps      coreclient.ConfigMapInterface
	rehearsals      rehearsalclient.RehearsalInterface
	pipelineRuns    tektonclient.PipelineRunInterface
	prowJobs        prowclient.ProwJobsGetter
}

// connect returns the clients. It makes no call.
func (a *Address) connect() (*cluster, error) {
	config, err := a.Config()
	if err != nil {
		return nil, err
	}
	return newCluster(config, a.Namespace)
}

// Config returns the configuration for the API server.
func (a *Address) Config() (*rest.Config, error) {
	overrides := &clientcmd.ConfigOverrides{CurrentContext: a.context}
	overrides.AuthInfo.Impersonate = a.as
	config, err := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(a.rules(), overrides).ClientConfig()
	if clientcmd.IsEmptyConfig(err) {
		return nil, fmt.Errorf("no cluster is configured: name a kubeconfig with --kubeconfig or $KUBECONFIG, as for kubectl")
	}
	if err != nil {
		return nil, fmt.Errorf("finding the cluster: %w; `kubectl config get-contexts` lists the contexts", err)
	}
	config.UserAgent = rest.DefaultKubernetesUserAgent()
	config.WarningHandlerWithContext = rest.NoWarnings{}
	config.QPS, config.Burst = prowjob.QPS, prowjob.Burst
	return config, nil
}

func newCluster(config *rest.Config, namespace string) (*cluster, error) {
	c := &cluster{namespace: namespace, host: config.Host}
	users, err := authenticationclient.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("making a client: %w", err)
	}
	core, err := coreclient.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("making a client: %w", err)
	}
	ours, err := rehearsalclient.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("making a client: %w", err)
	}
	tekton, err := tektonclient.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("making a client for Tekton: %w", err)
	}
	prow, err := prowclient.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("making a client for Prow: %w", err)
	}
	c.users, c.configMaps, c.rehearsals = users.SelfSubjectReviews(), core.ConfigMaps(namespace), ours.Rehearsals(namespace)
	c.pipelineRuns, c.prowJobs = tekton.PipelineRuns(namespace), prow
	return c, nil
}

// settings returns the settings of the installation. It returns the defaults, which fit
// most installations, if the user may not read the settings or this version cannot parse
// them.
func (c *cluster) settings(ctx context.Context) *settings.Settings {
	cm, err := c.configMaps.Get(ctx, settings.ConfigMap, metav1.GetOptions{})
	if err != nil {
		return settings.Defaults()
	}
	s, err := settings.Parse(cm.Data)
	if err != nil {
		return settings.Defaults()
	}
	return s
}

// maxUser is the limit in the schema of Rehearsal for the author of a command, in
// characters.
const maxUser = 100

// user returns the user's name in the cluster, and the cluster's time: decisions depend
// on the order of commands, and the clock of a laptop may be wrong.
func (c *cluster) user(ctx context.Context) (name string, now time.Time, err error) {
	review, err := c.users.Create(ctx, &authenticationv1.SelfSubjectReview{}, metav1.CreateOptions{})
	if err != nil {
		return "", time.Time{}, c.explain(err, "create", "selfsubjectreviews.authentication.k8s.io")
	}
	now = review.CreationTimestamp.Time
	if now.IsZero() {
		now = time.Now()
	}
	name = review.Status.UserInfo.Username
	return name, now, checkUser(name)
}

// checkUser refuses names that cannot be the author of a command.
func checkUser(name string) error {
	length := len([]rune(name))
	switch {
	case name == "" || name == "system:anonymous":
		return fmt.Errorf("the cluster does not know who you are: log in, or use another context")
	case length > maxUser:
		return fmt.Errorf("your user name in this cluster has %d characters, but a command can record only %d: comment on the pull request instead, or ask for a shorter name (it begins with %s)", length, maxUser, terminal.Plain(screen.Cut(name, 40)))
	case terminal.Plain(name) != name:
		return fmt.Errorf("your user name in this cluster, %q, has characters that cannot be shown: comment on the pull request instead, or ask for another name", name)
	}
	return nil
}
