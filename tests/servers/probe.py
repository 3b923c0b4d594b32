#!/usr/bin/env python3
"""probe.py ADDRESS DOMAIN CA MECHANISM: signs in over a bare socket, prints every byte and a last line RESULT ….

MECHANISM: PLAIN, SCRAM-SHA-1|256|512, OAUTHBEARER, X-OAUTH2, X-MESSENGER-OAUTH2, or "none" to see what is offered.
Exit status 0: signed in and bound. 1: refused.
"""
import argparse
import ssl
import sys
from wire import Refused, Wire

arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
for name in ("address", "domain", "ca", "mechanism"):
    arguments.add_argument(name)
for name in ("--user", "--password", "--token"):
    arguments.add_argument(name, default="")
arguments.add_argument("--direct", action="store_true", help="TLS from the first byte")
arguments.add_argument("--plain", action="store_true", help="never start TLS: only with MECHANISM none")
arguments.add_argument("--at-once", action="store_true",
                       help="PLAIN, the next header and the request for a resource in one write; then two pings")
arguments.add_argument("--quiet", action="store_true")
given = arguments.parse_args()
if given.plain and given.mechanism != "none":
    sys.exit("--plain only looks: no secret goes out in the clear")


def show(who, text):
    if not given.quiet:
        print(who, text, flush=True)


reached = ""
try:
    wire = Wire(given.address, given.domain, given.ca, given.direct, show)
    if not given.direct and not given.plain:
        wire.starttls()
    if given.mechanism == "none":
        print("RESULT offered", " ".join(sorted(repr(name) for name in wire.mechanisms())))
        sys.exit(0)
    if given.at_once:
        wire.socket.settimeout(3)
        wire.sign_in_at_once(given.user, given.password, "probe")
        reached = "success"
        jid = wire.bound()
        reached = "bind"
        for name in ("first", "second"):
            wire.ping(name)
        print("RESULT ok", jid)
        sys.exit(0)
    wire.sign_in(given.mechanism, given.user, given.password, given.token)
    print("RESULT ok", wire.bind("probe"))
    wire.close()
except (Refused, ssl.SSLError, OSError) as error:
    print(f"RESULT refused{reached and ' behind ' + reached}:", error)
    sys.exit(1)
