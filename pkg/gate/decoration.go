package gate

import (
	"cmp"
	"fmt"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"

	prowapi "sigs.k8s.io/prow/pkg/apis/prowjobs/v1"
)

// plainDecoration lists the fields of a decoration that affect only the job's own time and
// files.
var plainDecoration = []string{
	"timeout", "grace_period", "pod_pending_timeout", "pod_running_timeout", "pod_unscheduled_timeout",
	"skip_cloning", "run_as_user", "run_as_group", "fs_group", "set_limit_equals_memory_request",
	"default_memory_request", "upload_ignores_interrupts", "blobless_fetch", "sparse_checkout_files",
}

// decorationGrants lists what a decoration grants: the images that run with Prow's
// credentials, the credentials, and where they are used. Every single value counts, so that
// fields added by a later Prow do not slip through.
func decorationGrants(dc *prowapi.DecorationConfig) []Ask {
	if dc == nil {
		return nil
	}
	g := &collector{}
	fields, _ := tree(dc).(map[string]any)
	for _, key := range sortedKeys(fields) {
		switch {
		case slices.Contains(plainDecoration, key), key == "censor_secrets":
		case key == "resources":
			parts, _ := fields[key].(map[string]any)
			for _, part := range sortedKeys(parts) {
				g.resources("decoration_config."+key+"."+part, parts[part])
			}
		case key == "censoring_options":
			g.add(RuleCensoring, "decoration_config."+key, Use{Name: text(fields[key])})
		case key == "utility_images":
			g.leaves(RuleDecoration, "decoration_config."+key, key, fields[key])
		default:
			g.wholes(RuleDecoration, "decoration_config."+key, key, fields[key])
		}
	}
	if dc.CensorSecrets == nil || !*dc.CensorSecrets {
		g.add(RuleCensoring, "decoration_config.censor_secrets", Use{Kind: KindOff})
	}
	return g.uses
}

// wholes adds a field, or each element of a list, as a whole: known parts of buckets,
// secrets or tolerations can be combined into an unknown one.
func (g *collector) wholes(rule Rule, path, name string, v any) {
	if list, ok := v.([]any); ok {
		for i, element := range list {
			g.wholes(rule, fmt.Sprintf("%s[%d]", path, i), name, element)
		}
	} else if !empty(v) {
		g.add(rule, path, Use{Name: name, Part: text(v)})
	}
}

// leaves adds every single value of a field.
func (g *collector) leaves(rule Rule, path, name string, v any) {
	switch t := v.(type) {
	case map[string]any:
		for _, key := range sortedKeys(t) {
			g.leaves(rule, path+"."+key, name+"."+key, t[key])
		}
	case []any:
		for i, element := range t {
			g.leaves(rule, fmt.Sprintf("%s[%d]", path, i), name, element)
		}
	default:
		if !empty(v) {
			g.add(rule, path, Use{Name: name, Part: text(v)})
		}
	}
}

// defaultGrants lists what the defaults of a repository grant.
func defaultGrants(d *prowapi.ProwJobDefault) []Ask {
	g := &collector{}
	if d != nil {
		reports(g, "prowjob_defaults", tree(d))
	}
	return g.uses
}

// Credentialed reports whether a decoration clones with credentials.
func Credentialed(dc *prowapi.DecorationConfig) bool {
	if dc == nil || dc.SkipCloning != nil && *dc.SkipCloning {
		return false
	}
	return len(dc.SSHKeySecrets) > 0 || dc.OauthTokenSecret != nil || dc.GitHubAppID != "" ||
		dc.GitHubAppPrivateKeySecret != nil || dc.CookiefileSecret != nil && *dc.CookiefileSecret != ""
}

// checkouts adds the repositories that a job clones with credentials, and those that it
// clones from an address of its own.
func (g *collector) checkouts(spec prowapi.ProwJobSpec) {
	for at, ref := range allRefs(spec) {
		if Credentialed(spec.DecorationConfig) {
			g.checkout(at, ref)
		}
		for _, from := range []struct{ field, value string }{{"clone_uri", ref.CloneURI}, {"repo_link", ref.RepoLink}} {
			if from.value != "" {
				g.add(RuleCloneURI, at+"."+from.field, Use{Name: ref.Org + "/" + ref.Repo, From: from.value})
			}
		}
	}
}

