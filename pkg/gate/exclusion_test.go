package gate

import (
	"slices"
	"strings"
	"testing"
)

func TestExclusions(t *testing.T) {
	mark := func(labels, annotations map[string]string) Job {
		j := job(t)
		j.Labels, j.Annotations = labels, annotations
		return j
	}
	in, restricted := map[string]string{"in": "true"}, map[string]string{"rehearsal.restricted": "true"}
	hidden := job(t)
	hidden.Hidden = true
	required := Config{Required: []string{"in=true", "also"}}
	for name, tc := range map[string]struct {
		config Config
		head   Job
		base   []Job
		want   string
		fresh  bool
	}{
		"nothing":                                 {Config{}, job(t), []Job{job(t)}, "", false},
		"restricted in the pull request":          {Config{}, mark(nil, restricted), []Job{job(t)}, "restricted: the pull request", false},
		"restricted at base":                      {Config{}, job(t), []Job{mark(restricted, nil)}, "restricted: the base branch", false},
		"restricted in one of two base jobs":      {Config{}, job(t), []Job{job(t), mark(nil, restricted)}, "restricted: the base branch", false},
		"restricted by a configured mark":         {Config{Restricted: []string{"no"}}, mark(map[string]string{"no": ""}, nil), nil, "restricted", false},
		"restricting label with another value":    {Config{}, mark(map[string]string{"rehearsal.restricted": "false"}, nil), []Job{job(t)}, "", false},
		"hidden in the pull request":              {Config{}, hidden, []Job{job(t)}, "hidden: the pull request", false},
		"hidden at base":                          {Config{}, job(t), []Job{hidden}, "hidden: the base branch", false},
		"opted in at base":                        {required, mark(in, nil), []Job{mark(in, nil)}, "", false},
		"opted in by another mark, an annotation": {required, mark(nil, map[string]string{"also": ""}), []Job{mark(in, nil)}, "", false},
		"opted in only in the pull request":       {required, mark(in, nil), []Job{job(t)}, "not opted in: it needs the label or annotation in=true or also on the base branch", false},
		"opted in only in one of two base jobs":   {required, mark(in, nil), []Job{mark(in, nil), job(t)}, "not opted in", false},
		"opted out in the pull request":           {required, job(t), []Job{mark(in, nil)}, "not opted in", false},
		"new and opted in":                        {required, mark(in, nil), nil, "", true},
		"new and not opted in":                    {required, job(t), nil, "not opted in", false},
		"new":                                     {Config{}, job(t), nil, "", false},
		"new, where new jobs need approval":       {Config{NewJobs: NewJobsApprove}, job(t), nil, "", true},
		"not new, where new jobs need approval":   {Config{NewJobs: NewJobsApprove}, job(t), []Job{job(t)}, "", false},
	} {
		t.Run(name, func(t *testing.T) {
			f := judge(t, tc.config, tc.head, tc.base...)
			if !strings.HasPrefix(f.Excluded, tc.want) || (f.Excluded == "") != (tc.want == "") {
				t.Errorf("excluded: %q, want %q", f.Excluded, tc.want)
			}
			if (f.New != "") != tc.fresh {
				t.Errorf("new: %q", f.New)
			}
		})
	}
	t.Run("hidden repositories", func(t *testing.T) {
		head := job(t, "extra_refs: [{org: vault, repo: x}]")
		for repo, hidden := range map[string]bool{"vault": true, "vault/x": true, "acme/widget": true, "acme/other": false, "x": false} {
			f := Check(Config{}, Change{Head: head, Base: []Job{head}, HiddenRepos: []string{repo}})
			if strings.HasPrefix(f.Excluded, "hidden: ") != hidden {
				t.Errorf("%s hidden: %+v", repo, f)
			}
		}
	})
	t.Run("restricted job under a new name", func(t *testing.T) {
		if f := Check(Config{}, Change{Head: job(t), Sheds: "deploy"}); !strings.Contains(f.New, "deploy") {
			t.Errorf("found %+v", f)
		}
	})
}

