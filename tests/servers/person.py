"""What bot.py and phone.py share: a slixmpp client that tells what it sees as lines and takes orders as lines.

Lines out (fields parted by a tab; tab, newline and backslash inside a field are written \\t, \\n, \\\\):
    READY jid                     signed in, roster there, presence sent
    GOT from id body              a message                     SENT to id body         what this client sent
    ACKED id                      the server has that message, if it has a body (XEP-0198)
    CARBON from to body           a carbon of what another device of the same account received ("received") or
                                  sent ("sent"): CARBON received|sent from to body
    STATE from state              active, composing, paused, inactive, gone (XEP-0085)
    RECEIPT from id               delivered (XEP-0184)           MARKER from kind id     displayed … (XEP-0333)
    PRESENCE from show status     show: available, away, chat, dnd, xa, unavailable
    ASKED from                    wants to see our presence      ATTENTION from          XEP-0224
    REFUSED why                   sign-in failed; the status is 1
    CLOSED                        the connection ended           RESUMED                 and came back (XEP-0198)
Lines in: "say JID TEXT", "state JID NAME", "show away|dnd|xa|chat|available [STATUS]", "ask JID", "accept JID",
    "marker JID ID", "marked JID TEXT" (asks for a marker), "raw XML", "drop" (cuts the connection; it reconnects), "quit". The end of a pipe quits too, unless --stay was given.
"""
import argparse
import asyncio
import os
import stat
import sys

import slixmpp

PLUGINS = ("0030", "0045", "0054", "0084", "0085", "0092", "0115", "0163", "0172", "0184", "0198", "0199", "0203",
           "0224", "0249", "0280", "0297", "0308", "0313", "0333", "0352", "0359", "0402", "0444")


def tell(word, *fields):
    clean = [str(field).replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n") for field in fields]
    print("\t".join([word, *clean]), flush=True)


def arguments(text):
    parser = argparse.ArgumentParser(description=text, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("jid")
    parser.add_argument("--connect", required=True, metavar="HOST:PORT")
    parser.add_argument("--ca", required=True)
    parser.add_argument("--password", default="")
    parser.add_argument("--token", help="an access token, with --mechanism X-OAUTH2 or X-MESSENGER-OAUTH2")
    parser.add_argument("--mechanism")
    parser.add_argument("--direct", action="store_true", help="TLS from the first byte")
    parser.add_argument("--stay", action="store_true", help="go on after the end of standard input")
    parser.add_argument("--seconds", type=float, default=900.0, help="ends by itself after that long")
    return parser


class Person(slixmpp.ClientXMPP):
    def __init__(self, given):
        super().__init__(given.jid, given.password, sasl_mech=given.mechanism)
        self.given = given
        if given.token:
            self.credentials["access_token"] = given.token
        self.ca_certs = given.ca
        self.enable_direct_tls, self.enable_starttls, self.enable_plaintext = given.direct, not given.direct, False
        for name in PLUGINS:
            self.register_plugin("xep_" + name)
        self.status, self.quitting, self.ended = 0, False, asyncio.Event()
        self.add_event_handler("session_start", self.started)
        self.add_event_handler("session_resumed", lambda _: tell("RESUMED"))
        self.add_event_handler("message", self.got)
        self.add_event_handler("stanza_acked", self.acked)
        self.add_event_handler("receipt_received", lambda m: tell("RECEIPT", m["from"], m["receipt"]))
        self.add_event_handler("marker_displayed", lambda m: tell("MARKER", m["from"], "displayed", m["displayed"]["id"]))
        self.add_event_handler("attention", lambda m: tell("ATTENTION", m["from"]))
        self.add_event_handler("presence_subscribe", lambda p: tell("ASKED", p["from"]))
        self.add_event_handler("failed_all_auth", lambda _: self.leave("not-authorized"))
        self.add_event_handler("disconnected", self.closed)
        for state in ("active", "composing", "paused", "inactive", "gone"):
            self.add_event_handler("chatstate_" + state, lambda m, state=state: tell("STATE", m["from"], state))
        for kind in ("available", "unavailable", "away", "chat", "dnd", "xa"):
            self.add_event_handler("presence_" + kind, lambda p, kind=kind: self.saw(p, kind))

    def saw(self, presence, kind):
        if presence["from"] != self.boundjid:
            tell("PRESENCE", presence["from"], kind, presence["status"])

    async def started(self, _):
        await self.get_roster()
        await self.arrive()
        self.send_presence()
        tell("READY", self.boundjid.full)

    async def arrive(self):
        """Before presence is sent."""

    def got(self, message):
        if message["type"] in ("chat", "normal") and message["body"]:
            tell("GOT", message["from"], message["id"], message["body"])
            self.heard(message)

    def heard(self, message):
        """A chat message came."""

    def acked(self, stanza):
        if isinstance(stanza, slixmpp.Message) and stanza["body"]:
            tell("ACKED", stanza["id"])

    def say(self, to, text, markable=False):
        message = self.make_message(mto=to, mbody=text, mtype="chat")
        message["id"] = self.new_id()
        message["chat_state"] = "active"
        message["request_receipt"] = True
        if markable:
            message.enable("markable")
        message.send()
        tell("SENT", to, message["id"], text)

    def state(self, to, name):
        message = self.make_message(mto=to, mtype="chat")
        message["chat_state"] = name
        message.send()

    def show(self, name, status=""):
        self.send_presence(pshow=None if name == "available" else name, pstatus=status or None)

    def closed(self, _):
        tell("CLOSED")
        if self.quitting:
            self.ended.set()
        else:
            asyncio.get_running_loop().call_later(0.5, self.dial)

    def dial(self):
        host, port = self.given.connect.rsplit(":", 1)
        self.connect(host, int(port))

    def leave(self, refused=None):
        if refused:
            tell("REFUSED", refused)
            self.status = 1
        self.quitting = True
        self.disconnect()

    def order(self, line):
        verb, _, rest = line.partition(" ")
        first, _, more = rest.partition(" ")
        if verb == "say":
            self.say(first, more)
        elif verb == "marked":
            self.say(first, more, markable=True)
        elif verb == "state":
            self.state(first, more)
        elif verb == "show":
            self.show(first, more)
        elif verb == "ask":
            self.send_presence(pto=first, ptype="subscribe")
        elif verb == "accept":
            self.send_presence(pto=first, ptype="subscribed")
        elif verb == "marker":
            self.plugin["xep_0333"].send_marker(first, more, "displayed")
        elif verb == "raw":
            self.send_raw(rest)
        elif verb == "drop":
            self.abort()
        elif verb == "quit":
            self.leave()
        else:
            sys.exit(f"unknown order: {line}")


async def live(person):
    """Until told to quit; returns the exit status."""
    loop = asyncio.get_running_loop()
    person.dial()

    async def orders():
        kind = os.fstat(0).st_mode
        if not (stat.S_ISFIFO(kind) or stat.S_ISSOCK(kind) or os.isatty(0)):
            return  # a file or /dev/null: no orders will come
        lines = asyncio.StreamReader()
        await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
        while line := await lines.readline():
            person.order(line.decode().rstrip("\n"))
        if not person.given.stay:
            person.leave()

    listening = asyncio.create_task(orders())
    try:
        await asyncio.wait_for(person.ended.wait(), person.given.seconds)
    except asyncio.TimeoutError:
        person.status = 2
    listening.cancel()
    return person.status
