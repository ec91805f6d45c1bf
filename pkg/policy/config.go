// Package policy decides who may give which command. It is pure: it says which facts
// a decision needs, and decides once they are known.
package policy

import "github.com/rehearsal-dev/rehearsal/pkg/event"

// Config says who may do what on the pull requests of a config repository. Unset
// fields are taken from the preset.
type Config struct {
	// The table to start from: `writers`, `openshift`, `kubevirt` or `open`. Without
	// one it is `writers`, the strictest: write access for everything.
	Preset string `json:"preset,omitempty" jsonschema:"enum=writers,enum=openshift,enum=kubevirt,enum=open"`
	// Whose pull requests can run without an approval. Every head of others needs an
	// `approve` first. The rule applies to the author, and to everybody else who pushed
	// to the pull request or is named in its commits.
	Trust Rule `json:"trust,omitempty" jsonschema:"minItems=1"`
	// Who may start rehearsals.
	Run Rule `json:"run,omitempty" jsonschema:"minItems=1"`
	// Who may abort what is running.
	Abort Rule `json:"abort,omitempty" jsonschema:"minItems=1"`
	// Who may acknowledge a pull request: `ack`, `skip` and `auto-ack`. They must also
	// be allowed to run.
	Ack Rule `json:"ack,omitempty" jsonschema:"minItems=1"`
	// Who may withdraw an acknowledgement.
	Reject Rule `json:"reject,omitempty" jsonschema:"minItems=1"`
	// Who may let the head of an untrusted author run, and jobs that are not on the base
	// branch. Contributors to the pull request never may.
	Approve Rule `json:"approve,omitempty" jsonschema:"minItems=1"`
	// Who may let jobs run with more than the base branch grants (`privileges-allowed`).
	// Contributors to the pull request never may.
	Privileges Rule `json:"privileges,omitempty" jsonschema:"minItems=1"`
	// Who may let rehearsals use the network (`network-access-allowed`). Contributors to
	// the pull request never may.
	Network Rule `json:"network,omitempty" jsonschema:"minItems=1"`
	// Who gets answers: `list`, `explain`, `help`, and unknown commands.
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

// The commands that the table distinguishes.
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

// filled returns the complete table, with unset rows from the preset. A preset that does
// not exist fills in nothing, so unset rows permit nobody.
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
