package run

// Coverage is what a choice of jobs covers of all jobs. If Of is empty, the jobs that
// were left out are like the chosen ones in every aspect.
type Coverage struct {
	Of []Aspect `json:"of,omitempty"`
}

// Aspect is a property in which jobs differ.
type Aspect struct {
	// What is cause, repository, branch or cluster.
	What string `json:"what"`
	// Total counts the different values, Missing those that no chosen job has.
	Total   int `json:"total"`
	Missing int `json:"missing,omitempty"`
	// Examples are some of the missing values.
	Examples []string `json:"examples,omitempty"`
}
