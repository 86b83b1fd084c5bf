"""Checks what must hold whatever happened; every breach is a sentence.

What is read is the selected path of a conversation. Nobody here branches, so that is all of it, and a message with siblings is a breach.
"""
import os
import shutil
import sqlite3
import tempfile

from client import Said
from house import ended, few_at_a_time


async def audit_user(client, provider):
    """What one user was told against what is stored, and that against what the provider sent."""
    breaches = []
    stored = await client.messages()
    by_text, answers = {}, {}
    for message in stored:
        if message["role"] == "user":
            by_text.setdefault(message["content"], []).append(message)
        elif message["parent_id"]:
            answers.setdefault(message["parent_id"], []).append(message)
    for said in client.said:
        found = by_text.pop(said.text, [])
        if len(found) > 1 or (said.is_acknowledged and len(found) != 1):
            breaches.append(f"{client.name}: the message {said.text!r}, acknowledged: {said.is_acknowledged}, is stored {len(found)} times")
        for message in found:
            own = answers.pop(message["id"], [])
            breaches += check_answer(client, said, message, own, provider)
            breaches += await check_end(client, said, message, own)
    breaches += [f"{client.name}: {m['id']} is one of {m['sibling_count']}, and nobody branched" for m in stored if m.get("sibling_count", 1) != 1]
    breaches += [f"{client.name}: {text!r} is stored and was never said" for text in by_text]
    breaches += [f"{client.name}: an answer to nothing: {parent}" for parent in answers]
    order = [m["content"] for m in stored if m["role"] == "user"]
    kept = set(order)
    if order != [s.text for s in client.said if s.text in kept] and client.is_ordered:
        breaches.append(f"{client.name}: the messages are not in the order in which they were sent")
    return breaches + check_turns(client, provider)


def check_turns(client, provider):
    """Turns of one conversation run one at a time: none is begun before the answer to another is whole."""
    asked = sorted((g for said in client.said for g in provider.calls(said.text)), key=lambda g: g.asked_at)
    return [f"{client.name}: {later.key!r} was asked while {earlier.key!r} was being answered"
            for earlier, later in zip(asked, asked[1:]) if earlier.done_at and later.asked_at < earlier.done_at]


def check_answer(client, said, message, answers, provider):
    where = f"{client.name}: the answer to {said.text!r}"
    if len(answers) > 1:
        return [f"{where} is stored {len(answers)} times"]
    asked = provider.calls(said.text)
    breaches = []
    # What fails before its first word is tried again, twice; after a word, never.
    if len(asked) > 3 or any(call.sent for call in asked[:-1]):
        breaches.append(f"{where}: the provider was asked {len(asked)} times")
    asked = asked[-1:]
    if said.answer and (not answers or answers[0]["id"] != said.answer["id"] or answers[0]["content"] != said.answer["content"]):
        breaches.append(f"{where} was told and is not what is stored")
    for answer in answers:
        sent = asked[0].sent if asked else ""
        if answer["status"] in ("running", "queued"):
            breaches.append(f"{where} never ended")
        if not sent.startswith(answer["content"]):
            breaches.append(f"{where} is no prefix of what the provider sent")
        if answer["status"] == "completed" and message["status"] != "completed":
            breaches.append(f"{where} is completed, and the message is {message['status']}")
        if (answer["status"] == "completed") and (not asked or not asked[0].is_finished or answer["content"] != sent):
            breaches.append(f"{where} is completed, and the provider did not say so")
        # After a crash the stored answer takes the place of what was streamed, which may have been some 100 ms ahead.
        is_ahead = answer["status"] == "interrupted" and said.streamed.startswith(answer["content"])
        if not answer["content"].startswith(said.streamed) and not is_ahead:
            breaches.append(f"{where} does not begin with what was streamed")
    return breaches


async def check_end(client, said, message, answers):
    """The run of each stored message has ended; it has its one answer, unless it ended otherwise than whole before any text was kept."""
    where = f"{client.name}: the run of {said.text!r}"
    if answers:
        # An answer stands there only once its run has ended, and says how.
        return [] if answers[0]["run_id"] == message["run_id"] else [f"{where} is not that of its answer"]
    status, run = await client.ask("GET", f"{client.path}/runs/{message['run_id']}")
    if status != 200 or run["status"] not in ("failed", "interrupted", "stopped"):
        return [f"{where} has no answer: {status} {run}"]
    if said.streamed and run["status"] != "interrupted":
        return [f"{where} is {run['status']} without an answer, and text was streamed"]
    return []


async def audit_runs(clients, chance=None, most=500, figures=None):
    """Every run that was told of has ended, and reading its events again gives what was streamed, byte for byte.

    Of more than so many, so many are drawn; the figures say how many were read again.
    """
    told = [(client, said) for client in clients for said in client.said if said.run]
    drawn = chance.sample(told, most) if chance and len(told) > most else told
    if figures is not None:
        figures["runs read again, event by event"] = f"{len(drawn)} of {len(told)}"
    return sum(await few_at_a_time(8, [audit_run(client, said) for client, said in drawn]), [])


