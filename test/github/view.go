package github

import (
	"cmp"
	"context"
	"fmt"
	"html/template"
	"maps"
	"slices"
	"strings"
	"time"
)

// These types are the data of the templates; they contain no policy.

type layout struct {
	Title   string
	Repo    string // full name; may be empty
	Refresh int    // seconds; 0 for never
}

type viewTime struct{ ISO, Ago string }

func viewedAt(t, now time.Time) viewTime {
	v := viewTime{ISO: timestamp(t)}
	switch d := now.Sub(t); {
	case d < 10*time.Second:
		v.Ago = "just now"
	case d < time.Minute:
		v.Ago = fmt.Sprintf("%d seconds ago", int(d.Seconds()))
	case d < 2*time.Minute:
		v.Ago = "a minute ago"
	case d < time.Hour:
		v.Ago = fmt.Sprintf("%d minutes ago", int(d.Minutes()))
	default:
		v.Ago = "on " + t.Format("2 Jan 2006, 15:04 UTC")
	}
	return v
}

type viewLabel struct{ Name, Color string }

func viewLabels(labels []*label) []viewLabel {
	var out []viewLabel
	for _, l := range labels {
		out = append(out, viewLabel{l.name, l.color})
	}
	slices.SortFunc(out, func(a, b viewLabel) int { return cmp.Compare(a.Name, b.Name) })
	return out
}

type viewComment struct {
	Anchor, Author, Role string
	At                   viewTime
	Edited               *viewTime
	Body                 template.HTML
	Reactions            []string
}

type viewEntry struct {
	Comment                           *viewComment // or an event:
	Actor, Text, Commit, Note, Colour string
	Label                             *viewLabel
	At                                viewTime
}

type viewCheck struct{ Mark, State, Context, Description, TargetURL string }

type viewPerson struct{ Login, Role string }

type viewFile struct {
	Path, OldPath, Status string
	Additions, Deletions  int
	Lines                 []viewLine
}

type viewLine struct{ Class, Text string }

type viewCommit struct {
	layout
	SHA, Subject, Author string
	At                   viewTime
	Files                []viewFile
}

type viewPull struct {
	layout
	Path, Tab, Subject, State, Author    string
	Base, Head, HeadSHA                  string
	Number                               int
	CommentCount, CommitCount, FileCount int
	IsOpen, Locked                       bool
	Labels                               []viewLabel
	Entries                              []viewEntry
	Checks                               []viewCheck
	Combined, CheckSummary               string
	People                               []viewPerson
	As                                   string
	Commits                              []viewCommit
	Files                                []viewFile
}

// pullState returns the word on the badge.
func pullState(p *pull) string {
	switch {
	case p.merged:
		return "merged"
	case !p.open():
		return "closed"
	case p.draft:
		return "draft"
	}
	return "open"
}

func (s *Server) viewPull(ctx context.Context, p *pull, tab, as string) (viewPull, error) {
	st, err := p.computed(ctx)
	if err != nil {
		return viewPull{}, err
	}
	repo := p.repo.fullName()
	v := viewPull{
		layout: layout{Title: fmt.Sprintf("%s · Pull request #%d · %s", p.title, p.number, repo), Repo: repo},
		Path:   fmt.Sprintf("/%s/pull/%d", repo, p.number), Tab: tab, Subject: p.title, Number: p.number,
		State: pullState(p), Author: p.author.login, IsOpen: p.open(), Locked: p.locked,
		Base: p.repo.org.login + ":" + p.baseRef, Head: p.headOwner() + ":" + p.headRef, HeadSHA: p.headSHA,
		CommentCount: len(p.comments()), CommitCount: len(st.commits), FileCount: len(st.files),
		Labels: viewLabels(p.labels), Entries: s.viewEntries(p, st.commits), Files: viewFiles(st.files),
		People: s.viewPeople(p.repo), As: cmp.Or(as, p.author.login),
	}
	for _, c := range st.commits {
		v.Commits = append(v.Commits, s.viewCommit(p.repo, c, nil))
	}
	latest := p.repo.latestStatuses(p.headSHA)
	v.Combined, v.Checks = combine(latest), viewChecks(latest)
	v.CheckSummary = map[string]string{"success": "All checks have passed", "pending": "Some checks haven’t completed yet",
		"failure": "Some checks were not successful"}[v.Combined]
	return v, nil
}

var checkMarks = map[string]string{"success": "✓", "failure": "✗", "error": "✗", "pending": "●"}

func viewChecks(statuses []*status) []viewCheck {
	var out []viewCheck
	for _, st := range statuses {
		out = append(out, viewCheck{checkMarks[st.state], st.state, st.context, st.description, st.targetURL})
	}
	return out
}

// viewPeople lists the people as whom one may act: all known users except organisations.
func (s *Server) viewPeople(r *repository) []viewPerson {
	var out []viewPerson
	for _, key := range slices.Sorted(maps.Keys(s.users)) {
		if u := s.users[key]; s.orgs[key] == nil && u.kind == "User" {
			out = append(out, viewPerson{u.login, r.role(u.login)})
		}
	}
	return out
}

