package plane

import (
	"context"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	tekton "github.com/tektoncd/pipeline/pkg/client/clientset/versioned"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
	prow "sigs.k8s.io/prow/pkg/client/clientset/versioned"

	rehearsals "github.com/rehearsal-dev/rehearsal/pkg/client/clientset/versioned"
	"github.com/rehearsal-dev/rehearsal/test/github"
	"github.com/rehearsal-dev/rehearsal/test/rig"
)

// Options describe an installation.
type Options struct {
	// Controllers and Receivers are their numbers.
	Controllers, Receivers int
	// Lease is how long the lease of a killed controller lasts; 3 seconds if zero, to save
	// time. In config/ it is 15 seconds.
	Lease time.Duration
	// Jobs are the presubmits of the config repository; pull-unit and pull-e2e if nil.
	Jobs []string
	// Spec is further YAML for the container of each job, such as a large environment.
	Spec string
	// Settings are further lines of the settings.
	Settings string
	// Root is the source of config/ and the programs; our own if empty.
	Root string
	// Programs is the directory with the binaries; if empty, they are built.
	Programs string
	// Tasks says which tasks are run by the real programs, see Player.
	Tasks Tasks
	// Verdict decides how a ProwJob ends; if nil, all succeed at once.
	Verdict Verdict
}

// Plane is an installation.
type Plane struct {
	Options
	Etcd, API              *Process
	Controllers, Receivers []*Replica
	// Receiver and Webhook are the Services of the receivers, and of the controllers'
	// admission webhook.
	Receiver, Webhook *Service
	Hub               *github.Server
	Player            *Player

	// Admin gives access to the API server as its administrator.
	Admin      *rest.Config
	Kube       kubernetes.Interface
	Tekton     tekton.Interface
	Prow       prow.Interface
	Rehearsals rehearsals.Interface

	t   testing.TB
	dir string
	// earlier says that an earlier version is installed first.
	earlier bool
	secret  string
	token   string
	direct  *http.Transport
	ctx     context.Context
	work    sync.WaitGroup
}

// Start starts an installation for the duration of the test.
func Start(t testing.TB, o Options) *Plane {
	t.Helper()
	if o.Lease == 0 {
		o.Lease = 3 * time.Second
	}
	ctx, cancel := context.WithCancel(context.Background())
	p := &Plane{Options: o, t: t, dir: t.TempDir(), secret: rig.Random(), token: rig.Random(), direct: &http.Transport{MaxIdleConnsPerHost: 20}, ctx: ctx}
	t.Cleanup(func() { p.stop(cancel) })
	for _, step := range []func() error{p.startServers, p.startHub, p.install, p.build, p.startPlayer, p.startReplicas} {
		p.check(step())
	}
	return p
}

// check fails the test on an error.
func (p *Plane) check(err error) {
	p.t.Helper()
	if err != nil {
		p.t.Fatal(err)
	}
}

// background runs a function that ends with the plane.
func (p *Plane) background(do func()) {
	p.work.Add(1)
	go func() {
		defer p.work.Done()
		do()
	}()
}

func (p *Plane) startServers() (err error) {
	if p.earlier = p.Root != ""; !p.earlier {
		if p.Root, err = rig.FindRoot(); err != nil {
			return err
		}
	}
	if p.Etcd, p.API, p.Admin, err = newServers(p.dir); err != nil {
		return err
	}
	for _, server := range []*Process{p.Etcd, p.API} {
		if err := server.Start(); err != nil {
			return err
		}
	}
	if err := p.WaitForAPI(p.ctx); err != nil {
		return fmt.Errorf("%w\n%s", err, p.API.LastWords(4000))
	}
	if p.Kube, err = kubernetes.NewForConfig(p.Admin); err != nil {
		return err
	}
	if p.Tekton, err = tekton.NewForConfig(p.Admin); err != nil {
		return err
	}
	if p.Prow, err = prow.NewForConfig(p.Admin); err != nil {
		return err
	}
	p.Rehearsals, err = rehearsals.NewForConfig(p.Admin)
	return err
}

// stop stops everything, in reverse order.
func (p *Plane) stop(cancel context.CancelFunc) {
	if p.t.Failed() {
		p.Diagnose()
	}
	for _, r := range append(append([]*Replica{}, p.Controllers...), p.Receivers...) {
		r.Stop()
	}
	cancel()
	if p.Player != nil {
		p.Player.stop()
	}
	for _, server := range []*Process{p.API, p.Etcd} {
		if server != nil {
			server.Thaw()
			server.Stop()
		}
	}
	if p.Hub != nil {
		if err := p.Hub.Close(); err != nil {
			p.t.Error(err)
		}
	}
	for _, s := range []*Service{p.Receiver, p.Webhook} {
		if s != nil {
			s.work.Wait()
		}
	}
	p.work.Wait()
	p.direct.CloseIdleConnections()
}

// Diagnose logs the last output of all processes.
func (p *Plane) Diagnose() {
	logs, _ := filepath.Glob(filepath.Join(p.dir, "*.log"))
	for _, log := range logs {
		name := strings.TrimSuffix(filepath.Base(log), ".log")
		words := (&Process{Log: log}).LastWords(6000)
		p.t.Logf("== %s said:\n%s", name, words)
	}
}

// As returns access to the API server as another user, with the permissions of the Roles;
// as the administrator if user is empty.
func (p *Plane) As(user string) *rest.Config {
	config := rest.CopyConfig(p.Admin)
	if user == "" {
		return config
	}
	config.Impersonate.UserName = user
	config.Impersonate.Groups = []string{"system:serviceaccounts", "system:serviceaccounts:" + rig.Namespace, "system:authenticated"}
	return config
}

// kubeconfig writes a kubeconfig for an API server that needs no credentials.
func (p *Plane) kubeconfig(name, server string) (string, error) {
	config := clientcmdapi.NewConfig()
	config.Clusters["plane"] = &clientcmdapi.Cluster{Server: server}
	config.Contexts["plane"] = &clientcmdapi.Context{Cluster: "plane", Namespace: rig.Namespace}
	config.CurrentContext = "plane"
	path := filepath.Join(p.dir, name+".kubeconfig")
	return path, clientcmd.WriteToFile(*config, path)
}
