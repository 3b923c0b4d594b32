#!/usr/bin/env python3
"""ejabberd_roster.py HOST USER COUNT: an account (password pw-USER) with COUNT buddies, through ejabberd's own HTTP interface.

Every buddy0… is an account (password pw-buddy), in one of five groups, and subscribed both ways.
"""
import http.client
import json
import sys

host, user, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
groups = ["Friends", "Family", "Work", "Club", "Elsewhere"]
connection = http.client.HTTPConnection("127.0.0.23", 15280, timeout=30)


def call(name, accept=(200,), **arguments):
    connection.request("POST", "/api/" + name, json.dumps(arguments))
    answer = connection.getresponse()
    text = answer.read().decode()
    if answer.status not in accept:
        sys.exit(f"{name}: {answer.status} {text}")


def link(one, other, nick, group):
    call("add_rosteritem", localuser=one, localhost=host, user=other, host=host, nick=nick, group=group, subs="both")


call("register", (200, 409), user=user, host=host, password="pw-" + user)
for number in range(count):
    buddy = f"buddy{number}"
    call("register", (200, 409), user=buddy, host=host, password="pw-buddy")
    link(user, buddy, f"Buddy {number}", groups[number % 5])
    link(buddy, user, user, "")
print(f"{user}@{host} has {count} buddies")
