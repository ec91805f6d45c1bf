package rig

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rehearsal-dev/rehearsal/pkg/run"
	"github.com/rehearsal-dev/rehearsal/pkg/settings"
	"github.com/rehearsal-dev/rehearsal/test/github"
)

// Installation describes a deployment.
type Installation struct {
	// GitHub is the address of the stand-in.
	GitHub string
	// WebhookSecret and Token are shared with the stand-in. Token belongs to Bot; it is
	// used by Prow and, if there is no App, by us.
	WebhookSecret, Token string
	// App is our GitHub App.
	App *github.App
	// Repositories are the config repositories, org/repo.
	Repositories []string
	// Presets are the policies of repositories that do not use the default one.
	Presets map[string]string
	// Sweep is the interval of sweeps.
	Sweep time.Duration
	// Hurried allows more writes than GitHub would accept.
	Hurried bool
	// Settings are further lines of the settings, other than repositories, GitHub, Prow and
	// the sweep.
	Settings string
}

// Random returns a secret of 32 hexadecimal digits.
func Random() string {
	var b [16]byte
	_, _ = rand.Read(b[:])
	return hex.EncodeToString(b[:])
}

// Install deploys the work tree, or upgrades a deployment, and waits until it is ready.
func (c *Cluster) Install(ctx context.Context, in Installation, log func(string)) error {
	if err := c.writeSecrets(ctx, in); err != nil {
		return err
	}
	// Another stand-in may give its repositories the same ids.
	err := c.Kube.CoreV1().ConfigMaps(Namespace).Delete(ctx, "rehearsal-repositories", metav1.DeleteOptions{})
	if err != nil && !apierrors.IsNotFound(err) {
		return fmt.Errorf("forget the repositories of earlier stand-ins: %w", err)
	}
	if err := c.Configure(ctx, in); err != nil {
		return err
	}
	log("make deploy")
	if out, err := c.Output(ctx, "make", "--no-print-directory", "deploy"); err != nil {
		return fmt.Errorf("%w\n%s", err, out)
	}
	for _, name := range []string{Receiver, Controller} {
		if err := c.Restart(ctx, name); err != nil {
			return err
		}
	}
	for _, name := range []string{Receiver, Controller} {
		log("wait for the " + name)
		if err := c.WaitReady(ctx, name); err != nil {
			return err
		}
	}
	return nil
}

func (c *Cluster) writeSecrets(ctx context.Context, in Installation) error {
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: Namespace}}
	if _, err := c.Kube.CoreV1().Namespaces().Create(ctx, namespace, metav1.CreateOptions{}); err != nil && !apierrors.IsAlreadyExists(err) {
		return fmt.Errorf("create namespace %s: %w", Namespace, err)
	}
	aliases, err := os.ReadFile(c.BuildKubeconfig)
	if err != nil {
		return fmt.Errorf("read the kubeconfig of the build clusters: %w", err)
	}
	for name, data := range map[string]map[string][]byte{
		hmacSecret:        {hmacKey: []byte(in.WebhookSecret)},
		githubSecret:      in.credentials(),
		kubeconfigsSecret: {kubeconfigsKey: aliases},
	} {
		if err := c.writeSecret(ctx, Namespace, name, data); err != nil {
			return err
		}
	}
	return nil
}

// credentials returns the content of the Secret as described in docs/github.md.
func (in Installation) credentials() map[string][]byte {
	if in.App != nil {
		return map[string][]byte{privateKeyKey: []byte(in.App.PrivateKey)}
	}
	return map[string][]byte{tokenKey: []byte(in.Token)}
}

func (c *Cluster) writeSecret(ctx context.Context, namespace, name string, data map[string][]byte) error {
	secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: namespace}, Data: data}
	secrets := c.Kube.CoreV1().Secrets(namespace)
	_, err := secrets.Create(ctx, secret, metav1.CreateOptions{})
	if apierrors.IsAlreadyExists(err) {
		_, err = secrets.Update(ctx, secret, metav1.UpdateOptions{})
	}
	if err != nil {
		return fmt.Errorf("write secret %s: %w", name, err)
	}
	return nil
}

// Configure writes the settings, which the controller applies at once.
func (c *Cluster) Configure(ctx context.Context, in Installation) error {
	var file strings.Builder
	fmt.Fprintf(&file, "github: {endpoint: %s/api/v3, git_endpoint: %s%s%s}\n", in.GitHub, in.GitHub, in.appID(), in.writes())
	fmt.Fprintf(&file, "prow: {prowjob_namespace: %s, pod_namespace: %s}\n", ProwJobNamespace, PodNamespace)
	fmt.Fprintf(&file, "sweep_interval: %s\n%s\n", in.Sweep, in.Settings)
	if len(in.Repositories) > 0 {
		file.WriteString("repositories:\n")
	}
	for _, repo := range in.Repositories {
		fmt.Fprintf(&file, "- repo: %s\n  prow_config: %s\n  job_config: %s\n  plugin_config: %s\n", repo, ProwConfigPath, JobsPath, PluginsPath)
		if preset := in.Presets[repo]; preset != "" {
			fmt.Fprintf(&file, "  policy: {preset: %s}\n", preset)
		}
	}
	data := map[string]string{settings.File: file.String()}
	if _, err := settings.Parse(data); err != nil {
		return err
	}
	configMaps := c.Kube.CoreV1().ConfigMaps(Namespace)
	cm, err := configMaps.Get(ctx, settings.ConfigMap, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		cm = &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: settings.ConfigMap, Namespace: Namespace}, Data: data}
		_, err = configMaps.Create(ctx, cm, metav1.CreateOptions{})
	} else if err == nil {
		cm.Data = data
		_, err = configMaps.Update(ctx, cm, metav1.UpdateOptions{})
	}
	if err != nil {
		return fmt.Errorf("write the settings: %w", err)
	}
	return nil
}

