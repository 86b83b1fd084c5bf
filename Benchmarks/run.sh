#!/bin/bash
# Measures a release build; docs/performance.md explains the figures.
#   Benchmarks/run.sh [FOLDER-OF-EXECUTABLES] [SECONDS]
set -euo pipefail
cd "$(dirname "$0")/.."
exec python3 Benchmarks/run.py "${1:-.build/release}" "${2:-8}"
