package github

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
)

// controlHandler provides Control to other processes.
func (s *Server) controlHandler() http.Handler {
	mux := http.NewServeMux()
	handle(mux, "create-repo", s.CreateRepo)
	handle(mux, "rename-repo", s.RenameRepo)
	handle(mux, "get-repo", s.GetRepo)
	handle(mux, "create-commit", s.CreateCommit)
	handle(mux, "open-pull", s.OpenPull)
	handle(mux, "get-pull", s.GetPull)
	handle(mux, "list-pulls", s.ListPulls)
	handle(mux, "push", s.Push)
	handle(mux, "edit-pull", s.EditPull)
	handle(mux, "close-pull", s.ClosePull)
	handle(mux, "reopen-pull", s.ReopenPull)
	handle(mux, "merge-pull", s.MergePull)
	handle(mux, "lock-pull", s.LockPull)
	handle(mux, "unlock-pull", s.UnlockPull)
	handle(mux, "add-labels", s.AddLabels)
	handle(mux, "remove-labels", s.RemoveLabels)
	handle(mux, "create-comment", s.CreateComment)
	handle(mux, "edit-comment", s.EditComment)
	handle(mux, "delete-comment", s.DeleteComment)
	handle(mux, "list-comments", s.ListComments)
	handle(mux, "list-statuses", s.ListStatuses)
	handle(mux, "set-permission", s.SetPermission)
	handle(mux, "set-member", s.SetMember)
	handle(mux, "set-team-member", s.SetTeamMember)
	handle(mux, "add-token", s.AddToken)
	handle(mux, "create-app", s.CreateApp)
	handle(mux, "install-app", s.InstallApp)
	handle(mux, "advance-clock", s.AdvanceClock)
	handle(mux, "set-rate-limit", s.SetRateLimit)
	handle(mux, "add-hook", s.AddHook)
	handle(mux, "remove-hook", s.RemoveHook)
	handle(mux, "set-delivering", s.SetDelivering)
	handle(mux, "list-deliveries", s.ListDeliveries)
	handle(mux, "redeliver", s.Redeliver)
	handle(mux, "wait-deliveries", s.WaitDeliveries)
	handle(mux, "add-fault", s.AddFault)
	handle(mux, "clear-faults", s.ClearFaults)
	handle(mux, "list-faults", s.ListFaults)
	handle(mux, "calls", s.Calls)
	handle(mux, "reset-calls", s.ResetCalls)
	handle(mux, "violations", s.Violations)
	return mux
}

// handle serves a verb under a path. The argument is JSON in the body; without a body it is
// the zero value. The result is JSON.
func handle[In, Out any](mux *http.ServeMux, name string, verb func(context.Context, In) (Out, error)) {
	mux.HandleFunc("/_control/"+name, func(w http.ResponseWriter, r *http.Request) {
		var in In
		decoder := json.NewDecoder(r.Body)
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(&in); err != nil && !errors.Is(err, io.EOF) {
			writeJSON(w, http.StatusBadRequest, object{"message": err.Error()})
			return
		}
		out, err := verb(r.Context(), in)
		if err != nil {
			e := asAPIError(err)
			writeJSON(w, e.Status, object{"message": strings.TrimSpace(err.Error())})
			return
		}
		writeJSON(w, http.StatusOK, out)
	})
}

func writeJSON(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	_ = encoder.Encode(body) // the client went away
}