// writes sets limits that never delay anything, for many pull requests at once.
func (in Installation) writes() string {
	if !in.Hurried {
		return ""
	}
	return ", writes: {per_minute: 10000, per_hour: 100000}"
}

func (in Installation) appID() string {
	if in.App == nil {
		return ""
	}
	return fmt.Sprintf(", app_id: %d", in.App.ID)
}

// Restart replaces the pods of a deployment.
func (c *Cluster) Restart(ctx context.Context, name string) error {
	_, err := c.Output(ctx, "kubectl", "-n", Namespace, "rollout", "restart", "deployment/"+name)
	return err
}

// Stop removes all pods of a deployment, and waits until they are gone.
func (c *Cluster) Stop(ctx context.Context, name string) error {
	if err := c.Scale(ctx, name, 0); err != nil {
		return err
	}
	return Until(ctx, time.Minute, "the pods of "+name+" to be gone", func(ctx context.Context) (string, bool, error) {
		pods, err := c.pods(ctx, name)
		return fmt.Sprintf("%d pods", len(pods)), len(pods) == 0, err
	})
}

// Scale sets the number of pods of a deployment.
func (c *Cluster) Scale(ctx context.Context, name string, replicas int) error {
	_, err := c.Output(ctx, "kubectl", "-n", Namespace, "scale", "deployment/"+name, fmt.Sprintf("--replicas=%d", replicas))
	return err
}

// WaitReady waits until a deployment runs only its current pods: pods of an earlier
// rollout, which a deployment no longer counts, are gone. A receiver must also respond at
// the address for webhooks, because the node learns of its pods a moment later.
func (c *Cluster) WaitReady(ctx context.Context, name string) error {
	err := c.waitRolledOut(ctx, name)
	if err != nil || name != Receiver {
		return err
	}
	address, err := c.ReceiverURL(ctx)
	if err != nil {
		return err
	}
	return Until(ctx, time.Minute, "webhooks to get through", func(ctx context.Context) (string, bool, error) {
		return Answers(ctx, address)
	})
}

func (c *Cluster) waitRolledOut(ctx context.Context, name string) error {
	return Until(ctx, 3*time.Minute, "deployment "+name+" to be ready", func(ctx context.Context) (string, bool, error) {
		d, err := c.Kube.AppsV1().Deployments(Namespace).Get(ctx, name, metav1.GetOptions{})
		if err != nil {
			return "", false, err
		}
		pods, err := c.pods(ctx, name)
		if err != nil {
			return "", false, err
		}
		ending := slices.ContainsFunc(pods, func(pod corev1.Pod) bool { return pod.DeletionTimestamp != nil })
		return fmt.Sprintf("%d of %d ready, %d updated, %d in all, one ending: %t",
			d.Status.ReadyReplicas, *d.Spec.Replicas, d.Status.UpdatedReplicas, d.Status.Replicas, ending), rolledOut(d) && !ending, nil
	})
}

func rolledOut(d *appsv1.Deployment) bool {
	want, s := *d.Spec.Replicas, d.Status
	return s.ObservedGeneration >= d.Generation && s.UpdatedReplicas == want && s.Replicas == want && s.ReadyReplicas == want
}

// ReceiverURL returns the URL for webhooks. The service's address is reachable from this
// machine, and from nowhere else.
func (c *Cluster) ReceiverURL(ctx context.Context) (string, error) {
	service, err := c.Kube.CoreV1().Services(Namespace).Get(ctx, Receiver, metav1.GetOptions{})
	if err != nil {
		return "", fmt.Errorf("find the receiver: %w", err)
	}
	u := url.URL{Scheme: "http", Host: fmt.Sprintf("%s:%d", service.Spec.ClusterIP, service.Spec.Ports[0].Port), Path: "/"}
	return u.String(), nil
}

// Clear removes the objects of earlier rehearsals: a new stand-in numbers pull requests
// from one again. The controller must be running, because it removes the
// finalizers.
func (c *Cluster) Clear(ctx context.Context) error {
	all, ours := metav1.ListOptions{}, metav1.ListOptions{LabelSelector: run.LabelRehearsalUID}
	background := metav1.DeletePropagationBackground
	del := metav1.DeleteOptions{PropagationPolicy: &background}
	if err := c.Rehearsals.RehearsalV1alpha1().Rehearsals(Namespace).DeleteCollection(ctx, del, all); err != nil && !apierrors.IsNotFound(err) {
		return fmt.Errorf("remove earlier rehearsals: %w", err)
	}
	if err := c.Tekton.TektonV1().PipelineRuns(Namespace).DeleteCollection(ctx, del, all); err != nil && !apierrors.IsNotFound(err) {
		return fmt.Errorf("remove earlier PipelineRuns: %w", err)
	}
	if err := c.Prow.ProwV1().ProwJobs(ProwJobNamespace).DeleteCollection(ctx, del, ours); err != nil {
		return fmt.Errorf("remove earlier ProwJobs: %w", err)
	}
	return Until(ctx, time.Minute, "earlier rehearsals to be gone", func(ctx context.Context) (string, bool, error) {
		list, err := c.Rehearsals.RehearsalV1alpha1().Rehearsals(Namespace).List(ctx, all)
		if err != nil {
			return "", false, err
		}
		return fmt.Sprintf("%d are left", len(list.Items)), len(list.Items) == 0, nil
	})
}
