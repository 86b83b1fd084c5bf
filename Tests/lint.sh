#!/bin/bash
# Rules of form that swift-format does not know. Prints each breach as path:line and ends with 1 if there is one.
set -euo pipefail
cd "$(dirname "$0")/.."

# Conversions of floating-point numbers to Int that cannot trap, as path and a part of the line.
allowed_conversions=(
  "Tests/GatewayServiceTests/TestToken.swift (number - number.rounded(.down))" # a fraction
  "Tools/Parley/Commands/TokenCommand.swift Int(now.timeIntervalSince1970.rounded(.down))" # the clock
)

breaches=0
breach() {
  echo "$1"
  breaches=$((breaches + 1))
}

sources=$(find Shared Services Tools Tests Benchmarks Package.swift -name '*.swift' | sort)

# Code that matches a pattern, as path:line:code; comments do not count. With "explained" as the second argument, a line
# with a comment right above it is left out.
code_like() {
  # shellcheck disable=SC2086
  awk -v pattern="$1" -v explained="${2:-}" '
    FNR == 1 { above = "" }
    {
      code = $0
      sub(/(^|[^:"])\/\/.*/, "", code)
      if (code ~ pattern && !(explained != "" && above ~ /^[[:space:]]*\/\//)) print FILENAME ":" FNR ":" $0
      above = $0
    }' $sources
}

while read -r lines path; do
  [ "$path" = total ] || [ "$lines" -le 300 ] || breach "$path: $lines lines; a file has at most 300."
done < <(echo "$sources" | xargs wc -l)

while IFS= read -r line; do
  breach "$line: throw a fault instead, or keep the task structured."
done < <(code_like '(^|[^[:alnum:]_])(try!|as! |fatalError[(]|Task[.]detached)')

while IFS= read -r line; do
  breach "$line: the line above must prove it safe."
done < <(code_like '@unchecked Sendable|nonisolated[(]unsafe[)]' explained)

while IFS= read -r line; do
  for allowed in "${allowed_conversions[@]}"; do
    [[ "$line" == "${allowed%% *}"*"${allowed#* }"* ]] && continue 2
  done
  breach "$line: Int(…) traps on what is no number or too large; use Int(exactly:), or prove it and list it in Tests/lint.sh."
done < <(code_like '(^|[^[:alnum:]_])U?Int(8|16|32|64)?[(][^)]*(timeInterval|rounded[(]|Double|Float|floor|ceil|sqrt|pow|[0-9]e[0-9]|[*/] *[0-9]+[.][0-9])')

while IFS= read -r line; do
  breach "$line: the tests are written with Swift Testing."
done < <(code_like 'import XCTest')

median=$(echo "$sources" | xargs wc -l | grep -v ' total$' | sort -n | awk '{ lines[NR] = $1 } END { print lines[int((NR + 1) / 2)] }')
echo "sources: $(echo "$sources" | wc -l) files, median $median lines"

if docker compose version >/dev/null 2>&1; then
  BUS_TOKEN=lint JWT_SECRET_KEY=lint docker compose --env-file /dev/null config -q || breach "compose.yaml: is not valid."
  echo "compose: checked"
else
  echo "compose: SKIPPED (no docker compose here)"
fi

[ "$breaches" = 0 ] || { echo "lint: $breaches found"; exit 1; }
echo "lint: clean"
