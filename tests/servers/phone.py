#!/usr/bin/env python3
"""phone.py JID --connect HOST:PORT --ca FILE --password P: a second device of an account, with carbons on.

It answers nothing by itself. What it sees and what it takes as orders: see person.py.
"""
import asyncio
import sys

from person import Person, arguments, live, tell


class Phone(Person):
    def __init__(self, given):
        super().__init__(given)
        self.add_event_handler("carbon_received", lambda m: self.carbon("received", m["carbon_received"]))
        self.add_event_handler("carbon_sent", lambda m: self.carbon("sent", m["carbon_sent"]))

    async def arrive(self):
        await self.plugin["xep_0280"].enable()

    def carbon(self, way, message):
        if message["body"]:
            tell("CARBON", way, message["from"], message["to"], message["body"])


async def main():
    return await live(Phone(arguments(__doc__).parse_args()))


sys.exit(asyncio.run(main()))
