"""What the image of a disk holds, by SQLite's own judgement."""
import os
import shutil
import sqlite3
import tempfile

DATABASE = "conversation.sqlite"


def stored(image):
    """Role and content by id of all messages that an image holds, read on a copy, and what SQLite has to say against it."""
    with tempfile.TemporaryDirectory() as folder:
        for suffix in ("", "-wal"):
            if os.path.exists(os.path.join(image, DATABASE + suffix)):
                shutil.copy(os.path.join(image, DATABASE + suffix), folder)
        database = sqlite3.connect(os.path.join(folder, DATABASE))
        try:
            breaches = [f"integrity_check: {row[0]}" for row in database.execute("PRAGMA integrity_check") if row[0] != "ok"]
            breaches += [f"foreign_key_check: {row}" for row in database.execute("PRAGMA foreign_key_check")]
            is_made = database.execute("SELECT COUNT(*) FROM sqlite_master WHERE name = 'messages'").fetchone()[0]
            rows = database.execute("SELECT id, role, content FROM messages").fetchall() if is_made else []
        except sqlite3.DatabaseError as error:
            return {}, [f"the file cannot be read: {error}"]
        finally:
            database.close()
    if len({row[0] for row in rows}) != len(rows):
        breaches.append("two messages have the same id")
    return {key: (role, content) for key, role, content in rows}, breaches
