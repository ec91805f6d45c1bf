package event

// Row is one command: the word that selects it, its parsed form, its help, and
// everything that other packages need to know about it. The reconciler implements
// what it does.
//
// A column that is left empty never permits anything: see Kind.
type Row struct {
	// Word selects the row. The bare prefix, names of jobs, and what is not
	// understood have none.
	Word string
	Command
	Entry
	Takes Takes
	Kind
}

// Kind has the properties of a command. The zero value, also that of verbs that are
// not in the table, is the strictest: denied to everybody, verified with GitHub, and
// subject to every check.
type Kind struct {
	Right  Right
	Giver  Giver
	Source Source
	Head   Head
	Author Author
	Closed Closed
	Plan   Plan
	Effect Effect
	Place  Place
}

// Takes says what may follow a word.
type Takes int

// What may follow.
const (
	_ Takes = iota
	Nothing
	// OneJob is one name without asterisks, AnyJobs any number of names.
	OneJob
	AnyJobs
	// ASelection is what may follow the bare prefix to choose jobs.
	ASelection
	// ACommit is a SHA or its beginning, or nothing. ACommitAndJobs is that, and then
	// any number of names without asterisks.
	ACommit
	ACommitAndJobs
)

// Right is what somebody must be allowed to give a command: a row of the policy.
type Right string

// The rights.
const (
	ToRun             Right = "run"
	ToAbort           Right = "abort"
	ToAck             Right = "ack"
	ToReject          Right = "reject"
	ToApprove         Right = "approve"
	ToAllowPrivileges Right = "privileges"
	ToAllowNetwork    Right = "network"
	ToAsk             Right = "ask"
)

// Deed describes what a right allows, as part of a sentence.
type Deed struct {
	Right Right
	Does  string
}

// deeds has all rights, in the order in which to show them.
var deeds = []Deed{
	{ToRun, "run"}, {ToAbort, "abort"}, {ToAck, "acknowledge"}, {ToReject, "reject"},
	{ToApprove, "approve a head"}, {ToAllowPrivileges, "allow privileges"}, {ToAllowNetwork, "allow network access"},
	{ToAsk, "ask (list, explain, help)"},
}

// Deeds returns a copy of the descriptions of all rights.
func Deeds() []Deed { return append([]Deed(nil), deeds...) }

// Giver says which people with the right can give a command.
type Giver int

// The givers.
const (
	_ Giver = iota
	// Anybody, also on a pull request of their own.
	Anybody
	// Others are people who are not contributors to the pull request.
	Others
)

// Source says whether the author of a command must be verified.
type Source int

// The sources.
const (
	_ Source = iota
	// Verified commands count only if GitHub still has them when they are decided.
	Verified
	// Unverified commands are questions: a forged one gets an answer, and has no other
	// effect.
	Unverified
)

// Head says whether a command is for the commit that its author has seen.
type Head int

// What a command is bound to.
const (
	_ Head = iota
	ForHead
	ForAnyHead
)

// Author says whether the author of the pull request matters.
type Author int

// Whether the author matters.
const (
	_ Author = iota
	// NeedsTrust is for commands that run or acknowledge the head: its author must be
	// trusted, or the head approved.
	NeedsTrust
	OfAnyAuthor
)

// Closed says whether a command is valid on a closed pull request.
type Closed int

// Whether a command is valid there.
const (
	_ Closed = iota
	OnlyOpen
	AlsoClosed
)

// Plan says whether the answer needs the affected jobs.
type Plan int

// Whether the plan is needed.
const (
	_ Plan = iota
	NeedsPlan
	WithoutPlan
)

// Effect is what a command does when it is accepted.
type Effect int

// The effects.
const (
	_ Effect = iota
	// Starts a run.
	Starts
	// Ends runs, or jobs of runs.
	Ends
	// Acknowledges the pull request, or withdraws the acknowledgement.
	Acknowledges
	// Answers a question.
	Answers
)

// Place says where a command can be given, besides in a comment.
type Place int

// The places.
const (
	_ Place = iota
	// OnCommandLine is for commands that the command line has under the same word.
	OnCommandLine
	// InComments is for commands for which the command line has another form, or none.
	InComments
	// NotWritten is for commands that are not shown in the help.
	NotWritten
)

// Kinds that several rows have.
var (
	running          = Kind{ToRun, Anybody, Verified, ForHead, NeedsTrust, OnlyOpen, NeedsPlan, Starts, InComments}
	acknowledging    = Kind{ToAck, Anybody, Verified, ForHead, NeedsTrust, OnlyOpen, WithoutPlan, Acknowledges, OnCommandLine}
	ofPlan           = Kind{ToAsk, Anybody, Unverified, ForAnyHead, OfAnyAuthor, OnlyOpen, NeedsPlan, Answers, InComments}
	acknowledgeOnRun = Kind{ToAck, Anybody, Verified, ForHead, NeedsTrust, OnlyOpen, NeedsPlan, Starts, InComments}
)