async def audit_run(client, said):
    status, run = await client.ask("GET", f"{client.path}/runs/{said.run}")
    if status != 200 or run["status"] in ("queued", "running"):
        return [f"{client.name}: the run {said.run} has not ended: {run}"]
    breaches, seen = [], said.events
    again = Said(said.text)
    again.run = said.run
    await client.resume(again)
    if seen and again.events[:len(seen)] != seen and run["status"] != "interrupted":
        breaches.append(f"{client.name}: the events of {said.run} are not what was streamed")
    if not again.streamed.startswith(said.streamed) and run["status"] != "interrupted":
        breaches.append(f"{client.name}: the text of {said.run} is not what was streamed")
    numbers = [number for number, _ in again.events]
    if numbers[:-1] != list(range(1, len(numbers))) or numbers[-1] != run["last_event"]:
        breaches.append(f"{client.name}: the events of {said.run} are numbered {numbers[:3]}…{numbers[-3:]}, the run says {run['last_event']}")
    return breaches


def audit_file(data):
    """The database by SQLite's own judgement, on a copy."""
    with tempfile.TemporaryDirectory() as folder:
        for suffix in ("", "-wal"):
            path = os.path.join(data, "conversation.sqlite" + suffix)
            if os.path.exists(path):
                shutil.copy(path, folder)
        database = sqlite3.connect(os.path.join(folder, "conversation.sqlite"))
        breaches = [f"integrity_check: {row[0]}" for row in database.execute("PRAGMA integrity_check") if row[0] != "ok"]
        breaches += [f"foreign_key_check: {row}" for row in database.execute("PRAGMA foreign_key_check")]
        left = database.execute("SELECT COUNT(*) FROM run_events WHERE run IN (SELECT id FROM runs WHERE ended_at IS NOT NULL)").fetchone()[0]
        going = database.execute("SELECT COUNT(*) FROM runs WHERE ended_at IS NULL").fetchone()[0]
        wrong = database.execute("""SELECT COUNT(*) FROM conversations c WHERE message_count !=
                                    (SELECT COUNT(*) FROM messages WHERE conversation = c.number)""").fetchone()[0]
        breaches += audit_usage(database)
        database.close()
    breaches += [f"{left} rows of events are left of runs that have ended"] if left else []
    breaches += [f"{going} runs have not ended"] if going else []
    return breaches + ([f"{wrong} conversations count their messages wrongly"] if wrong else [])


def audit_usage(database):
    """The ledger is the sum of what the runs say that they took, and nothing that was reserved is left open."""
    taken = """SELECT c.user, COUNT(*), SUM(json_extract(r.ending, '$.usage.promptTokens')), SUM(json_extract(r.ending, '$.usage.completionTokens'))
               FROM runs r JOIN messages m ON m.number = r.message JOIN conversations c ON c.number = m.conversation
               WHERE json_extract(r.ending, '$.usage') IS NOT NULL GROUP BY c.user"""
    taken = {row[0]: row[1:] for row in database.execute(taken)}
    noted = {row[0]: row[1:] for row in database.execute(
        "SELECT user, SUM(requests), SUM(prompt_tokens), SUM(completion_tokens) FROM usage GROUP BY user")}
    wrong = sorted(user for user in taken.keys() | noted.keys() if taken.get(user) != noted.get(user))
    open_ones = [row[0] for row in database.execute("SELECT user FROM reservations")]
    breaches = [f"{user} used {taken.get(user)} by the runs and {noted.get(user)} by the ledger" for user in wrong]
    return breaches + ([f"{len(open_ones)} reservations are left open, of {sorted(set(open_ones))[:5]}"] if open_ones else [])


async def rest(client):
    """Waits until a user's last run has ended; turns run one at a time, so all of them have then."""
    newest = (await client.ask("GET", f"{client.path}/messages?limit=1"))[1]["messages"]
    if newest and newest[0]["role"] == "user":
        await ended(client, newest[0]["run_id"])


async def audit(house):
    """Waits until no run goes on, and checks everything."""
    await few_at_a_time(8, [rest(client) for client in house.clients])
    breaches = list(house.breaches)
    breaches += sum(await few_at_a_time(8, [audit_user(client, house.provider) for client in house.clients]), [])
    breaches += await audit_runs(house.clients, house.dice("audit"), figures=house.figures)
    breaches += audit_file(house.stack.data)
    users = house.clients[:3]
    stranger = await house.client("stranger")
    for client in users:
        status, _ = await stranger.ask("GET", f"{client.path}/messages")
        breaches += [] if status == 403 else [f"a stranger read {client.name}: {status}"]
    return breaches
