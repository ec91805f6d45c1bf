// Package sources lists what can affect a job. Each source is a package of its own below
// this one. It knows nothing of the other sources, nor of how plans are made.
package sources

import (
	"github.com/rehearsal-dev/rehearsal/pkg/affected"
	"github.com/rehearsal-dev/rehearsal/pkg/sources/configupdater"
	"github.com/rehearsal-dev/rehearsal/pkg/sources/jobconfig"
	"github.com/rehearsal-dev/rehearsal/pkg/sources/preset"
	"github.com/rehearsal-dev/rehearsal/pkg/sources/prowconfig"
)

// All are all sources, in the order of their reasons.
var All = []affected.Source{
	jobconfig.Source{},
	preset.Source{},
	prowconfig.Source{},
	configupdater.Source{},
}

// Phrase returns the text that people see for the path of a reason, and whether the text
// names the file too.
func Phrase(r affected.Reason) (text string, namesFile bool) {
	for _, s := range All {
		if phrased, ok := s.(affected.Phrased); ok && s.Name() == r.Source {
			return phrased.Phrase(r)
		}
	}
	return r.Path, false
}
