package gate

import (
	"slices"
	"strings"
)

// Rule is a kind of privilege.
type Rule string

// The kinds of privileges.
const (
	RuleCluster        Rule = "cluster"
	RuleServiceAccount Rule = "service account"
	RuleToken          Rule = "service account token"
	RuleImage          Rule = "image"
	RuleSecret         Rule = "secret"
	RulePullSecret     Rule = "pull secret"
	RuleConfigMap      Rule = "config map"
	RuleHost           Rule = "host"
	RuleHostPath       Rule = "host path"
	RulePrivileged     Rule = "privileged"
	RuleCapability     Rule = "capability"
	RuleConfinement    Rule = "confinement"
	RuleSysctl         Rule = "sysctl"
	RuleScheduling     Rule = "scheduling"
	RuleQueue          Rule = "queue"
	RuleReports        Rule = "reports"
	RuleDevice         Rule = "device"
	RuleVolume         Rule = "volume"
	RuleNetwork        Rule = "name resolution"
	RuleShared         Rule = "shared processes"
	RuleProbe          Rule = "probe"
	RuleDecoration     Rule = "decoration"
	RuleCensoring      Rule = "censoring"
	RuleCheckout       Rule = "checkout"
	RuleCloneURI       Rule = "clone address"
	RuleLabel          Rule = "label"
	RuleAnnotation     Rule = "annotation"
	RuleTimeout        Rule = "time-out"
	RuleResources      Rule = "resources"
	RuleAgent          Rule = "agent"
	RuleUnknown        Rule = "unknown field"
)

var rules = []Rule{
	RuleCluster,
	RulePrivileged,
	RuleHost,
	RuleHostPath,
	RuleCapability,
	RuleConfinement,
	RuleSysctl,
	RuleServiceAccount,
	RuleToken,
	RuleSecret,
	RuleVolume,
	RuleDecoration,
	RuleCheckout,
	RuleAgent,
	RuleUnknown,
	RuleShared,
	RuleNetwork,
	RuleProbe,
	RulePullSecret,
	RuleCloneURI,
	RuleCensoring,
	RuleScheduling,
	RuleDevice,
	RuleQueue,
	RuleReports,
	RuleTimeout,
	RuleResources,
	RuleImage,
	RuleConfigMap,
	RuleLabel,
	RuleAnnotation,
}

// Rules returns all rules, the most powerful first: the end of a long list is not shown
// everywhere.
func Rules() []Rule { return slices.Clone(rules) }

// rank is the position of a rule among all; -1 if it is not a rule.
func rank(rule Rule) int { return slices.Index(rules, rule) }

// harmlessLabels and harmlessAnnotations are keys whose readers are known: Prow, for its
// presets, and tools that generate or show job configuration.
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

// allowed reports whether any job may use this.
func (c Config) allowed(a Ask) bool {
	switch a.Rule {
	case RuleCluster:
		return allows(c.clusters(), a.Name)
	case RuleServiceAccount, RuleToken:
		return allows(c.ServiceAccounts, a.Name)
	case RulePullSecret:
		if a.Kind == KindCached {
			return allows(c.Secrets, "") // nobody knows which one
		}
		return allows(c.Secrets, a.Name)
	case RuleSecret:
		return allows(c.Secrets, a.Name)
	case RuleConfigMap:
		return len(c.ConfigMaps) == 0 || allows(c.ConfigMaps, a.Name)
	case RuleImage:
		return len(c.ImageRegistries) == 0 || slices.ContainsFunc(c.ImageRegistries, func(p string) bool {
			return Wildcard(p, a.Name) || Wildcard(strings.TrimSuffix(p, "/")+"/*", a.Name)
		})
	case RuleCheckout:
		return a.Kind != KindPull && a.Ref == "" && a.Commit == "" && allows(c.Repositories, a.Name)
	case RuleLabel:
		return allows(harmlessLabels, a.Name) || allows(c.Labels, a.Name)
	case RuleAnnotation:
		return allows(harmlessAnnotations, a.Name) || allows(c.Annotations, a.Name)
	case RuleDevice:
		return allows(c.Devices, a.Name)
	}
	return false
}
