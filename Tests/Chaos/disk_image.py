"""Reads the database from the content of a disk after a power cut."""
import os
import shutil
import sqlite3
import tempfile

DATABASE = "conversation.sqlite"


def stored(image):
    """Role and content of all stored messages by id, read from a copy, and the violations that SQLite's checks find."""
    with tempfile.TemporaryDirectory() as folder:
        for suffix in ("", "-wal"):
            if os.path.exists(os.path.join(image, DATABASE + suffix)):
                shutil.copy(os.path.join(image, DATABASE + suffix), folder)
        database = sqlite3.connect(os.path.join(folder, DATABASE))
        try:
            violations = [f"integrity_check: {row[0]}" for row in database.execute("PRAGMA integrity_check") if row[0] != "ok"]
            violations += [f"foreign_key_check: {row}" for row in database.execute("PRAGMA foreign_key_check")]
            has_table = database.execute("SELECT COUNT(*) FROM sqlite_master WHERE name = 'messages'").fetchone()[0]
            rows = database.execute("SELECT id, role, text FROM messages JOIN contents ON message = number").fetchall() if has_table else []
        except sqlite3.DatabaseError as error:
            return {}, [f"the file is unreadable: {error}"]
        finally:
            database.close()
    if len({row[0] for row in rows}) != len(rows):
        violations.append("two messages have the same id")
    return {key: (role, content) for key, role, content in rows}, violations
