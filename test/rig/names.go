package rig

// What config/ and the local cluster call their parts.
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

// programs are the names of the binaries in the deployments' containers.
var programs = map[string]string{Receiver: "receiver", Controller: "controller"}

// Bot is the person that an Installation's token is of.
const Bot = "rehearsal-bot"
