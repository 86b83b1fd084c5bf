"""Checks the stored data after all faults. Each violation is one sentence.

Only the selected branch of a conversation is read. The tests create no branches, so a message with siblings is a violation.
"""
import os
import shutil
import sqlite3
import tempfile

from user import Exchange
from context import gather_limited, run_end


async def audit_user(client, provider):
    """Compares what one user received with what is stored, and that with what the provider sent."""
    violations = []
    stored = await client.messages()
    by_text, answers = {}, {}
    for message in stored:
        if message["role"] == "user":
            by_text.setdefault(message["content"], []).append(message)
        elif message["parent_id"]:
            answers.setdefault(message["parent_id"], []).append(message)
    for exchange in client.exchanges:
        found = by_text.pop(exchange.text, [])
        if len(found) > 1 or (exchange.is_acknowledged and len(found) != 1):
            violations.append(f"{client.name}: the message {exchange.text!r}, acknowledged: {exchange.is_acknowledged}, is stored {len(found)} times")
        for message in found:
            own = answers.pop(message["id"], [])
            violations += check_answer(client, exchange, message, own, provider)
            violations += await check_end(client, exchange, message, own)
    violations += [f"{client.name}: {m['id']} has {m['sibling_count']} siblings, and no branch was created" for m in stored if m.get("sibling_count", 1) != 1]
    violations += [f"{client.name}: {text!r} is stored and was never sent" for text in by_text]
    violations += [f"{client.name}: an answer without its message: {parent}" for parent in answers]
    order = [m["content"] for m in stored if m["role"] == "user"]
    kept = set(order)
    if order != [s.text for s in client.exchanges if s.text in kept] and client.is_ordered:
        violations.append(f"{client.name}: the messages are not in the order in which they were sent")
    return violations + check_turns(client, provider)


def check_turns(client, provider):
    """Turns of one conversation run one at a time: a turn starts after the answer to the previous turn is complete."""
    asked = sorted((g for exchange in client.exchanges for g in provider.calls(exchange.text)), key=lambda g: g.asked_at)
    return [f"{client.name}: {later.key!r} was asked while {earlier.key!r} was being answered"
            for earlier, later in zip(asked, asked[1:]) if earlier.done_at and later.asked_at < earlier.done_at]


def check_answer(client, exchange, message, answers, provider):
    where = f"{client.name}: the answer to {exchange.text!r}"
    if len(answers) > 1:
        return [f"{where} is stored {len(answers)} times"]
    asked = provider.calls(exchange.text)
    violations = []
    # A call that fails before its first word is retried twice; after a word it is not retried.
    if len(asked) > 3 or any(call.sent for call in asked[:-1]):
        violations.append(f"{where}: the provider was asked {len(asked)} times")
    asked = asked[-1:]
    if exchange.answer and (not answers or answers[0]["id"] != exchange.answer["id"] or answers[0]["content"] != exchange.answer["content"]):
        violations.append(f"{where} was received and differs from the stored answer")
    for answer in answers:
        sent = asked[0].sent if asked else ""
        if answer["status"] in ("running", "queued"):
            violations.append(f"{where} has not ended")
        if not sent.startswith(answer["content"]):
            violations.append(f"{where} is no prefix of what the provider sent")
        if answer["status"] == "completed" and message["status"] != "completed":
            violations.append(f"{where} is completed, and the message is {message['status']}")
        if (answer["status"] == "completed") and (not asked or not asked[0].is_finished or answer["content"] != sent):
            violations.append(f"{where} is completed, and the provider did not complete it")
        # After a crash the stored answer replaces the streamed text, which may be about 100 ms ahead.
        is_ahead = answer["status"] == "interrupted" and exchange.streamed.startswith(answer["content"])
        if not answer["content"].startswith(exchange.streamed) and not is_ahead:
            violations.append(f"{where} does not begin with what was streamed")
    return violations


async def check_end(client, exchange, message, answers):
    """The run of each stored message has ended and has one answer, unless it failed or was stopped before any text was stored."""
    where = f"{client.name}: the run of {exchange.text!r}"
    if answers:
        # An answer is stored when its run ends.
        return [] if answers[0]["run_id"] == message["run_id"] else [f"{where} is not that of its answer"]
    status, run = await client.ask("GET", f"{client.path}/runs/{message['run_id']}")
    if status != 200 or run["status"] not in ("failed", "interrupted", "stopped"):
        return [f"{where} has no answer: {status} {run}"]
    if exchange.streamed and run["status"] != "interrupted":
        return [f"{where} is {run['status']} without an answer, and text was streamed"]
    return []


async def audit_runs(clients, rng=None, most=500, figures=None):
    """Every known run has ended, and its stored events equal the streamed events, byte for byte.

    At most `most` runs are checked, chosen at random; the figures contain their number.
    """
    known = [(client, exchange) for client in clients for exchange in client.exchanges if exchange.run]
    checked = rng.sample(known, most) if rng and len(known) > most else known
    if figures is not None:
        figures["runs read again, event by event"] = f"{len(checked)} of {len(known)}"
    return sum(await gather_limited(8, [audit_run(client, exchange) for client, exchange in checked]), [])


