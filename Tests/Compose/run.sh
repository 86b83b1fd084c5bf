#!/bin/bash
# Checks Dockerfile and compose.yaml and, where a container engine answers, builds and starts them.
#   BIN=.build/release Tests/Compose/run.sh [--engine-required] [options of replicas.py]
set -euo pipefail
cd "$(dirname "$0")/../.."
required=
[ "${1:-}" != --engine-required ] || { required=yes; shift; }

# PyYAML is also among the packages of the client tests.
python=python3
"$python" -c 'import yaml' 2>/dev/null || python=.build/clients-venv/bin/python
[ -x "$(command -v "$python")" ] || python=python3
echo "compose: checking the files"
"$python" Tests/Compose/test_files.py

if ! timeout 10 docker info >/dev/null 2>&1 || ! docker compose version >/dev/null 2>&1; then
  echo "compose: SKIPPED: no container engine with docker compose answers"
  [ -z "$required" ]
  exit
fi
exec timeout --signal=INT --kill-after=120 2400 python3 Tests/Compose/replicas.py "$@"
