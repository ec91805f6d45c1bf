package settings

import (
	"sync/atomic"
)

// Store holds the latest settings that were valid.
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

// Update replaces the settings by those in the data of the ConfigMap. When these
// are not valid, the settings stay as they are and the error, an InvalidError,
// says why. What is only read at the start stays as it was then; waiting are the
// paths of such fields that say something else now.
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

// forgotten is what is wrong with a file that names no repositories, not even
// none, after one that did: it would end all that is running.
func forgotten() error {
	p := problems{file: ConfigMap + "/" + File}
	p.add(0, "repositories", "was removed; write repositories: [] to serve none")
	return p.err()
}

// Valid says whether the latest version is the one in force.
func (s *Store) Valid() bool { return !s.invalid.Load() }

// Refused counts the versions that were not valid.
func (s *Store) Refused() int64 { return s.refused.Load() }

// keep leaves what clients and informers are made from as it was, and names what
// differs.
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
