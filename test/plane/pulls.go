package plane

import (
	"github.com/rehearsal-dev/rehearsal/test/github"
)

// OpenPull opens a pull request that changes these jobs.
func (p *Plane) OpenPull(jobs ...string) github.Pull {
	p.t.Helper()
	pull, err := p.Hub.OpenPull(p.ctx, github.NewPull{
		Org: Org, Repo: Repo, Author: Author, Title: "Try them",
		Change: p.change(jobs, "true; true"),
	})
	p.check(err)
	return pull
}

// change changes these jobs.
func (p *Plane) change(jobs []string, how string) github.Change {
	return github.Change{Files: p.jobsFiles(jobs, how)}
}

// Say comments on a pull request.
func (p *Plane) Say(pull github.Pull, by, body string) github.Comment {
	p.t.Helper()
	c, err := p.Hub.CreateComment(p.ctx, github.NewComment{PullID: pull.PullID, By: by, Body: body})
	p.check(err)
	return c
}
