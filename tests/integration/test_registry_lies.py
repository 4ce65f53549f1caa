"""A registry that lies, hangs or never ends: each time the error that a Docker user knows, nothing
that looks like an image, and nothing left behind.

A row of LIES is what the registry does and the words that the user must see. `spoil(registry, it)`
changes what a good registry would serve of the image `it`.
"""

import json
import re
import subprocess
import time

import pytest
from stack import images
from stack.images import OCI, Image, Layer, digest
from stack.registry import FaultyRegistry

pytestmark = pytest.mark.ours

NAME = "liar"
LATEST = "manifests/latest"


class LyingRegistry(FaultyRegistry):
    """`acts` maps a part of a path to what a handler does about such requests."""

    def __init__(self, sandbox, port=5004):
        self.acts, self.times = {}, []
        super().__init__(sandbox, port)

    def answer(self, handler):
        for part, act in self.acts.items():
            if part in handler.path:
                self.times.append(time.monotonic())
                try:
                    return act(handler)
                except OSError:
                    return None             # the engine has had enough
        return super().answer(handler)


def say(status, body=b"", **headers):
    def act(handler):
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)
    return act


def endless(status=200, media="application/octet-stream"):
    def act(handler):
        handler.send_response(status)
        handler.send_header("Content-Type", media)
        handler.end_headers()
        handler.close_connection = True
        while True:
            handler.wfile.write(b" " * 65536)
    return act


def endless_headers(handler):
    handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
    while True:
        handler.wfile.write(b"X-More: " + b"x" * 8000 + b"\r\n")


def hang_up(handler):
    handler.close_connection = True


def refused(code, message):
    return json.dumps({"errors": [{"code": code, "message": message}]}).encode()


def manifest(change, media=OCI["manifest"]):
    """Serves the image's manifest changed."""
    def spoil(registry, it):
        document = json.loads(it.manifest)
        document = change(document) or document
        registry.put_manifest(NAME, "latest", media, json.dumps(document).encode())
    return spoil


def config(change):
    """Serves the image with another config."""
    def spoil(registry, it):
        document = json.loads(it.config)
        document = change(document) or document
        it.config = json.dumps(document).encode()
        it.config_descriptor = it._blob(it.config, it.media["config"])
        registry.put_blob(NAME, it.config)
        manifest(lambda m: m.update(config=it.config_descriptor))(registry, it)
    return spoil


def layer(data):
    """Serves the image with one more layer of these bytes, uncompressed."""
    def spoil(registry, it):
        tar = data.tar() if isinstance(data, Layer) else data
        made = Image([*it.tars, tar], {"Cmd": ["true"]}, compress="none")
        made.push(registry, NAME)
    return spoil


def text(data, media):
    return lambda registry, it: registry.put_manifest(NAME, "latest", media, data)


def act(where, what):
    """where: a part of the path, or 'layer' or 'config'."""
    def spoil(registry, it):
        part = {"layer": it.layers[1]["digest"], "config": it.id}.get(where, where)
        registry.acts[part] = what
    return spoil


def fault(where, what):
    def spoil(registry, it):
        registry.faults[{"layer": it.layers[1]["digest"], "config": it.id}[where]] = what
    return spoil


def descriptor(index, **changes):
    return manifest(lambda m: m["layers"][index].update(changes))


def index_of(*entries):
    return json.dumps({"schemaVersion": 2, "mediaType": OCI["index"], "manifests": list(entries)}).encode()


SIZE = 100_000

