"""A private world of namespaces, seen from the host: make it, run programs in it, end it."""

import ctypes
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

from .namespaces import CLONE_NEWNET, libc

TOP = Path(__file__).resolve().parents[2]

# Enters the cgroups, then the namespaces. "$1" is how many cgroup files follow.
ENTER = 'n=$1; shift; while [ $n -gt 0 ]; do echo 0 > "$1"; shift; n=$((n-1)); done; exec "$@"'


def sanitizer_options(name):
    """The environment in which sanitized programs report to files called NAME.PROGRAM.PID (pids are a
    sandbox's own), while LIGHTER_REPORTS is the folder for that (sanitizers.py)."""
    folder = os.environ.get("LIGHTER_REPORTS")
    log = f"log_path={folder}/{name}:log_exe_name=1"
    return {"ASAN_OPTIONS": log, "UBSAN_OPTIONS": f"{log}:print_stacktrace=1"} if folder else {}


class Inner(subprocess.Popen):
    """A process in a sandbox. nsenter stands between it and us: signals go to the real one."""

    def inner_pid(self, patience=5.0):
        """Its pid as the host sees it, or None when it has ended."""
        end = time.monotonic() + patience
        while self.poll() is None and time.monotonic() < end:
            try:
                # The shell of ENTER has no children; once it has become nsenter it has one.
                text = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text()
            except OSError:
                return None
            if text.strip():
                return int(text.split()[0])
            time.sleep(0.002)
        return None

    def send_signal(self, sig):
        pid = self.inner_pid()
        if pid is not None:
            os.kill(pid, sig)

    def kill(self):
        self.send_signal(signal.SIGKILL)

    def terminate(self):
        self.send_signal(signal.SIGTERM)