// checkout adds a repository that is cloned with credentials. Anybody can propose the
// contents of a pull request, including submodules with any address.
func (g *collector) checkout(at string, ref prowapi.Refs) {
	of := Use{Name: ref.Org + "/" + ref.Repo, From: cmp.Or(ref.CloneURI, ref.RepoLink)}
	add := func(field string, more func(*Use)) {
		use := of
		more(&use)
		g.add(RuleCheckout, at+field, use)
	}
	add("", func(*Use) {})
	if !ref.SkipSubmodules {
		add(".skip_submodules", func(u *Use) { u.Kind = KindSubmodules })
	}
	if noBranch.MatchString(ref.BaseRef) {
		add(".base_ref", func(u *Use) { u.Ref = ref.BaseRef })
	}
	if ref.BaseSHA != "" {
		add(".base_sha", func(u *Use) { u.Commit = ref.BaseSHA })
	}
	for i, pull := range ref.Pulls {
		add(fmt.Sprintf(".pulls[%d]", i), func(u *Use) {
			u.Kind, u.Part, u.Ref, u.Commit = KindPull, strconv.Itoa(pull.Number), pull.Ref, pull.SHA
		})
	}
}

// noBranch matches refs other than branches and tags that git or servers accept: commits,
// and proposed changes, which git also finds without the leading refs/.
var noBranch = regexp.MustCompile(`^((refs|pull|pulls|pull-requests|merge-requests|keep-around|changes|notes|remotes|replace)/|[0-9a-fA-F]{40,64}$)`)

// allRefs returns the references of a job by their paths.
func allRefs(spec prowapi.ProwJobSpec) map[string]prowapi.Refs {
	out := map[string]prowapi.Refs{}
	if spec.Refs != nil {
		out["refs"] = *spec.Refs
	}
	for i, ref := range spec.ExtraRefs {
		out[fmt.Sprintf("extra_refs[%d]", i)] = ref
	}
	return out
}

// malformed returns why a checkout is not valid: git would treat a value as an option or a
// command, or write outside the workspace.
func malformed(spec prowapi.ProwJobSpec) string {
	all := allRefs(spec)
	for _, at := range sortedKeys(all) {
		ref := all[at]
		words := []struct{ field, value string }{
			{"org", ref.Org}, {"repo", ref.Repo}, {"base_ref", ref.BaseRef}, {"base_sha", ref.BaseSHA},
			{"path_alias", ref.PathAlias}, {"clone_uri", ref.CloneURI}, {"repo_link", ref.RepoLink},
		}
		for _, pull := range ref.Pulls {
			words = append(words, struct{ field, value string }{"pulls.ref", pull.Ref}, struct{ field, value string }{"pulls.sha", pull.SHA})
		}
		for _, w := range words {
			if why := malformedWord(w.field, w.value); why != "" {
				return "checkout: " + at + "." + w.field + " " + why
			}
		}
	}
	return ""
}

func malformedWord(field, value string) string {
	switch {
	case strings.HasPrefix(value, "-"):
		return "begins with a dash"
	case strings.ContainsFunc(value, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }):
		return "has a space or a control character in it"
	case (field == "base_ref" || field == "pulls.ref") && (strings.HasPrefix(value, "+") || strings.ContainsAny(value, `:^~?*[\`)):
		return "is not the name of a branch"
	case field == "path_alias" && (path.IsAbs(value) || slices.Contains(strings.Split(value, "/"), "..")):
		return "leads out of the workspace"
	case (field == "org" || field == "repo") && slices.Contains(strings.Split(value, "/"), ".."):
		return "leads out of the workspace"
	case (field == "org" || field == "repo") && !named(value):
		return "is not the name of a repository"
	case (field == "clone_uri" || field == "repo_link") && value != "" && !cloneable(value):
		return "is not an https or ssh address"
	}
	return ""
}

// named reports whether a server takes each part of a repository's name, or of an address,
// literally.
func named(value string) bool {
	if value == "" {
		return true
	}
	if _, after, ok := strings.Cut(value, "://"); ok {
		value = after
	}
	notName := func(part string) bool { return part == "" || part == "." }
	return !strings.ContainsAny(value, `%?#@\<>"'`) && !slices.ContainsFunc(strings.Split(value, "/"), notName)
}

// scpAddress is git's short form of an address for ssh.
var scpAddress = regexp.MustCompile(`^[A-Za-z0-9._-]+@[A-Za-z0-9][A-Za-z0-9.-]*:[^:].*$`)

// cloneable reports whether an address uses https, http or ssh, and leads where it seems
// to.
func cloneable(address string) bool {
	parts := strings.FieldsFunc(address, func(r rune) bool { return r == '/' || r == ':' })
	if strings.ContainsAny(address, "<>{}|\\^`\"?#") || slices.Contains(parts, "..") {
		return false
	}
	if scpAddress.MatchString(address) {
		return true
	}
	u, err := url.Parse(address)
	return err == nil && u.Host != "" && !strings.HasPrefix(u.Host, "-") && slices.Contains([]string{"https", "http", "ssh"}, u.Scheme)
}
