//go:build e2e

// Package e2e rehearses pull requests on the local cluster. GitHub is a stand-in,
// everything else is real. Each test has a config repository of its own. The cluster must
// be up; the work tree is deployed first.
package e2e

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/signal"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/rehearsal-dev/rehearsal/test/github"
	"github.com/rehearsal-dev/rehearsal/test/rig"
)

// world is shared by all tests.
var world struct {
	ctx     context.Context
	cluster *rig.Cluster
	hub     *github.Server
	gates   *rig.Gates
	// app is our GitHub App, and installations has its installations, by organisation.
	app           github.App
	installations map[string]int64
	// org has the config repositories. Its name differs in each run of the tests, so that
	// nothing of an earlier run is mistaken for ours.
	org          string
	repositories []string
	// installation is what was deployed.
	installation rig.Installation
	taken        atomic.Int32
	// places limits the number of tests that run at the same time.
	places chan struct{}
}

// pool is the number of config repositories: the settings must list them before the first
// test needs one.
const pool = 40

// statusContext is the context of the commit status that summarises a pull request.
const statusContext = "rehearsal"

// abreast is how many tests run at the same time, besides the long conversation. They
// mostly wait for pods, which two processors start one after the other.
const abreast = 4

// parallel lets a test run beside others when there is a place. Tests wait here instead of
// in package testing, which cannot let a test go first.
func parallel(t *testing.T) {
	t.Parallel()
	world.places <- struct{}{}
	t.Cleanup(func() { <-world.places })
}

func TestMain(m *testing.M) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	world.ctx, world.places = ctx, make(chan struct{}, abreast)
	code, err := runTests(m)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "e2e:", err)
		code = 1
	}
	os.Exit(code)
}

func runTests(m *testing.M) (int, error) {
	ctx := world.ctx
	var err error
	if world.cluster, err = rig.Connect(ctx); err != nil {
		return 1, err
	}
	// Dozens of repositories that are swept every few seconds need more calls than GitHub
	// allows in an hour.
	if world.hub, err = github.Start(net.JoinHostPort(world.cluster.HostAddress, "0"), github.WithRateLimit(1_000_000), github.WithTokenLife(tokenLife)); err != nil {
		return 1, err
	}
	defer world.hub.Close() //nolint:errcheck // the tests are over
	if world.gates, err = rig.StartGates(world.cluster); err != nil {
		return 1, err
	}
	defer world.gates.Close(ctx) //nolint:errcheck // the tests are over
	if err := deploy(ctx); err != nil {
		fmt.Println(world.cluster.Diagnose())
		return 1, err
	}
	code := m.Run()
	if code != 0 {
		fmt.Println(world.cluster.Diagnose())
	}
	// The deployment must not keep looking for a GitHub that ends with us.
	ctx = context.WithoutCancel(ctx)
	return code, errors.Join(
		world.cluster.Configure(ctx, rig.Installation{GitHub: world.hub.URL(), App: &world.app, Sweep: time.Hour}),
		world.cluster.StopProw(ctx),
	)
}

// deploy deploys the work tree to the cluster, and connects it to the stand-in.
func deploy(ctx context.Context) error {
	world.org = "e2e-" + rig.Random()[:8]
	for i := range pool {
		world.repositories = append(world.repositories, fmt.Sprintf("config-%02d", i))
	}
	if err := registerApp(ctx); err != nil {
		return err
	}
	private := world.org + "/" + privateRepo
	installation := rig.Installation{
		GitHub: world.hub.URL(), WebhookSecret: rig.Random(), Token: rig.Random(), App: &world.app, Sweep: 5 * time.Second,
		Hurried: true,
		// This policy also makes us look up members.
		Presets: map[string]string{private: "openshift"},
		// Small limits make small pull requests large.
		Settings: "defaults: {limits: {sample: 2, more: 3, max: 4}, status_context: " + statusContext + "}\nprogress_interval: 1s\n" + cliUsers,
	}
	for _, repo := range world.repositories {
		installation.Repositories = append(installation.Repositories, world.org+"/"+repo)
	}
	installation.Repositories = append(installation.Repositories, private, narrowOrg()+"/"+narrowRepo, limitedOrg()+"/"+limitedRepo, conversationOrg+"/"+conversationRepo)
	installation.Repositories = append(installation.Repositories, hookedRepositories()...)
	world.installation = installation
	if _, err := world.hub.AddToken(ctx, github.Token{Token: installation.Token, User: rig.Bot}); err != nil {
		return err
	}
	targetOrg, targetRepo, _ := strings.Cut(target, "/")
	if _, err := world.hub.CreateRepo(ctx, github.NewRepo{
		Org: targetOrg, Repo: targetRepo, Files: map[string]string{"README.md": "# " + target + "\n"},
	}); err != nil {
		return err
	}
	begin := time.Now()
	if err := world.cluster.Install(ctx, installation, func(what string) { fmt.Println("e2e:", what) }); err != nil {
		return err
	}
	if err := world.cluster.Clear(ctx); err != nil {
		return err
	}
	url, err := world.cluster.ReceiverURL(ctx)
	if err != nil {
		return err
	}
	if err := startProw(ctx, installation); err != nil {
		return err
	}
	fmt.Printf("e2e: deployed in %s\n", time.Since(begin).Round(time.Second))
	for _, hook := range []github.Hook{{Org: world.org}, {Org: limitedOrg()}, {Org: conversationOrg, Repo: conversationRepo}} {
		hook.URL, hook.Secret = url, installation.WebhookSecret
		if _, err := world.hub.AddHook(ctx, hook); err != nil {
			return err
		}
	}
	return nil
}
