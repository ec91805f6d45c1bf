package checkconfig

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/rehearsal-dev/rehearsal/pkg/check"
	"github.com/rehearsal-dev/rehearsal/pkg/cli/cluster"
	"github.com/rehearsal-dev/rehearsal/pkg/cli/program"
	"github.com/rehearsal-dev/rehearsal/pkg/github"
	"github.com/rehearsal-dev/rehearsal/pkg/ratelimit"
	"github.com/rehearsal-dev/rehearsal/pkg/settings"
)

// liveOptions say which installation to check.
type liveOptions struct {
	cluster.Address
	// credentials is a directory with the files of the controller's Secret; empty reads
	// the Secret itself.
	credentials string
	// github is the URL of the REST API as seen from here; empty means that of the
	// settings.
	github string
}

func (o *liveOptions) add(cmd *cobra.Command) {
	o.Address.Add(cmd)
	cmd.Flags().StringVar(&o.credentials, "github-credentials", "", "`directory` with the file token, or with private-key and app-id (default: the Secret "+check.GitHubSecret+")")
	cmd.Flags().StringVar(&o.github, "github-endpoint", "", "`URL` of GitHub's REST API as seen from here (default: that of the settings)")
}

func (o *liveOptions) client() (kubernetes.Interface, error) {
	config, err := o.Config()
	if err != nil {
		return nil, err
	}
	kube, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("making a client: %w", err)
	}
	return kube, nil
}

// installed reads the settings from the cluster.
func (o *liveOptions) installed(ctx context.Context) (*settings.Settings, error) {
	kube, err := o.client()
	if err != nil {
		return nil, err
	}
	cm, err := kube.CoreV1().ConfigMaps(o.Namespace).Get(ctx, settings.ConfigMap, metav1.GetOptions{})
	if err != nil {
		return nil, fmt.Errorf("reading the settings: %w; name a file to check others", err)
	}
	s, err := settings.Parse(cm.Data)
	if err != nil {
		return nil, &program.Outcome{Status: program.ExitRefused, Words: fmt.Sprintf("the settings in the cluster are not valid:\n%v", err)}
	}
	return s, nil
}

// checkLive compares an installation with its settings, and changes nothing. A finding
// that is not ok makes an error with the exit status ExitRefused.
func checkLive(ctx context.Context, s *settings.Settings, out io.Writer, o liveOptions) error {
	kube, err := o.client()
	if err != nil {
		return err
	}
	return checkInstallation(ctx, kube, s, out, o)
}

func checkInstallation(ctx context.Context, kube kubernetes.Interface, s *settings.Settings, out io.Writer, o liveOptions) error {
	findings := check.Cluster(ctx, kube, o.Namespace, s)
	findings = append(findings, check.Tekton(ctx, kube)...)
	gh, err := o.gitHub(ctx, kube, s)
	if err != nil {
		findings = append(findings, check.Finding{
			Area: "GitHub, at " + s.GitHub.Endpoint, State: check.Unknown, Text: "GitHub was not checked: " + err.Error() + ".",
			Do: "name a directory with the credentials with --github-credentials",
		})
	}
	files := o.prowFiles(ctx, kube, gh, s)
	if gh != nil {
		findings = append(findings, check.GitHub(ctx, gh, s, check.Forwarded(files))...)
	}
	findings = append(findings, check.Prow(files, s)...)
	findings = append(findings, check.Hook(files, s)...)
	if err := check.Write(out, findings); err != nil {
		return err
	}
	if !check.AllFine(findings) {
		return &program.Outcome{Status: program.ExitRefused}
	}
	return nil
}

// gitHub returns a client with the credentials of the installation. It respects the rate
// limits that the controller has recorded.
func (o *liveOptions) gitHub(ctx context.Context, kube kubernetes.Interface, s *settings.Settings) (*github.Client, error) {
	token, app, err := o.identity(ctx, kube, s)
	if err != nil {
		return nil, err
	}
	endpoint := o.github
	if endpoint == "" {
		endpoint = s.GitHub.Endpoint
	}
	return github.New(github.Options{
		Endpoint: endpoint, Token: token, App: app, UserAgent: "rehearse",
		Windows: &ratelimit.Store{ConfigMaps: kube.CoreV1().ConfigMaps(o.Namespace)},
	})
}

func (o *liveOptions) identity(ctx context.Context, kube kubernetes.Interface, s *settings.Settings) (github.TokenSource, *github.App, error) {
	if o.credentials != "" {
		return github.Credentials(o.credentials, s.GitHub.AppID)
	}
	secret, err := kube.CoreV1().Secrets(o.Namespace).Get(ctx, check.GitHubSecret, metav1.GetOptions{})
	if err != nil {
		return nil, nil, err
	}
	return github.SecretCredentials(secret.Data, s.GitHub.AppID)
}

// prowFiles reads Prow's files from the cluster, or else from the first config
// repository.
func (o *liveOptions) prowFiles(ctx context.Context, kube kubernetes.Interface, gh *github.Client, s *settings.Settings) check.ProwFiles {
	var files check.ProwFiles
	var first settings.Repository
	if len(s.Repositories) > 0 {
		first = s.Repositories[0]
	}
	read := func(configMap, path string) ([]byte, error) {
		cm, err := kube.CoreV1().ConfigMaps(s.Prow.ProwJobNamespace).Get(ctx, configMap, metav1.GetOptions{})
		if err == nil {
			if text := cm.Data[configMap+".yaml"]; text != "" {
				return []byte(text), nil
			}
			err = fmt.Errorf("the ConfigMap %s has no %s.yaml", configMap, configMap)
		}
		if gh == nil || path == "" {
			return nil, err
		}
		org, repo, _ := strings.Cut(first.Name, "/")
		return inRepository(ctx, gh, org, repo, path)
	}
	files.Config, files.ConfigErr = read("config", first.ProwConfig)
	files.Plugins, files.PluginsErr = read("plugins", first.PluginConfig)
	return files
}

func inRepository(ctx context.Context, gh *github.Client, org, repo, path string) ([]byte, error) {
	branch, err := gh.DefaultBranch(ctx, org, repo)
	if err != nil {
		return nil, err
	}
	return gh.Content(ctx, org, repo, path, branch)
}
