#!/bin/bash
# Tests the executables as a user runs them: parley up, the conversation of the README, every endpoint with curl, restarts of
# killed services, and a stop that leaves no process behind. All servers listen on 127.0.0.1.
#   BIN=.build/release Tests/smoke.sh
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
bin=$(realpath "${BIN:-.build/debug}")
work=$(mktemp -d)
supervisor=

say() { echo "smoke: $*"; }
fail() {
  say "FAILED: $*"
  tail -n 20 "$work"/*.log "$work"/data/logs/*.log 2>/dev/null || true
  exit 1
}
# Waits until a command succeeds: within SECONDS EVENT COMMAND…
within() {
  local end=$((SECONDS + $1)) event=$2
  shift 2
  until "$@" >/dev/null 2>&1; do
    [ $SECONDS -lt $end ] || fail "$event did not happen in time."
    sleep 0.05
  done
}
clean_up() {
  if [ -n "$supervisor" ] && kill -0 "$supervisor" 2>/dev/null; then kill -9 "$supervisor"; fi
  sleep 0.2
  rm -rf "$work"
}
trap clean_up EXIT
# The process of a service below the supervisor, which runs as `gateway` or as `parley serve gateway`.
pid_of() {
  local pid command
  for pid in $(pgrep -P "$supervisor"); do
    mapfile -d '' -t command 2>/dev/null <"/proc/$pid/cmdline" || continue
    [ "${command[0]##*/}" = parley ] && command=("${command[2]:-}")
    case "${command[0]##*/}" in "$1" | "${1%-svc}") echo "$pid" && return ;; esac
  done
  return 1
}

read -r g c i m t < <(python3 - <<'P'
import socket
sockets = [socket.socket() for _ in range(5)]
for s in sockets: s.bind(("127.0.0.1", 0))
print(*(s.getsockname()[1] for s in sockets))
P
)
gateway=http://127.0.0.1:$g

cd "$work"
env -i PATH="$PATH" HOME="$work" LD_LIBRARY_PATH="${LD_LIBRARY_PATH:-}" DEFAULT_MODEL=demo/demo \
  "$bin/parley" up --gateway-port "$g" --conversation-port "$c" --inference-port "$i" \
  --media-port "$m" --transcription-port "$t" --data-dir "$work/data" >"$work/up.log" 2>&1 &
supervisor=$!
within 120 "parley up" grep -q "Parley is up" "$work/up.log"
head -n 1 "$work/up.log"
children=$(pgrep -P "$supervisor" | tr '\n' ' ')
[ "$(wc -w <<<"$children")" = 5 ] || fail "expected five services, found the processes $children"
[ "$(stat -c %a data/bus-token data/jwt-secret | tr '\n' ' ')" = "600 600 " ] || fail "other users can read the secrets."

# The shell lines of a page between its smoke marks, which may have a name, with the ports of this test.
lines_of() {
  awk -v begin="<!-- smoke: begin${2:+ $2} -->" '$0 == begin { on = 1 } /^<!-- smoke: end -->/ { on = 0 }
       on && /^```$/ { shell = 0 } on && shell { print } on && /^```sh$/ { shell = 1 }' "$1" |
    sed "s/:8000/:$g/; s/:8001/:$c/; s/:8002/:$i/; s/curl -s/curl -fs/"
}

say "the conversation of the README"
lines_of "$root/README.md" >"$work/readme.sh"
timeout 300 bash -euo pipefail "$work/readme.sh" >"$work/readme.out" 2>"$work/readme.log" || fail "README.md"
[ "$(grep -c '^event: done' "$work/readme.out")" = 2 ] || fail "the two streamed answers did not end with done."
tail -n 1 "$work/readme.out" | python3 -c '
import json, sys
messages = json.load(sys.stdin)["messages"]
found = [(m["role"], m["status"]) for m in messages if m["run_id"]]
assert found == [("user", "completed"), ("assistant", "completed")] * 2, found
' || fail "the stored conversation differs from the messages sent."

say "the clients of other services in the README"
lines_of "$root/README.md" clients >"$work/clients.sh"
timeout 300 bash -euo pipefail "$work/clients.sh" >"$work/clients.out" 2>"$work/clients.log" || fail "README.md, clients"
python3 - "$work/clients.out" <<'P' || fail "the answers to the clients of other services are not in their formats."
import json, sys
text, answers = open(sys.argv[1]).read(), []
while text := text.lstrip():
    answer, end = json.JSONDecoder().raw_decode(text)
    answers.append(answer)
    text = text[end:]
prompt, conversation, agent, session = answers
assert prompt["model"] == "demo/demo" and prompt["text"], prompt
assert conversation, conversation
assert agent["conversation_id"] and agent["new_messages"][-1]["role"] == "assistant", agent
assert session["message"] == "Welcome to the chat service TR!" and len(session["session_id"]) == 32, session
P
has_memory_file() { grep -q "What is the meaning of life?" "$work/data/conversationMemory/user123_memory.txt"; }
within 60 "the readable memory file" has_memory_file

