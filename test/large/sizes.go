package main

import (
	"context"
	"encoding/json"
	"fmt"

	"k8s.io/client-go/rest"

	"github.com/rehearsal-dev/rehearsal/test/rig"
)

// kinds are the kinds of objects that we create, or that are created for us.
var kinds = map[string]string{
	"Rehearsal":   "/apis/rehearsal.dev/v1alpha1/namespaces/" + rig.Namespace + "/rehearsals",
	"PipelineRun": "/apis/tekton.dev/v1/namespaces/" + rig.Namespace + "/pipelineruns",
	"TaskRun":     "/apis/tekton.dev/v1/namespaces/" + rig.Namespace + "/taskruns",
	"ConfigMap":   "/api/v1/namespaces/" + rig.Namespace + "/configmaps",
	"ProwJob":     "/apis/prow.k8s.io/v1/namespaces/" + rig.ProwJobNamespace + "/prowjobs",
	"Pod":         "/api/v1/namespaces/" + rig.PodNamespace + "/pods",
}

// sizes are the sizes of the largest object of each kind, in bytes, with its name.
type sizes map[string]struct {
	largest int
	name    string
}

// measure reads all objects as JSON, which is what etcd stores of custom resources; of
// others it stores less.
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
	_ = json.Unmarshal(item, &o) // it was part of a valid list
	return o.Metadata.Name
}
