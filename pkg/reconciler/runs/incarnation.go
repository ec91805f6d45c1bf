package runs

import (
	"context"
	"errors"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/run"
)

// ErrEarlier is wrapped by errors about objects that belong to an earlier Rehearsal.
var ErrEarlier = errors.New("left over from an earlier Rehearsal of this pull request, and has to be deleted first")

// ofAnother returns an error if an object has the name of one of ours but belongs to an
// earlier Rehearsal of the pull request, which was deleted. The garbage collector deletes
// that object soon, and with it whatever uses it.
func ofAnother(rh *v1alpha1.Rehearsal, kind string, child metav1.Object) error {
	if uid := child.GetLabels()[run.LabelRehearsalUID]; uid != "" && uid != string(rh.UID) {
		return fmt.Errorf("the %s %s is %w", kind, child.GetName(), ErrEarlier)
	}
	return nil
}

// ownConfigMaps are the ConfigMaps of one Rehearsal. Those of an earlier one are an error.
type ownConfigMaps struct {
	run.ConfigMaps
	rh *v1alpha1.Rehearsal
}

func (c ownConfigMaps) Get(ctx context.Context, name string, opts metav1.GetOptions) (*corev1.ConfigMap, error) {
	cm, err := c.ConfigMaps.Get(ctx, name, opts)
	if err != nil {
		return nil, err
	}
	return cm, ofAnother(c.rh, "ConfigMap", cm)
}
