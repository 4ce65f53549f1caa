"""./dev bench --timeline: where the time of one `docker run --rm` goes.

Plays the client's requests itself, so that the moments between them are known, while `perf` notes
when processes begin, become another program and end. Both use the monotonic clock. Prints the
median of each step over some runs, ours beside Debian's.
"""

import http.client
import json
import re
import shutil
import socket
import statistics
import subprocess
import tempfile
import time

from stack.stack import SOCKET, UnixHTTP

RUNS = 30
EVENTS = ("sched:sched_process_fork", "sched:sched_process_exec", "sched:sched_process_exit")
LINE = re.compile(r"\s*(?P<comm>.+?)\s+(?P<pid>\d+)\s+(?P<at>[\d.]+): *sched:sched_process_"
                  r"(?P<what>\w+): *(?P<rest>.*)")
BODY = {"Image": "busybox", "Cmd": ["true"], "AttachStdout": True, "AttachStderr": True,
        "HostConfig": {"NetworkMode": "bridge", "AutoRemove": True}}
# What is seen by whom: a step ends with its moment and began with the one before it.
STEPS = (
    ("create answered", "POST /containers/create"),
    ("attached, waiting", "POST attach and wait"),
    ("shim begins", "POST start: root file system, network, specification, containerd"),
    ("runc create begins", "the shim starts, mounts the root file system"),
    ("runc create ends", "`runc create`"),
    ("program begins", "the shim, `runc start`, execve"),
    ("program ends", "`true`"),
    ("gone", "exit told, everything removed, wait answered"),
)


class Run:
    """The requests of one `docker run --rm`, and when each was answered (seconds)."""

    def __init__(self, stack):
        self.path, self.at = stack.sandbox.path(SOCKET), {}

    def _request(self, method, path, body=None):
        connection = UnixHTTP(self.path, 60)
        data = json.dumps(body).encode() if body is not None else b""
        connection.request(method, path, data, {"Content-Type": "application/json"})
        return connection

    def _mark(self, name):
        self.at[name] = time.monotonic()

    def play(self):
        self._mark("begin")
        answer = self._request("POST", "/v1.41/containers/create", BODY).getresponse()
        name = json.loads(answer.read())["Id"]
        self._mark("create answered")
        attached = socket.socket(socket.AF_UNIX)
        attached.connect(self.path)
        attached.sendall(f"POST /v1.41/containers/{name}/attach?stream=1&stdout=1&stderr=1 "
                         "HTTP/1.1\r\nHost: d\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n"
                         "Content-Length: 0\r\n\r\n".encode())
        attached.recv(4096)
        waiting = self._request("POST", f"/v1.41/containers/{name}/wait?condition=removed")
        self._mark("attached, waiting")
        self._request("POST", f"/v1.41/containers/{name}/start").getresponse().read()
        self._mark("started")
        try:
            waiting.getresponse().read()
        except http.client.HTTPException as broken:
            raise SystemExit(f"the container's end was not told: {broken}") from broken
        self._mark("gone")
        attached.close()
        return self.at


def record(stack):
    """Runs, and the events meanwhile: ([moments], [(at, what, comm, rest)])."""
    with tempfile.NamedTemporaryFile() as data:
        perf = subprocess.Popen(["perf", "record", "-q", "-a", "-k", "CLOCK_MONOTONIC", "-o",
                                 data.name, *(word for event in EVENTS for word in ("-e", event))],
                                stderr=subprocess.DEVNULL)
        time.sleep(1)
        runs = []
        for _ in range(RUNS):
            runs.append(Run(stack).play())
            time.sleep(0.05)
        perf.terminate()
        perf.wait()
        text = subprocess.run(["perf", "script", "-i", data.name, "-F",
                               "comm,pid,time,event,trace", "--ns"],
                              capture_output=True, text=True, check=True).stdout
    found = [LINE.match(line) for line in text.splitlines()]
    return runs, [(float(m["at"]), m["what"], m["comm"], m["rest"]) for m in found if m]


def add_processes(run, events):
    """The moments of one run that only its processes know."""
    within = [e for e in events if run["attached, waiting"] <= e[0] <= run["gone"]]
    runc = [e for e in within if e[1] == "exec" and re.search(r"filename=\S*/runc ", e[3])]
    shim = [e for e in within if e[1] == "exec" and "containerd-shim" in e[3]]
    program = [e for e in within if e[1] == "exec" and "filename=/bin/true " in e[3]]
    if not (runc and shim and program):
        return False
    first = re.search(r" pid=(\d+)", runc[0][3])[1]
    ended = [e for e in within if e[1] == "exit" and f" pid={first} " in e[3]]
    done = [e for e in within if e[1] == "exit" and e[2] == "true"]
    run |= {"shim begins": shim[0][0], "runc create begins": runc[0][0],
            "runc create ends": ended[0][0], "program begins": program[0][0],
            "program ends": done[0][0]}
    return True


def medians(stack):
    for _ in range(3):
        Run(stack).play()
    runs, events = record(stack)
    runs = [run for run in runs if add_processes(run, events)]
    steps, before = [], "begin"
    for moment, _ in STEPS:
        steps.append(statistics.median(run[moment] - run[before] for run in runs) * 1000)
        before = moment
    return steps


def timeline(sides):
    if shutil.which("perf") is None:
        raise SystemExit("perf is not there (Debian: linux-perf)")
    ours, theirs = (medians(side.stack) for side in sides)
    print("| step of `docker run --rm busybox true` on `bridge` | Lighter, ms | Debian's, ms |")
    print("| --- | ---: | ---: |")
    for (_, what), a, b in zip(STEPS, ours, theirs):
        print(f"| {what} | {a:.2f} | {b:.2f} |")
    print(f"| all | {sum(ours):.1f} | {sum(theirs):.1f} |")
