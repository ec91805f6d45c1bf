package report

import (
	"testing"

	"github.com/rehearsal-dev/rehearsal/pkg/gate"
)

// TestAskWords checks the words for what a job requests.
func TestAskWords(t *testing.T) {
	volume := gate.Use{Name: "/data", At: "/x", Grade: gate.Written}
	for name, tc := range map[string]struct {
		rule gate.Rule
		use  gate.Use
		want string
	}{
		"a cluster":                        {gate.RuleCluster, gate.Use{Name: "build01"}, "build01"},
		"a secret":                         {gate.RuleSecret, gate.Use{Name: "s"}, "s"},
		"a key of a secret":                {gate.RuleSecret, gate.Use{Kind: gate.KindKey, Name: "s", Part: "k"}, "s/k"},
		"a part of a secret by a variable": {gate.RuleSecret, gate.Use{Kind: gate.KindKey, Name: "s", Part: "$(A)", Where: "A=b"}, "s/$(A) where A=b"},
		"a pull secret":                    {gate.RulePullSecret, gate.Use{Name: "s", For: "quay.io/a/b"}, "s for quay.io/a/b"},
		"a cached image":                   {gate.RulePullSecret, gate.Use{Kind: gate.KindCached, Name: "quay.io/a/b"}, "quay.io/a/b as a node has it"},
		"a token":                          {gate.RuleToken, gate.Use{Name: "default"}, "default"},
		"a token with an audience and a lifetime": {gate.RuleToken, gate.Use{Name: "default", For: "the vault", Amount: "2h0m0s"}, `default for "the vault", lasting 2h0m0s`},
		"a checkout":                   {gate.RuleCheckout, gate.Use{Name: "a/b"}, "a/b"},
		"a checkout with submodules":   {gate.RuleCheckout, gate.Use{Kind: gate.KindSubmodules, Name: "a/b", From: "https://c"}, "a/b from https://c with its submodules"},
		"a checkout of a commit":       {gate.RuleCheckout, gate.Use{Name: "a/b", Commit: "0123"}, "a/b at 0123"},
		"a checkout of a pull request": {gate.RuleCheckout, gate.Use{Kind: gate.KindPull, Name: "a/b", Part: "7", Ref: "r", Commit: "0123"}, "a/b at #7 r 0123"},
		"a clone address":              {gate.RuleCloneURI, gate.Use{Name: "a/b", From: "https://c"}, "a/b from https://c"},
		"a label":                      {gate.RuleLabel, gate.Use{Name: "k", Part: "v"}, "k=v"},
		"a field of decoration":        {gate.RuleDecoration, gate.Use{Name: "bucket", Part: "b"}, "bucket: b"},
		"a field without a name":       {gate.RuleUnknown, gate.Use{Part: "b"}, "b"},
		"a host path":                  {gate.RuleHostPath, gate.Use{Name: "/a b", Part: "Directory"}, `"/a b" (Directory)`},
		"a mounted host path":          {gate.RuleHostPath, volume, "/data, at /x, to write to"},
		"a mounted part of a volume":   {gate.RuleVolume, gate.Use{Name: "nfs", Part: `{"path":"/"}`, Mounted: "sub", At: "/x", Propagation: "Bidirectional"}, `nfs {"path":"/"}, sub of it, at /x, with mount propagation Bidirectional`},
		"a mount that is recursively read-only if possible": {gate.RuleVolume, gate.Use{Name: "nfs", At: "/x", Grade: gate.NothingToWriteIfPossible}, "nfs, at /x, with nothing in it to write to where that can be had"},
		"a mount that is recursively read-only":             {gate.RuleVolume, gate.Use{Name: "nfs", At: "/x", Grade: gate.NothingToWrite}, "nfs, at /x, with nothing in it to write to"},
		"a volume of the decoration":                        {gate.RuleVolume, gate.Use{Kind: gate.KindDecoration, Name: "logs"}, "the volume logs of the decoration"},
		"the node's network":                                {gate.RuleHost, gate.Use{Kind: gate.KindNetwork}, "network"},
		"a port":                                            {gate.RuleHost, gate.Use{Kind: gate.KindPort, Name: "80", At: "127.0.0.1", Part: "UDP"}, "port 80 address 127.0.0.1 UDP"},
		"a toleration":                                      {gate.RuleScheduling, gate.Use{Kind: gate.KindToleration, Name: `{"operator":"Exists"}`}, `toleration {"operator":"Exists"}`},
		"an anti-affinity":                                  {gate.RuleScheduling, gate.Use{Kind: gate.KindKeepsOut, Name: "zone"}, "keeps other pods out of its zone"},
		"seccomp":                                           {gate.RuleConfinement, gate.Use{Kind: gate.KindSeccomp, Name: `{"type":"Unconfined"}`}, `seccomp {"type":"Unconfined"}`},
		"no more seccomp profile":                           {gate.RuleConfinement, gate.Use{Kind: gate.KindSeccomp, Name: `{"type":"RuntimeDefault"}`, Lost: true}, `no longer with the seccomp profile {"type":"RuntimeDefault"}`},
		"no more node selector":                             {gate.RuleConfinement, gate.Use{Kind: gate.KindNodeSelector, Name: "k", Part: "v", Lost: true}, "no longer on nodes with k=v"},
		"a capability no longer dropped":                    {gate.RuleConfinement, gate.Use{Kind: gate.KindDropped, Name: "NET_RAW", Lost: true}, "no longer without the capability NET_RAW"},
		"a user":                                            {gate.RuleConfinement, gate.Use{Kind: gate.KindUser, Name: "0"}, "as the user 0"},
		"the image's group":                                 {gate.RuleConfinement, gate.Use{Kind: gate.KindImageGroup}, "in whatever group its image names"},
		"a termination message path":                        {gate.RuleConfinement, gate.Use{Kind: gate.KindMessagePath, Name: "/etc/x"}, "with its last words at /etc/x"},
		"no more queue":                                     {gate.RuleQueue, gate.Use{Kind: gate.KindQueue, Name: "q", Lost: true}, "no longer in the queue q"},
		"a higher max_concurrency":                          {gate.RuleQueue, gate.Use{Kind: gate.KindMaxConcurrency, Amount: "2", Lost: true}, "more than 2 at once"},
		"a queue":                                           {gate.RuleQueue, gate.Use{Name: "q"}, "q"},
		"a device":                                          {gate.RuleDevice, gate.Use{Name: "gpu", Amount: "2"}, "gpu: 2"},
		"time":                                              {gate.RuleTimeout, gate.Use{Amount: "25h0m0s"}, "25h0m0s"},
		"a probe":                                           {gate.RuleProbe, gate.Use{Name: "h", At: "80", Part: "/p", Where: `[{"name":"a"}]`}, `h:80/p with [{"name":"a"}]`},
		"censoring":                                         {gate.RuleCensoring, gate.Use{Kind: gate.KindOff}, "off"},
		// HTML comments are not shown.
		"an HTML comment in an annotation": {gate.RuleAnnotation, gate.Use{Name: "a", Part: "b<!-- c -->"}, "a=b<! -- c -->"},
		"an HTML comment in a host path":   {gate.RuleHostPath, gate.Use{Name: "/tmp<!--/../etc-->"}, `"/tmp<! --/../etc-->"`},
	} {
		t.Run(name, func(t *testing.T) {
			if got := NewAsk(gate.Ask{Rule: tc.rule, Path: "p", Use: tc.use}).Value; got != tc.want {
				t.Errorf("got  %s\nwant %s", got, tc.want)
			}
		})
	}
}

// TestRuleWords: each kind of privilege is described by different words.
func TestRuleWords(t *testing.T) {
	said := map[string]gate.Rule{}
	for _, rule := range gate.Rules() {
		words := NewAsk(gate.Ask{Rule: rule}).Sentence
		if other, ok := said[words]; ok {
			t.Errorf("%s and %s are said in the same words: %s", rule, other, words)
		}
		said[words] = rule
	}
	if len(said) != len(rules) {
		t.Errorf("there are words for %d rules of %d", len(rules), len(said))
	}
}
