package rig

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	prowapi "sigs.k8s.io/prow/pkg/apis/prowjobs/v1"
	"sigs.k8s.io/prow/pkg/config"
	"sigs.k8s.io/yaml"
)

// Paths in the config repositories.
const (
	ProwConfigPath = "config/prow/config.yaml"
	PluginsPath    = "config/prow/plugins.yaml"
	JobsPath       = "config/jobs"
)

// ProwConfig is a minimal configuration for a Prow like that of the local cluster.
const ProwConfig = `prowjob_namespace: prow
pod_namespace: test-pods
in_repo_config:
  allowed_clusters:
    "*": [default, build01]
`

// Job is a presubmit in a config repository.
type Job struct {
	Name string
	// Script is run by the shell of a small image.
	Script string
	// Branch is main if empty.
	Branch string
	// Cluster is Prow's alias; the default cluster if empty.
	Cluster string
	// NodeSelector restricts where the pod may run.
	NodeSelector map[string]string
	// Decoration makes Prow clone repositories, and watch the job from inside its pod.
	Decoration *prowapi.DecorationConfig
}

// JobsFile returns a file with the presubmits of one target repository.
func (c *Cluster) JobsFile(target string, jobs ...Job) (string, error) {
	var presubmits []config.Presubmit
	for _, j := range jobs {
		presubmits = append(presubmits, c.presubmit(j))
	}
	raw, err := yaml.Marshal(map[string]any{"presubmits": map[string]any{target: presubmits}})
	if err != nil {
		return "", fmt.Errorf("encode the jobs of %s: %w", target, err)
	}
	return string(raw), nil
}

func (c *Cluster) presubmit(j Job) config.Presubmit {
	branch := j.Branch
	if branch == "" {
		branch = "main"
	}
	cluster := j.Cluster
	if cluster == "" {
		cluster = "default"
	}
	decorate := j.Decoration != nil
	return config.Presubmit{
		JobBase: config.JobBase{
			UtilityConfig: config.UtilityConfig{Decorate: &decorate, DecorationConfig: j.Decoration},
			Name:          j.Name, Agent: "kubernetes", Cluster: cluster,
			Spec: &corev1.PodSpec{
				NodeSelector: j.NodeSelector,
				Containers: []corev1.Container{{
					Image: c.Image, Command: []string{"/bin/sh", "-ec"}, Args: []string{strings.TrimSpace(j.Script) + "\n"},
				}},
			},
		},
		AlwaysRun: true,
		Brancher:  config.Brancher{Branches: []string{branch}},
	}
}
