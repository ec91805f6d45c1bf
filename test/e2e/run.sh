#!/bin/bash
# Runs the end-to-end tests on the local cluster, which is brought up if need be.
# Arguments go to `go test`, for instance -run TestAbortByComment.
set -euo pipefail
cd "$(dirname "$0")/../.."
go -C test/cluster run . up
eval "$(go -C test/cluster run . env)"
exec go test -tags e2e -count=1 -parallel "${E2E_PARALLEL:-4}" -timeout 40m ./test/e2e "$@"
