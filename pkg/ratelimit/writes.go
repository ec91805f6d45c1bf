package ratelimit

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"

	"github.com/rehearsal-dev/rehearsal/pkg/github"
)

// WriteCounter implements github.Permits: it counts the writes of all our processes to
// GitHub, in the same ConfigMap. A key is "writes." and an account; its value has a
// word for each second with writes, the oldest first: seconds since 1970, a colon,
// and the number of writes.
type WriteCounter struct {
	ConfigMaps corev1client.ConfigMapInterface

	mu sync.Mutex
}

const (
	// writesPrefix is the prefix of the keys of writes.
	writesPrefix = "writes."
	// remembered is how long writes are kept: the longest period of a limit.
	remembered = time.Hour
	// maxTries limits the retries after conflicts.
	maxTries = 20
)

// second is the number of writes in one second.
type second struct {
	at    int64
	times int
}

// Take implements github.Permits.
func (l *WriteCounter) Take(ctx context.Context, account string, most []github.Bound, now time.Time) (until time.Time, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for range maxTries {
		var cm *corev1.ConfigMap
		cm, err = l.ConfigMaps.Get(ctx, ConfigMap, metav1.GetOptions{})
		if err != nil && !apierrors.IsNotFound(err) {
			break
		}
		missing := err != nil
		if missing {
			cm = &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: ConfigMap}}
		}
		written := parse(cm.Data[writesPrefix+account], now)
		if until := next(written, most, now); !until.IsZero() {
			return until, nil
		}
		err = l.store(ctx, cm, missing, writesPrefix+account, format(add(written, now)))
		if !apierrors.IsConflict(err) && !apierrors.IsAlreadyExists(err) {
			break
		}
	}
	if err != nil {
		return time.Time{}, fmt.Errorf("counting what is written to GitHub, in ConfigMap %s: %w", ConfigMap, err)
	}
	return time.Time{}, nil
}

// store writes one key, unless another process has written since it was read.
func (l *WriteCounter) store(ctx context.Context, cm *corev1.ConfigMap, missing bool, key, value string) error {
	data := map[string]string{key: value}
	if missing {
		cm.Data = data
		_, err := l.ConfigMaps.Create(ctx, cm, metav1.CreateOptions{})
		return err
	}
	patch, err := json.Marshal(map[string]any{"metadata": map[string]string{"resourceVersion": cm.ResourceVersion}, "data": data})
	if err != nil {
		return err
	}
	_, err = l.ConfigMaps.Patch(ctx, ConfigMap, types.MergePatchType, patch, metav1.PatchOptions{})
	return err
}

// next returns when the next write is allowed; the zero time means now.
func next(written []second, most []github.Bound, now time.Time) (until time.Time) {
	for _, b := range most {
		n := 0
		for i := len(written) - 1; i >= 0; i-- {
			ends := time.Unix(written[i].at, 0).Add(b.Period)
			if !now.Before(ends) {
				break
			}
			if n += written[i].times; n >= b.Times {
				if ends.After(until) {
					until = ends
				}
				break
			}
		}
	}
	return until
}

// parse reads the writes within the time that is kept. Invalid words are skipped.
func parse(text string, now time.Time) []second {
	var written []second
	for _, word := range strings.Fields(text) {
		at, times, _ := strings.Cut(word, ":")
		s, err := strconv.ParseInt(at, 10, 64)
		n, timesErr := strconv.Atoi(times)
		if age := now.Sub(time.Unix(s, 0)); err == nil && timesErr == nil && n > 0 && age.Abs() < remembered {
			written = append(written, second{s, n})
		}
	}
	return written
}

// add counts a write now. A second counts from its end.
func add(written []second, now time.Time) []second {
	at := now.Unix() + 1
	if n := len(written); n > 0 && written[n-1].at >= at {
		written[n-1].times++
		return written
	}
	return append(written, second{at, 1})
}

func format(written []second) string {
	words := make([]string, len(written))
	for i, s := range written {
		words[i] = fmt.Sprintf("%d:%d", s.at, s.times)
	}
	return strings.Join(words, " ")
}
