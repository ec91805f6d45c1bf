package render

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/google/uuid"
	"k8s.io/apimachinery/pkg/util/validation"
	"sigs.k8s.io/prow/pkg/config"

	"github.com/rehearsal-dev/rehearsal/pkg/key"
	"github.com/rehearsal-dev/rehearsal/pkg/run"
)

func rehearsalName(number int, job string) string { return fmt.Sprintf("rehearse-%d-%s", number, job) }

// contextOf returns the GitHub context of a rehearsal, and the last part of the original
// context.
func contextOf(j Job, in Input) (short, context string) {
	if j.Repo == "" {
		return j.Name, "ci/rehearse/" + j.Name
	}
	own := reporterOf(j).Context
	short = own[strings.LastIndexByte(own, '/')+1:]
	if short == "" {
		short = j.Name
	}
	context = "ci/rehearse/"
	if !targetsConfigRepo(j.Job, in) {
		context += j.Repo + "/"
	}
	return short, context + j.Branch + "/" + short
}

// reporterOf returns the reporter of a job; empty for periodics.
func reporterOf(j Job) config.Reporter {
	switch {
	case j.Presubmit != nil:
		return j.Presubmit.Reporter
	case j.Postsubmit != nil:
		return j.Postsubmit.Reporter
	}
	return config.Reporter{}
}

// nameApart makes names and contexts unique. Of two presubmits of a pull request with the
// same name, plank aborts the older; of two statuses with the same context, GitHub shows
// only the newer. All that share one get a suffix, so the names do not depend on the
// order of the jobs. A postsubmit leaves the name to other jobs, because it is not always
// known yet whether it can run.
//
// An author can search for jobs with the same short suffix, or name a job like another
// with its suffix. Then both get a suffix that depends on all jobs, which cannot be part
// of a job's name.
func nameApart(jobs []Job) {
	addSuffixes(jobs, shortHash)
	if !clash(jobs) {
		return
	}
	var keys []string
	for _, j := range jobs {
		keys = append(keys, j.Key())
	}
	slices.Sort(keys)
	all := longHash(key.Of(keys...))
	addSuffixes(jobs, func(job string) string { return longHash(key.Of(all, job)) })
}

// clash reports whether two jobs still share a name or a context.
func clash(jobs []Job) bool {
	names, contexts := map[string]bool{}, map[string]bool{}
	for _, j := range jobs {
		if j.Problem != "" {
			continue
		}
		if names[j.rehearsal] || contexts[j.context] {
			return true
		}
		names[j.rehearsal], contexts[j.context] = true, true
	}
	return false
}

func addSuffixes(jobs []Job, suffix func(job string) string) {
	names, contexts := tally{}, tally{}
	for _, j := range jobs {
		names.count(j, j.rehearsal)
		contexts.count(j, j.context)
	}
	for i := range jobs {
		j := &jobs[i]
		if j.Problem != "" {
			continue
		}
		if names.shares(*j, j.rehearsal) {
			j.rehearsal += "-" + suffix(j.Key())
			if j.Branch != "" {
				j.Argument = j.Name + "@" + j.Branch
			}
		}
		if contexts.shares(*j, j.context) {
			j.context += "-" + suffix(j.Key())
		}
	}
}

// tally counts the jobs that would have the same name.
type tally map[string]struct{ postsubmits, others int }

func (t tally) count(j Job, name string) {
	n := t[name]
	switch {
	case j.Problem != "":
	case j.Postsubmit != nil:
		n.postsubmits++
	default:
		n.others++
	}
	t[name] = n
}

// shares reports whether a job needs a suffix.
func (t tally) shares(j Job, name string) bool {
	n := t[name]
	return n.others > 1 || j.Postsubmit != nil && n.others+n.postsubmits > 1
}

// prowJobName returns the same name for the same job of the same run, so that a retry
// finds the ProwJob that it created before.
func prowJobName(run Run, job string) string {
	space, err := uuid.Parse(run.UID)
	if err != nil {
		space = uuid.NewSHA1(uuid.NameSpaceOID, []byte(run.UID))
	}
	// Authors choose parts of the key, and SHA-1 alone is not collision-resistant.
	return uuid.NewSHA1(space, []byte(longHash(key.Of(run.ID, job)))).String()
}

// IsProwJobName reports whether a name looks like those of our ProwJobs. A rerun from
// Deck has our labels, but another kind of name.
func IsProwJobName(name string) bool {
	id, err := uuid.Parse(name)
	return err == nil && id.Version() == 5
}

var notInSlug = regexp.MustCompile(`[^a-z0-9]+`)

// taskName returns the name of a PipelineTask, a DNS label, from a job's name and key. It
// is short, because pods are named after it, unless the short name is taken.
func taskName(name, key string, taken []run.Job) string {
	const longest = 40
	slug := strings.Trim(notInSlug.ReplaceAllString(strings.ToLower(name), "-"), "-")
	if len(slug) > longest {
		slug = strings.Trim(slug[:longest], "-")
	}
	if slug == "" {
		slug = "job"
	}
	short := slug + "-" + shortHash(key)
	if slices.ContainsFunc(taken, func(j run.Job) bool { return j.Task == short }) {
		return "job-" + longHash(key)[:longest]
	}
	return short
}

func shortHash(s string) string { return longHash(s)[:8] }

func longHash(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}

var notInLabel = regexp.MustCompile(`[^A-Za-z0-9._-]+`)

// labelValue returns the closest valid label value.
func labelValue(s string) string {
	s = notInLabel.ReplaceAllString(s, "-")
	if len(s) > validation.LabelValueMaxLength {
		s = s[:validation.LabelValueMaxLength]
	}
	return strings.Trim(s, "._-")
}
