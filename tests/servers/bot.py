#!/usr/bin/env python3
"""bot.py JID --connect HOST:PORT --ca FILE (--password P | --token T --mechanism M): a buddy who answers.

Every chat message is echoed as "echo: TEXT": 'composing' first, then the text with 'active'. It sends receipts and a
displayed marker, accepts every subscription and subscribes back. Words in a chat make it do other things:
    !away !dnd !back       presence            !typing !paused        chat states
    !attention             XEP-0224            !correct               a message, then its correction (XEP-0308)
    !react                 thumbs up (0444)    !burst N               N messages at once
    !join ROOM             enters a room       !say ROOM TEXT         speaks there
    !quit                  leaves
In a room it echoes what is said to its nick. What it tells and what it takes as orders: see person.py.
"""
import asyncio
import sys

import slixmpp

from person import Person, arguments, live, tell


class Bot(Person):
    def __init__(self, given):
        super().__init__(given)
        self.auto_authorize = self.auto_subscribe = True
        self.nick = given.nick
        self.add_event_handler("groupchat_message", self.room_spoke)

    async def arrive(self):
        if self.given.room:
            await self.join(self.given.room)

    async def join(self, room):
        await self.plugin["xep_0045"].join_muc_wait(slixmpp.JID(room), self.nick, timeout=10)
        # Prosody keeps a new room locked until its owner submits a configuration
        query = self.make_iq_set(ito=room)
        query.append(slixmpp.ET.fromstring("<query xmlns='http://jabber.org/protocol/muc#owner'><x xmlns='jabber:x:data' type='submit'/></query>"))
        try:
            await query.send(timeout=5)
        except slixmpp.exceptions.IqError:
            pass  # not the owner: the room was there before
        tell("JOINED", room)

    def room_spoke(self, message):
        if message["mucnick"] != self.nick and self.nick in (message["body"] or ""):
            self.send_message(mto=message["from"].bare, mbody=f"{message['mucnick']}: echo: {message['body']}", mtype="groupchat")

    def heard(self, message):
        asyncio.create_task(self.answer(message))

    async def answer(self, message):
        to, body = message["from"], message["body"]
        verb, *rest = body.split()
        if verb in ("!away", "!dnd"):
            self.show(verb[1:], verb[1:] + " now")
        elif verb == "!back":
            self.show("available", "back")
        elif verb in ("!typing", "!paused"):
            self.state(to, "composing" if verb == "!typing" else "paused")
        elif verb == "!attention":
            nudge = self.make_message(mto=to, mtype="headline")
            nudge["attention"] = True
            nudge.send()
        elif verb == "!correct":
            wrong = self.make_message(mto=to, mbody="teh text", mtype="chat")
            wrong["id"] = self.new_id()
            wrong.send()
            right = self.make_message(mto=to, mbody="the text", mtype="chat")
            right["replace"]["id"] = wrong["id"]
            right.send()
        elif verb == "!react":
            self.plugin["xep_0444"].send_reactions(to, message["id"], ["\N{THUMBS UP SIGN}"])
        elif verb == "!burst":
            for number in range(int(rest[0])):
                self.send_message(mto=to, mbody=f"burst {number}", mtype="chat")
        elif verb == "!join":
            await self.join(rest[0])
        elif verb == "!say":
            self.send_message(mto=rest[0], mbody=" ".join(rest[1:]), mtype="groupchat")
        elif verb == "!quit":
            self.leave()
        elif not body.startswith("echo:"):
            self.state(to, "composing")
            await asyncio.sleep(0.3)  # long enough to be seen on a screen
            self.say(to, "echo: " + body)
            if message["id"]:
                self.plugin["xep_0333"].send_marker(to, message["id"], "displayed")


async def main():
    parser = arguments(__doc__)
    parser.add_argument("--room")
    parser.add_argument("--nick", default="bot")
    return await live(Bot(parser.parse_args()))


sys.exit(asyncio.run(main()))
