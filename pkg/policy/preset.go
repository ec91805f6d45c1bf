package policy

import (
	"maps"
	"slices"
)

// DefaultPreset is the table of a Config that names none.
const DefaultPreset = "writers"

// Presets are the names of all presets, sorted.
func Presets() []string { return slices.Sorted(maps.Keys(presets())) }

// Preset returns a preset with all its rules.
func Preset(name string) (Config, bool) {
	c, ok := presets()[name]
	return c, ok
}

func presets() map[string]Config {
	insider := Rule{"member", "writer"}
	involved := Rule{"author", "member", "writer"}
	return map[string]Config{
		DefaultPreset: {
			Preset:     DefaultPreset,
			Trust:      Rule{"writer"},
			Run:        Rule{"writer"},
			Abort:      Rule{"author", "writer"},
			Ack:        Rule{"writer"},
			Reject:     Rule{"writer"},
			Approve:    Rule{"writer"},
			Privileges: Rule{"writer"},
			Network:    Rule{"writer"},
			Ask:        Rule{"author", "writer"},
		},
		"openshift": {
			Preset:     "openshift",
			Trust:      insider,
			Run:        involved,
			Abort:      involved,
			Ack:        insider,
			Reject:     insider,
			Approve:    insider,
			Privileges: Rule{"writer"},
			Network:    Rule{"member"},
			Ask:        involved,
		},
		"kubevirt": {
			Preset:     "kubevirt",
			Trust:      Rule{"member"},
			Run:        Rule{"root-approver", "member trusted-author label:ok-to-rehearse", "member trusted-author approver"},
			Abort:      Rule{"author", "member", "root-approver"},
			Ack:        Rule{"root-approver", "member trusted-author approver"},
			Reject:     Rule{"root-approver", "member approver"},
			Approve:    Rule{"root-approver", "member approver"},
			Privileges: Rule{"root-approver"},
			Network:    Rule{"root-approver", "member approver"},
			Ask:        Rule{"author", "member", "root-approver"},
		},
		"open": {
			Preset:     "open",
			Trust:      insider,
			Run:        Rule{"anyone"},
			Abort:      involved,
			Ack:        insider,
			Reject:     insider,
			Approve:    insider,
			Privileges: Rule{"writer"},
			Network:    insider,
			Ask:        Rule{"anyone"},
		},
	}
}
