package layout

// Known are the layouts of well-known config repositories.
var Known = []Layout{
	{ // kubernetes/test-infra
		ProwConfig:   "config/prow/config.yaml",
		JobConfig:    "config/jobs",
		PluginConfig: "config/prow/plugins.yaml",
	},
	{ // openshift/release
		ProwConfig:                 "core-services/prow/02_config/_config.yaml",
		SupplementalProwConfigDirs: []string{"core-services/prow/02_config"},
		JobConfig:                  "ci-operator/jobs",
		PluginConfig:               "core-services/prow/02_config/_plugins.yaml",
	},
	{ // kubevirt/project-infra
		ProwConfig:   "github/ci/prow-deploy/kustom/base/configs/current/config/config.yaml",
		JobConfig:    "github/ci/prow-deploy/files/jobs",
		PluginConfig: "github/ci/prow-deploy/kustom/base/configs/current/plugins/plugins.yaml",
	},
}
