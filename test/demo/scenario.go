package main

import (
	"context"
	"embed"
	"fmt"
	"io/fs"
	"strings"

	"github.com/rehearsal-dev/rehearsal/test/github"
	"github.com/rehearsal-dev/rehearsal/test/rig"
)

// The people and places of the demonstration.
const (
	org        = "acme"
	repo       = "release"
	author     = "alice"
	maintainer = "bob"
)

//go:embed all:repository
var repository embed.FS

// baseFiles returns the config repository before the pull request.
func baseFiles(image string) (map[string]string, error) {
	files := map[string]string{}
	err := fs.WalkDir(repository, "repository", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := repository.ReadFile(path)
		if err != nil {
			return err
		}
		files[strings.TrimPrefix(path, "repository/")] = strings.ReplaceAll(string(content), "IMAGE", image)
		return nil
	})
	return files, err
}

// newToolchain returns the change of the pull request: the next version of Go for every job
// that names one.
func newToolchain(files map[string]string) map[string]string {
	changed := map[string]string{}
	for path, content := range files {
		if next := strings.ReplaceAll(content, `value: "1.25"`, `value: "1.26"`); next != content {
			changed[path] = next
		}
	}
	return changed
}

// createRepository creates the config repository, with its people and its webhook.
func createRepository(ctx context.Context, hub github.Control, files map[string]string, in rig.Installation, webhook string) error {
	if _, err := hub.CreateRepo(ctx, github.NewRepo{
		Org: org, Repo: repo, Description: "The configuration of Acme's Prow", Files: files,
		Roles: map[string]string{maintainer: "write", rig.Bot: "write", author: "write"},
	}); err != nil {
		return err
	}
	for _, target := range []string{"widget", "gadget"} {
		if _, err := hub.CreateRepo(ctx, github.NewRepo{
			Org: org, Repo: target, Files: map[string]string{"README.md": "# " + target + "\n"},
		}); err != nil {
			return err
		}
	}
	_, err := hub.AddHook(ctx, github.Hook{Org: org, Repo: repo, URL: webhook, Secret: in.WebhookSecret})
	return err
}

func openPull(ctx context.Context, hub github.Control, files map[string]string) (github.Pull, error) {
	pull, err := hub.OpenPull(ctx, github.NewPull{
		Org: org, Repo: repo, Author: author,
		Title:  "Test the widget with Go 1.26",
		Body:   "Go 1.26 is out. This moves the widget's jobs to it.",
		Change: github.Change{Files: newToolchain(files)},
	})
	if err != nil {
		return pull, fmt.Errorf("open the pull request: %w", err)
	}
	return pull, nil
}
