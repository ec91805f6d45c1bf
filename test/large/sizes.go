package main

import (
	"context"
	"encoding/json"
	"fmt"

	"k8s.io/client-go/rest"

	"github.com/rehearsal-dev/rehearsal/test/rig"
)

// kinds are those of which we make objects, or have objects made.
var kinds = map[string]string{
	"Rehearsal":   "/apis/rehearsal.dev/v1alpha1/namespaces/" + rig.Namespace + "/rehearsals",
	"PipelineRun": "/apis/tekton.dev/v1/namespaces/" + rig.Namespace + "/pipelineruns",
	"TaskRun":     "/apis/tekton.dev/v1/namespaces/" + rig.Namespace + "/taskruns",
	"ConfigMap":   "/api/v1/namespaces/" + rig.Namespace + "/configmaps",
	"ProwJob":     "/apis/prow.k8s.io/v1/namespaces/" + rig.ProwJobNamespace + "/prowjobs",
	"Pod":         "/api/v1/namespaces/" + rig.PodNamespace + "/pods",
}

// sizes are the most bytes that an object of each kind had, and its name.
type sizes map[string]struct {
	largest int
	name    string
}

// measure looks at all objects as JSON, which is what etcd keeps of those that we
// define; of others it keeps less.
func (s sizes) measure(ctx context.Context, client rest.Interface) error {
	for kind, path := range kinds {
		known := s[kind]
		next := ""
		for {
			request := client.Get().AbsPath(path).Param("limit", "100").SetHeader("Accept", "application/json")
			if next != "" {
				request = request.Param("continue", next)
			}
			raw, err := request.DoRaw(ctx)
			if err != nil {
				return fmt.Errorf("listing every %s: %w", kind, err)
			}
			var list struct {
				Metadata struct{ Continue string }
				Items    []json.RawMessage
			}
			if err := json.Unmarshal(raw, &list); err != nil {
				return fmt.Errorf("listing every %s: %w", kind, err)
			}
			for _, item := range list.Items {
				if len(item) > known.largest {
					known.largest, known.name = len(item), nameOf(item)
				}
			}
			if next = list.Metadata.Continue; next == "" {
				break
			}
		}
		s[kind] = known
	}
	return nil
}

func nameOf(item json.RawMessage) string {
	var o struct{ Metadata struct{ Name string } }
	_ = json.Unmarshal(item, &o) // it was part of a list that could be read
	return o.Metadata.Name
}
