// Package pages stores texts that are too long for a comment: pages in ConfigMaps, which
// people with the link can read.
package pages

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rehearsal-dev/rehearsal/pkg/run"
)

// Key is the key of a page, compressed HTML, in the ConfigMap that Name
// names.
const Key = "page.html.gz"

// maxSize limits a compressed page, in bytes. The API server accepts 1 MiB, and the field
// is encoded in the request.
const maxSize = 900 << 10

// Name returns the name of the ConfigMap with the page about a run or, given the name of
// a Rehearsal, about the affected jobs of a pull request.
func Name(name string) string { return name + ".page" }

// Store is the part of the client that storing a page needs.
type Store interface {
	run.ConfigMaps
	Create(ctx context.Context, cm *corev1.ConfigMap, opts metav1.CreateOptions) (*corev1.ConfigMap, error)
	Update(ctx context.Context, cm *corev1.ConfigMap, opts metav1.UpdateOptions) (*corev1.ConfigMap, error)
}

// Save stores a page under the name in meta, and replaces an earlier one. A page that is
// too large even when compressed is not stored.
func Save(ctx context.Context, store Store, meta metav1.ObjectMeta, html []byte) (stored bool, err error) {
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	if _, err := w.Write(html); err != nil {
		return false, fmt.Errorf("compressing page %s: %w", meta.Name, err)
	}
	if err := w.Close(); err != nil {
		return false, fmt.Errorf("compressing page %s: %w", meta.Name, err)
	}
	if packed.Len() > maxSize {
		return false, nil
	}
	cm := &corev1.ConfigMap{ObjectMeta: meta, BinaryData: map[string][]byte{Key: packed.Bytes()}}
	_, err = store.Create(ctx, cm, metav1.CreateOptions{})
	if apierrors.IsAlreadyExists(err) {
		_, err = store.Update(ctx, cm, metav1.UpdateOptions{})
	}
	if err != nil {
		return false, fmt.Errorf("storing page %s: %w", meta.Name, err)
	}
	return true, nil
}

// Read reads a stored page.
func Read(ctx context.Context, configMaps run.ConfigMaps, name string) ([]byte, error) {
	cm, err := configMaps.Get(ctx, Name(name), metav1.GetOptions{})
	if err != nil {
		return nil, fmt.Errorf("reading page %s: %w", name, err)
	}
	r, err := gzip.NewReader(bytes.NewReader(cm.BinaryData[Key]))
	if err != nil {
		return nil, &run.DamagedError{ConfigMap: cm.Name, Key: Key, Err: err}
	}
	html, err := io.ReadAll(r)
	if err != nil {
		return nil, &run.DamagedError{ConfigMap: cm.Name, Key: Key, Err: err}
	}
	return html, nil
}
