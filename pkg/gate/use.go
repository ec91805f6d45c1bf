package gate

import (
	"cmp"
	"strings"
)

// Ask is a request: a privilege that a job uses and base does not grant.
type Ask struct {
	// Rule is the kind of privilege, and Path the field that requests it, as in a ProwJob.
	Rule Rule   `json:"rule"`
	Path string `json:"path"`
	Use
}

// Use is what is requested. Each rule uses a few of these fields. Two uses are the same if
// they are equal.
type Use struct {
	// Kind distinguishes the things that one rule covers.
	Kind Kind `json:"kind,omitempty"`
	// Name is the name of what is used, such as a secret, an account, an image, a
	// repository, or the key of a label; for a structure, its JSON.
	Name string `json:"name,omitempty"`
	// Part is a part of what is named, such as a key of a secret, or its value. Where lists
	// the variables on which it depends.
	Part  string `json:"part,omitempty"`
	Where string `json:"where,omitempty"`
	// For is the audience of a token, or the image that a pull secret opens.
	For string `json:"for,omitempty"`
	// From is the address from which a repository is cloned, if it is not the usual one;
	// Ref and Commit are what is checked out.
	From   string `json:"from,omitempty"`
	Ref    string `json:"ref,omitempty"`
	Commit string `json:"commit,omitempty"`
	// Amount is how much is used, or for how long.
	Amount string `json:"amount,omitempty"`
	// At is where a volume is mounted, or a port or an address.
	At string `json:"at,omitempty"`
	// Mounted is the part of a volume that is mounted; Propagation and Grade say how.
	Mounted     string `json:"mounted,omitempty"`
	Propagation string `json:"propagation,omitempty"`
	Grade       Grade  `json:"grade,omitempty"`
	// Lost says that the job has this restraint at base and no longer has it.
	Lost bool `json:"lost,omitempty"`
}

// Grade says how a volume may be used, from the least to the most.
type Grade int

// The grades. The first two are for volumes with other file systems mounted inside.
const (
	NothingToWrite           Grade = -2
	NothingToWriteIfPossible Grade = -1
	OnlyRead                 Grade = 0
	Written                  Grade = 1
)

// Kind distinguishes what is requested under a rule that covers several things.
type Kind string

// The kinds. Those without a comment are fields of a pod or of a ProwJob.
const (
	KindNetwork        Kind = "network"
	KindProcesses      Kind = "processes"
	KindIPC            Kind = "inter-process communication"
	KindPort           Kind = "port"
	KindHostName       Kind = "host name"
	KindNode           Kind = "node"
	KindToleration     Kind = "toleration"
	KindPriority       Kind = "priority"
	KindScheduler      Kind = "scheduler"
	KindPriorityClass  Kind = "priority class"
	KindPreemption     Kind = "preemption policy"
	KindRuntimeClass   Kind = "runtime class"
	KindSELinux        Kind = "SELinux"
	KindWindows        Kind = "Windows"
	KindSeccomp        Kind = "seccomp"
	KindAppArmor       Kind = "AppArmor"
	KindProcMount      Kind = "procMount"
	KindSharedProcess  Kind = "shared process namespace"
	KindPrivileged     Kind = "privileged"
	KindEscalation     Kind = "privilege escalation"
	KindPropagation    Kind = "mount propagation"
	KindUserNamespace  Kind = "user namespace"
	KindNodeSelector   Kind = "node selector"
	KindNodeAffinity   Kind = "node affinity"
	KindPodAffinity    Kind = "pod affinity"
	KindAntiAffinity   Kind = "pod anti-affinity"
	KindReadOnlyRoot   Kind = "read-only root"
	KindUser           Kind = "user"
	KindGroup          Kind = "group"
	KindMessagePath    Kind = "termination message path"
	KindMaxConcurrency Kind = "max concurrency"
	KindSubmodules     Kind = "submodules"
	// KindKeepsOut keeps other pods out of a topology.
	KindKeepsOut Kind = "keeps out"
	// KindNotRoot is running as another user than root; KindImageUser is running as the
	// image's user, KindImageGroup with the image's group.
	KindNotRoot    Kind = "not root"
	KindImageUser  Kind = "image's user"
	KindImageGroup Kind = "image's group"
	// KindNoImageGroups is not having the groups of the image.
	KindNoImageGroups Kind = "no groups of the image"
	// KindNoEscalation is no privilege escalation, KindDropped a dropped capability.
	KindNoEscalation Kind = "no escalation"
	KindDropped      Kind = "dropped capability"
	// KindOff is something that is switched off.
	KindOff Kind = "off"
	// KindCached is an image that is used without asking its registry. Whoever pulled it to
	// the node had the right to.
	KindCached Kind = "cached"
	// KindQueue is a queue of jobs.
	KindQueue Kind = "queue"
	// KindKey is a key or another part of a secret, not all of it.
	KindKey Kind = "key"
	// KindPull is a pull request that is checked out.
	KindPull Kind = "pull request"
	// KindDecoration is a volume of the decoration.
	KindDecoration Kind = "volume of the decoration"
)

// Gravity is the position of the request's rule: the lower, the more powerful.
func (a Ask) Gravity() int { return rank(a.Rule) }

// anywhere returns the request without the field that makes it.
func (a Ask) anywhere() Ask {
	a.Path = ""
	return a
}

func (a Ask) compare(b Ask) int {
	return cmp.Or(cmp.Compare(rank(a.Rule), rank(b.Rule)), cmp.Compare(a.Rule, b.Rule), a.Use.compare(b.Use), strings.Compare(a.Path, b.Path))
}

func (u Use) compare(v Use) int {
	lost := 0
	if u.Lost != v.Lost {
		lost = 1
		if v.Lost {
			lost = -1
		}
	}
	return cmp.Or(cmp.Compare(u.Kind, v.Kind), strings.Compare(u.Name, v.Name), strings.Compare(u.Part, v.Part), strings.Compare(u.Where, v.Where),
		strings.Compare(u.For, v.For), strings.Compare(u.From, v.From), strings.Compare(u.Ref, v.Ref), strings.Compare(u.Commit, v.Commit),
		strings.Compare(u.Amount, v.Amount), strings.Compare(u.Mounted, v.Mounted), strings.Compare(u.At, v.At), strings.Compare(u.Propagation, v.Propagation),
		cmp.Compare(u.Grade, v.Grade), lost)
}
