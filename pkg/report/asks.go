package report

import (
	"slices"
	"strings"

	"github.com/rehearsal-dev/rehearsal/pkg/gate"
	"github.com/rehearsal-dev/rehearsal/pkg/legible"
)

// Ask is a request: a privilege that a job uses and base does not grant. All of it may come
// from the pull request.
type Ask struct {
	// Sentence is the kind of privilege, as the rest of a sentence about the job; Path is
	// the field of the ProwJob that makes the request, and Value what is requested.
	Sentence, Path, Value string
	// Gravity is the position of the kind among all kinds: the most powerful is the lowest.
	Gravity int
}

// NewAsk puts a request into words. HTML comments are removed from text that is shown, so
// the value has them broken up: nothing in it may be hidden.
func NewAsk(a gate.Ask) Ask {
	return Ask{
		Sentence: ruleWords(a.Rule), Path: a.Path, Gravity: a.Gravity(),
		Value: strings.ReplaceAll(askValue(a), "<!--", "<! --"),
	}
}

// NewAsks puts requests into words.
func NewAsks(asks []gate.Ask) []Ask {
	var out []Ask
	for _, a := range asks {
		out = append(out, NewAsk(a))
	}
	return out
}

func ruleWords(rule gate.Rule) string {
	if s, ok := rules[rule]; ok {
		return s
	}
	return rules[gate.RuleUnknown]
}

// rules describe each kind of privilege, as the rest of a sentence about a job.
var rules = map[gate.Rule]string{
	gate.RuleCluster:        "runs in a cluster that it does not run in on the base branch",
	gate.RulePrivileged:     "is privileged on its node",
	gate.RuleHost:           "shares resources with its node",
	gate.RuleHostPath:       "mounts files of its node",
	gate.RuleCapability:     "adds a capability",
	gate.RuleConfinement:    "is less confined than other jobs, or than on the base branch",
	gate.RuleSysctl:         "sets a kernel parameter",
	gate.RuleServiceAccount: "runs as a service account",
	gate.RuleToken:          "gets a token for its service account",
	gate.RuleSecret:         "reads a secret",
	gate.RuleVolume:         "mounts a volume of a kind that is not known to be harmless",
	gate.RuleDecoration:     "changes what runs, or is read, with Prow's own credentials",
	gate.RuleCheckout:       "checks out a repository with credentials",
	gate.RuleAgent:          "is not run by Prow's own pods",
	gate.RuleUnknown:        "is not known to be harmless",
	gate.RuleShared:         "sees the processes of the containers that hold credentials",
	gate.RuleNetwork:        "changes what host names mean to the containers that hold credentials",
	gate.RuleProbe:          "makes the node call an address",
	gate.RulePullSecret:     "pulls its images with a secret, or uses images that others have pulled",
	gate.RuleCloneURI:       "clones from an address of its own",
	gate.RuleCensoring:      "weakens the censoring of secrets in its output",
	gate.RuleScheduling:     "chooses nodes or its priority in a way that other jobs cannot, or keeps others out",
	gate.RuleDevice:         "uses a device",
	gate.RuleQueue:          "takes slots in a job queue, or is limited less than on the base branch",
	gate.RuleReports:        "chooses where its results are shown",
	gate.RuleTimeout:        "may run longer than the settings allow",
	gate.RuleResources:      "uses more resources than the settings allow",
	gate.RuleImage:          "uses an image from a registry that is not listed",
	gate.RuleConfigMap:      "reads a ConfigMap that is not listed",
	gate.RuleLabel:          "has a label that other programs may act on",
	gate.RuleAnnotation:     "has an annotation that other programs may act on",
}

// askValue describes what is requested.
func askValue(a gate.Ask) string {
	u := a.Use
	switch a.Rule {
	case gate.RuleSecret:
		if u.Kind == gate.KindKey {
			return u.Name + "/" + partOf(u.Part, u.Where)
		}
		return u.Name
	case gate.RulePullSecret:
		if u.Kind == gate.KindCached {
			return u.Name + " as a node has it"
		}
		return u.Name + " for " + u.For
	case gate.RuleToken:
		return joined(joined(u.Name, " for ", legible.Word(u.For)), ", lasting ", u.Amount)
	case gate.RuleCheckout, gate.RuleCloneURI:
		return checkoutValue(u)
	case gate.RuleLabel, gate.RuleAnnotation, gate.RuleSysctl:
		return u.Name + "=" + u.Part
	case gate.RuleDecoration, gate.RuleReports, gate.RuleUnknown:
		return joined(u.Name, ": ", u.Part)
	case gate.RuleHostPath:
		kind := ""
		if u.Part != "" {
			kind = " (" + legible.Word(u.Part) + ")"
		}
		return legible.Word(u.Name) + kind + mountWords(u)
	case gate.RuleProbe:
		return joined(legible.Word(u.Name)+":"+legible.Word(u.At)+legible.Word(u.Part), " with ", u.Where)
	}
	if u.Lost {
		return lostRestraint(u)
	}
	return useWords(u)
}

