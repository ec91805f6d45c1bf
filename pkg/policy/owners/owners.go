// Package owners determines approvers from the OWNERS files of a repository, as Prow
// does: with aliases, filters and no_parent_owners. It reads only the files that it
// needs, through a function, and neither clones nor caches.
//
// It is stricter than Prow, which ignores a file that it cannot read: here nobody
// approves what such a file covers. It supports neither approvers in the headers of
// Markdown files nor directories that Prow is configured to ignore.
package owners

import (
	"context"
	"fmt"
	"path"
	"regexp"

	"k8s.io/apimachinery/pkg/util/sets"
	"sigs.k8s.io/prow/pkg/github"
	"sigs.k8s.io/prow/pkg/repoowners"
)

// MaxDirectories is how many directories are read for one answer.
const MaxDirectories = 200

const (
	ownersFile  = "OWNERS"
	aliasesFile = "OWNERS_ALIASES"
)

// Read returns the content of a file. Content is nil if there is no file. Because
// says why a file exists but cannot be read; anything else is an error.
type Read func(ctx context.Context, path string) (content []byte, because string, err error)

// Tree has the OWNERS files of one commit. It caches what it has read.
type Tree struct {
	read    Read
	dirs    map[string]*directory
	aliases *aliases
}

// New returns the OWNERS files behind a function.
func New(read Read) *Tree { return &Tree{read: read, dirs: map[string]*directory{}} }

type aliases struct {
	repoowners.RepoAliases
	because string
}

// directory has the approvers in the OWNERS file of a directory.
type directory struct {
	approvers []approvers
	noParents bool
	because   string
}

// approvers are those of the files that match, or of all when match is nil.
type approvers struct {
	match  *regexp.Regexp
	logins sets.Set[string]
}

// Verdict is whether somebody approves something. Because says why that is not known,
// in which case nobody approves; usually empty.
type Verdict struct {
	Approves bool
	Because  string
}

// Root returns whether a person is an approver of the top-level OWNERS file.
func (t *Tree) Root(ctx context.Context, login string) (Verdict, error) {
	dir, err := t.directory(ctx, "")
	if err != nil || dir.because != "" {
		return Verdict{Because: because(dir)}, err
	}
	return Verdict{Approves: dir.of(".").Has(github.NormLogin(login))}, nil
}

// All returns whether a person approves all of the files. Nobody is an approver of an
// empty list.
func (t *Tree) All(ctx context.Context, login string, files []string) (Verdict, error) {
	login = github.NormLogin(login)
	for _, file := range files {
		v, err := t.file(ctx, login, file)
		if err != nil || !v.Approves {
			return v, err
		}
	}
	return Verdict{Approves: len(files) > 0 && login != ""}, nil
}

// file walks up from a file to the first directory that decides.
func (t *Tree) file(ctx context.Context, login, file string) (Verdict, error) {
	owned := false
	for d := path.Dir(file); ; d = path.Dir(d) {
		if d == "." || d == "/" {
			d = ""
		}
		dir, err := t.directory(ctx, d)
		if err != nil || dir.because != "" {
			return Verdict{Because: because(dir)}, err
		}
		relative := file
		if d != "" {
			relative = file[len(d)+1:]
		}
		here := dir.of(relative)
		if here.Has(login) {
			return Verdict{Approves: true}, nil
		}
		owned = owned || here.Len() > 0
		if d == "" || dir.noParents && owned {
			return Verdict{}, nil
		}
	}
}

func because(d *directory) string {
	if d == nil {
		return ""
	}
	return d.because
}

// of are the approvers of a path relative to the directory.
func (d *directory) of(relative string) sets.Set[string] {
	all := sets.New[string]()
	for _, a := range d.approvers {
		if a.match == nil || a.match.MatchString(relative) {
			all = all.Union(a.logins)
		}
	}
	return all
}

func (t *Tree) directory(ctx context.Context, name string) (*directory, error) {
	if known, ok := t.dirs[name]; ok {
		return known, nil
	}
	if len(t.dirs) >= MaxDirectories {
		return &directory{because: fmt.Sprintf("The changed files are in too many directories: the OWNERS files of more than %d would have to be read.", MaxDirectories)}, nil
	}
	file := path.Join(name, ownersFile)
	content, why, err := t.read(ctx, file)
	if err != nil {
		return nil, err
	}
	d := &directory{because: why}
	if why == "" && content != nil {
		if d, err = t.parse(ctx, file, content); err != nil {
			return nil, err
		}
	}
	t.dirs[name] = d
	return d, nil
}

// parse reads an OWNERS file in either format, distinguished as in Prow.
func (t *Tree) parse(ctx context.Context, file string, content []byte) (*directory, error) {
	known, err := t.allAliases(ctx)
	if err != nil || known.because != "" {
		return &directory{because: known.because}, err
	}
	unreadable := func(why error) (*directory, error) {
		return &directory{because: fmt.Sprintf("The file `%s` of the base branch cannot be read: %v.", file, why)}, nil
	}
	d := &directory{}
	add := func(match *regexp.Regexp, logins []string) {
		if len(logins) > 0 {
			d.approvers = append(d.approvers, approvers{match, known.ExpandAliases(repoowners.NormLogins(logins))})
		}
	}
	simple, err := repoowners.LoadSimpleConfig(content)
	if err == nil && !simple.Empty() {
		add(nil, simple.Approvers)
		d.noParents = simple.Options.NoParentOwners
		return d, nil
	}
	full, err := repoowners.LoadFullConfig(content)
	if err != nil {
		return unreadable(err)
	}
	d.noParents = full.Options.NoParentOwners
	for pattern, config := range full.Filters {
		var match *regexp.Regexp
		if pattern != ".*" {
			if match, err = regexp.Compile(pattern); err != nil {
				return unreadable(err)
			}
		}
		add(match, config.Approvers)
	}
	return d, nil
}

func (t *Tree) allAliases(ctx context.Context) (*aliases, error) {
	if t.aliases != nil {
		return t.aliases, nil
	}
	content, why, err := t.read(ctx, aliasesFile)
	if err != nil {
		return &aliases{}, err
	}
	a := &aliases{because: why}
	if why == "" && content != nil {
		if a.RepoAliases, err = repoowners.ParseAliasesConfig(content); err != nil {
			a.because = fmt.Sprintf("The file `%s` of the base branch cannot be read: %v.", aliasesFile, err)
		}
	}
	t.aliases = a
	return a, nil
}
