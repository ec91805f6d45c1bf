// Package policy decides who may command what. It is pure: it says which facts a
// decision needs, and decides once they are known.
package policy

// Config is the policy of a config repository.
type Config struct {
	// Preset is the policy to start from: openshift, kubevirt or open.
	Preset string `json:"preset,omitempty"`
}

// Validate returns the first thing that is wrong, with the path of the field.
func (c Config) Validate() error { return nil }