// joined joins two parts of a value; either may be empty.
func joined(a, between, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + between + b
}

func partOf(part, where string) string { return joined(legible.Word(part), " where ", where) }

func checkoutValue(u gate.Use) string {
	s := joined(u.Name, " from ", u.From)
	switch u.Kind {
	case gate.KindSubmodules:
		return s + " with its submodules"
	case gate.KindPull:
		return s + " at #" + u.Part + " " + u.Ref + " " + u.Commit
	}
	return joined(s, " at ", u.Ref+u.Commit)
}

// mountWords describes how a volume is mounted; empty if it is not.
func mountWords(u gate.Use) string {
	if u.At == "" && u.Mounted == "" && u.Grade == gate.OnlyRead {
		return ""
	}
	s := ", at " + legible.Word(u.At)
	if part := partOf(u.Mounted, u.Where); part != "" {
		s = ", " + part + " of it" + s
	}
	if u.Propagation != "" {
		s += ", with mount propagation " + legible.Word(u.Propagation)
	}
	switch u.Grade {
	case gate.Written:
		return s + ", to write to"
	case gate.NothingToWrite:
		return s + ", with nothing in it to write to"
	case gate.NothingToWriteIfPossible:
		return s + ", with nothing in it to write to where that can be had"
	}
	return s
}

// useWords describes what is used. Most kinds are described by their names.
func useWords(u gate.Use) string {
	switch u.Kind {
	case gate.KindPort:
		s := joined(spaced("port", u.Name), " ", spaced("address", legible.Word(u.At)))
		return joined(s, " ", legible.Word(u.Part))
	case gate.KindKeepsOut:
		return "keeps other pods out of its " + u.Name
	case gate.KindDecoration:
		return "the volume " + u.Name + " of the decoration"
	case gate.KindUser, gate.KindGroup, gate.KindImageUser, gate.KindImageGroup, gate.KindMessagePath:
		return identityWords(u)
	}
	s := joined(joined(string(u.Kind), " ", u.Name), " ", u.Part)
	return joined(s, ": ", u.Amount) + mountWords(u)
}

// spaced joins a word and its value; empty without a value.
func spaced(word, of string) string {
	if of == "" {
		return ""
	}
	return word + " " + of
}

// identityWords describes the identity of a container.
func identityWords(u gate.Use) string {
	switch u.Kind {
	case gate.KindUser:
		return "as the user " + u.Name
	case gate.KindGroup:
		return "in the group " + u.Name
	case gate.KindImageUser:
		return "as whatever user its image names"
	case gate.KindImageGroup:
		return "in whatever group its image names"
	}
	return "with its last words at " + legible.Word(u.Name)
}

// lostRestraint describes a restraint that a job has at base and no longer has.
func lostRestraint(u gate.Use) string {
	if u.Kind == gate.KindMaxConcurrency {
		return "more than " + u.Amount + " at once"
	}
	return "no longer " + confinements[u.Kind] + confinedTo(u)
}

// confinedTo returns what follows the words for a restraint.
func confinedTo(u gate.Use) string {
	switch u.Kind {
	case gate.KindQueue:
		return legible.Word(u.Name)
	case gate.KindNodeSelector:
		return u.Name + "=" + u.Part
	}
	return u.Name
}

var confinements = map[gate.Kind]string{
	gate.KindUserNamespace: "in a user namespace",
	gate.KindRuntimeClass:  "in the runtime class ",
	gate.KindNodeSelector:  "on nodes with ",
	gate.KindNodeAffinity:  "on nodes that fit ",
	gate.KindPodAffinity:   "near pods that fit ",
	gate.KindAntiAffinity:  "away from pods that fit ",
	gate.KindNoImageGroups: "in no groups that its image names",
	gate.KindNotRoot:       "as another user than root",
	gate.KindNoEscalation:  "kept from more privileges",
	gate.KindSeccomp:       "with the seccomp profile ",
	gate.KindAppArmor:      "with the AppArmor profile ",
	gate.KindSELinux:       "with SELinux ",
	gate.KindWindows:       "with Windows ",
	gate.KindReadOnlyRoot:  "with files that it cannot write to",
	gate.KindDropped:       "without the capability ",
	gate.KindQueue:         "in the queue ",
}

// HeldBecause says in plain text why a job is held, and which command releases it: because
// of the privileges that it requests, or because it is new.
func HeldBecause(asks []gate.Ask, fresh string) string {
	var kinds []string
	for _, a := range asks {
		if words := ruleWords(a.Rule); !slices.Contains(kinds, words) {
			kinds = append(kinds, words)
		}
	}
	switch {
	case len(kinds) > 0:
		return "held: it " + strings.Join(kinds, ", ") + ", which the base branch does not grant it; see `privileges-allowed`"
	case fresh != "":
		return "held: " + fresh + "; see `approve`"
	}
	return ""
}
