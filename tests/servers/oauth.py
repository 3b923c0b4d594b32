#!/usr/bin/env python3
"""oauth.py DATA WHAT …: the OAuth half of a sign-in at these servers, without the client under test. Standard library only.

    token HOST USER              an access token by the password grant of Prosody 13 (alpha, beta, redirect): prints it
    device HOST USER allow|deny  the device flow, with robot.py as the person: prints the final answer as JSON.
                                 HOST: a Prosody 13 host, or oidc.test
"""
import base64
import http.client
import json
import os
import socket
import ssl
import subprocess
import sys
import time
import urllib.parse as urls

data, what, host, user = sys.argv[1:5]
here = os.path.dirname(os.path.abspath(__file__))
ca = os.path.join(data, "ca", "ca.crt")
address, port = ("127.0.0.40", 15443) if host == "oidc.test" else ("127.0.0.13", 15281)
DEVICE = "urn:ietf:params:oauth:grant-type:device_code"


def post(path, fields, basic=None, as_json=False):
    stream = ssl.create_default_context(cafile=ca).wrap_socket(socket.create_connection((address, port), 10), server_hostname=host)
    connection = http.client.HTTPConnection(host, port)
    connection.sock = stream
    headers = {"Host": f"{host}:{port}", "Content-Type": "application/json" if as_json else "application/x-www-form-urlencoded"}
    if basic:
        headers["Authorization"] = "Basic " + base64.b64encode(":".join(basic).encode()).decode()
    connection.request("POST", path, json.dumps(fields) if as_json else urls.urlencode(fields), headers)
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    try:
        return answer.status, json.loads(text)
    except ValueError:
        sys.exit(f"{path}: {answer.status} {text[:300]}")


def register():
    status, client = post("/oauth2/register", {
        "client_name": "Loopback TUI", "client_uri": "https://client.example/", "application_type": "native",
        "redirect_uris": ["http://127.0.0.1:8080/cb"], "grant_types": ["authorization_code", "refresh_token", DEVICE, "password"],
        "response_types": ["code"], "scope": "xmpp openid offline_access",
        "token_endpoint_auth_method": "client_secret_basic"}, as_json=True)
    if status != 201:
        sys.exit(f"no client: {client}")
    return client["client_id"], client["client_secret"]


def token():
    status, answer = post("/oauth2/token", {"grant_type": "password", "username": f"{user}@{host}", "password": "pw-" + user,
                                            "scope": "xmpp openid offline_access"}, register())
    if status != 200:
        sys.exit(f"no token: {answer}")
    print(answer["access_token"])


def device(answer_of_person):
    basic, extra, paths = None, {"client_id": "tui"}, ("/device/auth", "/token")
    if host != "oidc.test":
        basic, extra, paths = register(), {}, ("/oauth2/device", "/oauth2/token")
    status, flow = post(paths[0], {"scope": "xmpp openid offline_access", **extra}, basic)
    if status != 200:
        sys.exit(f"no device code: {flow}")
    poll = {"grant_type": DEVICE, "device_code": flow["device_code"], **extra}
    status, answer = post(paths[1], poll, basic)
    if answer.get("error") != "authorization_pending":
        sys.exit(f"pending was due: {answer}")
    robot = [sys.executable, os.path.join(here, "robot.py"), flow["verification_uri_complete"], "--ca", ca,
             "--user", user, "--password", "pw-" + user, "--code=" + flow["user_code"], "--map", f"{host}={address}"]
    subprocess.run(robot + (["--deny"] if answer_of_person == "deny" else []), check=True, stdout=sys.stderr)
    time.sleep(0.2)
    print(json.dumps(post(paths[1], poll, basic)[1]))


token() if what == "token" else device(sys.argv[5])
