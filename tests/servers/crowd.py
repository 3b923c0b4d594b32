#!/usr/bin/env python3
"""crowd.py ADDRESS HOST CA COUNT: brings buddy0…buddy(COUNT-1)@HOST online and keeps them there.

COUNT may be a list instead, such as "0,3,8,": these buddies. The accounts come from `roster`. Prints READY when all are present, reads and drops what they get, answers pings.
Lines on standard input act: "away N", "dnd N", "back N" (presence of buddy N), "say N JID TEXT", "flood N JID COUNT RATE"
(RATE messages a second, 0 as fast as it goes; prints FLOODED COUNT when the server has handled the last one), "quit".
End of input ends it as well.
"""
import os
import re
import selectors
import sys
import time
from xml.sax.saxutils import escape, quoteattr
from wire import Wire

address, host, ca, given = sys.argv[1:5]
numbers = [int(number) for number in given.split(",") if number] if "," in given else range(int(given))
people = {}
watch = selectors.DefaultSelector()
for number in numbers:
    wire = Wire(address, host, ca, timeout=300)  # a long flood at a busy server
    wire.starttls()
    wire.sign_in("PLAIN", f"buddy{number}", "pw-buddy")
    wire.bind("crowd")
    wire.send("<presence/>")
    wire.ping("here")
    people[number] = wire
for wire in people.values():
    wire.socket.setblocking(False)
    watch.register(wire.socket, selectors.EVENT_READ, wire)
watch.register(0, selectors.EVENT_READ, None)  # read as bytes: a buffered reader would hide lines from the selector
print("READY", len(people), flush=True)


def send(wire, text):
    wire.socket.setblocking(True)
    wire.send(text)
    wire.socket.setblocking(False)


def drop(wire):
    """Everything that came is thrown away, but for the pings in it."""
    try:
        while data := wire.socket.recv(65536):
            for iq in re.findall(rb"<iq\b[^>]*>", data):
                if b"type='get'" in iq or b'type="get"' in iq:
                    fields = dict(re.findall(rb"(\w+)=['\"]([^'\"]*)['\"]", iq))
                    send(wire, f"<iq type='result' id='{fields[b'id'].decode()}' to='{fields[b'from'].decode()}'/>")
        sys.exit(f"the server closed the stream of {wire.jid}")
    except BlockingIOError:
        pass
    except Exception as error:  # SSLWantRead is one too
        if type(error).__name__ != "SSLWantReadError":
            raise


def message(to, body):
    return f"<message type='chat' to={quoteattr(to)}><body>{escape(body)}</body></message>"


def flood(wire, to, total, rate):
    start = time.monotonic()
    batch = max(1, rate // 50) if rate else 200
    for first in range(0, total, batch):
        if rate:
            time.sleep(max(0.0, start + first / rate - time.monotonic()))
        send(wire, "".join(message(to, f"flood {n} of {total}") for n in range(first, min(total, first + batch))))
    wire.socket.settimeout(wire.timeout)
    wire.ping("flooded")
    wire.buffer = ""
    wire.socket.setblocking(False)
    print("FLOODED", total, flush=True)


def act(line):
    verb, *rest = line.split(" ", 1)
    if verb == "quit":
        return False
    number, *words = rest[0].split(" ", 2)
    wire = people[int(number)]
    if verb in ("away", "dnd"):
        send(wire, f"<presence><show>{verb}</show></presence>")
    elif verb == "back":
        send(wire, "<presence/>")
    elif verb == "say":
        send(wire, message(words[0], words[1]))
    elif verb == "flood":
        total, rate = words[1].split()
        flood(wire, words[0], int(total), int(rate))
    else:
        sys.exit(f"unknown word: {verb}")
    return True


going, typed = True, b""
while going:
    for key, _ in watch.select():
        if key.data is not None:
            drop(key.data)
            continue
        data = os.read(0, 65536)
        going, typed = bool(data), typed + data
        while going and b"\n" in typed:
            line, typed = typed.split(b"\n", 1)
            going = act(line.decode())
for wire in people.values():
    wire.socket.setblocking(True)
    wire.close()
