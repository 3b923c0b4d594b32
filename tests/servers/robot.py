#!/usr/bin/env python3
"""robot.py URL --ca FILE --user U --password P [--code CODE] [--deny] [--map HOST=ADDRESS …]: the person at the browser.

Opens an authorization or device page of Prosody 13 or oidc-provider, follows redirects, fills in every form (user code,
name, password, consent) and stops at a page without a form, or at a redirect to a loopback address, which it prints
(and opens, with --deliver). The last line is the final page's text. Status 0: the pages were walked to their end.
Give the code as --code=CODE: Prosody's may begin with "-".

With --serve it is many people: it prints a port, takes there one line each, the arguments as JSON, and answers with the
status and what it would have printed. Starting Python costs more than a visit. It ends with its standard input.
Standard library only.
"""
import argparse
import contextlib
import html
import http.client
import io
import json
import os
import re
import socket
import socketserver
import ssl
import sys
import threading
import urllib.parse as urls

arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
arguments.add_argument("url", nargs="?")
arguments.add_argument("--serve", action="store_true")
for name in ("--ca", "--user", "--password", "--code"):
    arguments.add_argument(name, default="")
arguments.add_argument("--map", action="append", default=[], metavar="HOST=ADDRESS")
arguments.add_argument("--deny", action="store_true")
arguments.add_argument("--deliver", action="store_true", help="also open the loopback redirect, as a browser would")
arguments.add_argument("--verbose", action="store_true")
given = arguments.parse_args()
PATIENCE = 90  # seconds: a server with its hands full is slow, and people wait
addresses = dict(pair.split("=", 1) for pair in given.map)
cookies = {}


def fetch(method, url, body=None):
    parts = urls.urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    address = socket.gethostbyname(addresses.get(parts.hostname, parts.hostname))
    if not address.startswith("127."):
        sys.exit(f"{address} is not this computer: passwords are typed for our own test servers alone")
    stream = socket.create_connection((address, port), PATIENCE)
    if parts.scheme == "https":
        stream = ssl.create_default_context(cafile=given.ca or None).wrap_socket(stream, server_hostname=parts.hostname)
    connection = http.client.HTTPConnection(parts.hostname, port)
    connection.sock = stream
    headers = {"Host": parts.netloc, "User-Agent": "robot"}
    path = parts.path or "/"
    ours = "; ".join(f"{name}={value}" for name, (value, below) in cookies.items() if path.startswith(below))
    if ours:
        headers["Cookie"] = ours
    if body is not None:
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    connection.request(method, path + ("?" + parts.query if parts.query else ""), body, headers)
    answer = connection.getresponse()
    text = answer.read().decode("utf8", "replace")
    connection.close()
    for line in answer.headers.get_all("Set-Cookie") or []:
        first, *rest = [part.strip() for part in line.split(";")]
        name, value = first.split("=", 1)
        below = next((part[5:] for part in rest if part.lower().startswith("path=")), "/")
        if value and "01 Jan 1970" not in line:
            cookies[name] = (value, below)
        else:
            cookies.pop(name, None)
    if given.verbose:
        print(">>", method, url, body or "", "\n<<", answer.status, answer.headers.get("Location", ""), file=sys.stderr)
    return answer.status, answer.headers.get("Location"), text


def attributes(text):
    return {name.lower(): html.unescape(value) for name, value in re.findall(r"([\w-]+)\s*=\s*[\"']([^\"']*)[\"']", text)}


def filled(form):
    """The form's fields as the person would send them."""
    fields = []
    for tag in re.findall(r"<(?:input|button)\b([^>]*)>", form, re.I):
        about = attributes(tag)
        name, value = about.get("name"), about.get("value", "")
        if not name or name == "abort":
            continue
        if name == "user_code":
            value = value or given.code
        elif name in ("username", "login"):
            value = given.user
        elif name == "password":
            value = given.password
        elif name == "consent" and value != ("denied" if given.deny else "granted"):
            continue
        fields.append((name, value))
    return fields


def walk(url):
    method, body, refused = "GET", None, False
    for _ in range(25):
        status, location, page = fetch(method, url, body)
        if status in (301, 302, 303, 307, 308) and location:
            url, method, body = urls.urljoin(url, location), "GET", None
            target = urls.urlsplit(url)
            if target.scheme == "http" and target.hostname in ("127.0.0.1", "localhost", "::1"):
                print(url)
                return fetch("GET", url)[0] < 400 if given.deliver else True
            continue
        form = re.search(r"<form(?![^>]*method=\"dialog\")([^>]*)>(.*?)</form>", page, re.S | re.I)
        if not form or status >= 400 or refused:
            print(status, " ".join(re.sub(r"<style.*?</style>|<[^>]+>", " ", page, flags=re.S).split())[:300])
            return status < 400 or given.deny  # Prosody calls a denial an error page
        about, fields = attributes(form.group(1)), filled(form.group(2))
        if given.deny:  # oidc-provider: an abort link, or an abort button that belongs to the form from outside
            link = re.search(r"href=\"([^\"]*/abort)\"", page)
            if link:
                url, method, body = urls.urljoin(url, link.group(1)), "GET", None
                continue
            if re.search(r"name=\"abort\"", page):
                fields = [(name, value) for name, value in fields if name != "confirm"] + [("abort", "yes")]
                refused = True
        url = urls.urljoin(url, about.get("action") or url)
        if about.get("method", "get").lower() == "post":
            method, body = "POST", urls.urlencode(fields)
        else:
            method, body, url = "GET", None, url.split("?")[0] + "?" + urls.urlencode(fields)
    sys.exit("too many pages")


class Visit(socketserver.StreamRequestHandler):
    """One visit, in a process of its own."""

    def handle(self):
        global given
        given = arguments.parse_args(json.loads(self.rfile.readline()))
        addresses.update(pair.split("=", 1) for pair in given.map)
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            try:
                status = 0 if walk(given.url) else 1
            except (Exception, SystemExit) as fault:
                status = 1
                print(repr(fault))
        self.wfile.write(f"{status} {said.getvalue()}".encode())


class People(socketserver.ForkingMixIn, socketserver.TCPServer):
    max_children = 400
    request_queue_size = 400


def serve():
    with People(("127.0.0.1", 0), Visit) as people:
        print(people.server_address[1], flush=True)
        threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
        people.serve_forever()


if given.serve:
    serve()
sys.exit(0 if walk(given.url) else 1)
