"""An XMPP stream over a bare socket: what probe.py, crowd.py and backlog.py share. Standard library only.

It checks the server's certificate, shows every byte when asked, and knows the mechanisms that these servers have. It
is a measuring tool and no client: it believes whatever well-formed answer it gets.
"""
import base64
import hashlib
import hmac
import os
import re
import socket
import ssl
from xml.sax.saxutils import escape

SASL = "urn:ietf:params:xml:ns:xmpp-sasl"
TLS = "urn:ietf:params:xml:ns:xmpp-tls"


class Refused(Exception):
    """The server said no, or ended the stream."""


def b64(data):
    return base64.b64encode(data if isinstance(data, bytes) else data.encode()).decode()


class Scram:
    """One SCRAM exchange (RFC 5802) without channel binding."""

    def __init__(self, mechanism, user, password):
        self.hash = {"SCRAM-SHA-1": "sha1", "SCRAM-SHA-256": "sha256", "SCRAM-SHA-512": "sha512"}[mechanism]
        self.password = password
        self.bare = f"n={user},r={b64(os.urandom(18))}"
        self.server = None

    def first(self):
        return "n,," + self.bare

    def answer(self, challenge):
        fields = dict(part.split("=", 1) for part in challenge.split(","))
        if "v" in fields:
            return ""
        salted = hashlib.pbkdf2_hmac(self.hash, self.password.encode(), base64.b64decode(fields["s"]), int(fields["i"]))
        client = hmac.digest(salted, b"Client Key", self.hash)
        final = f"c=biws,r={fields['r']}"
        message = f"{self.bare},{challenge},{final}".encode()
        signature = hmac.digest(hashlib.new(self.hash, client).digest(), message, self.hash)
        self.server = b64(hmac.digest(hmac.digest(salted, b"Server Key", self.hash), message, self.hash))
        return f"{final},p={b64(bytes(a ^ b for a, b in zip(client, signature)))}"


class Wire:
    """A stream to one server, up to a bound session."""

    def __init__(self, address, domain, ca, direct=False, show=None, timeout=10):
        host, port = address.rsplit(":", 1)
        self.domain, self.ca, self.timeout = domain, ca, timeout
        self.show = show or (lambda who, text: None)
        self.socket = socket.create_connection((host, int(port)), timeout)
        self.buffer, self.jid = "", None
        if direct:
            self.secure(["xmpp-client"])
        self.features = self.open()

    def secure(self, protocols=None):
        context = ssl.create_default_context(cafile=self.ca)
        if protocols:
            context.set_alpn_protocols(protocols)
        self.socket = context.wrap_socket(self.socket, server_hostname=self.domain)
        self.socket.settimeout(self.timeout)
        self.show("--", f"{self.socket.version()}, ALPN {self.socket.selected_alpn_protocol()}")

    def starttls(self):
        self.send(f"<starttls xmlns='{TLS}'/>")
        if "<proceed" not in self.until(r"<proceed[^>]*>", r"<failure[^>]*>"):
            raise Refused("no TLS")
        self.secure()
        self.features = self.open()

    def send(self, text):
        self.show("C:", text)
        self.socket.sendall(text.encode())

    def until(self, *patterns):
        """Text up to the end of the first pattern that is there."""
        while True:
            hits = [hit for hit in (re.search(pattern, self.buffer, re.S) for pattern in patterns) if hit]
            if hits:
                end = min(hit.end() for hit in hits)
                text, self.buffer = self.buffer[:end], self.buffer[end:]
                self.show("S:", text.strip())
                return text
            try:
                data = self.socket.recv(65536)
            except TimeoutError:
                raise Refused(f"silence, after: {self.buffer[-300:]}") from None
            if not data:
                raise Refused(f"the stream ended, after: {self.buffer[-300:]}")
            self.buffer += data.decode("utf8", "replace")

    def header(self):
        return (f"<stream:stream to='{self.domain}' version='1.0' xml:lang='en' "
                "xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>")

    def open(self):
        self.send("<?xml version='1.0'?>" + self.header())
        text = self.until(r"</stream:features>", r"<stream:features\s*/>", r"</stream:error>", r"</stream:stream>")
        if "stream:error" in text:
            raise Refused(re.search(r"<stream:error.*", text, re.S).group(0))
        return text

    def mechanisms(self):
        return re.findall(r"<mechanism>([^<]*)</mechanism>", self.features)

    def sign_in(self, mechanism, user, password="", token=""):
        scram = None
        if mechanism == "PLAIN":
            first = b64(f"\0{user}\0{password}")
        elif mechanism == "X-MESSENGER-OAUTH2":  # the token as it stands, not base64
            first = escape(token)
        elif mechanism == "X-OAUTH2":
            first = b64(f"\0{user}\0{token}")
        elif mechanism == "OAUTHBEARER":
            first = b64(f"n,,\x01auth=Bearer {token}\x01\x01")
        else:
            scram = Scram(mechanism, user, password)
            first = b64(scram.first())
        self.send(f"<auth xmlns='{SASL}' mechanism='{mechanism}'>{first}</auth>")
        while True:
            text = self.until(r"</success>", r"<success[^>]*/>", r"</failure>", r"</challenge>", r"<challenge[^>]*/>", r"</stream:error>")
            if "<success" in text:
                break
            if "<challenge" not in text:
                raise Refused(text.strip())
            hit = re.search(r"<challenge[^>]*>(.*?)<", text, re.S)
            challenge = base64.b64decode(hit.group(1) if hit else "").decode()
            self.show("--", "challenge: " + repr(challenge))
            answer = scram.answer(challenge) if scram else "\x01"
            self.send(f"<response xmlns='{SASL}'>{b64(answer)}</response>" if answer else f"<response xmlns='{SASL}'/>")
        if scram:
            proof = re.search(r"<success[^>]*>(.*?)<", text, re.S)
            if proof and proof.group(1) and base64.b64decode(proof.group(1)).decode() != "v=" + scram.server:
                raise Refused("the server did not prove that it knows the password")
        self.features = self.open()

    def sign_in_at_once(self, user, password, resource):
        """PLAIN, the header behind it and the request for a resource in one write (XEP-0305), up to success. Without a
        declaration, which every server here takes for a fault there."""
        auth = f"<auth xmlns='{SASL}' mechanism='PLAIN'>{b64(f'{chr(0)}{user}{chr(0)}{password}')}</auth>"
        self.send(auth + self.header() + self.wish(resource))
        text = self.until(r"<success[^>]*>", r"</failure>")
        if "<success" not in text:
            raise Refused(text.strip())

    @staticmethod
    def wish(resource):
        return ("<iq type='set' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>"
                f"<resource>{resource}</resource></bind></iq>")

    def bind(self, resource):
        self.send(self.wish(resource))
        return self.bound()

    def bound(self):
        text = self.until(r"<iq[^>]*id=['\"]bind['\"].*?</iq>")
        hit = re.search(r"<jid>(.*?)</jid>", text)
        if not hit:
            raise Refused(text.strip())
        self.jid = hit.group(1)
        return self.jid

    def ping(self, name):
        """Returns when everything sent before was handled: the server works through a stream in order."""
        self.send(f"<iq type='get' id='{name}' to='{self.domain}'><ping xmlns='urn:xmpp:ping'/></iq>")
        self.until(rf"<iq[^>]*id=['\"]{name}['\"][^>]*?(/>|>.*?</iq>)")

    def close(self):
        try:
            self.send("</stream:stream>")
            self.socket.close()
        except OSError:
            pass