func TestMalformedCheckouts(t *testing.T) {
	for _, ref := range []string{
		"clone_uri: 'file:///etc'", "clone_uri: 'ext::sh -c id'", "clone_uri: 'ext::sh'", "clone_uri: --upload-pack=id",
		"clone_uri: /etc", "clone_uri: '../x'", "clone_uri: 'git://host/x'", "clone_uri: 'https://'", "clone_uri: 'ssh://-oProxyCommand=id/x'",
		"clone_uri: '-oProxyCommand=id@host:x'", "clone_uri: \"https://a/b\\nc\"", "repo_link: 'file:///x'",
		"clone_uri: 'https://host/a/../b'", "clone_uri: 'https://host/a<!--b-->'", "clone_uri: 'a@host:../b'", "clone_uri: 'a@host:b<c'",
		"base_ref: --upload-pack=id", "base_ref: +main", "base_ref: 'a:refs/heads/b'", "base_sha: -x", "path_alias: ../../tools", "path_alias: /etc", "base_ref: 'a b'",
		"pulls: [{number: 1, author: a, sha: -x}]", "pulls: [{number: 1, author: a, sha: a, ref: --exec=id}]",
	} {
		f := judge(t, Config{}, job(t, "extra_refs: [{org: a, repo: b, "+ref+"}]"), job(t))
		if !strings.HasPrefix(f.Excluded, "checkout: extra_refs[0].") {
			t.Errorf("%s: %+v", ref, f)
		}
		if f := judge(t, Config{}, job(t, "refs: {"+ref+"}")); !strings.HasPrefix(f.Excluded, "checkout: refs.") {
			t.Errorf("refs %s: %+v", ref, f)
		}
	}
	for _, name := range []string{"org: ..", "repo: ../x", "org: -x"} {
		ref := map[string]string{"org: ..": "{repo: b, org: ..}", "repo: ../x": "{org: a, repo: ../x}", "org: -x": "{repo: b, org: -x}"}[name]
		if f := judge(t, Config{}, job(t, "extra_refs: ["+ref+"]")); f.Excluded == "" {
			t.Errorf("%s is let through", name)
		}
	}
}

// TestDigest: the digest covers everything that is requested, and which job requests it.
func TestDigest(t *testing.T) {
	ask := func(value string) Finding {
		return Finding{Asks: []Ask{{Rule: RuleSecret, Path: "p", Use: Use{Name: value}}}}
	}
	if got := Digest(map[string]Finding{"a": {}, "b": {Excluded: "x"}}); got != "" {
		t.Errorf("nothing asked for gives %q", got)
	}
	seen := map[string]string{}
	for name, findings := range map[string]map[string]Finding{
		"a": {"a": ask("1")}, "b": {"b": ask("1")}, "other": {"a": ask("2")}, "both": {"a": ask("1"), "b": ask("1")},
	} {
		d := Digest(findings)
		if d == "" || seen[d] != "" {
			t.Errorf("%s has the digest of %q", name, seen[d])
		}
		seen[d] = name
	}
	if got := ask("1").Beyond(ask("2")); len(got) != 1 {
		t.Errorf("beyond: %v", got)
	}
	if got := ask("1").Beyond(ask("1")); len(got) != 0 {
		t.Errorf("beyond: %v", got)
	}
}

func TestPrivileged(t *testing.T) {
	if Privileged(job(t)) {
		t.Error("a plain job counts as privileged")
	}
	for _, name := range []string{"host path", "privileged", "service account", "secret volume", "host network", "cluster", "field without a handler"} {
		spec := strings.ReplaceAll(asking[name].spec, "CONTAINER", "containers")
		if !Privileged(job(t, spec)) {
			t.Errorf("%s does not count", name)
		}
	}
}

func TestOwnConfigMaps(t *testing.T) {
	head := job(t, "pod_spec: {volumes: [{name: v, configMap: {name: ours}}]}")
	head.OwnConfigMaps = []string{"ours"}
	if f := judge(t, Config{ConfigMaps: []string{"x"}}, head, job(t)); !f.Zero() {
		t.Errorf("found %+v", f)
	}
}

// TestEveryFieldIsDecidedUpon lists the fields in the current Kubernetes and Prow that have
// no handler and therefore count as requests. New fields have to be examined.
func TestEveryFieldIsDecidedUpon(t *testing.T) {
	want := []string{"pod_spec.container[].env[].valueFrom.fileKeyRef", "pod_spec.schedulingGroup"}
	if got := undecided(t); !slices.Equal(got, want) {
		t.Errorf("undecided fields %q, want %q", got, want)
	}
}
