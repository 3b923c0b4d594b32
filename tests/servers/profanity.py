#!/usr/bin/env python3
"""profanity.py JID PASSWORD HOST:PORT FOLDER: Profanity, a terminal client of another family, as a second peer.

It runs in a pseudo-terminal of 140 by 40. Lines on standard input are typed with Enter; "sleep N" waits, "until TEXT"
waits up to 20 s for TEXT to have been on the screen (status 1 if it never comes). Printed at the end, or at "screen":
everything that was drawn, without its control sequences. The certificate is trusted as it is: Profanity is no judge of
TLS here. FOLDER holds its settings and log. Standard library only.
"""
import fcntl
import os
import pty
import re
import select
import signal
import struct
import sys
import termios
import time

jid, password, address, folder = sys.argv[1:5]
server, port = address.rsplit(":", 1)
home = os.path.join(os.path.abspath(folder), "profanity-" + jid.replace("@", "_"))
os.makedirs(home + "/.local/share/profanity", exist_ok=True)
os.makedirs(home + "/.config/profanity", exist_ok=True)
accounts = os.open(home + "/.local/share/profanity/accounts", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
with os.fdopen(accounts, "w") as file:
    file.write(f"[{jid}]\nenabled=true\njid={jid}\nresource=profanity\npassword={password}\nserver={server}\nport={port}\n"
               "tls.policy=trust\npresence.last=online\npresence.login=online\n")
with open(home + "/.config/profanity/profrc", "w", encoding="utf8") as file:
    file.write("[ui]\nsplash=false\n[notifications]\nmessage=off\nroom=off\ninvite=false\nsub=false\n"
               "[chatstates]\nenabled=true\noutgoing=true\n[receipts]\nrequest=true\nsend=true\n")

pid, terminal = pty.fork()
if pid == 0:
    os.environ.update(HOME=home, TERM="xterm", LANG="C.UTF-8", XDG_CONFIG_HOME=home + "/.config", XDG_DATA_HOME=home + "/.local/share")
    os.execvp("profanity", ["profanity", "-a", jid, "-l", "DEBUG"])
fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 140, 0, 0))
os.kill(pid, signal.SIGWINCH)
drawn = b""


def text():
    plain = re.sub(rb"\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b[()][A-Z0-9]|\x1b[=>78]|\x1b\][^\x07]*\x07|[\x00-\x08\x0e-\x1f]", b" ", drawn)
    return re.sub(r"[ \t]{2,}", "  ", re.sub(r"[\r\n]+", "\n", plain.decode("utf8", "replace")))


def read(seconds):
    """What it draws, for that long. False when it has ended."""
    global drawn
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        if select.select([terminal], [], [], left)[0]:
            try:
                drawn += os.read(terminal, 65536)
            except OSError:
                return False
    return True


def until(wanted, seconds=20.0):
    end = time.monotonic() + seconds
    while wanted not in text():
        if time.monotonic() > end or not read(0.1):
            print(text()[-6000:], flush=True)
            print(f"profanity never showed: {wanted}", file=sys.stderr)
            return False
    return True


def run():
    if not until("logged in successfully"):
        return 1
    print("READY", jid, flush=True)
    for line in sys.stdin:
        verb, _, rest = line.rstrip("\n").partition(" ")
        if verb == "sleep":
            read(float(rest))
        elif verb == "until":
            if not until(rest):
                return 1
            print("SEEN", rest, flush=True)
        elif verb == "screen":
            print(text()[-6000:], flush=True)
        else:
            os.write(terminal, line.rstrip("\n").encode() + b"\r")
            read(0.3)
    print(text()[-6000:], flush=True)
    return 0


status = run()
try:
    os.write(terminal, b"/quit\r")
    read(1.0)
    os.kill(pid, signal.SIGTERM)
except (OSError, ProcessLookupError):
    pass
os.waitpid(pid, 0)
sys.exit(status)
