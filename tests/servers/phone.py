#!/usr/bin/env python3
"""phone.py JID --connect HOST:PORT --ca FILE --password P: a second device of an account, with carbons on.

It answers nothing by itself. What it sees and what it takes as orders: see person.py. Besides:
    READ jid id        somewhere on the account this talk was read up to this id of the archive (XEP-0490)
    DISPLAYED jid id   another device of the account has told this buddy that the message was seen (XEP-0333)
    PAST way body      after the order "past JID": each message of the talk in the archive, "in" or "out", then PAST end
    Order "seen JID": this talk was read here, up to its newest message of theirs; "displayed JID": the same, told to them.
"""
import asyncio
import sys

from person import Person, arguments, live, tell


class Phone(Person):
    def __init__(self, given):
        super().__init__(given)
        self.register_plugin("xep_0223")
        self.register_plugin("xep_0490")
        self.newest, self.newest_id = {}, {}
        self.add_event_handler("message_displayed_synchronization_publish", self.read)
        self.add_event_handler("carbon_received", lambda m: self.carbon("received", m["carbon_received"]))
        self.add_event_handler("carbon_sent", lambda m: self.carbon("sent", m["carbon_sent"]))

    async def arrive(self):
        await self.plugin["xep_0280"].enable()
        # its plugin says so before the address is bound, when nobody hears it
        self.plugin["xep_0163"].add_interest("urn:xmpp:mds:displayed:0")
        await self.plugin["xep_0115"].update_caps()

    def heard(self, message):
        self.newest_id[message["from"].bare] = message["id"]
        if message["stanza_id"]["id"]:
            self.newest[message["from"].bare] = message["stanza_id"]["id"]

    def read(self, news):
        for item in news["pubsub_event"]["items"]["substanzas"]:
            tell("READ", item["id"], item["displayed"]["stanza_id"]["id"])

    def order(self, line):
        verb, _, rest = line.partition(" ")
        if verb == "seen":
            asyncio.create_task(self.seen(rest))
        elif verb == "displayed":
            self.plugin["xep_0333"].send_marker(rest, self.newest_id[rest], "displayed", mtype="chat")
        elif verb == "past":
            asyncio.create_task(self.past(rest))
        else:
            super().order(line)

    async def seen(self, jid):
        await self.plugin["xep_0490"].flag_chat(jid, self.newest[jid])
        tell("SEEN", jid)

    async def past(self, jid):
        async for result in self.plugin["xep_0313"].iterate(with_jid=jid):
            message = result["mam_result"]["forwarded"]["stanza"]
            if message["body"]:
                tell("PAST", "out" if message["from"].bare == self.boundjid.bare else "in", message["body"])
        tell("PAST", "end")

    def carbon(self, way, message):
        if message["body"]:
            if way == "received":
                self.heard(message)
            tell("CARBON", way, message["from"], message["to"], message["body"])
        elif way == "sent" and (marker := message.get_plugin("displayed", check=True)) is not None:
            tell("DISPLAYED", message["to"].bare, marker["id"])


async def main():
    return await live(Phone(arguments(__doc__).parse_args()))


sys.exit(asyncio.run(main()))