class Sandbox:
    """Namespaces, cgroups and a scratch folder. Close it, or use it as a context manager."""

    def __init__(self, root=None, tmpfs=False):
        self.id = secrets.token_hex(3)
        base = Path(root) if root else TOP / "build" / "stack"
        self.scratch = (base / self.id).resolve()
        self.scratch.mkdir(parents=True)
        self.env = {"LIGHTER_STACK": self.id, **sanitizer_options(self.id)}
        self._veth = False
        options = {"id": self.id, "scratch": str(self.scratch), "tmpfs": tmpfs}
        script = str(Path(__file__).with_name("namespaces.py"))
        self._keeper = subprocess.Popen(
            [sys.executable, "-I", "-S", script, json.dumps(options)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True)
        line = self._keeper.stdout.readline()
        if not line:
            self.close()
            raise RuntimeError("the private namespaces could not be made (see above)")
        answer = json.loads(line)
        self.init, self.cgroup = answer["init"], answer["name"]
        self.entrances = [f"/proc/{self._keeper.pid}/root{path}" for path in answer["entrances"]]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self, keep=False):
        """Ends everything inside; the kernel takes mounts, links and rules with it."""
        if self._keeper.poll() is None:
            self._keeper.stdin.write("keep" if keep else "")
            self._keeper.stdin.close()
            self._keeper.wait(timeout=60)
        self._keeper.stdout.close()
        try:
            (TOP / "build" / "stack").rmdir()       # once it is empty
        except OSError:
            pass

    def path(self, inside):
        """A path of the inside, as the host can open it."""
        return f"/proc/{self.init}/root{inside}"

    def command(self, argv, outside=False, cwd=None):
        net = f"--net=/proc/{self._keeper.pid}/ns/net" if outside else "--net"
        cwd = cwd or os.getcwd()
        enter = ["nsenter", f"--target={self.init}", "--mount", "--uts", "--ipc", "--pid",
                 "--cgroup", net, f"--wdns={cwd}", "--", *map(str, argv)]
        return ["/bin/sh", "-c", ENTER, "enter", str(len(self.entrances)),
                *self.entrances, *enter]

    def environment(self, extra=None):
        env = {**os.environ, **self.env, **(extra or {})}
        return {key: value for key, value in env.items() if value is not None}

    def popen(self, argv, env=None, outside=False, cwd=None, **more):
        return Inner(self.command(argv, outside, cwd), env=self.environment(env), **more)

    def run(self, argv, env=None, outside=False, cwd=None, timeout=60, check=False, input=None,
            text=True, **more):
        """Runs to its end; CompletedProcess with stdout and stderr (text unless text=False)."""
        more.setdefault("stdout", subprocess.PIPE)
        more.setdefault("stderr", subprocess.PIPE)
        if input is not None:
            more["stdin"] = subprocess.PIPE
        else:
            more.setdefault("stdin", subprocess.DEVNULL)
        with self.popen(argv, env, outside, cwd, text=text, **more) as process:
            try:
                out, err = process.communicate(input, timeout=timeout)
            except subprocess.TimeoutExpired:
                process.kill()
                raise AssertionError(
                    f"{' '.join(map(str, argv))}: not done after {timeout} s") from None
            except BaseException:
                process.kill()
                raise
        done = subprocess.CompletedProcess(list(map(str, argv)), process.returncode, out, err)
        if check and done.returncode != 0:
            raise AssertionError(f"{' '.join(done.args)}: exit {done.returncode}\n{out}{err}")
        return done

    def socket(self, family=socket.AF_INET, kind=socket.SOCK_STREAM, outside=False, pid=None):
        """A socket of the sandbox's network namespace, or of the outside, or of a container's
        (pid: of its process, as seen inside), for this process."""
        target = self._keeper.pid if outside else self.init
        if pid is not None:
            target = self.processes()[pid][0]
        made = []

        def make():     # a namespace belongs to a thread; this one ends with the call
            with open(f"/proc/{target}/ns/net", encoding="ascii") as namespace:
                if libc.setns(namespace.fileno(), CLONE_NEWNET) != 0:
                    raise OSError(ctypes.get_errno(), "setns")
            made.append(socket.socket(family, kind))
        if outside:
            self.join_outside()
        thread = threading.Thread(target=make)
        thread.start()
        thread.join()
        return made[0]

    def connect(self, host, port, outside=False, timeout=5):
        """A TCP connection made from inside (or from the outside)."""
        made = self.socket(outside=outside)
        made.settimeout(timeout)
        try:
            made.connect((host, port))
        except BaseException:
            made.close()
            raise
        return made

    def join_outside(self):
        """A veth pair to the outside namespace: 192.0.2.1 here, 192.0.2.2 there."""
        if self._veth:
            return
        here = ["nsenter", f"--net=/proc/{self.init}/ns/net", "ip"]
        there = ["nsenter", f"--net=/proc/{self._keeper.pid}/ns/net", "ip"]
        for command in (
                [*here, "link", "add", "outside0", "type", "veth", "peer", "name", "inside0",
                 "netns", str(self._keeper.pid)],
                [*here, "address", "add", "192.0.2.1/24", "dev", "outside0"],
                [*here, "link", "set", "outside0", "up"],
                [*there, "address", "add", "192.0.2.2/24", "dev", "inside0"],
                [*there, "link", "set", "inside0", "up"]):
            subprocess.run(command, check=True)
        self._veth = True

    def processes(self):
        """{pid inside: (pid on the host, comm)} of everything in the PID namespace but init."""
        here = os.readlink(f"/proc/{self.init}/ns/pid")
        found = {}
        for entry in os.listdir("/proc"):
            if not entry.isdigit() or int(entry) == self.init:
                continue
            try:
                if os.readlink(f"/proc/{entry}/ns/pid") != here:
                    # A container's own PID namespace lies below ours.
                    status = Path(f"/proc/{entry}/status").read_text()
                    if not self._below(entry):
                        continue
                else:
                    status = Path(f"/proc/{entry}/status").read_text()
                comm = Path(f"/proc/{entry}/comm").read_text().rstrip("\n")
            except OSError:
                continue
            nspid = [l for l in status.splitlines() if l.startswith("NSpid:")][0].split()[1:]
            depth = len(nspid) - 1
            if depth >= self._depth():
                found[int(nspid[self._depth()])] = (int(entry), comm)
        return found

    def _depth(self):
        status = Path(f"/proc/{self.init}/status").read_text()
        return len([l for l in status.splitlines() if l.startswith("NSpid:")][0].split()) - 2

    def _below(self, pid):
        """Is the process in one of our cgroups? (PID namespaces do not show their parents.)"""
        return self.cgroup in Path(f"/proc/{pid}/cgroup").read_text()

    def pids(self, comm):
        """Pids inside, lowest first, of the processes with this name (15 bytes, as the kernel)."""
        return sorted(pid for pid, (_, name) in self.processes().items() if name == comm[:15])
