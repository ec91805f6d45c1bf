package main

import (
	"context"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"

	"github.com/rehearsal-dev/rehearsal/pkg/pages"
	"github.com/rehearsal-dev/rehearsal/pkg/prowjob"
	"github.com/rehearsal-dev/rehearsal/pkg/report"
)

// storePage stores the page of a run that is over. If that fails, the comment does not
// link to the page, and the run is still reported.
func (c *collator) storePage(ctx context.Context, view *report.RunView) {
	if view.Manifest.Page == "" || !view.Ended() {
		return
	}
	var stored bool
	err := prowjob.Persist(ctx, patience, func(ctx context.Context) (err error) {
		stored, err = c.tryStorePage(ctx, *view)
		return err
	})
	if err != nil {
		c.say("The page of the run was not stored: %v", err)
	}
	if !stored {
		view.Manifest.Page = ""
	}
}

// tryStorePage gives the page the labels and the owner of the run's ConfigMaps, so that
// it is deleted with them.
func (c *collator) tryStorePage(ctx context.Context, view report.RunView) (bool, error) {
	configMaps := c.Kube.CoreV1().ConfigMaps(c.namespace)
	first, err := configMaps.Get(ctx, c.run, metav1.GetOptions{})
	if err != nil {
		return false, fmt.Errorf("reading ConfigMap %s: %w", c.run, err)
	}
	owners := slices.Clone(first.OwnerReferences)
	for i := range owners {
		// An owner reference that blocks deletion needs rights that we do not have.
		owners[i].BlockOwnerDeletion = nil
	}
	meta := metav1.ObjectMeta{
		Name: pages.Name(view.Manifest.Name), Namespace: c.namespace,
		Labels: first.Labels, OwnerReferences: owners,
	}
	return pages.Save(ctx, lastPage{configMaps}, meta, report.RunPage(view))
}

// lastPage ignores updates: we may create ConfigMaps but not change them, and the page of
// a run that is over is always the same.
type lastPage struct {
	corev1client.ConfigMapInterface
}

func (lastPage) Update(_ context.Context, cm *corev1.ConfigMap, _ metav1.UpdateOptions) (*corev1.ConfigMap, error) {
	return cm, nil
}
