package run

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// PageKey is the key of a page, compressed HTML, in the ConfigMap that PageName
// names.
const PageKey = "page.html.gz"

// maxPage bounds a compressed page, in bytes. The API server takes 1 MiB, and
// the field is encoded on the way.
const maxPage = 900 << 10

// PageName is the name of the ConfigMap with the page about a run or, by the
// name of the Rehearsal, about the affected jobs of a pull request.
func PageName(name string) string { return name + ".page" }

// PageStore is the part of the client that storing a page needs.
type PageStore interface {
	ConfigMaps
	Create(ctx context.Context, cm *corev1.ConfigMap, opts metav1.CreateOptions) (*corev1.ConfigMap, error)
	Update(ctx context.Context, cm *corev1.ConfigMap, opts metav1.UpdateOptions) (*corev1.ConfigMap, error)
}

// StorePage stores a page under the name that meta has, in place of what was
// stored before. One that is too large even when compressed is not stored.
func StorePage(ctx context.Context, store PageStore, meta metav1.ObjectMeta, html []byte) (stored bool, err error) {
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	if _, err := w.Write(html); err != nil {
		return false, fmt.Errorf("compressing page %s: %w", meta.Name, err)
	}
	if err := w.Close(); err != nil {
		return false, fmt.Errorf("compressing page %s: %w", meta.Name, err)
	}
	if packed.Len() > maxPage {
		return false, nil
	}
	cm := &corev1.ConfigMap{ObjectMeta: meta, BinaryData: map[string][]byte{PageKey: packed.Bytes()}}
	_, err = store.Create(ctx, cm, metav1.CreateOptions{})
	if apierrors.IsAlreadyExists(err) {
		_, err = store.Update(ctx, cm, metav1.UpdateOptions{})
	}
	if err != nil {
		return false, fmt.Errorf("storing page %s: %w", meta.Name, err)
	}
	return true, nil
}

// ReadPage reads a stored page.
func ReadPage(ctx context.Context, configMaps ConfigMaps, name string) ([]byte, error) {
	cm, err := configMaps.Get(ctx, PageName(name), metav1.GetOptions{})
	if err != nil {
		return nil, fmt.Errorf("reading page %s: %w", name, err)
	}
	r, err := gzip.NewReader(bytes.NewReader(cm.BinaryData[PageKey]))
	if err != nil {
		return nil, &DamagedError{ConfigMap: cm.Name, Key: PageKey, Err: err}
	}
	html, err := io.ReadAll(r)
	if err != nil {
		return nil, &DamagedError{ConfigMap: cm.Name, Key: PageKey, Err: err}
	}
	return html, nil
}
