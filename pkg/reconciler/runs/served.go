package runs

import (
	"context"
	"fmt"
	"maps"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rehearsal-dev/rehearsal/pkg/kvstore"
)

// ServedConfigMap lists the served repositories, as org.repo in lower case, for the
// admission policy, which refuses rehearsals of any other repository.
const ServedConfigMap = "rehearsal-served"

// declareServed updates the list before tasks need it.
func (t *starter) declareServed(ctx context.Context) error {
	served := map[string]string{}
	for _, repo := range t.Settings.Repositories {
		served[strings.ToLower(kvstore.RepositoryKey(repo.Name))] = ""
	}
	configMaps := t.Kube.CoreV1().ConfigMaps(t.Rehearsal.Namespace)
	stored, err := configMaps.Get(ctx, ServedConfigMap, metav1.GetOptions{})
	cm := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: ServedConfigMap, Namespace: t.Rehearsal.Namespace}, Data: served}
	switch {
	case apierrors.IsNotFound(err):
		_, err = configMaps.Create(ctx, cm, metav1.CreateOptions{})
	case err == nil && !maps.Equal(stored.Data, served):
		_, err = configMaps.Update(ctx, cm, metav1.UpdateOptions{})
	}
	if err != nil && !apierrors.IsAlreadyExists(err) {
		return fmt.Errorf("listing the served repositories in ConfigMap %s: %w", ServedConfigMap, err)
	}
	return nil
}
