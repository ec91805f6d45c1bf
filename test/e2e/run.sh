#!/bin/bash
# Runs the end-to-end tests on the local cluster, which is brought up if need be.
# Arguments go to `go test`, for instance -run TestAbortByComment. How many tests run
# at the same time is theirs to say (main_test.go), so testing itself lets all of them.
set -euo pipefail
cd "$(dirname "$0")/../.."
go -C test/cluster run . up
eval "$(go -C test/cluster run . env)"
exec go test -tags e2e -count=1 -parallel 100 -timeout 40m ./test/e2e "$@"
