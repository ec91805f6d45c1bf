package prowjob

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/rehearsal-dev/rehearsal/pkg/run"
)

// TakenError says that a ConfigMap with the name that a job needs exists with different
// content.
type TakenError struct {
	Cluster, Namespace, Name string
}

func (e *TakenError) Error() string {
	return fmt.Sprintf("the ConfigMap %s/%s in the cluster %s exists with different content; delete it and run the job again", e.Namespace, e.Name, e.Cluster)
}

// EnsureInput creates a ConfigMap in the cluster with the alias, or adopts an equal one
// of an earlier attempt.
func EnsureInput(ctx context.Context, clusters Clusters, alias string, want *corev1.ConfigMap) error {
	place := fmt.Sprintf("the ConfigMap %s/%s in the cluster %s", want.Namespace, want.Name, alias)
	client, ok := clusters[alias]
	if !ok {
		return fmt.Errorf("creating %s: %w", place, errNoCluster)
	}
	configMaps := client.CoreV1().ConfigMaps(want.Namespace)
	_, err := configMaps.Create(ctx, want, metav1.CreateOptions{})
	switch {
	case apierrors.IsForbidden(err), apierrors.IsUnauthorized(err):
		return fmt.Errorf("creating %s, which the job reads: %w; the identity of this task needs the verbs get and create for ConfigMaps there", place, err)
	case err != nil && !apierrors.IsAlreadyExists(err):
		return fmt.Errorf("creating %s: %w", place, err)
	case err == nil:
		return nil
	}
	have, err := configMaps.Get(ctx, want.Name, metav1.GetOptions{})
	if err != nil {
		return fmt.Errorf("reading %s: %w", place, err)
	}
	if !sameInput(have, want) {
		return &TakenError{Cluster: alias, Namespace: want.Namespace, Name: want.Name}
	}
	return nil
}

func sameInput(a, b *corev1.ConfigMap) bool {
	return a.Labels[run.LabelRehearsalUID] == b.Labels[run.LabelRehearsalUID] && a.Labels[run.LabelRun] == b.Labels[run.LabelRun] &&
		maps.Equal(a.Data, b.Data) && maps.EqualFunc(a.BinaryData, b.BinaryData, bytes.Equal)
}

// sweepPage is how many ConfigMaps are read at a time: each may be near 1 MiB.
const sweepPage = 20

// SweepInputs deletes the ConfigMaps of runs that are over, however they ended, in a
// namespace of every cluster. The function over decides by the uid of the Rehearsal,
// which may belong to another installation, and by the age of the ConfigMap. It must
// return false while a job of that Rehearsal may need the ConfigMap. An error in one
// cluster does not stop the sweep of the others.
func SweepInputs(ctx context.Context, clusters Clusters, namespace string, over func(uid string, age time.Duration) bool, now time.Time) error {
	old := func(cm *corev1.ConfigMap) bool {
		return over(cm.Labels[run.LabelRehearsalUID], now.Sub(cm.CreationTimestamp.Time))
	}
	var errs []error
	for _, alias := range slices.Sorted(maps.Keys(clusters)) {
		if err := sweepInputs(ctx, clusters[alias], namespace, old); err != nil {
			errs = append(errs, fmt.Errorf("sweeping ConfigMaps in the namespace %s of the cluster %s: %w", namespace, alias, err))
		}
	}
	return errors.Join(errs...)
}

func sweepInputs(ctx context.Context, client kubernetes.Interface, namespace string, old func(*corev1.ConfigMap) bool) error {
	configMaps := client.CoreV1().ConfigMaps(namespace)
	options := metav1.ListOptions{LabelSelector: run.LabelCreatedBy + "=" + run.CreatedBy, Limit: sweepPage}
	for {
		page, err := configMaps.List(ctx, options)
		if err != nil {
			return err
		}
		for i := range page.Items {
			cm := &page.Items[i]
			if !old(cm) {
				continue
			}
			only := metav1.DeleteOptions{Preconditions: metav1.NewUIDPreconditions(string(cm.UID))}
			if err := configMaps.Delete(ctx, cm.Name, only); err != nil && !apierrors.IsNotFound(err) && !apierrors.IsConflict(err) {
				return err
			}
		}
		if options.Continue = page.Continue; options.Continue == "" {
			return nil
		}
	}
}
