"""Attaching to containers: what the query's words combine to, engines that die, WebSocket."""

import base64
import hashlib
import os
import socket
import struct
import subprocess
import time

import pytest

SH = ("busybox", "sh", "-c")
GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


def start(docker, script, *flags):
    docker("run", "-d", "--name", "box", "--network=none", *flags, *SH, script)


class Raw:
    """One connection to the API whose answer is no longer HTTP."""

    def __init__(self, stack, request, headers=(), timeout=10):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(timeout)
        self.socket.connect(stack.sandbox.path("/run/docker.sock"))
        lines = [request + " HTTP/1.1", "Host: docker", *headers, "", ""]
        self.socket.sendall("\r\n".join(lines).encode())
        self.rest = b""
        while b"\r\n\r\n" not in self.rest:
            got = self.socket.recv(4096)
            assert got, self.rest
            self.rest += got
        self.head, self.rest = self.rest.split(b"\r\n\r\n", 1)
        self.status = int(self.head.split()[1])

    def exactly(self, n):
        while len(self.rest) < n:
            got = self.socket.recv(65536)
            if not got:
                raise EOFError(self.rest)
            self.rest += got
        got, self.rest = self.rest[:n], self.rest[n:]
        return got

    def until_end(self):
        try:
            while got := self.socket.recv(65536):
                self.rest += got
        except ConnectionResetError:
            pass
        return self.rest

    def send(self, data):
        self.socket.sendall(data)

    def close(self):
        self.socket.close()


def attach(stack, query, headers=("Upgrade: tcp", "Connection: Upgrade")):
    return Raw(stack, f"POST /v1.41/containers/box/attach?{query}", headers)


def frames(data):
    """[(stream, text)] of a multiplexed stream."""
    out = []
    while data:
        stream, n = data[0], struct.unpack(">I", data[4:8])[0]
        out.append((stream, data[8:8 + n].decode()))
        data = data[8 + n:]
    return out


# ---- the query ----

def test_logs_without_stream(stack, docker):
    """What is in the log, and the end at once."""
    start(docker, "echo one; echo two >&2; sleep 100")
    stack.wait_for(lambda: docker("logs", "box") and stack.docker("logs", "box").stderr)
    got = frames(attach(stack, "logs=1&stdout=1&stderr=1").until_end())
    assert sorted(got) == [(1, "one\n"), (2, "two\n")]
    assert frames(attach(stack, "logs=1&stderr=1").until_end()) == [(2, "two\n")]


def test_neither_logs_nor_stream(stack, docker):
    start(docker, "echo one; sleep 100")
    assert attach(stack, "stdout=1").until_end() == b""


def test_logs_of_one_that_has_ended(stack, docker):
    start(docker, "echo one")
    docker("wait", "box")
    assert frames(attach(stack, "logs=1&stdout=1").until_end()) == [(1, "one\n")]


def test_logs_and_stream(stack, docker):
    start(docker, "echo before; read x; echo after", "-i")
    stack.wait_for(lambda: "before" in docker("logs", "box"))
    client = attach(stack, "logs=1&stream=1&stdout=1&stdin=1")
    assert client.exactly(8 + 7)[8:] == b"before\n"
    client.send(b"go\n")
    assert frames(client.until_end()) == [(1, "after\n")]


def test_stream_alone_shows_what_comes(stack, docker):
    start(docker, "echo before; read x; echo after; echo no >&2", "-i")
    stack.wait_for(lambda: "before" in docker("logs", "box"))
    client = attach(stack, "stream=1&stdout=1&stdin=1")
    client.send(b"go\n")
    assert frames(client.until_end()) == [(1, "after\n")]


def test_stdin_alone(stack, docker):
    start(docker, "read x; echo got $x", "-i")
    client = attach(stack, "stream=1&stdin=1")
    client.send(b"it\n")
    docker("wait", "box")
    assert docker("logs", "box") == "got it"
    client.close()


def test_stdin_is_not_passed_on_unless_asked(stack, docker):
    start(docker, "read x; echo got $x", "-i")
    client = attach(stack, "stream=1&stdout=1")
    client.send(b"unasked\n")
    time.sleep(0.3)
    assert docker("logs", "box") == ""
    client.close()


def test_several_clients_see_the_same(stack, docker):
    start(docker, "read x; echo $x; echo end", "-i")
    clients = [attach(stack, "stream=1&stdout=1&stdin=1") for _ in range(3)]
    clients[1].send(b"hello\n")
    for client in clients:
        assert "".join(text for _, text in frames(client.until_end())) == "hello\nend\n"


@pytest.mark.parametrize("code, query", [(404, None), (409, "paused"), (400, "keys")])
def test_refused(stack, docker, code, query):
    start(docker, "sleep 100", "-t")
    if query == "paused":
        docker("pause", "box")
    path = "/v1.41/containers/box/attach?stream=1&stdout=1" + ("&detachKeys=ctrl-%5E%5E" if query == "keys" else "")
    path = path if code != 404 else path.replace("box", "nosuch")
    answer = stack.api("POST", path)
    if query == "paused":
        docker("unpause", "box")
    assert answer.status == code


