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
	// known, false when the head or the base cannot be planned.
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

// InitializeConditions sets the conditions that are missing to Unknown.
func (s *RehearsalStatus) InitializeConditions() {
	conditions.Manage(s).InitializeConditions()
}

// MarkPulled records that GitHub told the state of the pull request.
func (s *RehearsalStatus) MarkPulled() {
	conditions.Manage(s).MarkTrue(ConditionPulled)
}

// MarkNotPulled records that GitHub refuses to tell it, for good.
func (s *RehearsalStatus) MarkNotPulled(reason, message string) {
	conditions.Manage(s).MarkFalse(ConditionPulled, reason, "%s", message)
}

// MarkPulling records that GitHub could not be asked, for now.
func (s *RehearsalStatus) MarkPulling(reason, message string) {
	conditions.Manage(s).MarkUnknown(ConditionPulled, reason, "%s", message)
}

// MarkPlanned records that the affected jobs are known.
func (s *RehearsalStatus) MarkPlanned() {
	conditions.Manage(s).MarkTrue(ConditionPlanned)
}

// MarkPlanning records that the affected jobs are being looked for.
func (s *RehearsalStatus) MarkPlanning(reason, message string) {
	conditions.Manage(s).MarkUnknown(ConditionPlanned, reason, "%s", message)
}

// MarkNotPlanned records that the head or the base cannot be planned.
func (s *RehearsalStatus) MarkNotPlanned(reason, message string) {
	conditions.Manage(s).MarkFalse(ConditionPlanned, reason, "%s", message)
}

// MarkReported records that the pull request shows what there is to show.
func (s *RehearsalStatus) MarkReported() {
	conditions.Manage(s).MarkTrue(ConditionReported)
}

// MarkReporting records that a write to the pull request has still to succeed.
func (s *RehearsalStatus) MarkReporting(reason, message string) {
	conditions.Manage(s).MarkUnknown(ConditionReported, reason, "%s", message)
}

// MarkNotReported records that the pull request cannot be written to.
func (s *RehearsalStatus) MarkNotReported(reason, message string) {
	conditions.Manage(s).MarkFalse(ConditionReported, reason, "%s", message)
}

// PlanOfHead is the plan of the pull request as it is; nil while there is none.
func (s *RehearsalStatus) PlanOfHead() *PlanStatus {
	pull, plan := s.Pull, s.Plan
	if pull == nil || plan == nil || plan.Head != pull.Head || plan.BaseRef != pull.BaseRef {
		return nil
	}
	return plan
}

// Holds says whether an approval is for what the pull request is now.
func (a *Approval) Holds(pull *PullStatus) bool {
	return a != nil && a.By != "" && pull != nil && a.Head == pull.Head && a.BaseRef == pull.BaseRef
}
