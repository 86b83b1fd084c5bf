"""Checks what must hold whatever happened; every breach is a sentence."""
import os
import shutil
import sqlite3
import tempfile


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
            breaches += check_answer(client, said, message, answers.pop(message["id"], []), provider)
    breaches += [f"{client.name}: {text!r} is stored and was never said" for text in by_text]
    breaches += [f"{client.name}: an answer to nothing: {parent}" for parent in answers]
    order = [m["content"] for m in stored if m["role"] == "user"]
    if order != [s.text for s in client.said if s.text in set(order)] and not client.name.startswith("pair"):
        breaches.append(f"{client.name}: the messages are not in the order in which they were sent")
    return breaches


def check_answer(client, said, message, answers, provider):
    where = f"{client.name}: the answer to {said.text!r}"
    if len(answers) > 1:
        return [f"{where} is stored {len(answers)} times"]
    asked = provider.of(said.text)
    breaches = []
    if len(asked) > 1:
        breaches.append(f"{where}: the provider was asked {len(asked)} times")
    if said.answer and (not answers or answers[0]["id"] != said.answer["id"] or answers[0]["content"] != said.answer["content"]):
        breaches.append(f"{where} was told and is not what is stored")
    for answer in answers:
        sent = asked[0].sent if asked else ""
        if answer["status"] in ("running", "queued"):
            breaches.append(f"{where} never ended")
        if not sent.startswith(answer["content"]):
            breaches.append(f"{where} is no prefix of what the provider sent")
        if (answer["status"] == "completed") and (not asked or not asked[0].is_finished or answer["content"] != sent):
            breaches.append(f"{where} is completed, and the provider did not say so")
        # After a crash the stored answer takes the place of what was streamed, which may have been some 100 ms ahead.
        is_ahead = answer["status"] == "interrupted" and said.streamed.startswith(answer["content"])
        if not answer["content"].startswith(said.streamed) and not is_ahead:
            breaches.append(f"{where} does not begin with what was streamed")
    return breaches


async def audit_runs(clients):
    """Every run that was told of has ended, and reading its events again gives what was streamed, byte for byte."""
    breaches = []
    for client in clients:
        for said in client.said:
            if not said.run:
                continue
            status, run = await client.ask("GET", f"{client.path}/runs/{said.run}")
            if status != 200 or run["status"] in ("queued", "running"):
                breaches.append(f"{client.name}: the run {said.run} has not ended: {run}")
                continue
            seen = said.events
            again = type(said)(said.text)
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
        wrong = database.execute("""SELECT COUNT(*) FROM conversations c WHERE message_count !=
                                    (SELECT COUNT(*) FROM messages WHERE conversation = c.number)""").fetchone()[0]
        database.close()
    breaches += [f"{left} rows of events are left of runs that have ended"] if left else []
    return breaches + ([f"{wrong} conversations count their messages wrongly"] if wrong else [])
