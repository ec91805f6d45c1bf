package gate

import (
	"slices"
	"strings"
)

// The kinds of privileges.
const (
	ruleCluster        = "cluster"
	ruleServiceAccount = "service account"
	ruleToken          = "service account token"
	ruleImage          = "image"
	ruleSecret         = "secret"
	rulePullSecret     = "pull secret"
	ruleConfigMap      = "config map"
	ruleHost           = "host"
	ruleHostPath       = "host path"
	rulePrivileged     = "privileged"
	ruleCapability     = "capability"
	ruleConfinement    = "confinement"
	ruleSysctl         = "sysctl"
	ruleScheduling     = "scheduling"
	ruleQueue          = "queue"
	ruleReports        = "reports"
	ruleDevice         = "device"
	ruleVolume         = "volume"
	ruleNetwork        = "name resolution"
	ruleShared         = "shared processes"
	ruleProbe          = "probe"
	ruleDecoration     = "decoration"
	ruleCensoring      = "censoring"
	ruleCheckout       = "checkout"
	ruleCloneURI       = "clone address"
	ruleLabel          = "label"
	ruleAnnotation     = "annotation"
	ruleTimeout        = "time-out"
	ruleResources      = "resources"
	ruleAgent          = "agent"
	ruleUnknown        = "unknown field"
)

// rules say what each kind of privilege is, as the rest of a sentence about a job.
// Those that most can be done with come first: the end of a long list is not shown
// everywhere.
var rules = []struct{ kind, says string }{
	{ruleCluster, "runs in a cluster that it does not run in at base"},
	{rulePrivileged, "has power over its node"},
	{ruleHost, "shares something with its node"},
	{ruleHostPath, "reads files of its node"},
	{ruleCapability, "adds a capability"},
	{ruleConfinement, "is confined less than others, or than on the base branch"},
	{ruleSysctl, "sets a kernel parameter"},
	{ruleServiceAccount, "runs as a service account"},
	{ruleToken, "gets a token of its service account"},
	{ruleSecret, "reads a secret"},
	{ruleVolume, "mounts a volume of a kind that is not known to be harmless"},
	{ruleDecoration, "changes what runs, or is read, with Prow's own credentials"},
	{ruleCheckout, "checks out a repository with credentials"},
	{ruleAgent, "is run by something else than Prow's own pods"},
	{ruleUnknown, "is not known to be harmless"},
	{ruleShared, "sees the processes of the containers that hold credentials"},
	{ruleNetwork, "changes what host names mean to the containers that hold credentials"},
	{ruleProbe, "has the node call an address"},
	{rulePullSecret, "pulls its images with a secret, or takes what others have pulled"},
	{ruleCloneURI, "clones from an address of its own"},
	{ruleCensoring, "weakens the censoring of secrets in its output"},
	{ruleScheduling, "chooses nodes, or its place in the queue, in a way that others cannot, or keeps others out"},
	{ruleDevice, "uses a device"},
	{ruleQueue, "takes places in a queue of jobs, or is held back less than on the base branch"},
	{ruleReports, "chooses where its results are shown"},
	{ruleTimeout, "may run longer than the settings allow"},
	{ruleResources, "takes more than the settings allow"},
	{ruleImage, "takes an image from a registry that is not listed"},
	{ruleConfigMap, "reads a ConfigMap that is not listed"},
	{ruleLabel, "has a label that others may act on"},
	{ruleAnnotation, "has an annotation that others may act on"},
}

// rank is the place of a kind among the rules; -1 for none of them.
func rank(kind string) int {
	return slices.IndexFunc(rules, func(r struct{ kind, says string }) bool { return r.kind == kind })
}

// harmlessLabels and harmlessAnnotations are keys of which it is known what reads
// them: Prow for its presets, and tools that make or show job configuration.
var (
	harmlessLabels = []string{
		"preset-*", "rehearsal", "rehearsal.*", "rehearsal.dev/*", "ci.openshift.io/*", "ci-operator.openshift.io/*",
		"pj-rehearse.openshift.io/*", "job-release",
	}
	harmlessAnnotations = []string{
		"description", "rehearsal.*", "rehearsal.dev/*", "testgrid-*", "fork-per-release", "fork-per-release-*",
		"ci.openshift.io/*", "ci-operator.openshift.io/*", "pj-rehearse.openshift.io/*",
	}
)

// allowed says whether any job may ask for this.
func (c Config) allowed(a Ask) bool {
	key, _, _ := strings.Cut(a.Value, "=")
	switch a.Rule {
	case ruleCluster:
		return allows(c.clusters(), a.Value)
	case ruleServiceAccount, ruleToken:
		name, _, _ := strings.Cut(a.Value, tokenFor)
		name, _, _ = strings.Cut(name, lasting)
		return allows(c.ServiceAccounts, name)
	case ruleSecret:
		name, _, _ := strings.Cut(a.Value, "/")
		return allows(c.Secrets, name)
	case rulePullSecret:
		name, _, _ := strings.Cut(a.Value, pullFor)
		return allows(c.Secrets, name)
	case ruleConfigMap:
		return len(c.ConfigMaps) == 0 || allows(c.ConfigMaps, a.Value)
	case ruleImage:
		return len(c.ImageRegistries) == 0 || slices.ContainsFunc(c.ImageRegistries, func(p string) bool {
			return Wildcard(p, a.Value) || Wildcard(strings.TrimSuffix(p, "/")+"/*", a.Value)
		})
	case ruleCheckout:
		name, _, other := strings.Cut(strings.TrimSuffix(a.Value, withSubmodules), notBranch)
		name, _, _ = strings.Cut(name, fromAddress)
		return !other && allows(c.Repositories, name)
	case ruleLabel:
		return allows(harmlessLabels, key) || allows(c.Labels, key)
	case ruleAnnotation:
		return allows(harmlessAnnotations, key) || allows(c.Annotations, key)
	case ruleDevice:
		name, _, _ := strings.Cut(a.Value, amount)
		return allows(c.Devices, name)
	}
	return false
}
