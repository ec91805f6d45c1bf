package snapshot

import (
	"encoding/json"

	"sigs.k8s.io/prow/pkg/config"

	prowapi "sigs.k8s.io/prow/pkg/apis/prowjobs/v1"

	"github.com/rehearsal-dev/rehearsal/pkg/affected"
	"github.com/rehearsal-dev/rehearsal/pkg/plan/codec"
)

// writer writes job files and the other contents of a snapshot.
type writer struct{ *codec.Encoder }

func (e *writer) loaded(f *affected.Loaded) {
	e.Text(f.Path)
	e.Text(f.Blob)
	e.Flag(f.Main)
	e.Flag(f.Err != nil)
	if f.Err != nil {
		e.FileError(*f.Err)
	}
	e.Flag(f.File != nil)
	if f.File == nil {
		return
	}
	e.Value(f.Presets, len(f.Presets) > 0)
	e.Count(len(f.Jobs))
	for i := range f.Jobs {
		e.entry(&f.Jobs[i])
	}
}

func (e *writer) entry(j *affected.Entry) {
	e.Text(string(j.Ref.Type))
	e.Text(j.Ref.Repo)
	e.Text(j.Ref.Name)
	e.List(j.Ref.Branches)
	e.List(j.Ref.SkipBranches)
	e.List(j.Branches)
	e.List(j.SkipBranches)
	e.Raw(j.Digest)
	e.Text(j.Context)
	e.Text(j.Agent)
	e.Text(j.Cluster)
	e.Text(j.Queue)
	e.Flag(j.Hidden)
	e.Flag(j.Pod)
	e.Pairs(j.Labels)
	e.Pairs(j.Annotations)
	e.List(j.ConfigMaps)
	e.Value(j.Own.Decorate, j.Own.Decorate != nil)
	e.Value(j.Own.Decoration, j.Own.Decoration != nil)
	e.Value(j.Own.Defaults, j.Own.Defaults != nil)
	e.Text(j.Own.Namespace)
	e.Text(j.Own.DefaultsRepo)
	e.Flag(j.Own.ExtraRefs)
}

// reader reads what a writer wrote.
type reader struct {
	*codec.Decoder
	// decorations lets jobs share equal values.
	decorations map[string]*prowapi.DecorationConfig
}

func newReader(raw []byte) (*reader, error) {
	d, err := codec.NewDecoder(raw)
	return &reader{d, map[string]*prowapi.DecorationConfig{}}, err
}

func (d *reader) loaded() *affected.Loaded {
	f := &affected.Loaded{Path: d.Text(), Blob: d.Text(), Main: d.Flag()}
	if d.Flag() {
		e := d.FileError()
		f.Err = &e
	}
	if !d.Flag() {
		return f
	}
	f.File = &affected.File{}
	var presets []config.Preset
	if d.Value(&presets) {
		f.Presets = presets
	}
	n := d.Count()
	for range n {
		f.Jobs = append(f.Jobs, d.entry())
		if d.Err() != nil {
			break
		}
	}
	return f
}

func (d *reader) entry() affected.Entry {
	var j affected.Entry
	j.Ref.Type = prowapi.ProwJobType(d.Text())
	j.Ref.Repo = d.Text()
	j.Ref.Name = d.Text()
	j.Ref.Branches = append([]string{}, d.List()...)
	j.Ref.SkipBranches = append([]string{}, d.List()...)
	j.Branches, j.SkipBranches = d.List(), d.List()
	j.Digest = d.Take(affected.DigestSize)
	j.Context = d.Text()
	j.Agent = d.Text()
	j.Cluster = d.Text()
	j.Queue = d.Text()
	j.Hidden, j.Pod = d.Flag(), d.Flag()
	j.Labels, j.Annotations = d.Pairs(), d.Pairs()
	j.ConfigMaps = d.List()
	var decorate bool
	if d.Value(&decorate) {
		j.Own.Decorate = &decorate
	}
	j.Own.Decoration = d.decoration()
	var defaults prowapi.ProwJobDefault
	if d.Value(&defaults) {
		j.Own.Defaults = &defaults
	}
	j.Own.Namespace = d.Text()
	j.Own.DefaultsRepo = d.Text()
	j.Own.ExtraRefs = d.Flag()
	return j
}

func (d *reader) decoration() *prowapi.DecorationConfig {
	raw := d.Text()
	if raw == "" {
		return nil
	}
	if known := d.decorations[raw]; known != nil {
		return known
	}
	var dc prowapi.DecorationConfig
	if json.Unmarshal([]byte(raw), &dc) != nil {
		d.Fail()
		return nil
	}
	d.decorations[raw] = &dc
	return &dc
}
