package rig

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/prow/pkg/config"
	"sigs.k8s.io/prow/pkg/plugins"
	"sigs.k8s.io/yaml"
)

// ProwOnGitHub configures the parts of Prow that talk to GitHub.
type ProwOnGitHub struct {
	// Hooked are the repositories, or organisations, whose webhooks hook forwards to the
	// receiver.
	Hooked []string
	// Quiet are the repositories in which crier leaves no comments. An installation should
	// list its config repositories there.
	Quiet []string
	// Plugins are the plugins that hook itself runs, by repository.
	Plugins map[string][]string
	// Tide is the section tide of Prow's config.yaml.
	Tide string
}

// StartProw starts hook and crier, which need a GitHub. They act as Bot. The receiver must
// already be deployed.
func (c *Cluster) StartProw(ctx context.Context, in Installation, p ProwOnGitHub) error {
	receiver, err := c.ReceiverURL(ctx)
	if err != nil {
		return err
	}
	if err := c.configureProw(ctx, in, p, receiver); err != nil {
		return err
	}
	for _, name := range prowOnGitHub {
		if err := c.runProw(ctx, name, 1); err != nil {
			return err
		}
	}
	for _, name := range prowOnGitHub {
		if err := c.waitForProw(ctx, name); err != nil {
			return err
		}
	}
	return nil
}

func (c *Cluster) waitForProw(ctx context.Context, name string) error {
	return Until(ctx, 3*time.Minute, "Prow's "+name+" to be ready", func(ctx context.Context) (string, bool, error) {
		d, err := c.Kube.AppsV1().Deployments(ProwJobNamespace).Get(ctx, name, metav1.GetOptions{})
		if err != nil {
			return "", false, err
		}
		return fmt.Sprintf("%d of %d ready, %d in all", d.Status.ReadyReplicas, *d.Spec.Replicas, d.Status.Replicas), rolledOut(d), nil
	})
}

// StopProw stops hook, crier and tide, because their GitHub goes away.
func (c *Cluster) StopProw(ctx context.Context) error {
	for _, name := range append([]string{tide}, prowOnGitHub...) {
		if err := c.runProw(ctx, name, 0); err != nil {
			return err
		}
	}
	return nil
}

// runProw sets the number of pods of one part of Prow, and replaces earlier pods, which
// have another configuration.
func (c *Cluster) runProw(ctx context.Context, name string, replicas int) error {
	patch, err := json.Marshal(map[string]any{"spec": map[string]any{
		"replicas": replicas,
		"template": map[string]any{"metadata": map[string]any{"annotations": map[string]any{"test/started": Random()}}},
	}})
	if err != nil {
		return err
	}
	_, err = c.Kube.AppsV1().Deployments(ProwJobNamespace).Patch(ctx, name, types.MergePatchType, patch, metav1.PatchOptions{})
	if err != nil {
		return fmt.Errorf("run Prow's %s: %w", name, err)
	}
	return nil
}

func (c *Cluster) configureProw(ctx context.Context, in Installation, p ProwOnGitHub, receiver string) error {
	external := map[string][]plugins.ExternalPlugin{}
	for _, hooked := range p.Hooked {
		external[hooked] = []plugins.ExternalPlugin{{Name: "rehearsal", Endpoint: receiver, Events: []string{"pull_request", "issue_comment"}}}
	}
	ownPlugins := map[string]plugins.OrgPlugins{}
	for repository, names := range p.Plugins {
		ownPlugins[repository] = plugins.OrgPlugins{Plugins: names}
	}
	pluginsFile, err := yaml.Marshal(map[string]any{"external_plugins": external, "plugins": ownPlugins})
	if err != nil {
		return err
	}
	cm, err := c.prowConfig(ctx)
	if err != nil {
		return err
	}
	configFile, err := p.configuration(cm.Data[prowConfigKey])
	if err != nil {
		return err
	}
	for name, data := range map[string]map[string]string{
		prowConfigMap: {prowConfigKey: configFile},
		"plugins":     {"plugins.yaml": string(pluginsFile)},
		"github":      {"endpoint": in.GitHub + "/api/v3", "graphql": in.GitHub + "/api/graphql"},
	} {
		if err := c.writeProwConfigMap(ctx, name, data); err != nil {
			return err
		}
	}
	return c.writeSecret(ctx, ProwJobNamespace, "github", map[string][]byte{"token": []byte(in.Token), "hmac": []byte(in.WebhookSecret)})
}

// configuration returns Prow's configuration with these changes.
func (p ProwOnGitHub) configuration(file string) (string, error) {
	prow := map[string]any{}
	if err := yaml.Unmarshal([]byte(file), &prow); err != nil {
		return "", fmt.Errorf("read Prow's configuration: %w", err)
	}
	prow["github_reporter"] = config.GitHubReporter{NoCommentRepos: p.Quiet}
	var tide map[string]any
	if err := yaml.UnmarshalStrict([]byte(p.Tide), &tide); err != nil {
		return "", fmt.Errorf("read what tide is told: %w", err)
	}
	prow["tide"] = tide
	raw, err := yaml.Marshal(prow)
	return string(raw), err
}

func (c *Cluster) writeProwConfigMap(ctx context.Context, name string, data map[string]string) error {
	configMaps := c.Kube.CoreV1().ConfigMaps(ProwJobNamespace)
	cm := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: ProwJobNamespace}, Data: data}
	_, err := configMaps.Update(ctx, cm, metav1.UpdateOptions{})
	if apierrors.IsNotFound(err) {
		_, err = configMaps.Create(ctx, cm, metav1.CreateOptions{})
	}
	if err != nil {
		return fmt.Errorf("write ConfigMap %s: %w", name, err)
	}
	return nil
}

// HookURL returns the URL for Prow's webhooks.
func (c *Cluster) HookURL(ctx context.Context) (string, error) {
	return c.prowURL(ctx, "hook", "/hook")
}

// DeckURL returns the URL of Deck's first page.
func (c *Cluster) DeckURL(ctx context.Context) (string, error) {
	return c.prowURL(ctx, "deck", "/")
}

// StorageURL returns the URL of the object store's buckets.
func (c *Cluster) StorageURL(ctx context.Context) (string, error) {
	return c.prowURL(ctx, "storage", "/")
}

func (c *Cluster) prowURL(ctx context.Context, name, path string) (string, error) {
	service, err := c.Kube.CoreV1().Services(ProwJobNamespace).Get(ctx, name, metav1.GetOptions{})
	if err != nil {
		return "", fmt.Errorf("find Prow's %s: %w", name, err)
	}
	u := url.URL{Scheme: "http", Host: service.Spec.ClusterIP, Path: path}
	if port := service.Spec.Ports[0].Port; port != 80 {
		u.Host = net.JoinHostPort(u.Host, strconv.Itoa(int(port)))
	}
	return u.String(), nil
}

// RunPlank starts or stops the program that starts Prow's pods, with one replica or none.
func (c *Cluster) RunPlank(ctx context.Context, replicas int) error {
	const plank = "prow-controller-manager"
	if err := c.runProw(ctx, plank, replicas); err != nil {
		return err
	}
	return c.waitForProw(ctx, plank)
}
