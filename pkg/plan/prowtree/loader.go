// Package prowtree reads from a tree of a repository what Prow's loader would read from
// a checkout of it: which job files there are, what is in them as it is written, and
// Prow's own configuration. It compares nothing, and puts no defaults into jobs.
package prowtree

import (
	"fmt"
	"math"

	"github.com/rehearsal-dev/rehearsal/pkg/layout"
	"github.com/rehearsal-dev/rehearsal/pkg/lru"
	"github.com/rehearsal-dev/rehearsal/pkg/repo"
)

// Cache keeps what was read, by its content.
type Cache struct {
	files  *lru.Cache[*JobFile]
	loose  *lru.Cache[*ProwConfig]
	strict *lru.Cache[*ProwConfig]
}

// NewCache keeps parsed files of so much text, in bytes, of which each takes about
// eight.
func NewCache(memory int64) *Cache {
	return &Cache{
		files:  lru.New[*JobFile](math.MaxInt, memory),
		loose:  lru.New[*ProwConfig](math.MaxInt, keptConfigs),
		strict: lru.New[*ProwConfig](math.MaxInt, keptConfigs),
	}
}

// keptConfigs is how many of Prow's configurations are kept, of each kind.
const keptConfigs = 8

// Loader reads trees.
type Loader struct {
	Cache   *Cache
	Objects repo.Objects
	Layout  layout.Layout
	// Watched are files and directories that are listed besides.
	Watched []string
	// Workers bounds how many files are parsed at once.
	Workers int
}

// MissingPathError says that a path in the settings does not exist.
type MissingPathError struct {
	Path string
	// Setting is the name of the setting to correct.
	Setting string
}

func (e *MissingPathError) Error() string {
	return fmt.Sprintf("%s: %q does not exist in the repository", e.Setting, e.Path)
}
