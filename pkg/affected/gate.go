package affected

import (
	"strings"

	prowapi "sigs.k8s.io/prow/pkg/apis/prowjobs/v1"

	"github.com/rehearsal-dev/rehearsal/pkg/gate"
)

// Gate returns the job as the gates check it: as Prow would run it for its target
// repository (org/repo, empty for periodics).
func (e Effective) Gate(repo string) gate.Job {
	base := e.Base()
	var refs prowapi.Refs
	if i := strings.LastIndexByte(repo, '/'); i >= 0 {
		refs.Org, refs.Repo = repo[:i], repo[i+1:]
	}
	return gate.Job{Spec: e.Spec(refs), Labels: base.Labels, Annotations: base.Annotations, Hidden: base.Hidden}
}

// GateOutline is Gate from a summary, without the parts that defaults do not change: the
// pod and the extra refs. It is for jobs of which only the defaults differ.
func (d *Defaults) GateOutline(e *Entry) gate.Job {
	var refs *prowapi.Refs
	if i := strings.LastIndexByte(e.Ref.Repo, '/'); i >= 0 {
		refs = &prowapi.Refs{Org: e.Ref.Repo[:i], Repo: e.Ref.Repo[i+1:]}
	}
	return gate.Job{
		Spec: prowapi.ProwJobSpec{
			Refs: refs, Cluster: e.Cluster, Agent: prowapi.ProwJobAgent(e.Agent), DecorationConfig: d.Decoration(e), ProwJobDefault: d.ProwJobDefault(e),
		},
		Labels: e.Labels, Annotations: e.Annotations, Hidden: e.Hidden,
	}
}