// table has all commands, in display order. The first is the bare prefix. To add one,
// add a row here and implement it in the reconciler.
var table = []Row{
	{"", Command{Verb: Run, Selection: Sample},
		Entry{"", "Run a sample of the affected jobs: always the same ones, as different from one another as possible", Sample},
		Nothing, running},
	{"more", Command{Verb: Run, Selection: More},
		Entry{"more", "Run more of them", More},
		Nothing, running},
	{"max", Command{Verb: Run, Selection: Max},
		Entry{"max", "Run as many of them as one command may select", Max},
		Nothing, running},
	{"all", Command{Verb: Run, Selection: All},
		Entry{"all", "Run all affected jobs that are offered", All},
		Nothing, running},
	{"", Command{Verb: Run, Selection: Named},
		Entry{"{job} {job} …", "Run these affected jobs. `{job}@{branch}` selects one of several with the same name, and `*` matches any part of a name: `*-e2e-*`", ""},
		AnyJobs, running},
	{"failed", Command{Verb: Run, Selection: Failed},
		Entry{"failed", "Rerun the jobs that did not pass in the latest run or that it never started", ""},
		Nothing, running},
	{"auto-ack", Command{Verb: Run, Selection: Sample, AutoAck: true},
		Entry{"auto-ack", "Run jobs, and acknowledge the pull request if all of them pass. Any selection may follow: `auto-ack more`, `auto-ack {job}`", ""},
		ASelection, acknowledgeOnRun},
	{"list", Command{Verb: List},
		Entry{"list", "Show the jobs that are affected now", ""},
		Nothing, ofPlan},
	{"explain", Command{Verb: Explain},
		Entry{"explain {job}", "Explain one job: whether it is affected, by what, and what its rehearsal would be", ""},
		OneJob, ofPlan},
	{"ack", Command{Verb: Ack},
		Entry{"ack", "Acknowledge the pull request as it is, so that it can be merged", ""},
		ACommit, acknowledging},
	{"skip", Command{Verb: Skip},
		Entry{"skip", "Acknowledge it without a rehearsal", ""},
		ACommit, acknowledging},
	{"reject", Command{Verb: Reject},
		Entry{"reject", "Withdraw the acknowledgement", ""},
		Nothing, Kind{ToReject, Anybody, Verified, ForAnyHead, OfAnyAuthor, OnlyOpen, WithoutPlan, Acknowledges, OnCommandLine}},
	{"abort", Command{Verb: Abort},
		Entry{"abort", "Abort everything that is running for this pull request; `abort {job} …` aborts only these jobs", ""},
		AnyJobs, Kind{ToAbort, Anybody, Verified, ForAnyHead, OfAnyAuthor, AlsoClosed, WithoutPlan, Ends, InComments}},
	{"approve", Command{Verb: Approve},
		Entry{"approve {sha}", "Let this commit and its new jobs run, although its author is not trusted; not for anyone who contributed to the pull request. The SHA can be abbreviated. The next push ends the approval", ""},
		ACommit, Kind{ToApprove, Others, Verified, ForHead, OfAnyAuthor, OnlyOpen, WithoutPlan, Acknowledges, OnCommandLine}},
	{"privileges-allowed", Command{Verb: AllowPrivileges},
		Entry{"privileges-allowed {sha}", "Let jobs run with the privileges that they request beyond those on the base branch, if the list of affected jobs shows all of them for this commit; `privileges-allowed {sha} {job} …` allows only these jobs, named as in the list; not for anyone who contributed to the pull request. The next push ends that", ""},
		ACommitAndJobs, Kind{ToAllowPrivileges, Others, Verified, ForHead, OfAnyAuthor, OnlyOpen, WithoutPlan, Acknowledges, OnCommandLine}},
	{"network-access-allowed", Command{Verb: AllowNetwork},
		Entry{"network-access-allowed", "Set the label that allows network access; not for anyone who contributed to the pull request", ""},
		ACommit, Kind{ToAllowNetwork, Others, Verified, ForHead, NeedsTrust, OnlyOpen, WithoutPlan, Acknowledges, OnCommandLine}},
	{"help", Command{Verb: Help},
		Entry{"help", "Show these commands", ""},
		Nothing, Kind{ToAsk, Anybody, Unverified, ForAnyHead, OfAnyAuthor, AlsoClosed, WithoutPlan, Answers, InComments}},
	{"", Command{Verb: Unknown},
		Entry{"", "Anything else is answered with these commands", ""},
		Nothing, Kind{ToAsk, Anybody, Unverified, ForAnyHead, OfAnyAuthor, OnlyOpen, WithoutPlan, Answers, NotWritten}},
}

// Table returns a copy of all rows.
func Table() []Row { return append([]Row(nil), table...) }

// Kind returns the properties of a command: the zero Kind if it is not in the table.
func (c Command) Kind() Kind {
	for _, r := range table {
		if r.Verb == c.Verb && r.AutoAck == c.AutoAck {
			return r.Kind
		}
	}
	return Kind{}
}

// WordForCommit returns the word of a command that can name a commit; empty for others.
func (c Command) WordForCommit() string {
	for _, r := range table {
		if r.Verb == c.Verb && (r.Takes == ACommit || r.Takes == ACommitAndJobs) {
			return r.Word
		}
	}
	return ""
}

// ByOthers reports whether contributors may not give the command on their own pull
// request.
func (k Kind) ByOthers() bool { return k.Giver != Anybody }

// IsQuestion reports whether a command only asks a question.
func (k Kind) IsQuestion() bool { return k.Source == Unverified && k.Effect == Answers }

// MustBeVerified reports whether a command counts only if GitHub confirms it.
func (k Kind) MustBeVerified() bool { return !k.IsQuestion() }

// BindsToHead reports whether a command is for the code that its author has seen.
func (k Kind) BindsToHead() bool { return k.Head != ForAnyHead }

// NeedsTrust reports whether a command runs or acknowledges the head.
func (k Kind) NeedsTrust() bool { return k.Author != OfAnyAuthor }

// OnlyOpen reports whether a command is only for open pull requests.
func (k Kind) OnlyOpen() bool { return k.Closed != AlsoClosed }
