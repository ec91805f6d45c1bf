package settings

import (
	"sync/atomic"
)

// Store holds the latest valid settings.
type Store struct {
	current atomic.Pointer[Settings]
	invalid atomic.Bool
	refused atomic.Int64
}

// NewStore returns a store that holds s.
func NewStore(s *Settings) *Store {
	store := &Store{}
	store.current.Store(s)
	return store
}

// Get returns the settings. They must not be changed.
func (s *Store) Get() *Settings { return s.current.Load() }

// Update replaces the settings by those in the data of the ConfigMap. If these are not
// valid, the settings stay as they are, and the error, an InvalidError, says why. Fields
// that are only read at the start keep their values; waiting are the paths of such fields
// with a new value in the file.
func (s *Store) Update(data map[string]string) (waiting []string, err error) {
	parsed, err := Parse(data)
	if err == nil && parsed.Repositories == nil && len(s.Get().Repositories) > 0 {
		err = forgotten()
	}
	s.invalid.Store(err != nil)
	if err != nil {
		s.refused.Add(1)
		return nil, err
	}
	waiting = parsed.keep(s.Get())
	s.current.Store(parsed)
	return waiting, nil
}

// forgotten returns the problem of a file without a list of repositories, not even an
// empty one, after a file with repositories: it would end everything that is running.
func forgotten() error {
	p := problems{file: ConfigMap + "/" + File}
	p.add(0, "repositories", "was removed; write repositories: [] to serve none")
	return p.err()
}

// Valid reports whether the latest version is in force.
func (s *Store) Valid() bool { return !s.invalid.Load() }

// Refused returns the number of versions that were not valid.
func (s *Store) Refused() int64 { return s.refused.Load() }

// keep keeps the values from which clients and informers were made, and returns the
// fields that differ.
func (s *Settings) keep(before *Settings) (differs []string) {
	for _, field := range []struct {
		path      string
		now, then *string
	}{
		{"github.endpoint", &s.GitHub.Endpoint, &before.GitHub.Endpoint},
		{"prow.prowjob_namespace", &s.Prow.ProwJobNamespace, &before.Prow.ProwJobNamespace},
		{"prow.pod_namespace", &s.Prow.PodNamespace, &before.Prow.PodNamespace},
	} {
		if *field.now != *field.then {
			differs = append(differs, field.path)
			*field.now = *field.then
		}
	}
	if s.GitHub.Writes != before.GitHub.Writes {
		differs = append(differs, "github.writes")
		s.GitHub.Writes = before.GitHub.Writes
	}
	if s.GitHub.AppID != before.GitHub.AppID {
		differs = append(differs, "github.app_id")
		s.GitHub.AppID = before.GitHub.AppID
	}
	return differs
}
