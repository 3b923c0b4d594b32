#!/usr/bin/env python3
"""backlog.py ADDRESS HOST CA USER COUNT: COUNT chat messages from romeo to USER@HOST.

To an account that is signed out they wait as offline messages and in the archive. Prints QUEUED COUNT when the
server has handled the last one.
"""
import sys
from wire import Wire

address, host, ca, user, count = sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4], int(sys.argv[5])
wire = Wire(address, host, ca, timeout=120)
wire.starttls()
wire.sign_in("PLAIN", "romeo", "pw-romeo")
wire.bind("backlog")
for first in range(0, count, 200):
    wire.send("".join(
        f"<message type='chat' id='backlog-{number}' to='{user}@{host}'><body>queued {number} of {count}</body></message>"
        for number in range(first, min(count, first + 200))))
wire.ping("done")
print("QUEUED", count)
wire.close()
