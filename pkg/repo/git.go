// Package repo keeps bare mirrors of git repositories and answers questions
// about their commits and trees: merges, differences, files. It knows nothing
// of what is in them.
//
// It runs the git command line with neither system nor user configuration, no
// hooks and no prompts, and never needs a work tree.
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

// git runs commands on one repository. Env holds additions to the
// environment, such as the object directories to use.
type git struct {
	dir string
	env []string
}

// inherited are the variables that git may see: where to find itself, and how
// to reach the network. All others, GIT_DIR above all, could change what a
// command means.
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
	// No command may reach for another repository, above all not for one that
	// lacks an object; fetches name the one protocol that they use.
	"GIT_ALLOW_PROTOCOL=",
}

// settings apply to every command. A repository's own configuration, when it
// is a person's clone, must not run programs or change results.
var settings = []string{
	"-c", "core.hooksPath=" + os.DevNull,
	"-c", "core.fsmonitor=false",
	"-c", "core.attributesFile=" + os.DevNull,
	"-c", "core.quotePath=false",
	"-c", "gc.auto=0",
	"-c", "maintenance.auto=false",
	"-c", "protocol.version=2",
	"-c", "credential.helper=",
	// A redirect may lead to any host, and would take the token along.
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

// run returns what a command prints. On failure the error has the last words
// of its error output, without credentials.
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
