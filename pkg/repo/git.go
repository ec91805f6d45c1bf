// Package repo keeps bare mirrors of git repositories, and reads their commits and trees:
// merges, differences, files. It knows nothing about the content of the files.
//
// It runs the git command line without system or user configuration, hooks or prompts,
// and never needs a work tree.
package repo

import (
	"bytes"
	"context"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strings"
)

// git runs commands on one repository. Env holds additions to the environment, such as
// the object directories.
type git struct {
	dir string
	env []string
}

// inherited are the variables that git may see: how to find its own programs, and how to
// reach the network. All others, GIT_DIR above all, could change what a command does.
var inherited = []string{
	"PATH", "HOME", "TMPDIR", "SSL_CERT_FILE", "SSL_CERT_DIR", "GIT_SSL_CAINFO",
	"http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "SYSTEMROOT",
}

var isolation = []string{
	"LC_ALL=C",
	"GIT_CONFIG_NOSYSTEM=1",
	"GIT_CONFIG_GLOBAL=" + os.DevNull,
	"GIT_ATTR_NOSYSTEM=1",
	"GIT_TERMINAL_PROMPT=0",
	"GIT_ASKPASS=true",
	"GIT_OPTIONAL_LOCKS=0",
	"GIT_NO_LAZY_FETCH=1",
	// No command may contact another repository, in particular to fetch a missing object.
	// Fetches allow the one protocol that they use.
	"GIT_ALLOW_PROTOCOL=",
}

// settings apply to every command. The configuration of a repository, such as a user's
// clone, must not run programs or change results.
var settings = []string{
	"-c", "core.hooksPath=" + os.DevNull,
	"-c", "core.fsmonitor=false",
	"-c", "core.attributesFile=" + os.DevNull,
	"-c", "core.quotePath=false",
	"-c", "gc.auto=0",
	"-c", "maintenance.auto=false",
	"-c", "protocol.version=2",
	"-c", "credential.helper=",
	// A redirect may lead to any host, which would then receive the token.
	"-c", "http.followRedirects=false",
	"-c", "safe.directory=*",
}

func (g git) command(ctx context.Context, args ...string) *exec.Cmd {
	full := append([]string{"--git-dir=" + g.dir}, settings...)
	cmd := exec.CommandContext(ctx, "git", append(full, args...)...)
	for _, name := range inherited {
		if value, ok := os.LookupEnv(name); ok {
			cmd.Env = append(cmd.Env, name+"="+value)
		}
	}
	cmd.Env = append(append(cmd.Env, isolation...), g.env...)
	return ending(cmd)
}

// run returns the output of a command. On failure the error has the last lines of its
// error output, without credentials.
func (g git) run(ctx context.Context, args ...string) ([]byte, error) {
	return g.runWith(ctx, nil, args...)
}

func (g git) runWith(ctx context.Context, in io.Reader, args ...string) ([]byte, error) {
	cmd := g.command(ctx, args...)
	cmd.Stdin = in
	var out bytes.Buffer
	var complaint tail
	cmd.Stdout, cmd.Stderr = &out, &complaint
	if err := cmd.Run(); err != nil {
		return out.Bytes(), commandError(ctx, args, complaint.String(), err)
	}
	return out.Bytes(), nil
}

func subcommand(args []string) string {
	for i := 0; i < len(args); i++ {
		switch {
		case args[i] == "-c", args[i] == "-C":
			i++
		case !strings.HasPrefix(args[i], "-"):
			return args[i]
		}
	}
	return ""
}

var credential = regexp.MustCompile(`(?i)(://)[^/\s@]+@|(authorization:\s*\S+\s+)\S+`)

func redact(s string) string {
	return credential.ReplaceAllString(s, "${1}${2}")
}