LIES = {
    # digests and sizes
    "a byte of the layer differs": (fault("layer", "flip"), "filesystem layer verification failed for digest sha256:"),
    "a byte of the config differs": (fault("config", "flip"), "image config verification failed for digest sha256:"),
    "the layer is longer than announced": (descriptor(1, size=SIZE), "the registry sends more than 100000 bytes"),
    "the layer is shorter than announced": (descriptor(1, size=10**9), r"the registry has \d+ bytes instead of 1000000000"),
    "the config is shorter than announced": (
        manifest(lambda m: m["config"].update(size=70_000)), r"the registry has \d+ bytes instead of 70000"),
    "a negative size": (descriptor(1, size=-5), "size"),
    "a size beyond any number": (descriptor(1, size=10**30), "integer out of range"),
    "a digest that is a path": (descriptor(1, digest="sha256:../../../../etc/passwd"), "digest"),
    "a digest of another kind": (descriptor(1, digest="md5:" + "0" * 32), "digest"),
    # what does not end
    "a layer without end": (act("layer", endless()), r"the registry sends more than \d+ bytes"),
    "a manifest without end": (act(LATEST, endless(media=OCI["manifest"])), "the registry sends more than 4194304 bytes"),
    "an error page without end": (act(LATEST, endless(404, "text/html")), "not found"),
    "headers without end": (act(LATEST, endless_headers), "headers do not end"),
    "redirects without end": (act(LATEST, say(307, Location=f"/v2/{NAME}/{LATEST}")), "redirects"),
    "a redirect to a file": (act(LATEST, say(307, Location="file:///etc/passwd")), "file"),
    "a manifest of 5 MB": (text(b'{"x": "' + b"x" * (5 << 20) + b'"}', OCI["manifest"]),
                           "the registry sends more than 4194304 bytes"),
    # refusals
    "too many requests": (act(LATEST, say(429, refused("TOOMANYREQUESTS", "You have reached your pull rate limit."))),
                          "toomanyrequests: You have reached your pull rate limit."),
    "try again in an hour": (act(LATEST, say(503, refused("UNAVAILABLE", "maintenance"), Retry_After="3600")),
                             "unavailable: maintenance"),
    "no such layer": (fault("layer", "missing"), "gone"),
    "denied": (act(LATEST, say(403, refused("DENIED", "go away"))), "pull access denied for .*, repository does not exist or "
               "may require 'docker login': denied: go away"),
    "unauthorized without a challenge": (act(LATEST, say(401)), "unauthorized: authentication required"),
    "the connection ends before the answer": (act(LATEST, hang_up), "mpty reply from server"),
    # documents
    "a page": (text(b"<html>hello</html>", "text/html"), "manifest"),
    "an empty manifest": (text(b"", OCI["manifest"]), "manifest"),
    "a manifest of nothing": (text(b"{}", OCI["manifest"]), "manifest"),
    "a manifest that is a list": (text(b"[]", OCI["manifest"]), "manifest"),
    "a deep manifest": (text(b'{"a":' * 100_000, OCI["manifest"]), "manifest"),
    "a manifest of schema 1": (text(b'{"schemaVersion": 1, "name": "liar"}', "application/vnd.docker.distribution.manifest.v1+json"),
                               "schema"),
    "manifest and index in one": (manifest(lambda m: m.update(manifests=[{"digest": digest(b"x"), "size": 1}])),
                                  "manifest"),
    "a layer that is none": (descriptor(1, mediaType="text/plain"), 'media type "text/plain" is not supported'),
    "a plugin": (manifest(lambda m: m["config"].update(mediaType="application/vnd.docker.plugin.v1+json")), "plugin"),
    "more layers than the config has": (manifest(lambda m: m["layers"].append(m["layers"][1])), "layer"),
    "a thousand and one layers": (manifest(lambda m: m.update(layers=m["layers"][1:] * 1001)), "layers"),
    "a config that is no JSON": (config(lambda c: "nonsense"), "config"),
    "no platform of ours": (text(index_of({"mediaType": OCI["manifest"], "digest": digest(b"x"), "size": 1,
                                           "platform": {"os": "plan9", "architecture": "s390x"}}), OCI["index"]),
                            "no matching manifest for linux/"),
    "an empty index": (text(index_of(), OCI["index"]), "no matching manifest for linux/"),
    # layers
    "a hard link out of the root": (layer(Layer().hardlink("h", "../../../../etc/passwd")), "link to"),
    "a layer that is no tar": (layer(b"nonsense" * 1000), "failed to (register|extract) layer"),
    "a cut tar": (layer(Layer().file("f", bytes(9000)).tar()[:5000]), "failed to (register|extract) layer"),
    "a wrong diff id": (config(lambda c: c["rootfs"]["diff_ids"].__setitem__(1, digest(b"x"))),
                        "uncompressed digest"),
    "a name of NUL": (layer(Layer().file("a", "b").tar().replace(b"ustar\x0000", b"ustar\x0001", 1)), "failed to"),
}


@pytest.fixture
def lying(shared_stack):
    made = LyingRegistry(shared_stack.sandbox)
    yield made
    made.close()


@pytest.fixture(scope="module")
def good():
    """(what, media): an image with a layer of its own."""
    base = images.busybox_layer().tar()

    def make(what, media=OCI):
        return Image([base, Layer().file("big", what.encode() + bytes(range(256)) * 1000)], {"Cmd": ["true"]},
                     media=media, compress="none" if media is OCI else "gzip")
    return make