say "every endpoint of the bus"
lines_of "$root/Shared/Contracts/Contracts.docc/Contracts.md" >"$work/bus.sh"
timeout 300 bash -euo pipefail "$work/bus.sh" >"$work/bus.out" 2>"$work/bus.log" || fail "Contracts.md"
if grep '^{"fault"' "$work/bus.out"; then fail "a stream ended with a fault."; fi
for port in $c $i $m $t; do
  for path in $(curl -s "http://127.0.0.1:$port/endpoints" |
    python3 -c 'import json, sys; print(*json.load(sys.stdin)["endpoints"])'); do
    grep -q "$path " "$work/bus.sh" || fail "Contracts.md has no line for $path."
  done
done
[ "$(curl -s -o /dev/null -w '%{http_code}' "http://127.0.0.1:$c/personas/list" --json '{}')" = 401 ] ||
  fail "the bus accepts a call without its token."

say "doctor and token"
"$bin/parley" doctor --gateway-port "$g" --conversation-port "$c" --inference-port "$i" --media-port "$m" \
  --transcription-port "$t" --data-dir "$work/data" >"$work/doctor.log" || fail "parley doctor: $(cat "$work/doctor.log")"
token=$("$bin/parley" token --user alice --data-dir "$work/data")
alice() { curl -sf "$gateway$1" -H "Authorization: Bearer $token"; }
alice "/api/v1/chat/conversations" >"$work/before.json" || fail "the gateway rejects the token of parley token."

say "a call of /v1 with store is stored"
stored=$(curl -sf -D - -o /dev/null "$gateway/v1/chat/completions" -H "Authorization: Bearer $token" \
  --json '{"model":"demo","store":true,"stream":true,"messages":[{"role":"user","content":"Hello"}]}' |
  tr -d '\r' | awk 'tolower($1) == "x-parley-conversation:" { print $2 }')
alice "/api/v1/chat/conversations/$stored/messages" | grep -q '"content":"Hello"' || fail "the call was not stored."
alice "/api/v1/chat/conversations" >"$work/before.json"

say "create, use and revoke a key"
connection=(--conversation-port "$c" --data-dir "$work/data")
key=$("$bin/parley" key create --user alice --name smoke "${connection[@]}" 2>/dev/null) || fail "parley key create."
with_key() { [ "$(curl -s -o /dev/null -w '%{http_code}' "$gateway/api/v1/keys" -H "X-API-Key: $key")" = "$1" ]; }
with_key 200 || fail "the gateway rejects a new key."
id=$("$bin/parley" key list --user alice "${connection[@]}" 2>/dev/null | awk '$NF == "smoke" { print $1 }')
"$bin/parley" key revoke "$id" "${connection[@]}" >/dev/null || fail "parley key revoke."
within 120 "the rejection of a revoked key" with_key 401

say "a second parley up on the same data fails"
if timeout 120 "$bin/parley" up --gateway-port "$g" --data-dir "$work/data" >"$work/second.log" 2>&1; then
  fail "a second parley up started."
fi

say "each service restarts after a kill"
for name in transcription-svc media-svc inference-svc conversation-svc gateway; do
  killed=$(pid_of "$name") || fail "$name does not run."
  kill -9 "$killed"
  is_replaced() { local now; now=$(pid_of "$name") && [ "$now" != "$killed" ]; }
  within 120 "the restart of $name" is_replaced
  within 120 "readiness after the restart of $name" curl -sf "$gateway/readyz"
done
[ "$(alice "/api/v1/chat/conversations")" = "$(cat "$work/before.json")" ] || fail "the conversations differ after the kills."

say "SIGTERM"
children=$(pgrep -P "$supervisor" | tr '\n' ' ')
kill -TERM "$supervisor"
end=$((SECONDS + 120))
while kill -0 "$supervisor" 2>/dev/null; do
  [ $SECONDS -lt $end ] || fail "parley up did not stop."
  sleep 0.05
done
code=0
wait "$supervisor" || code=$?
[ "$code" = 0 ] || fail "parley up ended with $code."
for child in $children; do
  if kill -0 "$child" 2>/dev/null; then fail "process $child still runs."; fi
done

say "the services stop when the supervisor is killed"
"$bin/parley" up --gateway-port "$g" --conversation-port "$c" --inference-port "$i" --media-port "$m" \
  --transcription-port "$t" --data-dir "$work/data" >"$work/again.log" 2>&1 &
supervisor=$!
within 120 "parley up" grep -q "Parley is up" "$work/again.log"
children=$(pgrep -P "$supervisor" | tr '\n' ' ')
kill -9 "$supervisor"
wait "$supervisor" 2>/dev/null || true
all_stopped() { for child in $children; do ! kill -0 "$child" 2>/dev/null || return 1; done; }
within 120 "the end of the services" all_stopped
say "all passed in $SECONDS s"
