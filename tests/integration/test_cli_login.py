"""docker login and logout beside the official ones: what is printed, and what config.json and a
credential helper are told. The registry is a small server that wants me:secret."""

import json
import re

import pytest
from stack import official_cli

from test_cli_parity import engine, shape

pytestmark = [pytest.mark.ours,
              pytest.mark.skipif(not official_cli(), reason="needs the official docker 28")]

SERVER = """
import base64, http.server
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        known = "Basic " + base64.b64encode(b"me:secret").decode()
        self.send_response(200 if self.headers.get("Authorization") == known else 401)
        self.send_header("WWW-Authenticate", 'Basic realm="x"')
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")
    def log_message(self, *_):
        pass
http.server.HTTPServer(("127.0.0.1", 5001), Handler).serve_forever()
"""
HELPER = """#!/bin/sh
store=$DOCKER_CONFIG/store
case $1 in
store) cat >$store; echo "store $(cat $store)" >>$DOCKER_CONFIG/log;;
erase) read name; echo "erase $name" >>$DOCKER_CONFIG/log; rm -f $store;;
get) read name; echo "get $name" >>$DOCKER_CONFIG/log
     if [ -f $store ]; then cat $store; else echo credentials not found in native keychain; exit 1; fi;;
esac
"""
R = "127.0.0.1:5001"
GOOD = ["login", "-u", "me", "-p", "secret", R]
# The configuration before (None: the one left by the line above), a command, stdin.
LINES = [
    ("", GOOD, None), (None, ["login", R], None), (None, ["login", "-u", "me", "-p", "wrong", R], None),
    (None, ["login", "-u", "me", "--password-stdin", R], "secret\n"), (None, ["login", "-u", "me", R], None),
    (None, ["login", "-p", "x", R], None), (None, ["logout", R], None), (None, ["logout", R], None),
    (None, ["login", "-u", "me", "-p", "secret", f"http://{R}/v2/"], None), (None, ["logout", f"http://{R}"], None),
    (None, ["login"], None), (None, ["logout"], None), (None, ["logout", "https://x.y/z"], None),
    (None, ["login", "--password-stdin", R], "x"), (None, ["login", "-p", "x", "--password-stdin"], None),
    (None, ["login", "-u", "", "-p", "x", R], None), (None, ["login", "-u", "a", "-p", "", R], None),
    (None, ["login", "a", "b"], None), (None, ["logout", "a", "b"], None), (None, ["login", "--foo"], None),
    (None, ["login", "127.0.0.1:1", "-u", "a", "-p", "b"], None),
    ('{"HttpHeaders": {"A": "b"}, "psFormat": "{{.ID}}"}', GOOD, None), (None, ["logout", R], None),
    ('{"credsStore": "test"}', GOOD, None), (None, ["login", R], None), (None, ["logout", R], None),
    (None, ["login", R], None), ('{"credHelpers": {"127.0.0.1:5001": "test"}}', GOOD, None),
    (None, ["logout", R], None), ('{"credsStore": "absent"}', GOOD, None), (None, ["logout", R], None),
    (None, ["search"], None), (None, ["search", "--limit", "101", "x"], None),
    (None, ["search", "--filter", "x", "y"], None), (None, ["search", "--filter", "zz=1", "y"], None),
]


@pytest.fixture(scope="module")
def parity():
    with engine() as made:
        made.exec(["sh", "-c", "mkdir -p /run/helpers; cat >/run/helpers/docker-credential-test; "
                   "chmod +x /run/helpers/docker-credential-test"], input=HELPER, check=True)
        server = made.popen(["python3", "-c", SERVER])
        made.wait_for(lambda: made.exec(["sh", "-c", "exec 3<>/dev/tcp/127.0.0.1/5001"]).returncode == 0
                      or made.exec(["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/5001"]).returncode == 0)
        yield made
        server.kill()


def tell(stack, cli):
    folder = f"/run/config-{cli}"
    path = stack.exec(["sh", "-c", "echo $PATH"]).stdout.strip()
    told = []
    for before, args, typed in LINES:
        if before is not None:
            stack.exec(["sh", "-c", f"rm -rf {folder}; mkdir {folder}; cat >{folder}/config.json; "
                        f"[ -s {folder}/config.json ] || rm {folder}/config.json"], input=before, check=True)
        done = stack.docker(*args, cli=cli, input=typed,
                            env={"DOCKER_CONFIG": folder, "PATH": f"/run/helpers:{path}"})
        left = stack.exec(["sh", "-c", f"cat {folder}/config.json"]).stdout
        log = stack.exec(["sh", "-c", f"cat {folder}/log; rm -f {folder}/log"]).stdout
        told.append((args, done.returncode, done.stdout, re.sub(folder, "DIR", done.stderr),
                     left and json.loads(left), log))
    return told


def test_lines(parity):
    theirs, ours = tell(parity, "official"), tell(parity, "ours")
    differences = [f"{one}\n  official {other}" for one, other in zip(ours, theirs) if one != other]
    assert not differences, "\n".join(differences)


def test_unknown_keys_stay(parity):
    """The original loses what it does not know."""
    folder = "/run/config-keys"
    parity.exec(["sh", "-c", f"mkdir {folder}; cat >{folder}/config.json"], check=True,
                input='{"of another program": {"a": [1, null]}, "auths": {"x": {"auth": "YTpi"}}}')
    parity.docker(*GOOD, cli="ours", env={"DOCKER_CONFIG": folder}, check=True)
    kept = json.loads(parity.exec(["cat", f"{folder}/config.json"]).stdout)
    assert kept["of another program"] == {"a": [1, None]} and set(kept["auths"]) == {"x", R}
    assert parity.exec(["stat", "-c", "%a", f"{folder}/config.json"]).stdout == "600\n"


def test_help(parity):
    for command in ("login", "logout", "search"):
        ours, theirs = (shape(parity.docker(command, "--help", cli=cli, check=True).stdout)
                        for cli in ("ours", "official"))
        assert ours == theirs
