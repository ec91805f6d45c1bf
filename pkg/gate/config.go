// Package gate decides which jobs may be rehearsed as they are, and which ask for
// more than base grants them. It is pure.
package gate

// Config is what rehearsals may ask for without somebody's word.
type Config struct {
	// Clusters are the aliases of clusters that any job may run in.
	Clusters []string `json:"clusters,omitempty"`
}

// Validate returns the first thing that is wrong, with the path of the field.
func (c Config) Validate() error { return nil }
