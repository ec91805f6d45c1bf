package cluster

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/cli/local"
	"github.com/rehearsal-dev/rehearsal/pkg/event"
	"github.com/rehearsal-dev/rehearsal/pkg/repo"
	"github.com/rehearsal-dev/rehearsal/pkg/terminal"
)

// here stands for the pull request whose head is checked out.
const here = "."

const pullHelp = `A pull request is ORG/REPO#NUMBER, its URL, or NUMBER if all known pull requests
are of one repository or the current directory is a clone of the right
one. "." is the pull request whose head is checked out in the current directory.`

var pullName = regexp.MustCompile(`^([A-Za-z0-9._-]+)/([A-Za-z0-9._-]+)#([1-9][0-9]{0,8})$`)

// parsePull parses ORG/REPO#NUMBER, the URL of a pull request, or only its number, with
// or without #. For a number, org and repo are empty.
func parsePull(argument string) (v1alpha1.Pull, error) {
	if m := pullName.FindStringSubmatch(argument); m != nil {
		number, _ := strconv.Atoi(m[3])
		return v1alpha1.Pull{Org: m[1], Repo: m[2], Number: number}, nil
	}
	if u, err := url.Parse(argument); err == nil && u.Host != "" {
		path := strings.Split(strings.Trim(u.Path, "/"), "/")
		if i := slices.Index(path, "pull"); i >= 2 && i+1 < len(path) {
			return parsePull(path[i-2] + "/" + path[i-1] + "#" + path[i+1])
		}
		return v1alpha1.Pull{}, fmt.Errorf("%s is not the URL of a pull request", terminal.Plain(argument))
	}
	if number, err := strconv.Atoi(strings.TrimPrefix(argument, "#")); err == nil && number > 0 {
		return v1alpha1.Pull{Number: number}, nil
	}
	return v1alpha1.Pull{}, fmt.Errorf("%q is not a pull request: write ORG/REPO#NUMBER, its URL, its NUMBER, or \".\"", argument)
}

func nameOf(p v1alpha1.Pull) string { return fmt.Sprintf("%s/%s#%d", p.Org, p.Repo, p.Number) }

// find returns the Rehearsal of a pull request.
func (c *cluster) find(ctx context.Context, argument string) (*v1alpha1.Rehearsal, error) {
	if argument == here {
		return c.findHere(ctx)
	}
	pull, err := parsePull(argument)
	if err != nil {
		return nil, err
	}
	if pull.Org == "" {
		if pull, err = c.complete(ctx, pull.Number); err != nil {
			return nil, err
		}
	}
	rh, err := c.rehearsals.Get(ctx, event.Name(pull), metav1.GetOptions{})
	if apierrors.IsNotFound(err) && !isUnknownKind(err) {
		return nil, fmt.Errorf("%s is not known in namespace %s. The controller looks for open pull requests of the repositories in its settings every minute or so; "+
			"is this one of them, and is the namespace right? `kubectl get configmap config-rehearsal -n %s -o yaml` shows the settings", nameOf(pull), c.namespace, c.namespace)
	}
	return rh, c.explain(err, "get", "rehearsals")
}

// all returns all Rehearsals, sorted by pull request.
func (c *cluster) all(ctx context.Context) ([]v1alpha1.Rehearsal, error) {
	list, err := c.rehearsals.List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, c.explain(err, "list", "rehearsals")
	}
	slices.SortFunc(list.Items, func(a, b v1alpha1.Rehearsal) int { return comparePulls(a.Spec.Pull, b.Spec.Pull) })
	return list.Items, nil
}

func comparePulls(a, b v1alpha1.Pull) int {
	if n := strings.Compare(a.Org+"/"+a.Repo, b.Org+"/"+b.Repo); n != 0 {
		return n
	}
	return a.Number - b.Number
}

// complete finds the repository for the number of a pull request: that of the clone
// around the current directory, if it has Rehearsals, else the only one that has.
func (c *cluster) complete(ctx context.Context, number int) (v1alpha1.Pull, error) {
	all, err := c.all(ctx)
	if err != nil {
		return v1alpha1.Pull{}, err
	}
	var known []string
	for _, rh := range all {
		known = append(known, rh.Spec.Pull.Org+"/"+rh.Spec.Pull.Repo)
	}
	known = slices.Compact(known)
	choice, err := chooseRepository(known, local.Repositories(ctx, here))
	if err != nil {
		return v1alpha1.Pull{}, fmt.Errorf("#%d: %w", number, err)
	}
	org, name, _ := strings.Cut(choice, "/")
	return v1alpha1.Pull{Org: org, Repo: name, Number: number}, nil
}

// chooseRepository chooses among the repositories that have Rehearsals, given those that
// the current directory may be a clone of.
func chooseRepository(known, clones []string) (string, error) {
	for _, clone := range clones {
		for _, repository := range known {
			if strings.EqualFold(clone, repository) {
				return repository, nil
			}
		}
	}
	switch len(known) {
	case 0:
		return "", errors.New("no pull request is known yet, so name the repository too: ORG/REPO#NUMBER")
	case 1:
		return known[0], nil
	}
	return "", fmt.Errorf("pull requests of several repositories are known, so name the repository too: %s", strings.Join(known, ", "))
}

// findHere returns the Rehearsal whose head is checked out in the current directory.
func (c *cluster) findHere(ctx context.Context) (*v1alpha1.Rehearsal, error) {
	clone, err := repo.FindClone(ctx, here)
	if err != nil {
		return nil, errors.New("the current directory is not in a git repository, so name a pull request: ORG/REPO#NUMBER")
	}
	head, err := clone.Resolve(ctx, "HEAD")
	if err != nil {
		return nil, err
	}
	all, err := c.all(ctx)
	if err != nil {
		return nil, err
	}
	for i := range all {
		if pull := all[i].Status.Pull; pull != nil && pull.Open && pull.Head == head {
			return &all[i], nil
		}
	}
	return nil, fmt.Errorf("no open pull request that is known has the commit %.10s, which is checked out here, as its head: push it, or name a pull request: ORG/REPO#NUMBER", head)
}
