package repo

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestWhatIsDamage checks that messages of git about its own files count as damage, and
// messages from servers, users and full disks do not.
func TestWhatIsDamage(t *testing.T) {
	sha := strings.Repeat("12", 20)
	for _, test := range []struct {
		command, said string
		corrupt       bool
	}{
		{"merge-tree", "error: object file /m.git/objects/12/34 is empty\nfatal: loose object " + sha + " (stored in /m.git/objects/12/34) is corrupt", true},
		{"ls-tree", "fatal: bad object " + sha, true},
		{"diff-tree", "error: packfile /m.git/objects/pack/pack-1.pack does not match index", true},
		{"rev-parse", "fatal: not a git repository: '/m.git'", true},
		{"cat-file", "fatal: unable to read tree " + sha, true},
		{"merge-tree", "error: Could not read " + sha, true},
		{"fetch", "error: /m.git did not send all necessary objects", true},
		{"fetch", "error: refs/rehearsal/" + sha + " does not point to a valid object!", true},
		{"fetch", "fatal: could not read Username for 'https://github.com': terminal prompts disabled", false},
		{"fetch", "fatal: Authentication failed for 'https://github.com/acme/config.git/'", false},
		{"fetch", "remote: error: object file x is empty\nremote: fatal: bad object " + sha + "\nfatal: unable to access 'x': The requested URL returned error: 403", false},
		{"fetch", "fatal: remote error: bad object " + sha, false},
		{"fetch", "fatal: remote error: is corrupt: not a git repository", false},
		{"fetch", "error: inflate: data stream error (incorrect header check)\nfatal: pack has bad object at offset 12: inflate returned -3\nfatal: fetch-pack: invalid index-pack output", false},
		{"fetch", "fatal: pack is corrupted (SHA1 mismatch)", false},
		{"fetch", "fatal: early EOF\nfatal: fetch-pack: invalid index-pack output", false},
		{"merge-tree", "warning: Cannot merge binary files: object file x is empty (a vs. b)", false},
		{"merge-tree", "warning: Cannot merge binary files: packfile is corrupt, not a git repository (a vs. b)", false},
		{"merge-tree", "error: unable to create temporary file: No space left on device", false},
		{"ls-tree", "fatal: Not a valid object name is corrupt", false},
	} {
		err := commandError(t.Context(), []string{test.command}, test.said, os.ErrInvalid)
		if Corrupt(err) != test.corrupt {
			t.Errorf("%s: %q is damage: %t", test.command, test.said, !test.corrupt)
		}
	}
}

// TestRebuildsAreBounded: a commit can look like damage each time it is fetched.
func TestRebuildsAreBounded(t *testing.T) {
	o := newOrigin(t)
	base := o.commit(map[string]string{"a": "1"})
	m := mirrorOf(t, o, base)
	now := time.Now()
	m.now = func() time.Time { return now }
	rebuilt := func(head string) (bool, error) {
		t.Helper()
		mark := filepath.Join(m.dir, "mark")
		writeFile(t, mark, "")
		err := m.Rebuild(t.Context(), head)
		_, statErr := os.Stat(mark)
		return statErr != nil, err
	}
	var spent *RebuiltError
	if yes, err := rebuilt("one"); !yes || err != nil {
		t.Fatalf("the first time: %t, %v", yes, err)
	}
	if yes, err := rebuilt("two"); yes || err != nil {
		t.Errorf("a moment later, for another who saw the same: %t, %v", yes, err)
	}
	now = now.Add(2 * rebuiltLately)
	for _, head := range []string{"one", "two"} {
		if yes, err := rebuilt(head); yes || !errors.As(err, &spent) || spent.Revision != head {
			t.Errorf("again for %s: %t, %v", head, yes, err)
		}
	}
	if yes, err := rebuilt("three"); !yes || err != nil {
		t.Errorf("for another head: %t, %v", yes, err)
	}
	now = now.Add(2 * rebuiltLately)
	if yes, err := rebuilt("four"); yes || !errors.As(err, &spent) || spent.Revision != "" {
		t.Errorf("too often: %t, %v", yes, err)
	}
	now = now.Add(rebuildTime)
	if yes, err := rebuilt("four"); !yes || err != nil {
		t.Errorf("an hour later: %t, %v", yes, err)
	}
}
