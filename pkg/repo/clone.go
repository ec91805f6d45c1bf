package repo

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Clone is a user's own repository. It is only read, and programs that its configuration
// names (hooks, filters, merge drivers, monitors) never run.
type Clone struct {
	*Mirror
	// Root is the top of the work tree; "" if there is none.
	Root string
	// Remotes are the names of the remotes, sorted.
	Remotes []string
	// config is the user's effective configuration: the last value of each key.
	config map[string]string
}

// FindClone finds the repository around a directory. The directory may also be a bare
// repository or a .git directory itself.
func FindClone(ctx context.Context, dir string) (*Clone, error) {
	cmd := git{}.command(ctx)
	// Only this command runs without --git-dir. Its last line of output is missing if
	// there is no work tree.
	cmd.Args = append(append([]string{"git"}, settings...), "rev-parse", "--absolute-git-dir", "--is-bare-repository", "--show-toplevel")
	cmd.Dir = dir
	out, err := cmd.Output()
	lines := strings.Split(strings.TrimRight(string(out), "\n"), "\n")
	if err != nil && len(lines) < 2 {
		return nil, fmt.Errorf("%s is not in a git repository", dir)
	}
	c := &Clone{Mirror: OpenClone(lines[0])}
	c.readConfig(ctx)
	switch {
	case lines[1] == "true":
	case len(lines) > 2:
		c.Root = lines[2]
	default:
		c.Root = c.rootOf(c.dir)
	}
	return c, nil
}

// rootOf returns the work tree of a git directory. Git does not report it when run inside
// that directory.
func (c *Clone) rootOf(gitDir string) string {
	if pointer, err := os.ReadFile(filepath.Join(gitDir, "gitdir")); err == nil {
		return filepath.Dir(strings.TrimSpace(string(pointer)))
	}
	if root := c.config["core.worktree"]; filepath.IsAbs(root) {
		return root
	} else if root != "" {
		return filepath.Join(gitDir, root)
	}
	if filepath.Base(gitDir) == ".git" {
		return filepath.Dir(gitDir)
	}
	return ""
}

// personal are the variables that locate a user's configuration.
var personal = []string{"XDG_CONFIG_HOME", "GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM"}

// readConfig reads the user's effective configuration from all of its files. A
// configuration that git cannot read counts as empty.
func (c *Clone) readConfig(ctx context.Context) {
	c.config = map[string]string{}
	cmd := c.command(ctx, "config", "--list", "-z")
	cmd.Env = slices.DeleteFunc(cmd.Env, func(v string) bool { return strings.HasPrefix(v, "GIT_CONFIG_") })
	cmd.Env = append(cmd.Env, environment(personal)...)
	out, err := cmd.Output()
	if err != nil {
		return
	}
	for _, record := range records(out) {
		key, value, _ := strings.Cut(record, "\n")
		c.config[key] = value
		name, isRemote := strings.CutPrefix(key, "remote.")
		if name, isURL := strings.CutSuffix(name, ".url"); isRemote && isURL {
			c.Remotes = append(c.Remotes, name)
		}
	}
	slices.Sort(c.Remotes)
	c.Remotes = slices.Compact(c.Remotes)
}

// environment returns the variables that are set, with their values.
func environment(names []string) []string {
	var out []string
	for _, name := range names {
		if value, ok := os.LookupEnv(name); ok {
			out = append(out, name+"="+value)
		}
	}
	return out
}

// RemoteURL returns the URL of a remote, or "".
func (c *Clone) RemoteURL(name string) string { return c.config["remote."+name+".url"] }

// Partial reports whether the clone is partial: objects were left out when it was made.
func (c *Clone) Partial() bool {
	for key, value := range c.config {
		if strings.HasPrefix(key, "remote.") && strings.HasSuffix(key, ".promisor") && value != "false" {
			return true
		}
	}
	return c.config["extensions.partialclone"] != ""
}

// Shallow reports whether the clone lacks history.
func (c *Clone) Shallow() bool {
	info, err := os.Stat(filepath.Join(c.commonDir(), "shallow"))
	return err == nil && info.Size() > 0
}

// Ref is a ref and its commit.
type Ref struct {
	Name   string
	Commit string
}

// FirstRef returns the first of the refs that exists. A symbolic ref, such as
// refs/remotes/origin/HEAD, is resolved to its target.
func (c *Clone) FirstRef(ctx context.Context, names []string) (Ref, bool, error) {
	format := "--format=%(refname)%00%(objectname)%00%(symref)"
	out, err := c.run(ctx, append([]string{"for-each-ref", format}, names...)...)
	if err != nil {
		return Ref{}, false, err
	}
	found := map[string]Ref{}
	for _, line := range strings.Split(strings.TrimSpace(string(out)), "\n") {
		fields := strings.Split(line, "\x00")
		if len(fields) != 3 {
			continue
		}
		ref := Ref{Name: fields[0], Commit: fields[1]}
		if fields[2] != "" {
			ref.Name = fields[2]
		}
		found[fields[0]] = ref
	}
	for _, name := range names {
		if ref, ok := found[name]; ok {
			return ref, true, nil
		}
	}
	return Ref{}, false, nil
}

// Merge merges head into base, as Mirror.Merge does.
func (c *Clone) Merge(ctx context.Context, base, head string) (*Merged, error) {
	return merge(ctx, c.scratch, base, head)
}

// scratch returns an empty repository that borrows the clone's objects and nothing else:
// the clone's configuration must neither run programs nor change results.
func (c *Clone) scratch() (_ *Merged, err error) {
	temp, err := makeTemp("", "rehearsal-clone-")
	if err != nil {
		return nil, fmt.Errorf("creating scratch repository: %w", err)
	}
	defer func() {
		if err != nil {
			_ = temp.Close()
		}
	}()
	for _, d := range []string{"objects/info", "refs", "info"} {
		if err := os.MkdirAll(filepath.Join(temp.path, d), 0o700); err != nil {
			return nil, fmt.Errorf("creating scratch repository: %w", err)
		}
	}
	config := "[core]\n\trepositoryformatversion = 1\n\tbare = true\n"
	if format := c.config["extensions.objectformat"]; format == "sha256" {
		config += "[extensions]\n\tobjectFormat = sha256\n"
	}
	objects, err := c.objectDir()
	if err != nil {
		return nil, fmt.Errorf("finding object directory: %w", err)
	}
	for name, content := range map[string]string{
		"HEAD": "ref: refs/heads/none\n", "config": config, "objects/info/alternates": quotePath(objects) + "\n",
	} {
		if err := os.WriteFile(filepath.Join(temp.path, name), []byte(content), 0o600); err != nil {
			return nil, fmt.Errorf("creating scratch repository: %w", err)
		}
	}
	if err := copyFile(filepath.Join(c.commonDir(), "shallow"), filepath.Join(temp.path, "shallow")); err != nil {
		return nil, fmt.Errorf("creating scratch repository: %w", err)
	}
	return &Merged{Objects: Objects{git{dir: temp.path}}, temp: temp}, nil
}

// commonDir is the part of the git directory that linked work trees share.
func (c *Clone) commonDir() string {
	objects, err := c.objectDir()
	if err != nil {
		return c.dir
	}
	return filepath.Dir(objects)
}
