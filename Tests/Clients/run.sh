#!/bin/bash
# Runs the official clients against the executables and against the fake servers of the provider tests. All servers
# listen on 127.0.0.1. The clients are installed in .build/clients-venv.
#   BIN=.build/release Tests/Clients/run.sh -k disconnects
set -euo pipefail
cd "$(dirname "$0")/../.."
export BIN=${BIN:-.build/debug}
# litellm uses its own list of models and prices instead of downloading one.
export LITELLM_LOCAL_MODEL_COST_MAP=True
venv=.build/clients-venv
requirements=Tests/Clients/requirements.txt

fail() {
  echo "clients: FAILED: $*"
  exit 1
}

if ! cmp -s "$requirements" "$venv/requirements.txt" || ! "$venv/bin/python" -c 'import pytest' 2>/dev/null; then
  echo "clients: installing the packages of $requirements"
  start=$SECONDS
  rm -rf "$venv"
  python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || fail "Python 3.11 or newer is needed."
  python3 -m venv "$venv" || fail "python3 -m venv does not work. On Debian: apt-get install python3-venv."
  "$venv/bin/python" -m pip install --quiet --no-deps --disable-pip-version-check --retries 5 -r "$requirements" ||
    fail "the clients could not be installed, see above. The Python package index must be reachable once, directly or" \
      "with pip's settings (PIP_INDEX_URL, HTTPS_PROXY); later runs need no network."
  cp "$requirements" "$venv/requirements.txt"
  echo "clients: installed in $((SECONDS - start)) s"
fi

# SIGINT lets pytest stop the processes that it has started.
exec timeout --signal=INT --kill-after=60 2400 "$venv/bin/python" -m pytest Tests/Clients "$@"
