#!/usr/bin/env python3
"""blind.py ADDRESS PORT CA DOMAIN USER PASSWORD: seconds of a bare sign-in that waits for nothing it can guess.

What is measured against: STARTTLS goes out with the stream header, PLAIN with the next one whether it is offered or not,
and the request for a resource with the last. No client of ours: it sends a mechanism unseen. Standard library only.
"""
import base64
import socket
import ssl
import sys
import time

address, port, ca, domain, user, password = sys.argv[1:]
header = (
    f"<stream:stream to='{domain}' version='1.0' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>"
)
secret = base64.b64encode(f"\0{user}\0{password}".encode()).decode()
context = ssl.create_default_context(cafile=ca)


def say(line, text, until):
    line.sendall(text.encode())
    heard = b""
    while until not in heard:
        piece = line.recv(65536)
        if not piece:
            sys.exit(f"the line ended after {heard!r}")
        heard += piece


begun = time.monotonic()
line = socket.create_connection((address, int(port)), 10)
line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
say(line, header + "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>", b"<proceed")
line = context.wrap_socket(line, server_hostname=domain)
auth = f"<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>{secret}</auth>"
say(line, header + auth, b"<success")
bind = "<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>"
say(line, header + bind, b"<jid>")
print(time.monotonic() - begun)
