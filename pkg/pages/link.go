package pages

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
	// LinkKeyName is the Secret, and linkKey the field, with the key of the links to
	// pages. The installation creates the Secret, and the controller fills it.
	LinkKeyName = "rehearsal-page-key"
	linkKey     = "key"
	// linkKeySize is the size of the key, tokenSize that of a token, in bytes.
	linkKeySize = 32
	tokenSize   = 16
)

// Secrets is the part of the client that the key needs.
type Secrets interface {
	Get(ctx context.Context, name string, opts metav1.GetOptions) (*corev1.Secret, error)
	Update(ctx context.Context, secret *corev1.Secret, opts metav1.UpdateOptions) (*corev1.Secret, error)
}

// LinkKey makes the links to pages. The links stay the same as long as the key does.
type LinkKey []byte

// Token returns the secret part of the link to the page about name.
func (k LinkKey) Token(name string) string {
	mac := hmac.New(sha256.New, k)
	mac.Write([]byte(name))
	return hex.EncodeToString(mac.Sum(nil)[:tokenSize])
}

// Opens reports whether a token is that of the page about name. Without a key no token
// is.
func (k LinkKey) Opens(name, token string) bool {
	return len(k) == linkKeySize && hmac.Equal([]byte(token), []byte(k.Token(name)))
}

// Links makes the links that are published. The zero value makes none.
type Links struct {
	// URL is the base URL of the pages; empty if there are none.
	URL string
	Key LinkKey
	// Err says why there are no links at the moment although there should be.
	Err error
}

// To returns the link to the page about a run or, for affected jobs, about a Rehearsal;
// empty if there is none.
func (l Links) To(kind, name string) string {
	if l.URL == "" || l.Err != nil {
		return ""
	}
	return l.URL + "/" + kind + "/" + name + "/" + l.Key.Token(name)
}

// The kinds of pages.
const (
	PullPage = "pulls"
	RunPage  = "runs"
)

// ReadLinkKey reads the key. It returns an empty key if there is no valid one.
func ReadLinkKey(ctx context.Context, secrets Secrets) (LinkKey, error) {
	secret, err := secrets.Get(ctx, LinkKeyName, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("reading the key of the links to pages: %w", err)
	case len(secret.Data[linkKey]) != linkKeySize:
		return nil, nil
	}
	return secret.Data[linkKey], nil
}

// EnsureLinkKey reads the key. If the Secret has no valid one, it creates one first. If
// two processes create one at once, the second uses that of the first.
func EnsureLinkKey(ctx context.Context, secrets Secrets) (LinkKey, error) {
	for {
		secret, err := secrets.Get(ctx, LinkKeyName, metav1.GetOptions{})
		if err != nil {
			return nil, fmt.Errorf("reading the key of the links to pages: %w", err)
		}
		if key := secret.Data[linkKey]; len(key) == linkKeySize {
			return key, nil
		}
		key := make(LinkKey, linkKeySize)
		_, _ = rand.Read(key) // it never fails
		secret = secret.DeepCopy()
		secret.Data = map[string][]byte{linkKey: key}
		_, err = secrets.Update(ctx, secret, metav1.UpdateOptions{})
		if apierrors.IsConflict(err) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("storing the key of the links to pages: %w", err)
		}
		return key, nil
	}
}
