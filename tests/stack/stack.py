"""Daemons in a sandbox: Lighter's, or a peer's in any place.

    with Stack() as stack:                      # our eight programs
        stack.docker("run", "--rm", "busybox", "true", check=True)
    Stack(swap={"runc": "debian"})              # Debian's runc in that place
    Stack.peers()                               # Debian's in every place

Each stack has a folder of links, one per program, first in PATH: whoever looks a program up by
name finds the one that this stack is made of. Daemons write their logs to SCRATCH/logs.
"""

import contextlib
import contextlib
import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from . import leaks, peers
from .sandbox import TOP, Sandbox

PROGRAMS = ("docker", "dockerd", "containerd", "ctr", "containerd-shim-runc-v2", "runc",
            "docker-proxy", "docker-init")
OFFICIAL_CLI = os.environ.get("LIGHTER_OFFICIAL_CLI", "/usr/local/bin/docker")
SOCKET = "/run/docker.sock"
CONTAINERD_ALONE = "/run/containerd/containerd.sock"
CONTAINERD_BELOW = "/run/docker/containerd/containerd.sock"
# Goes by itself some time after the last container: the port server, and interfaces with their namespace.
PASSING = re.compile(r"^docker-proxy$|/docker-proxy\.sock$|^veth")
CONTAINERD_CONFIG = """version = 2
disabled_plugins = ["io.containerd.grpc.v1.cri"]
"""


class StackError(Exception):
    """The stack did not come up; the message has the daemons' last words."""


def build_dir():
    return Path(os.environ.get("LIGHTER_BUILD", TOP / "build"))


def sanitized():
    """Are the programs under test built with sanitizers (sanitizers.py)?"""
    return build_dir().name == "build-asan"


def program(name):
    """Our program of that name. docker-init is static, which ASan cannot be; containers see it."""
    return (TOP / "build" if name == "docker-init" else build_dir()) / "bin" / name


def resolve(name, path):
    """What --swap may say: a path, or `debian`. /usr/... falls back to the unpacked peer."""
    if path == "debian":
        return peers.program(name)
    if not os.path.exists(path) and (peers.ROOT / path.lstrip("/")).exists():
        return peers.program(os.path.basename(path))
    return os.path.abspath(path)


class UnixHTTP(http.client.HTTPConnection):
    """HTTP over a unix socket (a path on the host, /proc/PID/root/... included)."""

    def __init__(self, path, timeout=30):
        super().__init__("localhost", timeout=timeout)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class Reply:
    """An answer of the API."""

    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def text(self):
        return self.body.decode(errors="replace")

    @property
    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return f"<{self.status} {self.text[:300]!r}>"


