package ratelimit

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	kubefake "k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"

	"github.com/rehearsal-dev/rehearsal/pkg/github"
)

var most = []github.Bound{{Times: 70, Period: time.Minute}, {Times: 450, Period: time.Hour}}

// TestWriteCounterIsShared checks that processes that write as fast as they may stay
// within the limits together, also after restarts.
func TestWriteCounterIsShared(t *testing.T) {
	configMaps := kubefake.NewSimpleClientset().CoreV1().ConfigMaps("rehearsals")
	now := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	var written []time.Time
	for range 3 * 3600 {
		for range 3 { // three processes, which begin anew each time
			l := &WriteCounter{ConfigMaps: configMaps}
			until, err := l.Take(t.Context(), "token", most, now)
			if err != nil {
				t.Fatal(err)
			}
			if until.IsZero() {
				written = append(written, now)
			} else if !until.After(now) || until.Sub(now) > time.Hour+time.Second {
				t.Fatalf("at %s it is to go on at %s", now, until)
			}
		}
		now = now.Add(time.Second)
	}
	for i, at := range written {
		for _, b := range most {
			n := 0
			for _, later := range written[i:] {
				if later.Sub(at) < b.Period {
					n++
				}
			}
			if n > b.Times {
				t.Fatalf("%d writes within %s of %s", n, b.Period, at)
			}
		}
	}
	if len(written) < 3*445 {
		t.Errorf("%d writes in three hours", len(written))
	}
	cm, err := configMaps.Get(t.Context(), ConfigMap, metav1.GetOptions{})
	if size := len(cm.Data["writes.token"]); err != nil || size > 8<<10 {
		t.Errorf("%v, %d bytes are kept", err, size)
	}
	if windows, err := (&Store{ConfigMaps: configMaps}).Load(t.Context()); err != nil || len(windows) != 0 {
		t.Errorf("it is taken for windows: %v, %v", windows, err)
	}
}

// TestWriteCounterLosesNoWrite checks that a concurrent change of the ConfigMap is not
// overwritten.
func TestWriteCounterLosesNoWrite(t *testing.T) {
	now := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	kube := kubefake.NewSimpleClientset(&corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: ConfigMap, Namespace: "rehearsals"}})
	var mu sync.Mutex
	conflicts := 3
	kube.PrependReactor("patch", "configmaps", func(a clienttesting.Action) (bool, runtime.Object, error) {
		mu.Lock()
		defer mu.Unlock()
		if patch := string(a.(clienttesting.PatchAction).GetPatch()); !strings.Contains(patch, "resourceVersion") {
			t.Errorf("the patch is made whatever there is: %s", patch)
		}
		if conflicts--; conflicts >= 0 {
			return true, nil, apierrors.NewConflict(corev1.Resource("configmaps"), ConfigMap, fmt.Errorf("changed"))
		}
		return false, nil, nil
	})
	l := &WriteCounter{ConfigMaps: kube.CoreV1().ConfigMaps("rehearsals")}
	one := []github.Bound{{Times: 1, Period: time.Minute}}
	for i, free := range []bool{true, false} {
		until, err := l.Take(context.Background(), "token", one, now)
		if err != nil || until.IsZero() != free {
			t.Errorf("attempt %d: %s, %v", i, until, err)
		}
	}
	conflicts = 1000
	if _, err := l.Take(context.Background(), "other", one, now); !apierrors.IsConflict(err) {
		t.Errorf("got %v", err)
	}
}
