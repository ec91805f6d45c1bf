package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/rehearsal-dev/rehearsal/pkg/admission"
	"github.com/rehearsal-dev/rehearsal/test/rig"
)

const tektonNamespace = "tekton-pipelines"

// crdPaths returns the paths of our CRDs and of those of Tekton and Prow.
func crdPaths() ([]string, error) {
	tekton, err := rig.ModulePath("github.com/tektoncd/pipeline", "config", "300-crds")
	if err != nil {
		return nil, err
	}
	prow, err := rig.ModulePath("sigs.k8s.io/prow", "config", "prow", "cluster", "prowjob-crd")
	return []string{"config/300-rehearsal.yaml", tekton, prow}, err
}

// install creates the objects in config/ and tasks/, and the configuration of Tekton and
// Prow. What would run in pods is started as processes instead.
func (p *plane) install(ctx context.Context, webhookPort string, settings string) error {
	admin, err := client.New(p.admin, client.Options{})
	if err != nil {
		return err
	}
	for _, name := range []string{rig.ProwJobNamespace, rig.PodNamespace, tektonNamespace} {
		if err := admin.Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}); err != nil {
			return err
		}
	}
	ours, err := filepath.Glob("config/*.yaml")
	if err != nil {
		return err
	}
	tekton, err := rig.ModulePath("github.com/tektoncd/pipeline", "config")
	if err != nil {
		return err
	}
	theirs, err := filepath.Glob(filepath.Join(tekton, "config-*.yaml"))
	if err != nil {
		return err
	}
	for _, file := range append(append(ours, theirs...), "tasks/prowjob.yaml", "tasks/collate.yaml") {
		if err := create(ctx, admin, file, func(o *unstructured.Unstructured) bool { return fit(o, webhookPort, settings) }); err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
	}
	return nil
}

func create(ctx context.Context, admin client.Client, file string, fit func(*unstructured.Unstructured) bool) error {
	content, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	content = bytes.ReplaceAll(content, []byte("ko://"), []byte("localhost/"))
	for _, document := range bytes.Split(content, []byte("\n---\n")) {
		var object unstructured.Unstructured
		if err := yaml.Unmarshal(document, &object.Object); err != nil {
			return err
		}
		if len(object.Object) == 0 || !fit(&object) {
			continue
		}
		if err := admin.Create(ctx, &object); err != nil && !apierrors.IsAlreadyExists(err) {
			return err
		}
	}
	return nil
}

// fit adapts an object to programs that are processes instead of pods; it reports whether
// the object is needed at all.
func fit(o *unstructured.Unstructured, webhookPort string, settings string) bool {
	var err error
	switch name := o.GetKind() + " " + o.GetName(); name {
	case "Deployment rehearsal-controller", "Deployment rehearsal-receiver", "CustomResourceDefinition rehearsals.rehearsal.dev":
		return false
	case "Service " + admission.Service:
		o.Object["spec"] = map[string]any{"type": "ExternalName", "externalName": "localhost"}
	case "ValidatingWebhookConfiguration " + admission.Configuration:
		hooks := o.Object["webhooks"].([]any)
		var port int64
		if port, err = strconv.ParseInt(webhookPort, 10, 32); err == nil {
			err = unstructured.SetNestedField(hooks[0].(map[string]any), port, "clientConfig", "service", "port")
		}
	case "ConfigMap config-rehearsal":
		err = unstructured.SetNestedField(o.Object, settings, "data", "config.yaml")
	case "ConfigMap feature-flags":
		err = unstructured.SetNestedField(o.Object, "true", "data", "set-security-context")
	}
	if err != nil {
		panic(err) // the manifests are ours
	}
	return true
}
