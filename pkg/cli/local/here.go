package local

import (
	"context"
	"io"

	"github.com/rehearsal-dev/rehearsal/pkg/repo"
)

// Affected returns the names of the jobs that a head affects; none if the clone in a
// directory does not have the head or cannot plan it.
func Affected(ctx context.Context, dir, head string) []string {
	o := Options{GitDir: dir, head: head, cacheDir: defaultCache()}
	c, err := o.plan(ctx, io.Discard)
	if err != nil {
		return nil
	}
	defer c.Close()
	var names []string
	for _, j := range c.result.Affected {
		names = append(names, j.Name)
	}
	return names
}

// Repositories returns the repositories that the remotes of the clone in a directory
// name, the most likely first; none if there is no clone.
func Repositories(ctx context.Context, dir string) []string {
	clone, err := repo.FindClone(ctx, dir)
	if err != nil {
		return nil
	}
	var found []string
	for _, remote := range remotesByRank(clone.Remotes) {
		if m := remotePath.FindStringSubmatch(clone.RemoteURL(remote)); m != nil {
			found = append(found, m[1]+"/"+m[2])
		}
	}
	return found
}
