package render

import (
	"encoding/json"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	prowapi "sigs.k8s.io/prow/pkg/apis/prowjobs/v1"

	"github.com/rehearsal-dev/rehearsal/pkg/run"
)

const (
	// maxShard bounds the data of one ConfigMap, in bytes. The API server accepts 1 MiB.
	maxShard = 900 << 10
	// fullShard is the size above which another one is started: large objects slow down
	// those who watch them. A larger value gets its own ConfigMap.
	fullShard = 512 << 10
)

// shards fills ConfigMaps one after the other. The first is kept for the manifest, which
// grows until the last job is known.
type shards struct {
	run  Run
	done []corev1.ConfigMap
	size int
	// inputs has the name of the ConfigMap in which each input is stored.
	inputs map[string]string
}

// store adds the ProwJob of a row, after the ConfigMaps that it needs.
func (s *shards) store(row *run.Job, pj *prowapi.ProwJob, inputs []input) error {
	var places []string
	for _, in := range inputs {
		name := in.object.Name
		shard, ok := s.inputs[name]
		if !ok {
			var err error
			if shard, err = s.addJSON("its ConfigMap "+in.original, name, in.object); err != nil {
				return err
			}
			s.inputs[name] = shard
		}
		places = append(places, run.InputPlace(shard, name))
		row.Inputs = append(row.Inputs, run.Input{
			Original: in.original, Name: name, Cluster: in.cluster, Namespace: in.object.Namespace, ConfigMap: shard,
		})
	}
	if len(places) > 0 {
		pj.Annotations[run.AnnotationInputs] = strings.Join(places, " ")
	}
	var err error
	row.ConfigMap, err = s.addJSON("its ProwJob", pj.Name, pj)
	return err
}

// addJSON stores an object as JSON.
func (s *shards) addJSON(what, key string, object any) (shard string, err error) {
	raw, err := json.Marshal(object)
	if err != nil {
		return "", fmt.Errorf("%s cannot be encoded: %w", what, err)
	}
	if len(raw) > maxShard-len(key) {
		return "", fmt.Errorf("%s takes %d KiB, and at most %d KiB can be stored", what, len(raw)>>10, maxShard>>10)
	}
	return s.add(key, string(raw)), nil
}

// add stores a value and returns the name of its ConfigMap.
func (s *shards) add(key, value string) string {
	size := len(key) + len(value)
	if len(s.done) == 0 || s.size > 0 && s.size+size > fullShard {
		s.done = append(s.done, s.configMap(len(s.done)+1, map[string]string{}))
		s.size = 0
	}
	s.size += size
	last := &s.done[len(s.done)-1]
	last.Data[key] = value
	return last.Name
}

func (s *shards) configMap(n int, data map[string]string) corev1.ConfigMap {
	name := s.run.Name
	if n > 0 {
		name = fmt.Sprintf("%s-%d", name, n)
	}
	immutable := true
	return corev1.ConfigMap{
		TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "ConfigMap"},
		ObjectMeta: metav1.ObjectMeta{
			Name:   name,
			Labels: runLabels(s.run),
		},
		Immutable: &immutable,
		Data:      data,
	}
}
