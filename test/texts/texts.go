// Package texts puts other people's texts wherever they can occur in what we write.
package texts

import (
	"reflect"
	"time"

	"github.com/rehearsal-dev/rehearsal/pkg/report"
	"github.com/rehearsal-dev/rehearsal/pkg/run"
)

var timeType, verdictType = reflect.TypeFor[time.Time](), reflect.TypeFor[run.Verdict]()

// fill puts a text into every field that can hold one.
func fill(v reflect.Value, s string, depth int) {
	switch {
	case v.Type() == timeType:
		v.Set(reflect.ValueOf(time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)))
		return
	case v.Type() == verdictType:
		v.SetString(string(run.Failed))
		return
	case depth > 8 || !v.CanSet():
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(s)
	case reflect.Bool:
		v.SetBool(depth%2 == 0)
	case reflect.Int, reflect.Int64, reflect.Int32:
		v.SetInt(3)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), s, depth+1)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range v.Len() {
			fill(v.Index(i), s, depth+1)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i), s, depth+1)
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		fill(key, s, depth+1)
		fill(value, s, depth+1)
		v.SetMapIndex(key, value)
	}
}

// Filled returns a value with a text in every field that can hold one.
func Filled[T any](s string) T {
	var v T
	fill(reflect.ValueOf(&v).Elem(), s, 0)
	return v
}

// Bodies returns everything that is written to a pull request, with s wherever other
// people's text can occur.
func Bodies(s string) map[string]string {
	v, plan, explain, c := Filled[report.RunView](s), Filled[report.PlanView](s), Filled[report.ExplainView](s), Filled[report.Commands](s)
	plan.Marker = "" // the marker is ours
	running := v
	running.Outcomes = []run.Outcome{Filled[run.Outcome](s), Filled[run.Outcome](s)}
	running.Outcomes[0].Verdict, running.Outcomes[1].Verdict, running.AbortReason, running.Over = run.Running, run.NotStarted, "", false
	all := map[string]string{
		"run": report.Run(v), "running": report.Run(running), "explain": report.Explain(explain),
		"help": c.Help(s, s, s), "unknown": c.Unknown(s, s, s, s), "denied": c.Denied(Filled[report.Denial](s)),
		"answer": report.Answer(s, s, s, s, report.NotAffected(s, []string{s}), report.Excluded(s, s), report.PushBetween(s), report.NeedsOkToTest(s), report.OtherBase(s, s), report.NotAJob(s, []string{s}), report.NotRunning(s, []string{s}), report.NothingMatches(s), report.UnmappedUser(s), report.NoLongerAffected(s), c.OtherPrefix()),
	}
	for name, p := range map[string]*report.Problem{"": nil, " conflicts": {Conflicts: []string{s}}, " missing": {Missing: s, Setting: s}, " refused": {Refused: &report.FileProblem{File: s, Message: s}}} {
		plan.Problem = p
		all["plan"+name] = report.Plan(plan)
		plan.Acknowledgement, plan.HeadApproval = nil, nil
		all["plan of nobody"+name] = report.Plan(plan)
		plan.Acknowledgement, plan.HeadApproval = Filled[*report.Acknowledgement](s), Filled[*report.Approval](s)
	}
	plan.Problem = nil
	for i := range plan.Jobs {
		plan.Jobs[i].Held = nil
	}
	plan.Jobs[1].Excluded = ""
	all["plan without held jobs"] = report.Plan(plan)
	for range 30 {
		plan.Jobs = append(plan.Jobs, plan.Jobs...)[:min(2*len(plan.Jobs), 60)]
	}
	all["plan of many"] = report.Plan(plan)
	status := Filled[report.StatusView](s)
	status.Problem = false
	_, all["status"] = report.Status(status)
	return all
}
