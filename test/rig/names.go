package rig

// The names of the parts in config/ and the local cluster.
const (
	Namespace        = "rehearsals"
	ProwJobNamespace = "prow"
	PodNamespace     = "test-pods"

	Receiver   = "rehearsal-receiver"
	Controller = "rehearsal-controller"

	hmacSecret        = "rehearsal-hmac"
	hmacKey           = "hmac"
	githubSecret      = "rehearsal-github"
	tokenKey          = "token"
	privateKeyKey     = "private-key"
	kubeconfigsSecret = "rehearsal-kubeconfigs"
	kubeconfigsKey    = "kubeconfig"

	prowConfigMap = "config"
	prowConfigKey = "config.yaml"
)

// prowOnGitHub are the parts of Prow that talk to GitHub.
var prowOnGitHub = []string{"hook", "crier"}

// programs are the names of the binaries in the containers of the deployments.
var programs = map[string]string{Receiver: "receiver", Controller: "controller"}

// Bot is the account to which an Installation's token belongs.
const Bot = "rehearsal-bot"
