package check

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"sigs.k8s.io/prow/pkg/config"
	"sigs.k8s.io/prow/pkg/plugins"
	"sigs.k8s.io/yaml"

	"github.com/rehearsal-dev/rehearsal/pkg/github"
	"github.com/rehearsal-dev/rehearsal/pkg/settings"
)

// ProwFiles are the texts of Prow's configuration: config.yaml and plugins.yaml. If one
// could not be read, the error says why.
type ProwFiles struct {
	Config, Plugins       []byte
	ConfigErr, PluginsErr error
}

// prowConfig is the part of config.yaml that matters here.
type prowConfig struct {
	ProwJobNamespace string                `json:"prowjob_namespace"`
	PodNamespace     string                `json:"pod_namespace"`
	GitHubReporter   config.GitHubReporter `json:"github_reporter"`
	Tide             struct {
		Queries        config.TideQueries              `json:"queries"`
		ContextOptions config.TideContextPolicyOptions `json:"context_options"`
	} `json:"tide"`
}

// Prow checks what has to be configured in Prow for us.
func Prow(files ProwFiles, s *settings.Settings) []Finding {
	a := &area{name: "Prow"}
	var c prowConfig
	err := files.ConfigErr
	if err == nil {
		err = yaml.Unmarshal(files.Config, &c)
	}
	if err != nil {
		a.unknown("check whether "+s.Prow.ProwJobNamespace+" is Prow's namespace, and whether you may read its ConfigMap config", "Prow's config.yaml cannot be read: %v", err)
		return a.findings
	}
	a.namespace("prowjob_namespace", c.ProwJobNamespace, s.Prow.ProwJobNamespace)
	a.namespace("pod_namespace", c.PodNamespace, s.Prow.PodNamespace)
	for _, r := range s.Repositories {
		a.repository = r.Name
		a.crier(c, r)
		a.tide(c, r)
	}
	return a.findings
}

func (a *area) namespace(key, theirs, ours string) {
	if theirs == "" {
		theirs = "default" // as Prow has it
	}
	if theirs == ours {
		a.fine("Prow's config.yaml and our settings agree that %s is %s.", key, ours)
		return
	}
	a.missing(fmt.Sprintf("set prow.%s to %s in config-rehearsal, and change the Roles in config/ with it", key, theirs),
		"%s is %s in Prow's config.yaml, and %s in our settings.", key, theirs, ours)
}

// crier must not repeat what our comments say.
func (a *area) crier(c prowConfig, r settings.Repository) {
	org, _, _ := strings.Cut(r.Name, "/")
	if slices.Contains(c.GitHubReporter.NoCommentRepos, r.Name) || slices.Contains(c.GitHubReporter.NoCommentRepos, org) {
		a.fine("crier leaves comments on failed rehearsals in %s to us.", r.Name)
		return
	}
	a.missing("add it to github_reporter.no_comment_repos in Prow's config.yaml",
		"crier comments on failed rehearsals in %s, too, and recommends /retest, which does nothing for them.", r.Name)
}

// sampleContext is an example of a context of a rehearsal.
const sampleContext = "ci/rehearse/acme/widget/main/unit"

// Tide must not treat the context of a rehearsal as required.
func (a *area) tide(c prowConfig, r settings.Repository) {
	org, repo, _ := strings.Cut(r.Name, "/")
	if !slices.ContainsFunc(c.Tide.Queries, func(q config.TideQuery) bool { return asksFor(q, org, r.Name) }) {
		a.fine("Tide does not merge in %s.", r.Name)
		return
	}
	policy := config.ParseTideContextPolicyOptions(org, repo, "", c.Tide.ContextOptions)
	if err := compile(&policy); err != nil {
		a.missing("fix it in Prow's config.yaml", "Tide's context_options for %s are not valid: %v", r.Name, err)
		return
	}
	if policy.IsOptional(sampleContext) {
		a.fine("Tide does not wait for rehearsals in %s.", r.Name)
	} else {
		a.missing(`set optional-regex-contexts: ["^ci/rehearse/"] for it in tide.context_options of Prow's config.yaml`,
			"Tide treats rehearsals in %s as required: one that fails blocks the merge.", r.Name)
	}
	a.tideGate(c, r, policy)
}

