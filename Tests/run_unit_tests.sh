#!/bin/bash
# Runs the Swift tests, which must be built, and prints the failures again after the last line of `swift test`, because
# a log that is cut keeps its end. The whole output stays in .build/unit-tests.log.
#   Tests/run_unit_tests.sh [OPTIONS OF swift test]
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
log=.build/unit-tests.log

# More parallel tests take longer: they wait for each other.
swift test --skip-build --experimental-maximum-parallelization-width 5 "$@" 2>&1 | tee "$log"
code=${PIPESTATUS[0]}
[ "$code" = 0 ] && exit 0

echo "== unit tests failed with exit code $code; the failures again (all output: $log)"
# A failed expectation with its comments, failed tests, and the end of a process.
awk '
  /^ *↳/ { if (isFailure) print; next }
  { isFailure = /recorded an issue|failed after|^error: |Fatal error|exited with|[Uu]nexpected signal/ }
  isFailure { print }
' "$log" | tail -n 200
# Without the summary of the run, a test crashed the process or did not end: one of those that had begun.
if ! grep -q 'Test run with .* after ' "$log"; then
  awk '
    !/Test "/ || /Test case passing/ { next }
    { name = $0; sub(/^.*Test "/, "\"", name); sub(/"( with [0-9]+ test cases?)? (started|passed|failed).*/, "\"", name) }
    / started\.$/ { begun[name] = 1 }
    / (passed|failed) after / { delete begun[name] }
    END { for (name in begun) print "not ended: " name }
  ' "$log" | tail -n 50
fi
exit "$code"
