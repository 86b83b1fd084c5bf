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

# Phrases that comments and messages must not use.
phrases='whoever|heeds?|heeded|is told|are told|lets? go|lets in|passed over|anew|becomes of|became of|knows no|the house|last words|in its stead'
while IFS= read -r line; do
  violation "$line: write plain technical English: subject, verb, object, and the terms of the field."
done < <(grep -rnwiE "$phrases" --include='*.swift' --include='*.py' --include='*.sh' --exclude=lint.sh Shared Services Tools Benchmarks Tests | cut -c1-160)

while IFS= read -r script; do
  bash -n "$script" || violation "$script: does not parse."
done < <(find Tests Benchmarks .ci -name '*.sh' -o -path .ci/run)

find Tests Benchmarks -name '*.py' -print0 | xargs -0 python3 -c '
import ast, sys
for path in sys.argv[1:]:
    ast.parse(open(path).read(), path)
' || violation "a Python file does not parse, see above."

# Source files, folders and types that the architecture names must exist: `Folder/Type` is a file Folder/Type.swift or a
# folder, `SomeType` occurs in the code.
files=$(find Shared Services Tools Tests Benchmarks -type f)
while read -r name; do
  grep -qE "(^|/)$name(\.swift|/)" <<<"$files" || violation "docs/architecture.md names $name, which does not exist."
done < <(grep -oE '`[A-Z][A-Za-z0-9]*(/[A-Z][A-Za-z0-9+]*)+`' docs/architecture.md | tr -d '\`' | sort -u)
# shellcheck disable=SC2086
words=$(cat $sources | grep -oE '[A-Z][A-Za-z0-9]+' | sort -u)
while read -r name; do
  grep -qx "$name" <<<"$words" || grep -q "/$name/" <<<"$files" || violation "docs/architecture.md names $name, which does not occur in the code."
done < <(grep -oE '`[A-Z][A-Za-z0-9]*[a-z][A-Za-z0-9]*`' docs/architecture.md | tr -d '\`' | sort -u)

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
