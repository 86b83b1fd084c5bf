"""Kills conversation-svc in each phase of a round of tool calls."""
import asyncio
import json
import os
import signal
import time

from audit import audit_runs
from context import LIMIT, gather_limited, percentiles, run_end
from user import Cut

# The model was asked for a call; its call was sent; the tool has had its effect; its result was sent; the model was asked again
# with the result; the first word of its answer was sent; the answer was sent.
PHASES = ["call asked", "call done", "running", "returned", "again asked", "again first", "again done"]
KILLS = 10  # per round of the test; the shortest test has one per phase
ROUNDS = 3  # rounds of tool calls per answer
UNKNOWN = "The result is unknown"
NOT_RUN = "The tool was not run"


async def tool_rounds(context):
    """After kill -9 in each phase of a round no tool was run twice, no result is lost, and every run has ended."""
    rng, stop, kills = context.new_rng("tools"), asyncio.Event(), []
    clients = await gather_limited(4, [context.new_user("tools", is_audited=False) for _ in range(4)])
    writers = [asyncio.ensure_future(write(context, client, stop)) for client in clients]
    count = KILLS * context.rounds if context.rounds > 1 else len(PHASES)
    start = rng.randrange(len(PHASES))
    try:
        for number in range(count):
            kills.append(await kill(context, PHASES[(start + number) % len(PHASES)], rng))
    finally:
        stop.set()
    await asyncio.wait_for(asyncio.gather(*writers), 2 * LIMIT)
    found = sum(await gather_limited(4, [check(context, client) for client in clients]), [])
    context.violations += await audit_runs(clients, rng, most=200)
    report(context, kills, found)


async def write(context, client, stop):
    """Writes messages whose answers call a tool in several rounds."""
    while not stop.is_set():
        exchange = None
        try:
            exchange = await client.stream(context.text(client, f"tools={ROUNDS} words=5"), fields={"tools": ["generate_image"]})
        except (Cut, ConnectionError):
            await asyncio.sleep(0.02)
        exchange = exchange or client.exchanges[-1]
        if exchange.run:
            await run_end(client, exchange.run)


async def kill(context, phase, rng):
    """Kills conversation-svc in a phase; returns the phase and the seconds until it was ready again."""
    server = context.tools if phase in ("running", "returned") else context.provider
    pid = await asyncio.wait_for(context.stack.pid("conversation-svc"), LIMIT)
    breakpoint = server.arm(phase)
    await asyncio.wait_for(asyncio.shield(breakpoint.reached), LIMIT)
    # A short delay varies what is stored.
    if rng.random() < 0.7:
        await asyncio.sleep(rng.uniform(0, 0.006))
    at = time.monotonic()
    os.kill(pid, signal.SIGKILL)
    breakpoint.release()
    await asyncio.wait_for(context.stack.until_replaced("conversation-svc", pid), LIMIT)
    await asyncio.wait_for(context.stack.until_ready("conversation-svc"), LIMIT)
    return phase, time.monotonic() - at


async def check(context, client):
    """Checks what is stored of one user; returns the results of all calls and the statuses of the runs."""
    # A complete answer at the end shows that providers accept the prompt.
    last = await client.stream(context.text(client, f"tools={ROUNDS} words=5"), fields={"tools": ["generate_image"]})
    assert last.status == "completed", (last.status, last.events[-1])
    stored, found = await client.messages(), []
    for index, message in enumerate(stored):
        calls = message.get("tool_calls")
        if message["role"] == "user":
            run = await run_end(client, message["run_id"])
            found.append(run["status"])
        if not calls:
            continue
        results = stored[index + 1:index + 1 + len(calls)]
        assert [r.get("tool_call_id") for r in results] == [c["id"] for c in calls], f"{client.name}: a call without its result: {message}"
        found += [check_result(context, client, call, result["content"]) for call, result in zip(calls, results)]
    return found


def check_result(context, client, call, result):
    """Compares a stored result with what the tool's server did."""
    prompt = json.loads(call["function"]["arguments"])["prompt"]
    effects = context.tools.effects.get(prompt, 0)
    where = f"{client.name}: the call for {prompt!r} with {effects} effects has the result {result!r}"
    if result.startswith(UNKNOWN):
        is_right, kind = effects <= 1, "unknown"
    elif result.startswith(NOT_RUN):
        is_right, kind = effects == 0, "not run"
    else:
        is_right, kind = effects == 1 and context.tools.url(prompt) in result, "result"
    # The model was never told anything else.
    seen = context.provider.seen_results.get(prompt, set())
    if not is_right or not seen <= {result}:
        context.violations.append(f"{where}; the model was told {seen}")
    return kind


def report(context, kills, found):
    for prompt, count in context.tools.effects.items():
        if count > 1:
            context.violations.append(f"the effect of {prompt!r} happened {count} times")
    context.violations += context.provider.broken_prompts
    figures = context.figures
    figures["kills in a round of tool calls"] = len(kills)
    figures["  by phase"] = ", ".join(f"{phase} {sum(k[0] == phase for k in kills)}" for phase in PHASES)
    figures["  ready again, ms, median, p95 and worst"] = percentiles([seconds for _, seconds in kills])
    figures["  tools run"] = len(context.tools.effects)
    figures["  stored results"] = ", ".join(f"{found.count(kind)} {kind}" for kind in ("result", "unknown", "not run"))
    figures["  runs"] = ", ".join(f"{found.count(s)} {s}" for s in ("completed", "interrupted", "failed") if s in found)
    assert found.count("result") > 0 and found.count("interrupted") > 0
