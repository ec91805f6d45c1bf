package run

// Coverage is what a choice of jobs covers of all of them. Without an aspect, those that
// are left out differ in nothing from those that are chosen.
type Coverage struct {
	Of []Aspect `json:"of,omitempty"`
}

// Aspect is a respect in which jobs differ.
type Aspect struct {
	// What is cause, repository, branch or cluster.
	What string `json:"what"`
	// Total counts the different values, Missing those that no chosen job has.
	Total   int `json:"total"`
	Missing int `json:"missing,omitempty"`
	// Examples are some that are missing.
	Examples []string `json:"examples,omitempty"`
}
