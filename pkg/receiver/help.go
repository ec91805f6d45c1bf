package receiver

import (
	"encoding/json"
	"html"
	"net/http"

	"sigs.k8s.io/prow/pkg/pluginhelp"

	"github.com/rehearsal-dev/rehearsal/pkg/event"
)

// help answers Prow's hook, which asks its external plugins for what they show
// in Prow's command help, naming the repositories that they are enabled for.
func (r *Receiver) help(w http.ResponseWriter, req *http.Request) {
	if req.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		r.answer(w, http.StatusMethodNotAllowed, "POST the repositories that the plugin is enabled for")
		return
	}
	var enabled []struct{ Org, Repo string }
	if err := json.NewDecoder(http.MaxBytesReader(w, req.Body, largeBody)).Decode(&enabled); err != nil {
		r.answer(w, http.StatusBadRequest, "the body is not a list of repositories")
		return
	}
	served := r.opts.Settings()
	help := describe(served.Prefixes)
	for _, e := range enabled {
		if _, ok := served.Repository(e.Org, e.Repo); ok {
			help.Config[html.EscapeString(e.Org+"/"+e.Repo)] = "Pull requests on this config repository can be rehearsed."
		}
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-cache")
	if err := json.NewEncoder(w).Encode(help); err != nil {
		r.log.Info("help was not delivered", "error", err)
	}
}

func describe(prefixes []string) *pluginhelp.PluginHelp {
	help := &pluginhelp.PluginHelp{
		Description: "rehearsal runs the jobs that a pull request on a config repository changes, as it changes them, before it is merged.",
		Config:      map[string]string{},
	}
	for _, entry := range event.Grammar() {
		line := html.EscapeString(entry.Line(prefixes[0]))
		help.AddCommand(pluginhelp.Command{
			Usage:       line,
			Description: entry.Does + ".",
			Examples:    []string{line},
			WhoCanUse:   "People with write access to the config repository.",
		})
	}
	return help
}
