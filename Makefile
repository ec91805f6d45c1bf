# One flavour of every build: what ko puts into images, tests, linters and the
# cluster's tools share one build cache. Only the race detector needs cgo.
export CGO_ENABLED = 0
export GOFLAGS = -trimpath

SHELL = bash -euo pipefail
CLUSTER = go -C test/cluster run .
KO ?= $(shell command -v ko || echo go run github.com/google/ko@v0.19.1)

# Packages that start no goroutine, and tests that only compare: the race detector has
# nothing to see there.
PURE = affected|event|gate|joblog|key|layout|legible|nearest|policy|policy/owners|render|report|report/planview|run|secrets|sources|sources/[a-z]+|terminal
PLAIN = docs|pkg/($(PURE))|test/(hook|hostile)

.DEFAULT_GOAL := help
.PHONY: help demo test unit integration e2e verify lint generate deploy cluster bench fanout large soak clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: ## Bring a cluster up and rehearse a pull request on it (root, Debian 12, Go)
	@$(CLUSTER) up
	@go run ./test/demo

test: verify unit integration e2e ## Verify, and run all tests (root, Debian 12, Go)

unit: ## Unit tests with the race detector; needs no cluster
	@test/github/fetch-data.sh
	@REHEARSAL_REQUIRE_GITHUB_DATA=1 CGO_ENABLED=1 go test -race -short -timeout 30m -skip 'TestRealPulls$$' $$(go list ./... | grep -vE '/($(PLAIN))$$')
	@REHEARSAL_REQUIRE_GITHUB_DATA=1 go test -timeout 30m $$(go list ./... | grep -E '/($(PLAIN))$$')
	@go test -count=1 -timeout 30m -skip 'TestRealPulls$$' ./pkg/plan/... ./pkg/reconciler/rehearsal # all of them
	@go test -count=1 -run 'TestDeliveriesPassAttacks$$' ./pkg/receiver # the race detector bounds no time
	@go test -count=1 -timeout 30m -run 'TestRealPulls$$' -v ./pkg/plan | grep -E '^ *(---|ok|FAIL|SKIP|panic| +[a-z_]+_test.go)'
	@go -C test/cluster test .
	@REHEARSAL_REQUIRE_GITHUB_DATA=1 go -C test/github/conformance test .

integration: ## Tests against a real API server
	@$(CLUSTER) build
	@eval "$$($(CLUSTER) env)" && export KUBEBUILDER_ASSETS="$$REHEARSAL_BIN_DIR" && \
		CGO_ENABLED=1 go test -race -count=1 -tags integration ./config ./pkg/admission ./pkg/logbook ./pkg/receiver ./cmd/receiver ./cmd/controller ./pkg/cli && \
		go test -count=1 -tags integration -run 'Etcd$$' ./pkg/reconciler/rehearsal && \
		go test -count=1 -timeout 30m -tags integration -run 'TestOneRun$$|TestKilledTasks$$|TestLeaderKilled$$' ./test/plane # make soak runs the others

e2e: ## Tests of the whole chain on the local cluster
	@test/e2e/run.sh

verify: generate lint ## Regenerate, format and lint; fails when that changes a file
	@git diff --exit-code -- pkg config docs || { echo "generated files are out of date: commit what 'make generate' writes"; exit 1; }

lint:
	@test -z "$$(gofmt -l cmd pkg test)" || { gofmt -l cmd pkg test; echo "these files are not formatted: run gofmt -w"; exit 1; }
	@! grep -nE '^\s*go (func|[[:alpha:]])|\.Go\(' $$(find pkg -name '*.go' ! -name '*_test.go' | grep -E '^pkg/($(PURE))/[^/]*$$') || { echo "take the package from PURE in the Makefile: a goroutine wants the race detector"; exit 1; }
	@for module in . test/github/conformance test/tools/settings; do go -C $$module mod tidy -diff; done
	@cd test/tools/lint && go build -o ../../../bin/golangci-lint github.com/golangci/golangci-lint/v2/cmd/golangci-lint
	@bin/golangci-lint run --allow-serial-runners ./...
	@cd test/cluster && ../../bin/golangci-lint run --allow-serial-runners --config ../../.golangci.yml --build-tags cluster ./...
	@for module in test/github/conformance test/tools/settings; do \
		(cd $$module && ../../../bin/golangci-lint run --allow-serial-runners --config ../../../.golangci.yml ./...); done

generate: ## Write the generated clients, deep copies, CRD and reference of the settings
	@test/tools/generate.sh

deploy: ## Build the images and apply config/ and tasks/ (KUBECONFIG, KO_DOCKER_REPO)
	@KO_CONFIG_PATH="$${KO_CONFIG_PATH:-ko.yaml}" $(KO) apply -f config -f tasks

cluster: ## Bring the local cluster up and say how to use it
	@$(CLUSTER) up

bench: ## Compare planning with loading the whole configuration twice, and store 10,000 commands
	@go build -o bin/rehearse ./cmd/rehearse && go run ./test/bench -rehearse bin/rehearse
	@$(CLUSTER) build
	@eval "$$($(CLUSTER) env)" && KUBEBUILDER_ASSETS="$$REHEARSAL_BIN_DIR" go test -tags integration -run '^$$' -bench BenchmarkBurst -benchtime 1x ./pkg/receiver

fanout: ## Compare how fast a run starts with a plain PipelineRun (on the local cluster)
	@$(CLUSTER) up
	@go run ./test/fanout -jobs $(or $(JOBS),35) -pairs $(or $(PAIRS),5) $(if $(JOB_PODS),-job-pods)

large: ## Measure an installation of a thousand pull requests and two hundred runs (ARGS="-pulls 60 ...")
	@$(CLUSTER) build
	@go build -o bin/large/ ./cmd/controller ./cmd/receiver ./cmd/collate ./test/large
	@go -C test/cluster/components build -o $(CURDIR)/bin/large/ sigs.k8s.io/prow/cmd/prow-controller-manager
	@go -C test/cluster/components build -o $(CURDIR)/bin/large/tekton-controller github.com/tektoncd/pipeline/cmd/controller
	@eval "$$($(CLUSTER) env)" && KUBEBUILDER_ASSETS="$$REHEARSAL_BIN_DIR" bin/large/large $(ARGS)

soak: ## Stories of crashes and faults, and fuzzers, for SOAK minutes (10; before a release 60)
	@$(CLUSTER) build
	@eval "$$($(CLUSTER) env)" && KUBEBUILDER_ASSETS="$$REHEARSAL_BIN_DIR" test/tools/soak.sh $${SOAK:-10}

clean: ## Take down the local cluster and everything it left, remove build output
	@go run ./test/demo clean
	@$(CLUSTER) down
	@rm -rf bin
