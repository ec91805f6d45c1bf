// Package admission tells the API server which ProwJobs the tasks of a run may create:
// those that the controller has handed over to them, unchanged, while their run is
// active.
package admission

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"

	structuralschema "k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apimachinery/pkg/util/json"
	prowapi "sigs.k8s.io/prow/pkg/apis/prowjobs/v1"

	"github.com/rehearsal-dev/rehearsal/pkg/run"
)

// object is a decoded JSON object; its numbers are int64 or float64.
type object = map[string]any

// offer is a ProwJob that an active run has handed over to its tasks.
type offer struct {
	run     string
	prowJob *prowapi.ProwJob
}

// refusal says why a ProwJob must not be created, now or later.
type refusal struct{ reason string }

func (r *refusal) Error() string { return r.reason }

func refuse(format string, args ...any) error { return &refusal{fmt.Sprintf(format, args...)} }

// notYet says that it cannot be decided yet whether a ProwJob may be created.
type notYet struct{ reason string }

func (n *notYet) Error() string { return n.reason }

// decide returns nil for a ProwJob that equals one of the offers. Else it returns a
// *refusal, or *notYet if its run may just not have been observed yet. Schema is that of
// ProwJobs in the cluster, by which the API server may have changed the ProwJob; nil if
// it changes nothing.
func decide(got object, over bool, offers []offer, schema *structuralschema.Structural) error {
	name, labels := stringAt(got, "metadata", "name"), labelsOf(got)
	for _, key := range []string{run.LabelRehearsal, run.LabelRehearsalUID, run.LabelRun} {
		if labels[key] == "" {
			return refuse("it has no label %s, so it is not the ProwJob of a rehearsal", key)
		}
	}
	for i, o := range offers {
		at, err := difference(o.prowJob, got, schema)
		switch {
		case err != nil:
			return fmt.Errorf("comparing the ProwJob %s with what run %s handed over: %w", name, o.run, err)
		case at == "":
			return nil
		case i == len(offers)-1:
			return refuse("its %s is not what run %s handed over to its tasks", at, o.run)
		}
	}
	switch {
	case over:
		return refuse("run %s has ended, and no other one handed it over", labels[run.LabelRun])
	case name == "":
		return refuse("it has no name")
	}
	return &notYet{fmt.Sprintf("no active run has handed over the ProwJob %s", name)}
}

// ofTheAPIServer are the fields of the metadata that the API server sets.
var ofTheAPIServer = []string{"uid", "creationTimestamp", "generation", "managedFields"}

// difference returns the first field in which a ProwJob differs from the one that was
// handed over; empty if there is none. The task may set only the time of creation.
func difference(want *prowapi.ProwJob, got object, schema *structuralschema.Structural) (string, error) {
	raw, err := json.Marshal(want)
	if err != nil {
		return "", fmt.Errorf("encoding it: %w", err)
	}
	var wanted object
	if err := json.Unmarshal(raw, &wanted); err != nil {
		return "", fmt.Errorf("decoding it again: %w", err)
	}
	asKept(wanted, schema)
	got = maps.Clone(got)
	for _, side := range []object{wanted, got} {
		delete(side, "apiVersion") // the API server has checked these:
		delete(side, "kind")       // the request is for ProwJobs
		if metadata, ok := side["metadata"].(object); ok {
			metadata = maps.Clone(metadata)
			for _, key := range ofTheAPIServer {
				delete(metadata, key)
			}
			side["metadata"] = metadata
		}
	}
	if status, ok := got["status"].(object); ok && want.Status.StartTime.IsZero() {
		status = maps.Clone(status)
		delete(status, "startTime")
		got["status"] = status
	}
	return differ("", wanted, got), nil
}

// differ returns the path of the first difference between two values; empty if there is
// none. Null equals a missing value.
func differ(path string, want, got any) string {
	switch w := want.(type) {
	case object:
		if g, ok := got.(object); ok {
			return differFields(path, w, g)
		}
	case []any:
		g, ok := got.([]any)
		if !ok || len(g) != len(w) {
			return path
		}
		for i := range w {
			if at := differ(path+"["+strconv.Itoa(i)+"]", w[i], g[i]); at != "" {
				return at
			}
		}
		return ""
	}
	if reflect.DeepEqual(want, got) {
		return ""
	}
	return path
}

func differFields(path string, want, got object) string {
	if path != "" {
		path += "."
	}
	all := maps.Clone(want)
	maps.Copy(all, got)
	for _, key := range slices.Sorted(maps.Keys(all)) {
		if at := differ(path+key, want[key], got[key]); at != "" {
			return at
		}
	}
	return ""
}

func stringAt(o object, parent, key string) string {
	inner, _ := o[parent].(object)
	text, _ := inner[key].(string)
	return text
}

func labelsOf(o object) map[string]string {
	metadata, _ := o["metadata"].(object)
	labels, _ := metadata["labels"].(object)
	out := make(map[string]string, len(labels))
	for key := range labels {
		out[key], _ = labels[key].(string)
	}
	return out
}
