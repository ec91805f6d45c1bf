package plan

// Bounds of what a tree may ask of us. Each is far above what any repository
// has, and low enough that a plan takes some seconds and some hundred MB at worst.
const (
	// maxIgnoreFile bounds a .prowignore file, in bytes: the parser of rules is
	// recursive, and a stack that is full cannot be recovered from.
	maxIgnoreFile = 64 << 10
	// maxIgnoreFiles bounds the different .prowignore files of a tree together.
	maxIgnoreFiles = 1 << 20
	// maxIgnoreLine bounds a rule, in bytes: no name is longer.
	maxIgnoreLine = 4096
	// maxIgnoreSteps bounds the comparison of the rules with the names of all
	// files, in characters looked at. 100 rules and 10,000 files take about ten
	// million.
	maxIgnoreSteps = 300_000_000
)
