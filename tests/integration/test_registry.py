"""How the engine speaks to registries: who it says it is, how it goes on after a cut, what it trusts."""

import base64
import json
import os
import ssl
import subprocess
import threading

import pytest
from stack import images
from stack.images import Image, Layer
from stack.registry import FaultyRegistry

BIG = os.urandom(5 << 20)


class GuardedRegistry(FaultyRegistry):
    """A registry that can ask who is there, honours Range, and cuts connections.

    auth: None, "basic" or "bearer"; limit: bytes after which each connection ends; sent: bytes of
    blobs that went out; tokens: (path, body) of the requests for a token.
    """

    def __init__(self, sandbox, port=5002, tls=None):
        self.auth, self.limit, self.sent, self.tokens, self.seen_auth = None, 0, 0, [], []
        self.ranges, self.denied = True, False
        super().__init__(sandbox, port, tls)
        self._server.RequestHandlerClass.do_POST = lambda handler: self.answer(handler)

    def answer(self, handler):
        path, header = handler.path, handler.headers.get("Authorization", "")
        if path.startswith("/token"):
            return self._token(handler, header)
        self.seen_auth.append(header)
        if self.denied and path != "/v2/":
            return self._send(handler, 403, b'{"errors":[{"code":"DENIED","message":"requested access '
                              b'to the resource is denied"}]}', "application/json")
        wanted = {None: header, "bearer": "Bearer sesame", "basic": "Basic dXNlcjpwYXNz"}[self.auth]
        if header == wanted:
            return super().answer(handler)
        handler.send_response(401)
        handler.send_header("WWW-Authenticate", "Basic realm=\"r\"" if self.auth == "basic" else
                            f"Bearer realm=\"http://{self.address}/token\",service=\"test\","
                            "scope=\"repository:guarded:pull\"")
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    def _token(self, handler, header):
        body = handler.rfile.read(int(handler.headers.get("Content-Length", 0))).decode()
        self.tokens.append((handler.path, body))
        good = header == "Basic dXNlcjpwYXNz" or "refresh_token=long-lived" in body
        data = json.dumps({"token": "sesame"} if good else {"errors": [
            {"code": "UNAUTHORIZED", "message": "who are you"}]}).encode()
        super()._send(handler, 200 if good else 401, data, "application/json")

    def _send(self, handler, status, data, media, fault=None):
        start, wanted = 0, handler.headers.get("Range")
        if status == 200 and "/blobs/" in handler.path:
            if wanted and self.ranges:
                start = int(wanted.removeprefix("bytes=").removesuffix("-"))
            if start or self.limit and len(data) > self.limit:
                return self._send_part(handler, data, start)
            self.sent += len(data)
        return super()._send(handler, status, data, media, fault)

    def _send_part(self, handler, data, start):
        part = data[start:start + self.limit] if self.limit else data[start:]
        handler.send_response(206 if start else 200)
        if start:
            handler.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
        handler.send_header("Content-Length", str(len(data) - start))
        handler.end_headers()
        handler.wfile.write(part)
        self.sent += len(part)
        handler.close_connection = True


@pytest.fixture
def guarded(shared_stack):
    made = GuardedRegistry(shared_stack.sandbox)
    yield made
    made.close()


def image(name, **options):
    return Image([images.busybox_layer(), Layer().file("n", name)], {"Cmd": ["echo", name]}, **options)


def pull(stack, name, auth=None):
    """The lines of the progress stream, or the error's text."""
    headers = {}
    if auth:
        headers["X-Registry-Auth"] = base64.urlsafe_b64encode(json.dumps(auth).encode()).decode()
    reply = stack.api("POST", f"/v1.41/images/create?fromImage={name}&tag=latest", headers=headers)
    if reply.status != 200:
        return reply.json["message"]
    last = json.loads(reply.text.splitlines()[-1])
    return last.get("error") or last["status"]


USER = {"username": "user", "password": "pass"}


def test_basic(stack, guarded):
    image("basic").push(guarded, "guarded")
    guarded.auth = "basic"
    name = guarded.name("guarded")
    assert "no basic auth credentials" in pull(stack, name)
    assert "unauthorized: authentication required" in pull(stack, name, {"username": "user",
                                                                         "password": "no"})
    assert "Downloaded newer image" in pull(stack, name, USER)


def test_token(stack, guarded):
    image("token").push(guarded, "guarded")
    guarded.auth = "bearer"
    name = guarded.name("guarded")
    text = pull(stack, name)
    assert "unauthorized: who are you" in text
    assert "Downloaded newer image" in pull(stack, name, USER)
    path, _ = guarded.tokens[-1]
    assert "service=test" in path and "scope=repository%3Aguarded%3Apull" in path
    assert len([p for p, _ in guarded.tokens]) <= 3        # one token for all requests of a pull


@pytest.mark.ours
def test_denied(stack, guarded):
    """What Docker Hub says of an image that does not exist."""
    guarded.denied = True
    name = guarded.name("nobody")
    reply = stack.api("POST", f"/v1.41/images/create?fromImage={name}&tag=latest")
    assert reply.status == 404
    assert reply.json["message"] == (
        f"pull access denied for {name}, repository does not exist or may require 'docker login': "
        "denied: requested access to the resource is denied")


@pytest.mark.ours
def test_identity_token(stack, guarded):
    image("identity").push(guarded, "guarded")
    guarded.auth = "bearer"
    assert "Downloaded" in pull(stack, guarded.name("guarded"), {"identitytoken": "long-lived"})
    assert "grant_type=refresh_token" in guarded.tokens[-1][1]


