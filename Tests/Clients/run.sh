#!/bin/bash
# The official clients, unmodified, against the real executables and against the servers that our providers are tested
# with. Everything is on 127.0.0.1 and bounded in time; what is installed stays in .build/clients-venv.
#   BIN=.build/release Tests/Clients/run.sh -k leaving
set -euo pipefail
cd "$(dirname "$0")/../.."
export BIN=${BIN:-.build/debug}
# Nothing is looked up outside.
export LITELLM_LOCAL_MODEL_COST_MAP=True
venv=.build/clients-venv
wanted=Tests/Clients/requirements.txt

fail() {
  echo "clients: FAILED: $*"
  exit 1
}

if ! cmp -s "$wanted" "$venv/requirements.txt" || ! "$venv/bin/python" -c 'import pytest' 2>/dev/null; then
  echo "clients: installing what $wanted lists"
  start=$SECONDS
  rm -rf "$venv"
  python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || fail "Python 3.11 or newer is needed."
  python3 -m venv "$venv" || fail "python3 -m venv does not work. On Debian: apt-get install python3-venv."
  "$venv/bin/python" -m pip install --quiet --no-deps --disable-pip-version-check --retries 5 -r "$wanted" ||
    fail "the clients cannot be installed: see above. The Python package index must be reachable once, directly or by" \
      "pip's own settings (PIP_INDEX_URL, HTTPS_PROXY); after that this needs no network."
  cp "$wanted" "$venv/requirements.txt"
  echo "clients: installed in $((SECONDS - start)) s"
fi

# Interrupted rather than ended, it still stops what it started.
exec timeout --signal=INT --kill-after=60 900 "$venv/bin/python" -m pytest Tests/Clients "$@"
