"""./dev bench --timeline: whose time is it? The official client before each engine, with a relay
between them that notes when a request or an answer passes.

What lies between an answer and the next request is the client's own time, what lies between a
request and its answer the engine's. `wait` is answered twice: its head at once, its body at the end.
The relay adds about 0.1 ms to each message of both sides.
"""

import os
import re
import socket
import statistics
import subprocess
import tempfile
import threading
import time

from stack.stack import SOCKET

RUNS, BEST = 60, 15 # the quickest ones count: the machine is shared
NETWORKS = ("host", "none", "bridge")
# What passes, in this order; and whose the time before it was, for what.
STEPS = (
    ("HEAD ping", "client", "starts"),
    ("ping answered", "engine", "HEAD /_ping"),
    ("POST create", "client", "makes the body of create"),
    ("create answered", "engine", "POST create"),
    ("POST attach", "client", "prepares its streams and signals"),
    ("attach answered", "engine", "POST attach"),
    ("POST wait", "client", "goes on to wait"),
    ("wait answered", "engine", "POST wait: the head of the answer"),
    ("POST start", "client", "goes on to start"),
    ("body of wait", "engine", "POST start, the container, its removal, the body of wait"),
    ("end", "client", "ends"),
)


class Relay:
    """Listens for a client of `upstream` and keeps the moments of what passes."""

    def __init__(self, path, upstream):
        self.upstream, self.moments = upstream, {}
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(path)
        self.listener.listen()
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            client, _ = self.listener.accept()
            engine = socket.socket(socket.AF_UNIX)
            engine.connect(self.upstream)
            asked = []
            for source, sink, note in ((client, engine, self._request),
                                       (engine, client, self._answer)):
                threading.Thread(target=self._pump, args=(source, sink, note, asked),
                                 daemon=True).start()

    @staticmethod
    def _pump(source, sink, note, asked):
        try:
            while data := source.recv(65536):
                note(data, asked)
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass                            # the other side was faster

    def _request(self, data, asked):
        found = re.match(rb"(HEAD|POST) [^ ?]*?_?(\w+)[ ?]", data)
        if found:
            asked.append(found[2].decode())
            self.moments[f"{found[1].decode()} {asked[-1]}"] = time.monotonic()

    def _answer(self, data, asked):
        what = "answered" if data.startswith(b"HTTP/") else "body"
        name = f"{asked[-1]} answered" if what == "answered" else f"body of {asked[-1]}"
        self.moments[name] = time.monotonic()


def play(relay, argv, environment):
    """One run: the moments of STEPS (seconds), from its beginning on."""
    relay.moments = {}
    began = time.monotonic()
    subprocess.run(argv, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                   check=True)
    return [began, *(relay.moments[step] for step, _, _ in STEPS[:-1]), time.monotonic()]


def shares(side, network):
    """The median of each step over the quickest runs (ms)."""
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/relay.sock"
        relay = Relay(path, side.stack.sandbox.path(SOCKET))
        argv = (side.client("official"), "run", "--rm", "--network", network, "busybox", "true")
        environment = {**os.environ, "DOCKER_HOST": f"unix://{path}"}
        for _ in range(3):
            play(relay, argv, environment)
        runs = sorted((play(relay, argv, environment) for _ in range(RUNS)),
                      key=lambda run: run[-1] - run[0])[:BEST]
    return [statistics.median(run[n + 1] - run[n] for run in runs) * 1000
            for n in range(len(STEPS))]


def client_timeline(sides):
    """Prints a table for each network: the client's steps and the engine's, ours and Debian's."""
    for network in NETWORKS:
        print(f"\n| `docker run --rm --network {network} busybox true`, official client | whose |"
              " Lighter, ms | Debian's, ms |")
        print("| --- | --- | ---: | ---: |")
        columns = [shares(side, network) for side in sides]
        for (_, whose, what), *times in zip(STEPS, *columns):
            print(f"| {what} | {whose} | " + " | ".join(f"{ms:.2f}" for ms in times) + " |")
        for whose in ("client", "engine"):
            sums = [sum(ms for (_, who, _), ms in zip(STEPS, column) if who == whose)
                    for column in columns]
            print(f"| all | {whose} | " + " | ".join(f"{ms:.1f}" for ms in sums) + " |")