def test_registry_token(stack, guarded):
    """A token that the client has already is used as it is."""
    image("ready").push(guarded, "guarded")
    guarded.auth = "bearer"
    asked = len(guarded.tokens)
    assert "Downloaded" in pull(stack, guarded.name("guarded"), {"registrytoken": "sesame"})
    assert len(guarded.tokens) == asked


def test_resume(stack, guarded):
    """Each connection ends after 1 MB: every byte is sent about once all the same."""
    big = Image([Layer().file("big", BIG)], {"Cmd": ["x"]}, compress="none")
    big.push(guarded, "resumed")
    guarded.limit = 1 << 20
    assert "Downloaded newer image" in pull(stack, guarded.name("resumed"))
    size = big.layers[0]["size"]
    assert size <= guarded.sent <= size * 1.05 + 2000


@pytest.mark.ours
def test_resume_where_ranges_are_ignored(stack, guarded):
    big = Image([Layer().file("big", BIG + b"2")], {"Cmd": ["x"]}, compress="none")
    big.push(guarded, "whole")
    guarded.ranges, guarded.limit = False, 0
    digest = big.layers[0]["digest"]
    guarded.faults[digest] = "cut"

    def heal():
        stack.wait_for(lambda: sum(digest in line for line in guarded.seen) >= 1)
        guarded.faults.clear()
    healer = threading.Thread(target=heal)
    healer.start()
    assert "Downloaded newer image" in pull(stack, guarded.name("whole"))
    healer.join()


@pytest.mark.ours
def test_resume_after_the_engine_was_killed(fresh_stack):
    """What has arrived stays: the next pull asks for the rest only."""
    stack, guarded = fresh_stack, GuardedRegistry(fresh_stack.sandbox)
    big = Image([Layer().file("big", BIG + b"3")], {"Cmd": ["x"]}, compress="none")
    big.push(guarded, "killed")
    digest = big.layers[0]["digest"]
    guarded.faults[digest] = "slow"
    client = stack.docker_popen("pull", guarded.name("killed"), stdout=subprocess.DEVNULL,
                                stderr=subprocess.DEVNULL)
    stack.wait_for(lambda: any(digest in line for line in guarded.seen))
    stack.wait_for(lambda: has_ingest(stack, len(BIG) // 3))
    stack.kill("dockerd")
    client.wait()
    stack.restart()
    guarded.stop_being_slow()
    guarded.faults.clear()
    guarded.sent = 0
    assert "Downloaded newer image" in pull(stack, guarded.name("killed"))
    assert guarded.sent < len(BIG) * 0.8
    guarded.close()


def has_ingest(stack, size):
    done = stack.exec(["find", str(stack.data), "-path", "*/ingest/*", "-name", "data", "-size", f"+{size}c"])
    return done.stdout.strip()


@pytest.mark.ours
def test_no_credentials_elsewhere(stack, guarded, faulty):
    """A redirect to another host gets the request, not the password."""
    it = image("moved")
    it.push(guarded, "moved")
    it.push(faulty, "moved")
    guarded.auth = "basic"
    digest = it.layers[1]["digest"]
    asked = []
    plain = faulty.answer
    faulty.answer = lambda handler: (asked.append(handler.headers.get("Authorization")), plain(handler))
    serve = GuardedRegistry.answer

    def redirect(handler):
        if digest not in handler.path:
            return serve(guarded, handler)
        handler.send_response(307)
        handler.send_header("Location", f"http://{faulty.address}/v2/moved/blobs/{digest}")
        handler.send_header("Content-Length", "0")
        handler.end_headers()
    guarded.answer = redirect
    assert "Downloaded newer image" in pull(stack, guarded.name("moved"), USER)
    assert asked == [None]


@pytest.mark.ours
def test_own_authority(fresh_stack, tmp_path):
    """certs.d: a registry over TLS whose authority is there is trusted; without it loopback is."""
    stack = fresh_stack
    key, cert = tmp_path / "key", tmp_path / "ca.crt"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                    "-nodes", "-keyout", key, "-out", cert, "-days", "2", "-subj", "/CN=registry",
                    "-addext", "subjectAltName=IP:127.0.0.1"], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    registry = GuardedRegistry(stack.sandbox, 5003, context)
    it = image("tls")
    for data in it.blobs.values():
        registry.put_blob("tls", data)
    registry.put_manifest("tls", "latest", it.media["manifest"], it.manifest)
    assert "Downloaded newer image" in pull(stack, registry.name("tls"))
    registry.close()


@pytest.mark.ours
def test_mirror(make):
    """Hub's images come from the mirror; what it lacks is asked for at Hub (which is not there)."""
    stack = make("ours", dockerd_args=["--registry-mirror", "http://127.0.0.1:5001"])
    mirror = FaultyRegistry(stack.sandbox)
    image("mirrored").push(mirror, "library/mirrored")
    assert "Downloaded newer image for mirrored:latest" in pull(stack, "mirrored")
    assert "mirrored:latest" in stack.docker("images", "--format", "{{.Repository}}:{{.Tag}}").stdout
    assert "registry-1.docker.io" in pull(stack, "not-mirrored")
    mirror.close()


def test_parallel_pulls_of_one_image(stack, registry):
    Image([images.busybox_layer(), Layer().file("big", BIG + b"4")], {"Cmd": ["true"]}).push(registry, "both")
    name = registry.name("both")
    both = [stack.docker_popen("pull", name, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    for process in both:
        out, _ = process.communicate(timeout=60)
        assert process.returncode == 0, out
        assert "Digest: sha256:" in out
    assert stack.docker("run", "--rm", "--network=none", name).returncode == 0