async def audit_run(client, exchange):
    status, run = await client.ask("GET", f"{client.path}/runs/{exchange.run}")
    if status != 200 or run["status"] in ("queued", "running"):
        return [f"{client.name}: the run {exchange.run} has not ended: {run}"]
    violations, seen = [], exchange.events
    again = Exchange(exchange.text)
    again.run = exchange.run
    await client.resume(again)
    if seen and again.events[:len(seen)] != seen and run["status"] != "interrupted":
        violations.append(f"{client.name}: the events of {exchange.run} are not what was streamed")
    if not again.streamed.startswith(exchange.streamed) and run["status"] != "interrupted":
        violations.append(f"{client.name}: the text of {exchange.run} is not what was streamed")
    numbers = [number for number, _ in again.events]
    if numbers[:-1] != list(range(1, len(numbers))) or numbers[-1] != run["last_event"]:
        violations.append(f"{client.name}: the events of {exchange.run} are numbered {numbers[:3]}…{numbers[-3:]}, the run says {run['last_event']}")
    return violations


def audit_file(data):
    """Runs SQLite's checks and our own on a copy of the database."""
    with tempfile.TemporaryDirectory() as folder:
        for suffix in ("", "-wal"):
            path = os.path.join(data, "conversation.sqlite" + suffix)
            if os.path.exists(path):
                shutil.copy(path, folder)
        database = sqlite3.connect(os.path.join(folder, "conversation.sqlite"))
        violations = [f"integrity_check: {row[0]}" for row in database.execute("PRAGMA integrity_check") if row[0] != "ok"]
        violations += [f"foreign_key_check: {row}" for row in database.execute("PRAGMA foreign_key_check")]
        left = database.execute("SELECT COUNT(*) FROM run_events WHERE run IN (SELECT id FROM runs WHERE ended_at IS NOT NULL)").fetchone()[0]
        going = database.execute("SELECT COUNT(*) FROM runs WHERE ended_at IS NULL").fetchone()[0]
        wrong = database.execute("""SELECT COUNT(*) FROM conversations c WHERE message_count !=
                                    (SELECT COUNT(*) FROM messages WHERE conversation = c.number)""").fetchone()[0]
        violations += audit_usage(database)
        database.close()
    violations += [f"{left} rows of events belong to runs that have ended"] if left else []
    violations += [f"{going} runs have not ended"] if going else []
    return violations + ([f"{wrong} conversations have a wrong message count"] if wrong else [])


def audit_usage(database):
    """The usage table is the sum of the usage of all runs, and no reservation is open."""
    used = """SELECT c.user, COUNT(*), SUM(json_extract(r.ending, '$.usage.promptTokens')), SUM(json_extract(r.ending, '$.usage.completionTokens'))
               FROM runs r JOIN messages m ON m.number = r.message JOIN conversations c ON c.number = m.conversation
               WHERE json_extract(r.ending, '$.usage') IS NOT NULL GROUP BY c.user"""
    used = {row[0]: row[1:] for row in database.execute(used)}
    recorded = {row[0]: row[1:] for row in database.execute(
        "SELECT user, SUM(requests), SUM(prompt_tokens), SUM(completion_tokens) FROM usage GROUP BY user")}
    wrong = sorted(user for user in used.keys() | recorded.keys() if used.get(user) != recorded.get(user))
    open_ones = [row[0] for row in database.execute("SELECT user FROM reservations")]
    violations = [f"{user} used {used.get(user)} in the runs and {recorded.get(user)} in the usage table" for user in wrong]
    return violations + ([f"{len(open_ones)} reservations are open, of {sorted(set(open_ones))[:5]}"] if open_ones else [])


async def wait_until_idle(client):
    """Waits until the last run of a user has ended. Turns run one at a time, so all runs have ended then."""
    newest = (await client.ask("GET", f"{client.path}/messages?limit=1"))[1]["messages"]
    if newest and newest[0]["role"] == "user":
        await run_end(client, newest[0]["run_id"])


async def audit(context):
    """Waits until all runs have ended, and checks everything."""
    await gather_limited(8, [wait_until_idle(client) for client in context.users])
    violations = list(context.violations)
    violations += sum(await gather_limited(8, [audit_user(client, context.provider) for client in context.users]), [])
    violations += await audit_runs(context.users, context.new_rng("audit"), figures=context.figures)
    violations += audit_file(context.stack.data)
    users = context.users[:3]
    stranger = await context.new_user("stranger")
    for client in users:
        status, _ = await stranger.ask("GET", f"{client.path}/messages")
        violations += [] if status == 403 else [f"another user can read {client.name}: {status}"]
    return violations
