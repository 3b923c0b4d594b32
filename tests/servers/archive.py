#!/usr/bin/env python3
"""archive.py DATA HOST USER BUDDY FROM TO: messages from BUDDY to USER with these numbers, into the archive of USER alone.

One a second, the last one just now. It writes into the file of Prosody 13 while that runs, for HOST = beta.test: through
the server a hundred thousand would take half an hour. Standard library only.
"""
import sqlite3
import sys
import time

data, host, user, buddy, first, last = *sys.argv[1:5], int(sys.argv[5]), int(sys.argv[6])
own, theirs, now = f"{user}@{host}", f"{buddy}@{host}", int(time.time())


def row(number):
    text = f"number {number} of the long archive"
    xml = (f"<message from='{theirs}/fill' to='{own}' type='chat' id='fill-{number}'>"
           f"<body>{text}</body></message>")
    return host, user, "archive", f"fill-{number:09}", now - (last - number), theirs, "xml", xml


with sqlite3.connect(f"{data}/prosody13/data/archive.sqlite", timeout=60) as archive:
    archive.executemany(
        "INSERT INTO prosodyarchive (host, user, store, key, `when`, `with`, type, value) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        map(row, range(first, last + 1)))
print(f"{own} has {last - first + 1} messages more")
