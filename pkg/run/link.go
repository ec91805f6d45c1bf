package run

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

const (
	// LinkKeyName is the ConfigMap, and linkKey the field, with the key of the
	// links to pages. Whoever can read it can read the pages beside it as well.
	LinkKeyName = "rehearsal-page-key"
	linkKey     = "key"
	// linkKeySize is its size, and tokenSize that of a token, in bytes.
	linkKeySize = 32
	tokenSize   = 16
)

// LinkKey makes the links to pages. They stay the same as long as it does.
type LinkKey []byte

// Token is what a link to the page about name has, and nobody can guess.
func (k LinkKey) Token(name string) string {
	mac := hmac.New(sha256.New, k)
	mac.Write([]byte(name))
	return hex.EncodeToString(mac.Sum(nil)[:tokenSize])
}

// Opens says whether a token is that of the page about name. Without a key none is.
func (k LinkKey) Opens(name, token string) bool {
	return len(k) == linkKeySize && hmac.Equal([]byte(token), []byte(k.Token(name)))
}

// ReadLinkKey reads the key; it is empty where there is none that is whole.
func ReadLinkKey(ctx context.Context, configMaps ConfigMaps) (LinkKey, error) {
	cm, err := configMaps.Get(ctx, LinkKeyName, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("reading the key of the links to pages: %w", err)
	case len(cm.BinaryData[linkKey]) != linkKeySize:
		return nil, nil
	}
	return cm.BinaryData[linkKey], nil
}

// EnsureLinkKey reads the key, and makes one first where there is none. Of two
// that make one at once, the second takes the first's.
func EnsureLinkKey(ctx context.Context, store PageStore, namespace string) (LinkKey, error) {
	if key, err := ReadLinkKey(ctx, store); err != nil || len(key) > 0 {
		return key, err
	}
	key := make(LinkKey, linkKeySize)
	_, _ = rand.Read(key) // it never fails
	cm := &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{Name: LinkKeyName, Namespace: namespace},
		BinaryData: map[string][]byte{linkKey: key},
	}
	_, err := store.Create(ctx, cm, metav1.CreateOptions{})
	if apierrors.IsAlreadyExists(err) {
		if key, err = ReadLinkKey(ctx, store); err == nil && len(key) == 0 {
			err = fmt.Errorf("ConfigMap %s holds no key of %d bytes: delete it, and another is made", LinkKeyName, linkKeySize)
		}
		return key, err
	}
	if err != nil {
		return nil, fmt.Errorf("storing the key of the links to pages: %w", err)
	}
	return key, nil
}
