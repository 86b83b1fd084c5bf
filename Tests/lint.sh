#!/bin/bash
# Checks rules that swift-format does not have. Prints each violation as path:line, and exits with 1 if there is one.
set -euo pipefail
cd "$(dirname "$0")/.."

# Conversions from floating point to Int that cannot trap: the path and a part of the line.
allowed_conversions=(
  "Tests/GatewayServiceTests/TestToken.swift (number - number.rounded(.down))" # less than one
  "Tools/Parley/Commands/TokenCommand.swift Int(now.timeIntervalSince1970.rounded(.down))" # the current time
)

violations=0
violation() {
  echo "$1"
  violations=$((violations + 1))
}

sources=$(find Shared Services Tools Tests Benchmarks Package.swift -name '*.swift' | sort)

# Prints the code that matches a pattern as path:line:code, without comments. With "explained" as the second argument,
# lines below a comment are left out.
matching_code() {
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
  [ "$path" = total ] || [ "$lines" -le 300 ] || violation "$path: $lines lines; a file has at most 300."
done < <(echo "$sources" | xargs wc -l)

while IFS= read -r line; do
  violation "$line: throw an error, use a conditional cast, or use structured concurrency."
done < <(matching_code '(^|[^[:alnum:]_])(try!|as! |fatalError[(]|Task[.]detached)')

while IFS= read -r line; do
  violation "$line: a comment on the line above must prove that this is safe."
done < <(matching_code '@unchecked Sendable|nonisolated[(]unsafe[)]' explained)

while IFS= read -r line; do
  for allowed in "${allowed_conversions[@]}"; do
    [[ "$line" == "${allowed%% *}"*"${allowed#* }"* ]] && continue 2
  done
  violation "$line: Int(…) traps for NaN and numbers out of range; use Int(exactly:), or list the line in Tests/lint.sh if it is safe."
done < <(matching_code '(^|[^[:alnum:]_])U?Int(8|16|32|64)?[(][^)]*(timeInterval|rounded[(]|Double|Float|floor|ceil|sqrt|pow|[0-9]e[0-9]|[*/] *[0-9]+[.][0-9])')

while IFS= read -r line; do
  violation "$line: use Swift Testing."
done < <(matching_code 'import XCTest')

while IFS= read -r script; do
  bash -n "$script" || violation "$script: does not parse."
done < <(find Tests Benchmarks .ci -name '*.sh' -o -path .ci/run)

find Tests Benchmarks -name '*.py' -print0 | xargs -0 python3 -c '
import ast, sys
for path in sys.argv[1:]:
    ast.parse(open(path).read(), path)
' || violation "a Python file does not parse, see above."

median=$(echo "$sources" | xargs wc -l | grep -v ' total$' | sort -n | awk '{ lines[NR] = $1 } END { print lines[int((NR + 1) / 2)] }')
echo "sources: $(echo "$sources" | wc -l) files, median $median lines"

if docker compose version >/dev/null 2>&1; then
  BUS_TOKEN=lint JWT_SECRET_KEY=lint docker compose --env-file /dev/null config -q || violation "compose.yaml is invalid."
  echo "compose: checked"
else
  echo "compose: SKIPPED (no docker compose here)"
fi

[ "$violations" = 0 ] || { echo "lint: $violations violations"; exit 1; }
echo "lint: passed"
