package prowjob

import (
	"context"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/watch"
	prowapi "sigs.k8s.io/prow/pkg/apis/prowjobs/v1"
	prowclient "sigs.k8s.io/prow/pkg/client/clientset/versioned/typed/prowjobs/v1"
)

const (
	// resync is the time after which a silent watch is replaced.
	resync = believed * pause
	// pause is the first pause between two reads after a failure.
	pause = time.Second
)

// GoneError says that the ProwJob was deleted before it was complete.
type GoneError struct{ Name string }

func (e *GoneError) Error() string { return fmt.Sprintf("the ProwJob %s was deleted", e.Name) }

// Watch follows a ProwJob until it is complete, and returns it. It calls changed for each
// version that it sees, never concurrently. It survives watches that drop and an API
// server that is unreachable for a while.
func Watch(ctx context.Context, client prowclient.ProwJobInterface, name string, changed func(*prowapi.ProwJob)) (*prowapi.ProwJob, error) {
	version := ""
	see := func(pj *prowapi.ProwJob) {
		if pj.ResourceVersion != version || version == "" {
			version = pj.ResourceVersion
			changed(pj)
		}
	}
	again := backoff(pause)
	var rights Rights
	for {
		pj, err := client.Get(ctx, name, metav1.GetOptions{})
		switch {
		case rights.MayCome(err):
		case err == nil:
			before := version
			see(pj)
			if version != before {
				again = backoff(pause)
			}
			if pj.Complete() {
				return pj, nil
			}
			if pj, err = watchOnce(ctx, client, pj, see); pj != nil || err != nil {
				return pj, err
			}
		case apierrors.IsNotFound(err):
			return nil, &GoneError{Name: name}
		case apierrors.IsForbidden(err), apierrors.IsUnauthorized(err):
			return nil, fmt.Errorf("reading the ProwJob %s: %w", name, err)
		}
		if err := Sleep(ctx, again.Step()); err != nil {
			return nil, fmt.Errorf("watching the ProwJob %s: %w", name, err)
		}
	}
}

// watchOnce follows one watch to its end. It returns nil if the ProwJob must be read
// again.
func watchOnce(ctx context.Context, client prowclient.ProwJobInterface, from *prowapi.ProwJob, see func(*prowapi.ProwJob)) (*prowapi.ProwJob, error) {
	w, err := client.Watch(ctx, metav1.ListOptions{
		FieldSelector:   fields.OneTermEqualSelector(metav1.ObjectNameField, from.Name).String(),
		ResourceVersion: from.ResourceVersion,
	})
	if err != nil {
		return nil, nil //nolint:nilerr // a failed watch is like one that drops at once: the caller reads again
	}
	defer w.Stop()
	stale := time.NewTimer(resync)
	defer stale.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("watching the ProwJob %s: %w", from.Name, ctx.Err())
		case <-stale.C:
			return nil, nil
		case event, ok := <-w.ResultChan():
			pj, isProwJob := event.Object.(*prowapi.ProwJob)
			if !ok || !isProwJob {
				return nil, nil
			}
			if pj.Name != from.Name {
				continue
			}
			if event.Type == watch.Deleted {
				return nil, &GoneError{Name: from.Name}
			}
			see(pj)
			if pj.Complete() {
				return pj, nil
			}
		}
	}
}