@pytest.mark.ours
@pytest.mark.parametrize("query", ["stream=1&stdout=1&logs=1", "stdout=1&logs=1", "stream=1&stdout=1&stdin=1"])
def test_head_comes_alone(stack, docker, query):
    """docker-py, and so docker-compose, throws away what it reads together with the head."""
    start(docker, "echo said; while read x; do echo $x; done", "-i")
    stack.wait_for(lambda: docker("logs", "box") == "said")
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(10)
        s.connect(stack.sandbox.path("/run/docker.sock"))
        s.sendall(f"POST /v1.41/containers/box/attach?{query} HTTP/1.1\r\nHost: x\r\n"
                  "Connection: Upgrade\r\nUpgrade: tcp\r\n\r\n".encode() + b"said\n")
        time.sleep(0.03 if "stream" not in query else 0.2)
        assert s.recv(65536).endswith(b"\r\n\r\n")
        assert s.recv(65536).endswith(b"said\n")


# ---- an engine that dies ----

@pytest.mark.ours
def test_engine_dies(stack, docker):
    """The attached client ends at once with an error; the container's stdin sees no end, and takes
    what a new client types."""
    start(docker, "while read x; do echo got $x; done; echo end of input", "-i")
    client = stack.docker_popen("attach", "box", stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True)
    client.stdin.write("one\n")
    client.stdin.flush()
    assert client.stdout.readline() == "got one\n"
    raw = attach(stack, "stream=1&stdout=1&stdin=1")
    began = time.monotonic()
    stack.kill("dockerd")
    assert raw.until_end() == b""
    assert client.wait(10) != 0 and time.monotonic() - began < 3
    client.stdin.close()
    stack.start_dockerd()
    again = attach(stack, "stream=1&stdout=1&stdin=1")
    again.send(b"two\n")
    assert again.exactly(8 + 8)[8:] == b"got two\n"
    again.close()
    stack.wait_for(lambda: docker("logs", "box").splitlines() == ["got one", "got two"])
    assert docker("inspect", "-f", "{{.State.Running}}", "box") == "true"


@pytest.mark.ours
def test_half_written_line_over_a_kill(stack, docker):
    """Bytes that a client saw already are in the log once."""
    start(docker, "echo -n half; read x; echo -e '\\nwhole'", "-i")
    client = attach(stack, "stream=1&stdout=1")
    stack.wait_for(lambda: docker("exec", "box", "cat", "/proc/1/wchan") != "")
    time.sleep(0.2)
    stack.kill("dockerd")
    stack.start_dockerd()
    client.close()
    again = attach(stack, "stream=1&stdout=1&stdin=1")
    again.send(b"\n")
    again.until_end()
    docker("wait", "box")
    assert docker("logs", "box").splitlines() == ["half", "whole"]


@pytest.mark.ours
def test_clients_that_vanish_leave_nothing(stack, docker, no_leaks):
    docker("run", "-d", "--name", "box", "-i", "-p", "998:998", *SH, "while :; do echo x; usleep 1000; done")
    fds = ["sh", "-c", "ls /proc/$(pidof dockerd)/fd"]
    before = len(stack.exec(fds).stdout.split())
    clients = [attach(stack, "stream=1&stdout=1&stdin=1") for _ in range(20)]
    for client in clients:
        client.exactly(8)
        client.close()
    stack.wait_for(lambda: len(stack.exec(fds).stdout.split()) < before + 4)


# ---- WebSocket ----

class WebSocket(Raw):
    def __init__(self, stack, method, path):
        key = base64.b64encode(os.urandom(16)).decode()
        super().__init__(stack, f"{method} {path}", (
            "Upgrade: websocket", "Connection: keep-alive, Upgrade", "Origin: http://docker",
            f"Sec-WebSocket-Key: {key}", "Sec-WebSocket-Version: 13"))
        if self.status == 101:
            accept = base64.b64encode(hashlib.sha1((key + GUID).encode()).digest())
            assert b"Sec-WebSocket-Accept: " + accept in self.head

    def write(self, data, opcode=2, first=0x80):
        mask = os.urandom(4)
        head = bytes([first | opcode, 0x80 | len(data)])
        self.send(head + mask + bytes(c ^ mask[i % 4] for i, c in enumerate(data)))

    def read(self):
        """(opcode, payload) of the next frame."""
        first, n = self.exactly(2)
        if n == 126:
            n = struct.unpack(">H", self.exactly(2))[0]
        elif n == 127:
            n = struct.unpack(">Q", self.exactly(8))[0]
        return first & 15, self.exactly(n)

    def text(self):
        """All data until the closing frame, or the end."""
        out = b""
        try:
            while (frame := self.read())[0] != 8:
                out += frame[1]
        except (EOFError, ConnectionResetError):
            pass
        return out


