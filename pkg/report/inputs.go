package report

import (
	"cmp"
	"slices"
	"strings"

	"github.com/rehearsal-dev/rehearsal/pkg/run"
)

// inputs renders a folded list of what the jobs of a run use besides the pull request
// itself.
func inputs(m run.Manifest) string {
	var lines []string
	for _, line := range inputText(m) {
		lines = append(lines, text(line))
	}
	s := list("", "line", lines)
	if s == "" {
		return ""
	}
	return "\n<details><summary>Commits of other repositories and ConfigMaps that the jobs use</summary>\n" + s + "\n</details>\n"
}

// inputText returns lines of plain text: each commit and each ConfigMap once, sorted, with
// the number of jobs that use it if not all do.
func inputText(m run.Manifest) []string {
	checkouts, configMaps := map[run.Checkout]int{}, map[run.Input]int{}
	for _, j := range m.Jobs {
		for _, c := range j.Checkouts {
			checkouts[c]++
		}
		for _, in := range j.Inputs {
			configMaps[in]++
		}
	}
	var lines []string
	for _, c := range sortedKeys(checkouts, compareCheckouts) {
		s := checkout(c)
		if c.SHA == "" {
			s += ": could not be pinned; each job uses whatever it finds there"
		}
		lines = append(lines, s+ofJobs(checkouts[c], len(m.Jobs)))
	}
	for _, in := range sortedKeys(configMaps, compareInputs) {
		lines = append(lines, "ConfigMap "+quote(in.Original)+" as the pull request changes it: "+quote(in.Name)+
			" in "+quote(in.Cluster+"/"+in.Namespace)+ofJobs(configMaps[in], len(m.Jobs)))
	}
	return lines
}

// checkout describes a commit of another repository in plain text.
func checkout(c run.Checkout) string {
	s := quote(c.Repo)
	if c.Ref != "" {
		s += " " + quote(c.Ref)
	}
	if c.SHA != "" {
		s += " at " + quote(c.SHA)
	}
	return s
}

func sortedKeys[K comparable](m map[K]int, compare func(a, b K) int) []K {
	keys := make([]K, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, compare)
	return keys
}

func compareCheckouts(a, b run.Checkout) int {
	return cmp.Or(strings.Compare(a.Repo, b.Repo), strings.Compare(a.Ref, b.Ref), strings.Compare(a.SHA, b.SHA))
}

func compareInputs(a, b run.Input) int {
	return cmp.Or(strings.Compare(a.Original, b.Original), strings.Compare(a.Name, b.Name),
		strings.Compare(a.Cluster, b.Cluster), strings.Compare(a.Namespace, b.Namespace), strings.Compare(a.ConfigMap, b.ConfigMap))
}

func ofJobs(n, all int) string {
	if n == all {
		return ""
	}
	return " (" + plural(n, "job") + ")"
}
