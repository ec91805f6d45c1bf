package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"
)

// up brings the cluster from any state to running. Every step checks before it acts, so the
// next run completes an interrupted one.
func up(ctx context.Context, l layout, p *progress) error {
	begin := time.Now()
	if err := checkMachine(l.source); err != nil {
		return err
	}
	if err := prepare(ctx, l, p); err != nil {
		return err
	}
	if err := startServers(ctx, l, p); err != nil {
		return err
	}
	if err := deploy(ctx, l, p); err != nil {
		return err
	}
	p.print("\nThe cluster runs (%s). To work with it:\n\n", time.Since(begin).Round(time.Second))
	p.print("  eval \"$(go -C %s run . env)\"\n  kubectl get pods -A\n  tkn pipelinerun list -A\n\n", l.source)
	return nil
}

// prepare installs and compiles, and checks what can be checked in advance.
func prepare(ctx context.Context, l layout, p *progress) error {
	if packages := missingPackages(); len(packages) > 0 {
		err := p.step(ctx, "install "+strings.Join(packages, ", "), func(ctx context.Context) error {
			return installPackages(ctx, packages)
		})
		if err != nil {
			return err
		}
	}
	if err := checkPrograms(ctx); err != nil {
		return err
	}
	if err := checkForeign(ctx, l); err != nil {
		return err
	}
	if err := checkPorts(ctx, l); err != nil {
		return err
	}
	return buildPrograms(ctx, l, p, modules)
}

// buildPrograms fills the cache. It has its own lock, because tests that only need the
// programs call it while a cluster starts.
func buildPrograms(ctx context.Context, l layout, p *progress, modules []module) error {
	if err := os.MkdirAll(l.cache, 0o755); err != nil {
		return err
	}
	release, err := acquireLock(filepath.Join(l.cache, "lock"))
	if err != nil {
		return err
	}
	defer release()
	for _, m := range modules {
		err := p.step(ctx, "programs: "+m.about, func(ctx context.Context) error { return m.build(ctx, l) })
		if err != nil {
			return err
		}
	}
	return linkBinaries(l)
}

// buildOnly is for tests that need an API server but no node: they only need Kubernetes,
// the first of the modules.
func buildOnly(ctx context.Context, l layout, p *progress) error {
	if err := checkSource(l.source); err != nil {
		return err
	}
	if slices.Contains(missingPackages(), etcdPackage) {
		if err := installPackages(ctx, []string{etcdPackage}); err != nil {
			return err
		}
	}
	if err := buildPrograms(ctx, l, p, modules[:1]); err != nil {
		return err
	}
	bin, err := l.binDir()
	if err == nil {
		fmt.Println(bin)
	}
	return err
}

func startServers(ctx context.Context, l layout, p *progress) error {
	bin, err := l.binDir()
	if err != nil {
		return err
	}
	err = p.step(ctx, "network, certificates", func(ctx context.Context) error { return prepareState(ctx, l) })
	if err != nil {
		return err
	}
	if err := startAll(ctx, l, p, controlPlane(l, bin)); err != nil {
		return err
	}
	for _, s := range controllers(l, bin) {
		// They need a while to sync, and nothing waits for them yet.
		if _, err := s.ensureStarted(l); err != nil {
			return err
		}
	}
	err = p.step(ctx, "base images", func(ctx context.Context) error { return ensureBaseImages(ctx, l) })
	if err != nil {
		return err
	}
	if err := startAll(ctx, l, p, node(l, bin)); err != nil {
		return err
	}
	err = p.step(ctx, "node ready", func(ctx context.Context) error { return waitNodeReady(ctx, l) })
	if err != nil {
		return err
	}
	return startAll(ctx, l, p, controllers(l, bin))
}

// prepareState creates what the servers need before the first of them starts.
func prepareState(ctx context.Context, l layout) error {
	if err := saveMachine(ctx, l); err != nil {
		return err
	}
	if err := ensureNetwork(ctx); err != nil {
		return err
	}
	if err := ensureCertificates(l); err != nil {
		return err
	}
	return ensureKubeconfigs(l)
}

func startAll(ctx context.Context, l layout, p *progress, servers []server) error {
	for _, s := range servers {
		if err := p.step(ctx, s.name, func(ctx context.Context) error { return s.ensureRunning(ctx, l) }); err != nil {
			return err
		}
	}
	return nil
}

// ensureBaseImages pushes the base images and writes everything that refers to them.
func ensureBaseImages(ctx context.Context, l layout) error {
	images, err := pushBaseImages(ctx, l)
	if err != nil {
		return err
	}
	content, err := json.MarshalIndent(images, "", "  ")
	if err != nil {
		return err
	}
	if err := write(l.config("images.json"), string(content)); err != nil {
		return err
	}
	if err := write(l.koConfig(), koConfig(images, runtime.GOARCH)); err != nil {
		return err
	}
	return writeNodeConfig(l, images.Pause)
}

func readBaseImages(l layout) (baseImages, error) {
	var images baseImages
	content, err := os.ReadFile(l.config("images.json"))
	if err != nil {
		return images, fmt.Errorf("the cluster is not up: %w", err)
	}
	return images, json.Unmarshal(content, &images)
}

func deploy(ctx context.Context, l layout, p *progress) error {
	images, err := readBaseImages(l)
	if err != nil {
		return err
	}
	c, err := newComponents(ctx, l, images)
	if err != nil {
		return err
	}
	steps := []struct {
		name string
		do   func(context.Context) error
	}{
		{"images: Tekton and Prow", func(ctx context.Context) error { return c.build(ctx, l) }},
		{"images into the registry", func(ctx context.Context) error { return c.pushImages(ctx, l) }},
		{"Tekton and Prow deployed", func(ctx context.Context) error {
			if err := deployTekton(ctx, l, c); err != nil {
				return err
			}
			return deployProw(ctx, l, c)
		}},
		{"Prow ready", func(ctx context.Context) error { return rollout(ctx, l, prowJobNamespace, prowDeployments) }},
		{"Tekton ready", func(ctx context.Context) error { return rollout(ctx, l, tektonNamespace, tektonDeployments) }},
	}
	for _, step := range steps {
		if err := p.step(ctx, step.name, step.do); err != nil {
			return err
		}
	}
	return nil
}