def test_ws_both_ways(stack, docker):
    start(docker, "read x; echo got $x", "-i")
    ws = WebSocket(stack, "GET", "/v1.41/containers/box/attach/ws?stream=1&stdin=1&stdout=1&stderr=1")
    assert ws.status == 101
    ws.write(b"something\n")
    opcode, data = ws.read()
    assert (opcode, data) == (2, b"got something\n")
    ws.text()


def test_ws_logs_first(stack, docker):
    start(docker, "echo before; read x; echo after", "-i")
    stack.wait_for(lambda: "before" in docker("logs", "box"))
    ws = WebSocket(stack, "GET", "/v1.41/containers/box/attach/ws?logs=1&stream=1&stdin=1&stdout=1&stderr=1")
    assert ws.read() == (2, b"before\n")
    ws.write(b"\n")
    assert ws.text() == b"after\n"


def test_ws_of_a_terminal(stack, docker):
    start(docker, "read x; echo got $x", "-it")
    ws = WebSocket(stack, "GET", "/v1.41/containers/box/attach/ws?stream=1&stdin=1&stdout=1&stderr=1")
    ws.write(b"it\n")
    assert ws.text().replace(b"\r", b"") == b"it\ngot it\n"


def test_ws_detach_keys(stack, docker):
    start(docker, "read x; echo got $x", "-it")
    ws = WebSocket(stack, "GET", "/v1.41/containers/box/attach/ws?stream=1&stdin=1&stdout=1&detachKeys=ctrl-a,b")
    ws.write(b"\x01b")
    ws.text()
    assert docker("inspect", "-f", "{{.State.Running}}", "box") == "true"


def test_ws_large_output(stack, docker):
    start(docker, "read x; i=0; while [ $i -lt 20000 ]; do echo line $i; i=$((i+1)); done", "-i")
    ws = WebSocket(stack, "GET", "/v1.41/containers/box/attach/ws?stream=1&stdin=1&stdout=1")
    ws.write(b"\n")
    assert ws.text().decode().splitlines() == [f"line {i}" for i in range(20000)]


def test_ws_fragments_and_ping(stack, docker):
    start(docker, "read x; echo got $x", "-i")
    ws = WebSocket(stack, "GET", "/v1.41/containers/box/attach/ws?stream=1&stdin=1&stdout=1")
    ws.write(b"in ", first=0)
    ws.write(b"hello", opcode=9)
    assert ws.read() == (10, b"hello")
    ws.write(b"parts\n", opcode=0)
    assert ws.text() == b"got in parts\n"


def test_ws_close_leaves_the_container(stack, docker):
    start(docker, "read x; echo got $x", "-i")
    ws = WebSocket(stack, "GET", "/v1.41/containers/box/attach/ws?stream=1&stdin=1&stdout=1")
    ws.write(struct.pack(">H", 1000), opcode=8)
    ws.text()
    ws.close()
    again = WebSocket(stack, "GET", "/v1.41/containers/box/attach/ws?stream=1&stdin=1&stdout=1")
    again.write(b"again\n")
    assert again.text() == b"got again\n"


@pytest.mark.ours
def test_ws_closing_handshake(stack, docker):
    start(docker, "read x; exit 0", "-i")
    ws = WebSocket(stack, "GET", "/v1.41/containers/box/attach/ws?stream=1&stdin=1&stdout=1")
    ws.write(struct.pack(">H", 1001) + b"bye", opcode=8)
    assert ws.read() == (8, struct.pack(">H", 1001))
    assert ws.until_end() == b""
    ws = WebSocket(stack, "GET", "/v1.41/containers/box/attach/ws?stream=1&stdin=1&stdout=1")
    ws.send(b"\xff\xff")        # no frame
    assert ws.read() == (8, struct.pack(">H", 1002))
    ws = WebSocket(stack, "GET", "/v1.41/containers/box/attach/ws?stream=1&stdin=1&stdout=1")
    ws.write(b"\n")
    assert ws.read() == (8, struct.pack(">H", 1000))


@pytest.mark.ours
def test_ws_before_1_28_is_text(stack, docker):
    start(docker, "read x; echo got", "-i")
    ws = WebSocket(stack, "GET", "/v1.27/containers/box/attach/ws?stream=1&stdin=1&stdout=1")
    ws.write(b"\n")
    assert ws.read() == (1, b"got\n")


def test_ws_needs_a_websocket_client(stack, docker):
    start(docker, "sleep 100")
    assert stack.api("GET", "/v1.41/containers/box/attach/ws?stream=1").status == 400
    assert stack.api("GET", "/v1.41/containers/nosuch/attach/ws?stream=1").status == 404
