#!/bin/bash
# Runs stories of crashes and faults from new seeds, and the fuzzers, for a number of
# minutes in total; each kind of stories and the fuzzers get a fifth. Stories in memory run
# with the race detector, and fail if goroutines or memory grow. Stories with real processes
# run while these are killed, while their leaders are killed, and while goroutines and
# memory are measured. Tests with a duration of their own take additional time: kills around
# each write, outages of a minute, the sizes of a large run, and an upgrade from an earlier
# commit to this one and back.
set -euo pipefail
cd "$(dirname "$0")/../.."
seconds=$((${1:-10} * 60))

for test in TestStories TestStoriesOnGitHub; do
  echo "== $test for $((seconds / 5))s"
  REHEARSAL_SOAK=$((seconds / 5))s CGO_ENABLED=1 go test -race -count=1 -timeout 0 -v -run "$test\$" ./pkg/reconciler/rehearsal \
    | grep -E '^ *(--- FAIL|ok|FAIL|panic|WARNING|stories_test)|stories_test.go'
done

# A commit that hands over runs like this one.
from=6a7298d
for test in TestKilledAroundEachWrite TestKilledAtRandom TestLeaderKilled TestOutages TestLoad TestSizes TestUpgradeAndRollback; do
  echo "== $test for $((seconds / 5))s"
  REHEARSAL_SOAK=$((seconds / 5))s REHEARSAL_UPGRADE_FROM=$from go test -count=1 -timeout 0 -v -tags integration -run "$test\$" ./test/plane \
    | grep -E '^ *(--- |ok|FAIL|panic)|_integration_test.go'
done

mapfile -t fuzzers < <(grep -rHo --include=*_test.go '^func Fuzz[A-Za-z0-9]*' cmd pkg test | sed 's|/[^/]*_test.go:func | |' | sort -u)
each=$((seconds / 5 / ${#fuzzers[@]}))
for fuzzer in "${fuzzers[@]}"; do
  read -r package name <<< "$fuzzer"
  echo "== $name of $package for ${each}s"
  go test -run '^$' -fuzz "^$name\$" -fuzztime "${each}s" "./$package" | grep -E 'FAIL|panic|ok|new interesting' | tail -1
done
