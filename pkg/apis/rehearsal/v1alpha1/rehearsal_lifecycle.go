package v1alpha1

import (
	"k8s.io/apimachinery/pkg/runtime/schema"
	"knative.dev/pkg/apis"
	duckv1 "knative.dev/pkg/apis/duck/v1"
)

const (
	// ConditionPulled is true while GitHub lets us read the pull request.
	ConditionPulled apis.ConditionType = "Pulled"
	// ConditionPlanned is true when the affected jobs of the current head are
	// known, and false when the head or the base cannot be planned.
	ConditionPlanned apis.ConditionType = "Planned"
	// ConditionReported is true when the pull request shows everything that
	// there is to show.
	ConditionReported apis.ConditionType = "Reported"
)

var conditions = apis.NewLivingConditionSet(ConditionPulled, ConditionPlanned, ConditionReported)

var _ duckv1.KRShaped = (*Rehearsal)(nil)

// GetConditionSet implements duckv1.KRShaped.
func (*Rehearsal) GetConditionSet() apis.ConditionSet { return conditions }

// GetStatus implements duckv1.KRShaped.
func (r *Rehearsal) GetStatus() *duckv1.Status { return &r.Status.Status }

// GetGroupVersionKind implements kmeta.OwnerRefable.
func (*Rehearsal) GetGroupVersionKind() schema.GroupVersionKind {
	return SchemeGroupVersion.WithKind("Rehearsal")
}

// InitializeConditions sets missing conditions to Unknown, with a reason and a message.
func (s *RehearsalStatus) InitializeConditions() {
	manager := conditions.Manage(s)
	manager.InitializeConditions()
	for _, c := range notYet {
		if now := s.GetCondition(c.of); now.IsUnknown() && now.Reason == "" {
			manager.MarkUnknown(c.of, "NotYet", "%s", c.message)
		}
	}
}

// notYet has the messages of conditions that have not been set yet.
var notYet = []struct {
	of      apis.ConditionType
	message string
}{
	{ConditionPulled, "GitHub was not asked yet"},
	{ConditionPlanned, "nothing has needed the affected jobs yet"},
	{ConditionReported, "there is something that the pull request does not show yet"},
}

// MarkPulled records that the pull request was read from GitHub.
func (s *RehearsalStatus) MarkPulled() {
	conditions.Manage(s).MarkTrue(ConditionPulled)
}

// MarkNotPulled records that GitHub permanently refuses access to the pull request.
func (s *RehearsalStatus) MarkNotPulled(reason, message string) {
	conditions.Manage(s).MarkFalse(ConditionPulled, reason, "%s", message)
}

// MarkPulling records that the pull request cannot be read at the moment.
func (s *RehearsalStatus) MarkPulling(reason, message string) {
	conditions.Manage(s).MarkUnknown(ConditionPulled, reason, "%s", message)
}

// MarkPlanned records that the affected jobs are known.
func (s *RehearsalStatus) MarkPlanned() {
	conditions.Manage(s).MarkTrue(ConditionPlanned)
}

// MarkPlanning records that the affected jobs are not known yet.
func (s *RehearsalStatus) MarkPlanning(reason, message string) {
	conditions.Manage(s).MarkUnknown(ConditionPlanned, reason, "%s", message)
}

// MarkNotPlanned records that the head or the base cannot be planned.
func (s *RehearsalStatus) MarkNotPlanned(reason, message string) {
	conditions.Manage(s).MarkFalse(ConditionPlanned, reason, "%s", message)
}

// MarkReported records that the pull request shows everything that there is to show.
func (s *RehearsalStatus) MarkReported() {
	conditions.Manage(s).MarkTrue(ConditionReported)
}

// MarkReporting records that something must still be written to the pull request.
func (s *RehearsalStatus) MarkReporting(reason, message string) {
	conditions.Manage(s).MarkUnknown(ConditionReported, reason, "%s", message)
}

// MarkNotReported records that the pull request cannot be written to.
func (s *RehearsalStatus) MarkNotReported(reason, message string) {
	conditions.Manage(s).MarkFalse(ConditionReported, reason, "%s", message)
}

// PlanOfHead returns the plan of the current head and base branch; nil if there is none.
func (s *RehearsalStatus) PlanOfHead() *PlanStatus {
	pull, plan := s.Pull, s.Plan
	if pull == nil || plan == nil || plan.Head != pull.Head || plan.BaseRef != pull.BaseRef {
		return nil
	}
	return plan
}

// Holds reports whether an approval is for the current head and base branch.
func (a *Approval) Holds(pull *PullStatus) bool {
	return a != nil && a.By != "" && pull != nil && a.Head == pull.Head && a.BaseRef == pull.BaseRef
}

// Verdicts returns the decisions about commands, by the IDs of the commands. The pointers
// refer to s.Commands, and are invalid once a decision is appended to it.
func (s *RehearsalStatus) Verdicts() map[string]*CommandStatus {
	on := make(map[string]*CommandStatus, len(s.Commands))
	for i := range s.Commands {
		on[s.Commands[i].ID] = &s.Commands[i]
	}
	return on
}

// VerdictOn returns the decision about a command; nil if there is none.
func (s *RehearsalStatus) VerdictOn(id string) *CommandStatus {
	for i := range s.Commands {
		if s.Commands[i].ID == id {
			return &s.Commands[i]
		}
	}
	return nil
}

// RunsByID returns the runs by their IDs. The pointers refer to s.Runs, and are invalid once
// a run is appended to it.
func (s *RehearsalStatus) RunsByID() map[string]*RunStatus {
	of := make(map[string]*RunStatus, len(s.Runs))
	for i := range s.Runs {
		of[s.Runs[i].ID] = &s.Runs[i]
	}
	return of
}

// Run returns the run of a command; nil if there is none.
func (s *RehearsalStatus) Run(id string) *RunStatus {
	for i := range s.Runs {
		if s.Runs[i].ID == id {
			return &s.Runs[i]
		}
	}
	return nil
}

// ActiveRuns returns the runs that have not ended.
func (s *RehearsalStatus) ActiveRuns() []*RunStatus {
	var active []*RunStatus
	for i := range s.Runs {
		if r := &s.Runs[i]; !r.State.Done() {
			active = append(active, r)
		}
	}
	return active
}

// AbortRuns requests the abort of all matching runs that have not ended. It returns how many
// matching runs are being aborted, or were aborted for the same reason.
func (s *RehearsalStatus) AbortRuns(reason string, match func(*RunStatus) bool) int {
	n := 0
	for i := range s.Runs {
		r := &s.Runs[i]
		switch {
		case !match(r):
		case r.State.Done():
			if r.AbortReason == reason {
				n++
			}
		default:
			n++
			r.Abort(reason)
		}
	}
	return n
}
