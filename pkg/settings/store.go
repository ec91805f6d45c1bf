package settings

import "sync/atomic"

// Store holds the latest settings that were valid.
type Store struct {
	current atomic.Pointer[Settings]
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
// says why.
func (s *Store) Update(data map[string]string) error {
	parsed, err := Parse(data)
	if err != nil {
		return err
	}
	s.current.Store(parsed)
	return nil
}
