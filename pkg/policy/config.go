// Package policy decides who may command what. It is pure: it says which facts a
// decision needs, and decides once they are known.
package policy

import "github.com/rehearsal-dev/rehearsal/pkg/event"

// Config is who may do what on the pull requests of a config repository. What is
// not set is as the preset has it.
type Config struct {
	// The table to start from: `writers`, `openshift`, `kubevirt` or `open`. Without
	// one it is `writers`, the strictest: write access for everything.
	Preset string `json:"preset,omitempty" jsonschema:"enum=writers,enum=openshift,enum=kubevirt,enum=open"`
	// Whose pull requests may be run as soon as somebody asks. Every head of others
	// needs an `approve` first. It is a rule about the author, and about everybody else
	// who has pushed to the pull request or is named in its commits.
	Trust Rule `json:"trust,omitempty" jsonschema:"minItems=1"`
	// Who may start rehearsals.
	Run Rule `json:"run,omitempty" jsonschema:"minItems=1"`
	// Who may end what is running.
	Abort Rule `json:"abort,omitempty" jsonschema:"minItems=1"`
	// Who may acknowledge a pull request: `ack`, `skip` and `auto-ack`. Whoever does
	// must also be allowed to run.
	Ack Rule `json:"ack,omitempty" jsonschema:"minItems=1"`
	// Who may take an acknowledgement back.
	Reject Rule `json:"reject,omitempty" jsonschema:"minItems=1"`
	// Who may let the head of an untrusted author run, and jobs that base does not
	// know. Whoever made the pull request never may.
	Approve Rule `json:"approve,omitempty" jsonschema:"minItems=1"`
	// Who may let jobs run with more than base grants them (`privileges-allowed`).
	// Whoever made the pull request never may.
	Privileges Rule `json:"privileges,omitempty" jsonschema:"minItems=1"`
	// Who may let rehearsals use the network (`network-access-allowed`). Whoever made
	// the pull request never may.
	Network Rule `json:"network,omitempty" jsonschema:"minItems=1"`
	// Who is answered: `list`, `explain`, `help`, and what is not understood.
	Ask Rule `json:"ask,omitempty" jsonschema:"minItems=1"`
}

// Rule is a list of alternatives. Each is one or more conditions with spaces
// between them, all of which must hold: `member label:ok-to-rehearse`.
//
// Conditions on a person: `anyone`; `nobody`; `author` of the pull request;
// `member` of the organisation; `writer` and `admin`, with that access to the
// repository or better; `approver` of every changed file, and `root-approver`,
// both by the OWNERS files of the base branch and as long as they are
// collaborators; `team:org/slug`; `user:login`. Conditions on the pull request:
// `trusted-author`, see trust; `label:name`.
type Rule []string

// Command is a row of the table.
type Command string

// The commands that the table tells apart.
const (
	Run        = Command(event.ToRun)
	Abort      = Command(event.ToAbort)
	Ack        = Command(event.ToAck)
	Reject     = Command(event.ToReject)
	Approve    = Command(event.ToApprove)
	Privileges = Command(event.ToAllowPrivileges)
	Network    = Command(event.ToAllowNetwork)
	Ask        = Command(event.ToAsk)
)

// Commands are all rows, in the order in which to show them.
func Commands() []Command {
	var commands []Command
	for _, d := range event.Deeds() {
		commands = append(commands, Command(d.Right))
	}
	return commands
}

const trust = "trust"

// rules are the fields by their names.
func (c *Config) rules() map[string]*Rule {
	return map[string]*Rule{
		trust: &c.Trust, string(Run): &c.Run, string(Abort): &c.Abort, string(Ack): &c.Ack, string(Reject): &c.Reject,
		string(Approve): &c.Approve, string(Privileges): &c.Privileges, string(Network): &c.Network, string(Ask): &c.Ask,
	}
}

// ruleNames are the names of the fields that are rules, in the order in which to
// check them.
func ruleNames() []string {
	names := []string{trust}
	for _, c := range Commands() {
		names = append(names, string(c))
	}
	return names
}

// filled is the whole table: what is not set is the preset's. A preset that does
// not exist fills in nothing, so that nobody may do what is not set.
func (c Config) filled() Config {
	name := c.Preset
	if name == "" {
		name = DefaultPreset
	}
	preset := presets()[name]
	from := preset.rules()
	for field, rule := range c.rules() {
		if len(*rule) == 0 {
			*rule = *from[field]
		}
	}
	return c
}
