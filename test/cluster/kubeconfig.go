package main

import (
	"encoding/base64"
	"fmt"
	"os"
	"strings"
)

// A login is one context of a kubeconfig. Context names matter: Prow uses them as cluster
// aliases, and requires one called `default`.
type login struct {
	context  string
	identity string
}

// kubeconfigs lists every kubeconfig of the cluster: the administrator's, those of the
// components, and the one with Prow's two cluster aliases.
func kubeconfigs(l layout) map[string][]login {
	files := map[string][]login{
		l.kubeconfig():      {{"default", "admin"}},
		l.buildKubeconfig(): {{"default", "build-default"}, {"build01", "build01"}},
	}
	for _, component := range []string{"kube-controller-manager", "kube-scheduler", "kube-proxy", "kubelet"} {
		files[l.config(component+".kubeconfig")] = []login{{"default", component}}
	}
	return files
}

func ensureKubeconfigs(l layout) error {
	for path, logins := range kubeconfigs(l) {
		content, err := kubeconfig(l, logins)
		if err != nil {
			return err
		}
		if err := write(path, content); err != nil {
			return err
		}
	}
	return nil
}

func kubeconfig(l layout, logins []login) (string, error) {
	authority, err := encoded(l.certificate("ca"))
	if err != nil {
		return "", err
	}
	var users, contexts strings.Builder
	for _, login := range logins {
		certificate, err := encoded(l.certificate(login.identity))
		if err != nil {
			return "", err
		}
		key, err := encoded(l.key(login.identity))
		if err != nil {
			return "", err
		}
		fmt.Fprintf(&users, "- name: %s\n  user:\n    client-certificate-data: %s\n    client-key-data: %s\n", login.identity, certificate, key)
		fmt.Fprintf(&contexts, "- name: %s\n  context: {cluster: rehearsal, user: %s}\n", login.context, login.identity)
	}
	return fmt.Sprintf(`apiVersion: v1
kind: Config
clusters:
- name: rehearsal
  cluster:
    server: %s
    certificate-authority-data: %s
users:
%scontexts:
%scurrent-context: %s
`, apiServerURL, authority, users.String(), contexts.String(), logins[0].context), nil
}

func encoded(path string) (string, error) {
	content, err := os.ReadFile(path)
	return base64.StdEncoding.EncodeToString(content), err
}
