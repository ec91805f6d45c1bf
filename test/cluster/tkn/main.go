// Command tkn is Tekton's command line with the two commands that look at
// runs, pipelinerun and taskrun. The other half of it (bundles, chains, the
// hub) takes as long again to compile, and nothing here needs it.
package main

import (
	"os"

	"github.com/spf13/cobra"
	"github.com/tektoncd/cli/pkg/cli"
	"github.com/tektoncd/cli/pkg/cmd/pipelinerun"
	"github.com/tektoncd/cli/pkg/cmd/taskrun"
)

func main() {
	root := &cobra.Command{Use: "tkn", Short: "CLI for tekton pipelines", SilenceUsage: true}
	parameters := &cli.TektonParams{}
	root.AddCommand(pipelinerun.Command(parameters), taskrun.Command(parameters))
	if err := root.Execute(); err != nil {
		os.Exit(1)
	}
}
