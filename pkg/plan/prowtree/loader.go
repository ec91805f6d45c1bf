// Package prowtree reads from a tree of a repository what Prow's loader would read from a
// checkout of it: the list of job files, their content as written, and Prow's own
// configuration. It compares nothing, and applies no defaults to jobs.
package prowtree

import (
	"fmt"
	"math"

	"github.com/rehearsal-dev/rehearsal/pkg/layout"
	"github.com/rehearsal-dev/rehearsal/pkg/lru"
	"github.com/rehearsal-dev/rehearsal/pkg/repo"
)

// Cache keeps parsed files, by their content.
type Cache struct {
	files  *lru.Cache[*JobFile]
	loose  *lru.Cache[*ProwConfig]
	strict *lru.Cache[*ProwConfig]
}

// NewCache returns a cache for parsed files with so many bytes of text. Each byte takes
// about eight bytes of memory.
func NewCache(memory int64) *Cache {
	return &Cache{
		files:  lru.New[*JobFile](math.MaxInt, memory),
		loose:  lru.New[*ProwConfig](math.MaxInt, keptConfigs),
		strict: lru.New[*ProwConfig](math.MaxInt, keptConfigs),
	}
}

// keptConfigs is how many Prow configurations of each kind are kept.
const keptConfigs = 8

// Loader reads trees.
type Loader struct {
	Cache   *Cache
	Objects repo.Objects
	Layout  layout.Layout
	// Watched are additional files and directories to list.
	Watched []string
	// Workers limits how many files are parsed at once.
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
