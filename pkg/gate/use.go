package gate

import (
	"cmp"
	"strings"
)

// Ask is one privilege that a job asks for beyond what base grants it.
type Ask struct {
	// Rule is the kind of privilege, and Path the field that asks for it, as in a
	// ProwJob.
	Rule Rule   `json:"rule"`
	Path string `json:"path"`
	Use
}

// Use is what is asked for. Each rule needs a few of these fields. Two uses are of the
// same if they are equal.
type Use struct {
	// Kind tells apart what one rule is about.
	Kind Kind `json:"kind,omitempty"`
	// Name is the name of what is used, such as a secret, an account, an image, a
	// repository, or the key of a label; a structure is its own name, as JSON.
	Name string `json:"name,omitempty"`
	// Part is a part of it, such as a key of a secret, or the value that it has. Where are
	// the variables that it depends on.
	Part  string `json:"part,omitempty"`
	Where string `json:"where,omitempty"`
	// For is the audience of a token, or the image that a secret pulls.
	For string `json:"for,omitempty"`
	// From is where a repository is cloned from if not from where its name says, Ref and
	// Commit what is checked out of it.
	From   string `json:"from,omitempty"`
	Ref    string `json:"ref,omitempty"`
	Commit string `json:"commit,omitempty"`
	// Amount is how much of it, or how long.
	Amount string `json:"amount,omitempty"`
	// At is where a volume is mounted, or a port or an address.
	At string `json:"at,omitempty"`
	// Mounted is the part of a volume that is mounted, Propagation and Grade are how.
	Mounted     string `json:"mounted,omitempty"`
	Propagation string `json:"propagation,omitempty"`
	Grade       Grade  `json:"grade,omitempty"`
	// Lost says that a job is confined so at base and not any more.
	Lost bool `json:"lost,omitempty"`
}

// Grade is what a mounted volume is good for, from the least to the most.
type Grade int

// The grades. The first two are of volumes that have others mounted in them.
const (
	NothingToWrite           Grade = -2
	NothingToWriteIfPossible Grade = -1
	OnlyRead                 Grade = 0
	Written                  Grade = 1
)

// Kind is what is asked for under a rule that is about several things.
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
	// KindNotRoot is to be another user than root, KindImageUser whatever user the image
	// names, and KindImageGroup whatever group.
	KindNotRoot    Kind = "not root"
	KindImageUser  Kind = "image's user"
	KindImageGroup Kind = "image's group"
	// KindNoImageGroups is to be in no groups that the image names.
	KindNoImageGroups Kind = "no groups of the image"
	// KindNoEscalation is to get no more privileges, KindDropped to lack a capability.
	KindNoEscalation Kind = "no escalation"
	KindDropped      Kind = "dropped capability"
	// KindOff is something that is switched off.
	KindOff Kind = "off"
	// KindCached is an image that comes without asking its registry: whoever pulled it to
	// the node had the right to.
	KindCached Kind = "cached"
	// KindQueue is a queue of jobs that a job is in.
	KindQueue Kind = "queue"
	// KindKey is a key of a secret, or another part of it, and not all of it.
	KindKey Kind = "key"
	// KindPull is a pull request that is checked out.
	KindPull Kind = "pull request"
	// KindDecoration is a volume of the decoration.
	KindDecoration Kind = "volume of the decoration"
)

// Gravity is the place of its kind among all: the less, the more can be done with
// it.
func (a Ask) Gravity() int { return rank(a.Rule) }

// anywhere is the ask, whatever field asks.
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