// tideGate returns what prevents Tide from merging a pull request that is not
// acknowledged: our label, our status, or nothing.
func (a *area) tideGate(c prowConfig, r settings.Repository, policy config.TideContextPolicy) {
	org, _, _ := strings.Cut(r.Name, "/")
	required := slices.Contains(policy.RequiredContexts, r.StatusContext)
	require := fmt.Sprintf("add %s to required-contexts for it in tide.context_options, unless GitHub's branch protection requires it", r.StatusContext)
	switch status := r.StatusContext; {
	case status == "":
		if slices.ContainsFunc(c.Tide.Queries, func(q config.TideQuery) bool {
			return asksFor(q, org, r.Name) && !slices.Contains(q.Labels, r.Labels.Ack)
		}) {
			a.fine("Tide merges in %s without the label %s.", r.Name, r.Labels.Ack)
		}
	case policy.IsOptional(status) && required:
		a.missing("narrow optional-contexts and optional-regex-contexts for it in tide.context_options, so that they leave it out",
			"Tide treats %s in %s as both optional and required: it waits until the status is set, whatever it says.", status, r.Name)
	case policy.IsOptional(status):
		a.missing(require,
			"Tide does not wait for %s in %s: the status is set, and stops nothing.", status, r.Name)
	case !required:
		a.missing(require,
			"Tide does not wait for %s in %s to be set: it waits only where it is there already.", status, r.Name)
	default:
		a.fine("Tide waits for %s in %s.", status, r.Name)
	}
}

func asksFor(q config.TideQuery, org, name string) bool {
	return slices.Contains(q.Repos, name) || slices.Contains(q.Orgs, org) && !slices.Contains(q.ExcludedRepos, name)
}

// compile does what Prow does when it loads the whole file.
func compile(p *config.TideContextPolicy) error {
	for _, text := range p.OptionalRegexContexts {
		re, err := regexp.Compile(text)
		if err != nil {
			return err
		}
		p.OptionalContextRe = append(p.OptionalContextRe, re)
	}
	return nil
}

// Forwarded returns for which repositories hook forwards the webhooks to us.
func Forwarded(files ProwFiles) func(repository string) bool {
	entries := externalPlugins(files)
	return func(repository string) bool {
		plugin := ours(entries, repository)
		return plugin != nil && len(unheard(plugin)) == 0
	}
}

// Hook checks the entries for us among hook's external plugins.
func Hook(files ProwFiles, s *settings.Settings) []Finding {
	a := &area{name: "Prow's hook"}
	if files.PluginsErr != nil {
		a.unknown("check whether you may read the ConfigMap plugins in "+s.Prow.ProwJobNamespace, "Prow's plugins.yaml cannot be read: %v", files.PluginsErr)
		return a.findings
	}
	entries := externalPlugins(files)
	for _, r := range s.Repositories {
		a.repository = r.Name
		plugin := ours(entries, r.Name)
		switch {
		case plugin == nil:
			a.fine("hook forwards no webhooks of %s to us: GitHub has to deliver them to rehearsal-receiver itself.", r.Name)
		case len(unheard(plugin)) > 0:
			a.missing("add it to events of the entry, or leave events out",
				"hook forwards webhooks of %s to us, but not %s.", r.Name, strings.Join(unheard(plugin), " and "))
		default:
			a.fine("hook forwards the webhooks of %s to %s.", r.Name, plugin.Endpoint)
		}
	}
	return a.findings
}

func externalPlugins(files ProwFiles) map[string][]plugins.ExternalPlugin {
	var c struct {
		ExternalPlugins map[string][]plugins.ExternalPlugin `json:"external_plugins"`
	}
	if files.PluginsErr != nil || yaml.Unmarshal(files.Plugins, &c) != nil {
		return nil
	}
	return c.ExternalPlugins
}

// ours finds the plugin whose endpoint is our receiver, whatever its name.
func ours(entries map[string][]plugins.ExternalPlugin, repository string) *plugins.ExternalPlugin {
	org, _, _ := strings.Cut(repository, "/")
	for _, key := range []string{repository, org} {
		for _, plugin := range entries[key] {
			if plugin.Name == "rehearsal" || strings.Contains(plugin.Endpoint, "rehearsal-receiver") {
				return &plugin
			}
		}
	}
	return nil
}

// unheard returns the events that hook does not forward to a plugin.
func unheard(plugin *plugins.ExternalPlugin) []string {
	if len(plugin.Events) == 0 {
		return nil // all are forwarded
	}
	return slices.DeleteFunc(github.AppEvents(), func(event string) bool { return slices.Contains(plugin.Events, event) })
}
