package rehearsal

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	prowapi "sigs.k8s.io/prow/pkg/apis/prowjobs/v1"

	"github.com/rehearsal-dev/rehearsal/pkg/run"
)

// readOnce reads each ConfigMap of a hand-over once: it has many jobs.
type readOnce struct {
	configMaps run.ConfigMaps
	read       map[string]*corev1.ConfigMap
}

// Get implements run.ConfigMaps.
func (r *readOnce) Get(ctx context.Context, name string, opts metav1.GetOptions) (*corev1.ConfigMap, error) {
	if cm, ok := r.read[name]; ok {
		return cm, nil
	}
	cm, err := r.configMaps.Get(ctx, name, opts)
	if err == nil {
		if r.read == nil {
			r.read = map[string]*corev1.ConfigMap{}
		}
		r.read[name] = cm
	}
	return cm, err
}

// allProwJobs are those of a Rehearsal. What the informer does not know is listed, all
// at once.
type allProwJobs struct {
	turn *turn
	live map[string]*prowapi.ProwJob
}

// get returns nil for a ProwJob that is not there.
func (a *allProwJobs) get(ctx context.Context, name string) (*prowapi.ProwJob, error) {
	t := a.turn
	if pj, err := t.prowJob(ctx, name, false); pj != nil || err != nil {
		return pj, err
	}
	if a.live == nil {
		ours := labels.Set{run.LabelRehearsalUID: string(t.rh.UID)}.String()
		list, err := t.Prow.ProwV1().ProwJobs(t.settings.Prow.ProwJobNamespace).List(ctx, metav1.ListOptions{LabelSelector: ours})
		if err != nil {
			return nil, fmt.Errorf("listing the ProwJobs of %s: %w", t.rh.Name, err)
		}
		a.live = make(map[string]*prowapi.ProwJob, len(list.Items))
		for i := range list.Items {
			a.live[list.Items[i].Name] = &list.Items[i]
		}
	}
	return a.live[name], nil
}