func (s *Server) viewEntries(p *pull, commits []gitCommit) []viewEntry {
	subjects := map[string]string{}
	for _, c := range commits {
		subjects[c.sha] = subject(c)
	}
	now, links := s.now(), commitLinks(p, commits)
	entries := []viewEntry{{Comment: &viewComment{
		Anchor: "description", Author: p.author.login, Role: viewRole(p.repo, p.author),
		At: viewedAt(p.createdAt, now), Body: renderMarkdown(cmp.Or(p.body, "*No description provided.*"), links),
		Reactions: viewReactions(p.reactions),
	}}}
	for _, e := range p.timeline {
		if e.comment != nil {
			entries = append(entries, viewEntry{Comment: viewCommentOf(e.comment, now, links)})
			continue
		}
		entry := viewEvent(e)
		entry.At = viewedAt(e.at, now)
		if e.kind == "committed" {
			entry.Note = subjects[e.commit]
		}
		entries = append(entries, entry)
	}
	return entries
}

// commitLinks returns the pages of the commits that people mention.
func commitLinks(p *pull, commits []gitCommit) map[string]string {
	links := map[string]string{}
	add := func(sha string) { links[sha] = fmt.Sprintf("/%s/commit/%s", p.repo.fullName(), sha) }
	add(p.baseSHA)
	for _, c := range commits {
		add(c.sha)
	}
	for _, e := range p.timeline {
		if e.commit != "" {
			add(e.commit)
		}
	}
	return links
}

func viewCommentOf(c *comment, now time.Time, links map[string]string) *viewComment {
	v := &viewComment{
		Anchor: fmt.Sprintf("issuecomment-%d", c.id), Author: c.author.login, Role: viewRole(c.pull.repo, c.author),
		At: viewedAt(c.createdAt, now), Body: renderMarkdown(c.body, links), Reactions: viewReactions(c.reactions),
	}
	if len(c.edits) > 0 {
		at := viewedAt(c.updatedAt, now)
		v.Edited = &at
	}
	return v
}

func viewRole(r *repository, u *user) string {
	if a := association(r, u); a != "NONE" {
		return a[:1] + strings.ToLower(a[1:])
	}
	return ""
}

var emoji = map[string]string{"+1": "👍", "-1": "👎", "laugh": "😄", "hooray": "🎉", "confused": "😕", "heart": "❤️", "rocket": "🚀", "eyes": "👀"}

func viewReactions(reactions []*reaction) []string {
	counts := map[string]int{}
	for _, r := range reactions {
		counts[r.content]++
	}
	var out []string
	for _, kind := range reactionKinds {
		if counts[kind] > 0 {
			out = append(out, fmt.Sprintf("%s %d", emoji[kind], counts[kind]))
		}
	}
	return out
}

func viewEvent(e *event) viewEntry {
	v := viewEntry{Actor: e.actor.login, Commit: e.commit}
	if e.label != nil {
		v.Label = &viewLabel{e.label.name, e.label.color}
	}
	switch e.kind {
	case "committed":
		v.Text = "pushed"
	case "head_ref_force_pushed":
		v.Text = "force-pushed the branch to"
	case "labeled":
		v.Text = "added the label"
	case "unlabeled":
		v.Text = "removed the label"
	case "renamed":
		v.Text, v.Note = "changed the title", fmt.Sprintf("from “%s” to “%s”", e.from, e.to)
	case "base_ref_changed":
		v.Text = "changed the base branch"
	case "closed":
		v.Text, v.Colour, v.Commit = "closed this", "red", ""
	case "reopened":
		v.Text, v.Colour = "reopened this", "green"
	case "merged":
		v.Text, v.Colour = "merged this as", "purple"
	case "locked":
		v.Text = "locked the conversation"
	case "unlocked":
		v.Text = "unlocked the conversation"
	}
	return v
}

func subject(c gitCommit) string {
	first, _, _ := strings.Cut(c.message, "\n")
	return first
}

func (s *Server) viewCommit(r *repository, c gitCommit, files []fileDiff) viewCommit {
	return viewCommit{layout: layout{Title: subject(c) + " · " + r.fullName(), Repo: r.fullName()},
		SHA: c.sha, Subject: subject(c), Author: c.author.name, At: viewedAt(c.author.at, s.now()), Files: viewFiles(files)}
}

func viewFiles(files []fileDiff) []viewFile {
	var out []viewFile
	for _, f := range files {
		v := viewFile{Path: f.path, OldPath: f.oldPath, Status: f.status, Additions: f.additions, Deletions: f.deletions}
		for line := range strings.Lines(f.patch) {
			class := map[byte]string{'+': "add", '-': "del", '@': "hunk"}[line[0]]
			v.Lines = append(v.Lines, viewLine{class, strings.TrimSuffix(line, "\n")})
		}
		out = append(out, v)
	}
	return out
}