class Stack:
    """One engine with all below it. Attributes: sandbox, scratch, swap, cli."""

    def __init__(self, swap=None, root=None, tmpfs=False, cli="ours", dockerd_args=(),
                 containerd_args=(), containerd_alone=None, preload=None, start=True,
                 daemon_json=None, env=None, log_level="debug"):
        self.swap = {name: resolve(name, path) for name, path in (swap or {}).items()}
        unknown = set(self.swap) - set(PROGRAMS)
        if unknown:
            raise StackError(f"no program of the stack: {', '.join(sorted(unknown))}")
        self.cli, self.archives = cli, list(preload or ())
        self.dockerd_args, self.containerd_args = list(dockerd_args), list(containerd_args)
        # A swapped engine or containerd: the harness starts containerd, dockerd gets its address.
        self.alone = containerd_alone if containerd_alone is not None else bool(
            {"dockerd", "containerd"} & set(self.swap))
        self.daemons, self.env, self.log_level = {}, dict(env or {}), log_level
        self.sandbox = Sandbox(root, tmpfs)
        try:
            self._prepare(daemon_json)
            if start:
                self.start()
        except BaseException:
            self.close()
            raise

    @classmethod
    def peers(cls, **options):
        options.setdefault("cli", "debian")
        return cls(swap={name: "debian" for name in PROGRAMS}, **options)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    # ---- making it

    def _prepare(self, daemon_json):
        self.scratch = self.sandbox.scratch
        self.data, self.bin = self.scratch / "data", self.scratch / "bin"
        self.logdir = self.scratch / "logs"
        self.bin.mkdir()
        self.logdir.mkdir()
        (self.scratch / "client").mkdir()
        (self.scratch / "client" / "config.json").write_text("{}\n")
        for name in PROGRAMS:
            (self.bin / name).symlink_to(self.swap.get(name, program(name)))
        self._collect_images()
        (self.scratch / "containerd.toml").write_text(CONTAINERD_CONFIG)
        config = {"log-level": self.log_level} if daemon_json is None else daemon_json
        (self.scratch / "daemon.json").write_text(json.dumps(config))
        self.address = CONTAINERD_ALONE if self.alone else CONTAINERD_BELOW
        self.sandbox.env |= {
            "PATH": f"{self.bin}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "DOCKER_HOST": "unix://" + SOCKET,
            "DOCKER_CONFIG": str(self.scratch / "client"),
            "DOCKER_CONTEXT": None,
            "CONTAINERD_ADDRESS": self.address,
            **self.env,
        }

    def _collect_images(self):
        """The preload folder: what the build made (hello-world) and what the test adds."""
        own = build_dir() / "share" / "lighter" / "images"
        made = sorted(own.glob("*")) if own.is_dir() else []
        self.preload = self.scratch / "preload"
        self.preload.mkdir()
        for source in [*made, *map(Path, self.archives)]:
            if source.is_dir() and (source / "index.json").exists():
                shutil.copytree(source, self.preload / source.name)
            elif source.suffix == ".tar":
                shutil.copy(source, self.preload)

    def _daemon(self, name, argv):
        path = self.bin / name
        if not path.exists():
            raise StackError(f"{os.readlink(path)}: not there (./dev build)")
        log = open(self.logdir / f"{name}.log", "ab")
        with log:
            self.daemons[name] = self.sandbox.popen(
                [name, *argv], cwd="/", stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True)
        return self.daemons[name]

    def start(self):
        if self.alone:
            self.start_containerd()
        self.start_dockerd()

    def start_containerd(self, args=None, wait=True, every=0.01):
        process = self._daemon("containerd", [
            "--root", self.data / "containerd", "--state", "/run/containerd",
            "--address", CONTAINERD_ALONE, "--config", self.scratch / "containerd.toml",
            "--log-level", self.log_level,
            *(self.containerd_args if args is None else args)])
        if wait:
            self._wait("containerd", process, lambda: self._connects(CONTAINERD_ALONE), every)
        return process

    def dockerd_argv(self):
        argv = ["--host", "unix://" + SOCKET, "--data-root", self.data / "docker",
                "--exec-root", "/run/docker", "--pidfile", "/run/docker.pid",
                "--config-file", self.scratch / "daemon.json"]
        if self.alone:
            argv += ["--containerd", CONTAINERD_ALONE]
        if "dockerd" not in self.swap:
            argv += ["--preload", self.preload]
        return argv

    def start_dockerd(self, args=None, wait=True, every=0.01, load=True):
        process = self._daemon("dockerd", [
            *self.dockerd_argv(), *(self.dockerd_args if args is None else args)])
        if wait:
            self._wait("dockerd", process, self.answers, every)
            if "dockerd" in self.swap and load:
                self.load(self.archives)
        return process

    def load(self, archives):
        """docker load of each archive, for an engine which has no --preload."""
        for archive in archives:
            self.docker("load", "--quiet", "--input", archive, cli="debian", check=True)

    def _connects(self, path):
        try:
            with socket.socket(socket.AF_UNIX) as s:
                s.settimeout(1)
                s.connect(self.sandbox.path(path))
            return True
        except OSError:
            return False

    def answers(self):
        try:
            return self.api("GET", "/_ping", timeout=2).status == 200
        except (OSError, http.client.HTTPException):
            return False

    def _wait(self, name, process, ready, every, patience=30):
        end = time.monotonic() + patience
        while not ready():
            if process.poll() is not None:
                raise StackError(f"{name} ended with {process.returncode}\n{self.logs(name)}")
            if time.monotonic() > end:
                raise StackError(f"{name} did not answer in {patience} s\n{self.logs(name)}")
            time.sleep(every)

    # ---- ending it

    def stop(self, name, sig=signal.SIGTERM, patience=20):
        """Ends a daemon of ours; returns its exit code (negative: the signal that ended it)."""
        process = self.daemons.pop(name, None)
        if process is None:
            return None
        process.send_signal(sig)
        try:
            return process.wait(patience)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise StackError(f"{name} did not end in {patience} s\n{self.logs(name)}") from None

    def stop_all(self):
        self.stop("dockerd")
        self.stop("containerd")

    def restart(self, sig=signal.SIGTERM, args=None):
        """dockerd down and up again."""
        self.stop("dockerd", sig)
        self.start_dockerd(args)

    def kill(self, comm, sig=signal.SIGKILL):
        """Signals every process of that name inside, whoever started it; returns how many."""
        hit = 0
        for pid, (host_pid, name) in self.sandbox.processes().items():
            if name == comm[:15]:
                with contextlib.suppress(ProcessLookupError):   # a child of its, before its exec
                    os.kill(host_pid, sig)
                    hit += 1
        started = self.daemons.get(comm)
        if started is not None and hit and sig == signal.SIGKILL:
            started.wait(10)
            del self.daemons[comm]
        return hit

    def close(self, keep=False):
        if sanitized() and self.daemons:
            self._end_in_order()
        self.sandbox.close(keep)
        for process in self.daemons.values():
            process.wait()
        self.daemons.clear()

    def _end_in_order(self, patience=20):
        """Leaks are looked for in a daemon that ends by itself. Its containers are not waited for."""
        ours = {name[:15] for name in PROGRAMS}
        for host_pid, name in self.sandbox.processes().values():
            if name not in ours:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(host_pid, signal.SIGKILL)
        for name in ("dockerd", "containerd"):
            process = self.daemons.get(name)
            if process is not None and process.poll() is None:
                process.send_signal(signal.SIGTERM)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(patience)      # what the end must be has tests of its own

    # ---- using it

    def cli_path(self, cli=None):
        cli = cli or self.cli
        known = {"ours": lambda: self.bin / "docker", "official": lambda: OFFICIAL_CLI,
                 "debian": lambda: peers.program("docker")}
        return str(known[cli]() if cli in known else cli)

    def docker(self, *args, cli=None, **options):
        """A docker command line; options are those of Sandbox.run (check, input, timeout ...)."""
        return self.sandbox.run([self.cli_path(cli), *args], **options)

    def docker_popen(self, *args, cli=None, **options):
        return self.sandbox.popen([self.cli_path(cli), *args], **options)

    def ctr(self, *args, **options):
        """Debian's ctr, before whatever containerd this stack has."""
        return self.sandbox.run([peers.program("ctr"), "--address", self.address, *args],
                                **options)

    def exec(self, argv, **options):
        return self.sandbox.run(argv, **options)

    def popen(self, argv, **options):
        return self.sandbox.popen(argv, **options)

    def outside(self, argv, **options):
        """From another machine: 192.0.2.2, with the stack at 192.0.2.1."""
        self.sandbox.join_outside()
        return self.sandbox.run(argv, outside=True, **options)

    def pids(self, comm):
        return self.sandbox.pids(comm)

    def api(self, method, path, body=None, headers=None, timeout=30):
        """One request on the API socket. A dict as body is sent as JSON."""
        headers = dict(headers or {})
        if isinstance(body, (dict, list)):
            body = json.dumps(body).encode()
            headers.setdefault("Content-Type", "application/json")
        connection = UnixHTTP(self.sandbox.path(SOCKET), timeout)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return Reply(answer.status, answer.headers, answer.read())
        finally:
            connection.close()

    def logs(self, name=None, lines=40):
        """The last lines of the daemons' logs."""
        text = ""
        for path in sorted(self.logdir.glob("*.log")):
            if name in (None, path.stem):
                tail = path.read_text(errors="replace").splitlines()[-lines:]
                text += f"--- {path.stem}\n" + "\n".join(line[:400] for line in tail) + "\n"
        return text

    def snapshot(self):
        """What leaks.snapshot() sees from inside."""
        script = str(Path(leaks.__file__))
        done = self.exec([sys.executable, "-I", "-S", script], check=True)
        found = json.loads(done.stdout)
        found["processes"] = sorted(name for _, name in self.sandbox.processes().values())
        return found

    def expect_clean(self, before, ignore=(), patience=10):
        """What has come since that snapshot is gone again, at the latest after some seconds. What was
        about to go in the snapshot may have gone."""
        end = time.monotonic() + patience
        while True:
            seen = self.snapshot()
            known = {kind: [v for v in values if v in seen[kind] or not PASSING.search(v)]
                     for kind, values in before.items()}
            left = leaks.diff(known, seen, ignore)
            if not left:
                return
            if time.monotonic() > end:
                raise AssertionError("left behind:\n" + "\n".join(left))
            time.sleep(0.1)

    def wait_for(self, what, patience=10, every=0.02):
        """Polls until what() is true; returns its value, or raises with the logs."""
        end = time.monotonic() + patience
        while True:
            value = what()
            if value:
                return value
            if time.monotonic() > end:
                raise AssertionError(f"did not happen within {patience} s")
            time.sleep(every)


def official_cli():
    """The official docker CLI of this machine, or None."""
    return OFFICIAL_CLI if shutil.which(OFFICIAL_CLI) else None
