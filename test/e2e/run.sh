#!/bin/bash
# Runs the end-to-end tests on the local cluster, which is started if necessary. Arguments
# go to `go test`, for instance -run TestAbortByComment. main_test.go limits how many tests
# run at the same time, so `go test` does not.
set -euo pipefail
cd "$(dirname "$0")/../.."
go -C test/cluster run . up
eval "$(go -C test/cluster run . env)"
exec go test -tags e2e -count=1 -parallel 100 -timeout 40m ./test/e2e "$@"
