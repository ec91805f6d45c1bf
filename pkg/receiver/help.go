package receiver

import (
	"context"
	"encoding/json"
	"html"
	"net/http"

	"sigs.k8s.io/prow/pkg/pluginhelp"

	"github.com/rehearsal-dev/rehearsal/pkg/report"
)

// maxQuestion limits the list of repositories in a request, in bytes: it is enough for
// some thousands.
const maxQuestion = 256 << 10

// help answers Prow's hook, which asks its external plugins for their command help,
// with the repositories that they are enabled for.
func (r *Receiver) help(w http.ResponseWriter, req *http.Request) {
	if req.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		r.answer(w, http.StatusMethodNotAllowed, "POST the repositories that the plugin is enabled for")
		return
	}
	if req.ContentLength > maxQuestion {
		r.answer(w, http.StatusRequestEntityTooLarge, "the list of repositories is too long")
		return
	}
	ctx, cancel := context.WithTimeout(req.Context(), deadline)
	defer cancel()
	var help *pluginhelp.PluginHelp
	err := r.questions.with(w, req.WithContext(ctx), stranger, func(body []byte) (err error) {
		help, err = r.helpFor(body)
		return err
	})
	if err != nil {
		r.answer(w, http.StatusBadRequest, "the body is not a list of repositories")
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-cache")
	if err := json.NewEncoder(w).Encode(help); err != nil {
		r.log.Info("help was not delivered", "error", err)
	}
}

// helpFor returns the help for a list of repositories. Lists are parsed one at a time,
// because parsing takes a multiple of their length in memory.
func (r *Receiver) helpFor(body []byte) (*pluginhelp.PluginHelp, error) {
	r.helping.Lock()
	defer r.helping.Unlock()
	var enabled []struct{ Org, Repo string }
	if err := json.Unmarshal(body, &enabled); err != nil {
		return nil, err
	}
	served := r.opts.Settings()
	help := describe(report.CommandsOf(served.Prefixes, served.Defaults))
	for _, e := range enabled {
		if _, ok := served.Repository(e.Org, e.Repo); ok {
			help.Config[html.EscapeString(e.Org+"/"+e.Repo)] = "Pull requests on this config repository can be rehearsed."
		}
	}
	return help, nil
}

func describe(commands report.Commands) *pluginhelp.PluginHelp {
	help := &pluginhelp.PluginHelp{
		Description: "rehearsal runs the jobs that a pull request on a config repository changes, as it changes them, before it is merged.",
		Config:      map[string]string{},
	}
	for _, line := range commands.Lines() {
		usage := html.EscapeString(line.Usage)
		help.AddCommand(pluginhelp.Command{
			Usage:       usage,
			Description: html.EscapeString(line.Does),
			Examples:    []string{usage},
			WhoCanUse:   html.EscapeString(commands.Policy.Who(line.For, "{org}", "{repo}")),
		})
	}
	return help
}