def pull(stack, name):
    """The status, and the error's text ('' when there is none)."""
    reply = stack.api("POST", f"/v1.41/images/create?fromImage={name}&tag=latest", timeout=60)
    if reply.status != 200:
        return reply.status, reply.json["message"]
    last = json.loads(reply.text.splitlines()[-1])
    return 200, last.get("error", "")


DATABASE = """
import glob, json, sqlite3, sys
for path in glob.glob(sys.argv[1] + "/**/meta.db", recursive=True):
    db = sqlite3.connect(path)
    print(json.dumps({table: [row[0] for row in db.execute(f"SELECT {column} FROM {table}")] for table, column in
                      (("images", "name"), ("snapshots", "key"), ("ingests", "ref"), ("leases", "id"))}))
"""


def state(stack):
    """Names, snapshots under way, unfinished downloads, leases, helpers: as containerd has them."""
    found = json.loads(stack.exec(["python3", "-c", DATABASE, str(stack.data)], check=True).stdout)
    found["snapshots"] = [key for key in found["snapshots"] if key.startswith("extract-")]
    found["helpers"] = [name for _, name in stack.sandbox.processes().values() if name in ("fetch", "unpack")]
    return found


@pytest.mark.parametrize("lie", LIES)
def test_a_lie(stack, lying, good, lie):
    spoil, words = LIES[lie]
    it = good(lie)
    before = state(stack)
    it.push(lying, NAME)
    spoil(lying, it)
    status, message = pull(stack, lying.name(NAME))
    assert re.search(words, message), message
    assert len(message) < 1000
    stack.wait_for(lambda: state(stack) == before, patience=5)
    assert status in (200, 400, 404, 500, 501)      # never 503 or 403: the engine is well


def test_the_same_image_honestly(stack, docker, lying, good):
    """After all those lies the registry tells the truth, and is believed."""
    for lie in ("a byte of the layer differs", "the layer is longer than announced"):
        it = good(lie)
        it.push(lying, NAME)
        assert pull(stack, lying.name(NAME)) == (200, "")
        docker("run", "--rm", "--network=none", lying.name(NAME))
        docker("rmi", lying.name(NAME))


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("where", ["manifest", "layer"])
def test_retry_after(stack, lying, good, status, where):
    """A registry that says when it will answer is asked again then."""
    it = good(f"retry {status} {where}")
    it.push(lying, NAME)
    part = LATEST if where == "manifest" else it.layers[1]["digest"]

    def once(handler):
        if len(lying.times) == 1:
            return say(status, refused("TOOMANYREQUESTS", "slow down"), Retry_After="3")(handler)
        return FaultyRegistry.answer(lying, handler)
    lying.acts[part] = once
    assert pull(stack, lying.name(NAME)) == (200, "")
    assert lying.times[1] - lying.times[0] >= 2.9


def hang(handler):
    """Says nothing until the other side goes."""
    handler.close_connection = True
    handler.connection.recv(1)


def hang_in_the_middle(handler):
    handler.send_response(200)
    handler.send_header("Content-Length", "10000000")
    handler.end_headers()
    handler.wfile.write(b"x" * 1000)
    hang(handler)


@pytest.mark.parametrize("where, what", [(LATEST, hang), ("layer", hang), ("layer", hang_in_the_middle),
                                         (LATEST, say(503, Retry_After="50")), ("layer", say(503, Retry_After="50"))],
                         ids=["manifest", "layer", "within a layer", "manifest later", "layer later"])
def test_nobody_waits_any_more(stack, lying, good, where, what):
    """A client that goes away ends the pull, whatever the registry is doing."""
    it = good(f"vanish {where} {what}")
    it.push(lying, NAME)
    act(where, what)(lying, it)
    before = state(stack)
    client = stack.docker_popen("pull", lying.name(NAME), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    stack.wait_for(lambda: lying.times)
    stack.wait_for(lambda: state(stack)["helpers"] == ["fetch"])
    client.kill()
    client.wait()
    stack.wait_for(lambda: state(stack)["helpers"] == [], patience=4)
    stack.wait_for(lambda: {**state(stack), "ingests": []} == {**before, "ingests": []}, patience=4)


@pytest.mark.long
def test_a_registry_that_hangs(stack, lying, good):
    """Fifteen seconds for the handshake, fifteen for the answer; then the user hears of it."""
    good("hang").push(lying, NAME)
    lying.acts["/v2/"] = hang
    status, message = pull(stack, lying.name(NAME))
    assert status == 500 and f'Get "http://{lying.name("v2")}/{NAME}/{LATEST}"' in message
    assert "too slow" in message or "timed out" in message
