package hostile

import "strings"

const hidesSecret = "deck: {hidden_repos: [acme/secret, vault, 'https://git.example.com']}\n"

// hiding are pull requests that would show output of hidden repositories, with harmless
// twins in which nothing is hidden.
func hiding() []Pull {
	const hidden = "hidden: deck.hidden_repos"
	at := func(config, content string) map[string]string {
		return files(map[string]string{ProwConfig: config, Jobs + "/x/d.yaml": content})
	}
	to := func(repo, word string) string { return presubmits(repo, job("pull-a", "", word)) }
	pulls := []Pull{
		{
			Name: "config repository hidden by the pull request", Base: at(plainConfig+hidesSecret, to("acme/secret", "a")),
			Head:  at(plainConfig+strings.Replace(hidesSecret, "vault", "vault, acme/config", 1), to("acme/secret", "b")),
			Cases: []Case{{"pull-a", hidden}},
		},
		{
			Name: "config repository hidden instead of others", Base: at(plainConfig+hidesSecret, to("acme/secret", "a")),
			Head:  at(plainConfig+"deck: {hidden_repos: [Acme]}\n", to("acme/secret", "b")),
			Cases: []Case{{"pull-a", hidden}},
		},
		{
			Name: "config repository hidden, base invalid", Base: at(plainConfig+"deck: [\n", to("acme/secret", "a")),
			Head:  at(plainConfig+"deck: {hidden_repos: [acme/config]}\n", to("acme/secret", "b")),
			Cases: []Case{{"pull-a", New}},
		},
		{
			Name: "config repository hidden with other capitals", Base: at(plainConfig+"deck: {hidden_repos: [Acme/CONFIG, acme/secret]}\n", to("acme/secret", "a")),
			Head:  at(plainConfig+"deck: {hidden_repos: [Acme/CONFIG, acme/secret]}\n", to("acme/secret", "b")),
			Cases: []Case{{"pull-a", Runs}},
		},
		{
			Name: "hidden organisation and its repositories", Base: at(plainConfig+"deck: {hidden_repos: ['VAULT/*']}\n", to("vault/x", "a")),
			Head:  at(plainConfig+"deck: {hidden_repos: ['VAULT/*']}\n", to("vault/x", "b")),
			Cases: []Case{{"pull-a", hidden}},
		},
		{
			Name: "hidden repository in defaults of decoration", Base: at(plainConfig+hidesSecret, to("Acme/Secret", "a")),
			Head:  at(strings.Replace(plainConfig, "timeout: 2h", "timeout: 1h", 1)+hidesSecret, to("Acme/Secret", "a")),
			Cases: []Case{{"pull-a", hidden}},
		},
	}
	for repo, want := range map[string]string{
		"Acme/Secret": hidden, "ACME/secret": hidden, "Vault/x": hidden, "acme/secrets": Runs, "acme/a-secret": Runs, "vaulted/x": Runs,
		"'https://git.example.com/x'": hidden, "'https://Git.Example.com/x/y'": hidden, "'https://git.example.org/x'": Runs,
		"acme/secret.git": hidden, "acme/./secret": "checkout:", "'acme/%73ecret'": "checkout:", "'acme/secret?x'": "checkout:",
	} {
		pulls = append(pulls, Pull{
			Name: "job of " + repo, Base: at(plainConfig+hidesSecret, to(repo, "a")), Head: at(plainConfig+hidesSecret, to(repo, "b")),
			Cases: []Case{{"pull-a", want}},
		})
	}
	for ref, want := range map[string]string{
		"org: Acme, repo: Secret": hidden, "org: VAULT, repo: x": hidden, "org: acme, repo: secret.GIT": hidden,
		"org: acme, repo: other, clone_uri: 'https://github.com/Acme/secret.git'":        hidden,
		"org: acme, repo: other, clone_uri: 'https://github.com//acme//secret'":          hidden,
		"org: acme, repo: other, clone_uri: 'https://user@github.com:443/acme/%73ecret'": hidden,
		"org: acme, repo: other, clone_uri: 'git@github.com:acme/secret.git'":            hidden,
		"org: acme, repo: other, clone_uri: 'ssh://git@github.com/vault/x'":              hidden,
		"org: acme, repo: other, repo_link: 'https://github.com/vault/x'":                hidden,
		"org: 'https://github.com/acme', repo: secret":                                   hidden,
		"org: 'https://git.example.com', repo: platform/x":                               hidden,
		"org: acme, repo: other, clone_uri: 'https://GIT.example.com/x'":                 hidden,
		"org: acme, repo: other, clone_uri: 'https://github.com/acme/other?/secret'":     "checkout:",
		"org: acme/., repo: secret":                                                      "checkout:",
		"org: acme, repo: vault":                                                         Runs,
		"org: 'https://git.example.org', repo: acme2/secret":                             Runs,
		"org: acme, repo: other":                                                         Runs,
		"org: acme, repo: secret-plans, path_alias: acme/secret/sub":                     Runs,
	} {
		part := "extra_refs: [{" + ref + ", base_ref: main}]"
		pulls = append(pulls, Pull{
			Name: "checkout of " + ref,
			Base: files(map[string]string{ProwConfig: plainConfig + hidesSecret, mainFile: presubmits(Target, job("pull-a", part, "a"))}),
			Head: files(map[string]string{ProwConfig: plainConfig + hidesSecret, mainFile: presubmits(Target, job("pull-a", part, "b"))}), Cases: []Case{{"pull-a", want}},
		})
	}
	for part, want := range map[string]string{"clone_uri: 'https://github.com/acme/SECRET'": hidden, "clone_uri: 'https://github.com/acme/widget'": Runs} {
		pulls = append(pulls, Pull{
			Name: "own " + part,
			Base: files(map[string]string{ProwConfig: plainConfig + hidesSecret, mainFile: presubmits(Target, job("pull-a", part, "a"))}),
			Head: files(map[string]string{ProwConfig: plainConfig + hidesSecret, mainFile: presubmits(Target, job("pull-a", part, "b"))}), Cases: []Case{{"pull-a", want}},
		})
	}
	// Base or head alone can say that a job is hidden.
	pulls = append(pulls, edit("hidden again", "hidden: false", "hidden: true", "hidden: "))
	return append(pulls, edit("hidden no more", "hidden: true", "", "hidden: the base branch"))
}
