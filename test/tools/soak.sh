#!/bin/bash
# Tells stories of crashes and faults from new seeds, and runs the fuzzers: for so many
# minutes in all, each of the two kinds of stories for a third of them. Stories run
# with the race detector, and fail when goroutines or memory grow.
set -euo pipefail
cd "$(dirname "$0")/../.."
seconds=$((${1:-10} * 60))

for test in TestStories TestStoriesOnGitHub; do
  echo "== $test for $((seconds / 3))s"
  REHEARSAL_SOAK=$((seconds / 3))s CGO_ENABLED=1 go test -race -count=1 -timeout 0 -v -run "$test\$" ./pkg/reconciler/rehearsal \
    | grep -E '^ *(--- FAIL|ok|FAIL|panic|WARNING|stories_test)|stories_test.go'
done

mapfile -t fuzzers < <(grep -rHo --include=*_test.go '^func Fuzz[A-Za-z0-9]*' cmd pkg test | sed 's|/[^/]*_test.go:func | |' | sort -u)
each=$((seconds / 3 / ${#fuzzers[@]}))
for fuzzer in "${fuzzers[@]}"; do
  read -r package name <<< "$fuzzer"
  echo "== $name of $package for ${each}s"
  go test -run '^$' -fuzz "^$name\$" -fuzztime "${each}s" "./$package" | grep -E 'FAIL|panic|ok|new interesting' | tail -1
done
