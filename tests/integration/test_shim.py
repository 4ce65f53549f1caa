"""Our shim between Debian's containerd and runc, and between ours; driven by Debian's ctr."""

import hashlib
import json
import os
import re
import signal
import subprocess
import time
from pathlib import Path

import pytest
from conftest import busybox_archives
from stack import Stack, peers
from stack.terminal import Terminal

pytestmark = pytest.mark.needs("containerd-shim-runc-v2")

IMAGE = "docker.io/library/busybox:latest"
SH = ("sh", "-c")
CTR = peers.program("ctr")
SOCKETS = "/run/containerd/s"
BUNDLES = "/run/containerd/io.containerd.runtime.v2.task/default"


class Node:
    """containerd with an image in it; no dockerd."""

    def __init__(self, engine, ours=()):
        others = {"containerd", "dockerd", "runc"} - set(ours)
        if engine == "debian":
            others.add("containerd-shim-runc-v2")
        self.stack = Stack(swap={name: "debian" for name in others}, tmpfs=True, start=False)
        self.sandbox = self.stack.sandbox
        try:
            self.stack.start_containerd()
            self.ctr("images", "import", busybox_archives()[0])
        except BaseException:
            self.stack.close()
            raise

    def ctr(self, *args, code=0, **options):
        done = self.stack.ctr(*args, **options)
        assert done.returncode == code, f"ctr {args}: {done}\n{self.stack.logs('containerd')}"
        return done.stdout

    def run(self, *args, **options):
        """ctr run: options, then IMAGE, id and command."""
        return self.ctr("run", *args, **options)

    def status(self, name):
        for line in self.ctr("task", "ls").splitlines()[1:]:
            if line.split()[0] == name:
                return line.split()[2]
        return None

    def remove(self, name):
        self.stack.ctr("task", "rm", "-f", name)
        self.stack.ctr("container", "rm", name)

    def clear(self):
        for line in self.ctr("container", "ls", "-q").split():
            self.remove(line)

    def kill_containerd(self):
        self.stack.stop("containerd", signal.SIGKILL)

    def inside(self, path):
        return Path(self.sandbox.path(path))

    def shims(self):
        """Host pids."""
        return [host for host, name in self.sandbox.processes().values()
                if name == "containerd-shim"]


def beside(*ours):
    return pytest.param(ours, id="-".join(ours) or "debian", marks=[
        pytest.mark.ours, pytest.mark.needs(*ours)] if ours else [])


@pytest.fixture(scope="module", params=[beside(), beside("runc"), beside("containerd", "runc")])
def shared_node(request, engine):
    """Beside Debian's containerd and runc, and beside ours."""
    node = Node(engine, request.param)
    yield node
    node.stack.close()


@pytest.fixture
def node(shared_node):
    yield shared_node
    shared_node.clear()


@pytest.fixture
def box(node):
    node.run("-d", IMAGE, "box", "sleep", "1000")
    return "box"


# ---- running


def test_output_and_exit_code(node):
    done = node.stack.ctr("run", "--rm", IMAGE, "a", *SH, "echo out; echo err >&2; exit 7")
    assert (done.returncode, done.stdout, done.stderr) == (7, "out\n", "err\n")


def test_a_lot_of_output(node):
    text = node.run("--rm", IMAGE, "a", *SH, "seq 1 300000")
    assert text == "".join(f"{i}\n" for i in range(1, 300001))


def test_stdin_and_its_end(node):
    data = os.urandom(3 << 20)
    done = node.stack.ctr("run", "--rm", IMAGE, "a", "sha256sum", input=data, text=False)
    assert done.stdout.split()[0].decode() == hashlib.sha256(data).hexdigest()


def test_program_that_ends_at_once(node):
    for _ in range(10):
        assert node.run("--rm", IMAGE, "a", "true") == ""


def test_no_such_program(node):
    done = node.stack.ctr("run", "--rm", IMAGE, "a", "nope")
    assert done.returncode == 1
    assert "ctr: failed to create shim task: OCI runtime create failed: runc create failed: " \
        'unable to start container process: exec: "nope": executable file not found in $PATH' \
        in done.stderr
    assert node.ctr("task", "ls", "-q") == ""


def test_terminal(node):
    argv = [CTR, "run", "--rm", "-t", IMAGE, "a", "sh"]
    with Terminal(node.sandbox, argv, rows=33, columns=111) as terminal:
        terminal.expect("# ")
        terminal.type("tty; stty size\n")
        terminal.expect("/dev/pts/0")
        terminal.expect("33 111")
        terminal.resize(44, 99)
        for patience in (1, 1, 5):      # ctr now and then misses a signal
            terminal.process.send_signal(signal.SIGWINCH)
            time.sleep(0.1)
            terminal.type("stty size\n")
            if terminal.sees("44 99", patience):
                break
        else:
            pytest.fail(f"the terminal was not resized: {terminal.text!r}")
        terminal.type("seq 1 20000; echo the-$((40+2)); exit 5\n")
        terminal.expect("the-42")
        assert terminal.wait() == 5
    assert terminal.text.count("19999") == 1


def test_terminal_of_an_exec(node, box):
    argv = [CTR, "task", "exec", "-t", "--exec-id", "e", box, "sh"]
    with Terminal(node.sandbox, argv) as terminal:
        terminal.expect("# ")
        terminal.type("echo $((6*7)); exit 3\n")
        terminal.expect("42")
        assert terminal.wait() == 3


def test_log_file(node, tmp_path):
    node.run("--null-io", IMAGE, "quiet", *SH, "echo lost")
    log = node.stack.scratch / "logs-of" / "a.txt"
    node.run("-d", "--log-uri", f"file://{log}", IMAGE, "a", *SH, "echo one; echo two >&2")
    node.stack.wait_for(lambda: node.status("a") == "STOPPED")
    node.ctr("task", "rm", "a")
    assert sorted(log.read_text().split()) == ["one", "two"]


LOGGER = """#!/bin/sh
cat <&3 > "$2/out" 5>&- & cat <&4 > "$2/err" 5>&- &
echo "$CONTAINER_ID $CONTAINER_NAMESPACE $*" > "$2/args"
exec 5>&-
wait
"""


def test_logging_program(node):
    folder = node.stack.scratch / "logger"
    folder.mkdir(exist_ok=True)
    program = folder / "a logger"
    program.write_text(LOGGER)
    program.chmod(0o755)
    node.run("-d", "--log-uri", f"binary://{str(program).replace(' ', '%20')}?dir={folder}", IMAGE,
             "a", *SH, "seq 1 5000; echo err >&2")
    node.stack.wait_for(lambda: node.status("a") == "STOPPED")
    node.ctr("task", "rm", "a")
    node.stack.wait_for(lambda: (folder / "err").read_text() == "err\n")
    assert (folder / "out").read_text() == "".join(f"{i}\n" for i in range(1, 5001))
    assert (folder / "args").read_text() == f"a default dir {folder}\n"


def test_logging_program_that_fails(node):
    done = node.stack.ctr("run", "-d", "--log-uri", "binary:///nothing/here", IMAGE, "a", "true")
    assert done.returncode == 1
    assert "logging binary" in done.stderr or "failed to start binary" in done.stderr


# ---- exec


def test_exec(node, box):
    done = node.stack.ctr("task", "exec", "--exec-id", "e", box, *SH, "echo out; exit 3")
    assert (done.returncode, done.stdout) == (3, "out\n")
    done = node.stack.ctr("task", "exec", "--exec-id", "e", box, "cat", input="through")
    assert done.stdout == "through"


def test_exec_of_nothing(node, box):
    done = node.stack.ctr("task", "exec", "--exec-id", "e", box, "nope")
    assert "OCI runtime exec failed: " in done.stderr
    assert 'exec: "nope": executable file not found in $PATH' in done.stderr
    assert os.listdir(node.inside(f"{BUNDLES}/{box}")).count("e.pid") == 0
    node.ctr("task", "exec", "--exec-id", "e", box, "true")


def test_a_signal_is_the_exit_code(node, box):
    node.ctr("task", "exec", "--exec-id", "e", box, *SH, "kill -9 $$", code=137)


def test_many_execs_at_once(node, box):
    made = [node.sandbox.popen([CTR, "task", "exec", "--exec-id", f"e{i}", box, *SH,
                                f"sleep 0.2; exit {i}"]) for i in range(12)]
    assert [one.wait(30) for one in made] == list(range(12))


# ---- control


def test_pause_and_resume(node, box):
    node.ctr("task", "pause", box)
    assert node.status(box) == "PAUSED"
    done = node.stack.ctr("task", "exec", "--exec-id", "e", box, "true")
    assert "cannot exec in a paused state" in done.stderr
    node.ctr("task", "resume", box)
    assert node.status(box) == "RUNNING"


def test_kill_what_is_paused(node, box):
    node.ctr("task", "pause", box)
    node.ctr("task", "kill", "-s", "KILL", box)
    node.stack.wait_for(lambda: node.status(box) == "STOPPED")


def test_kill(node, box):
    node.ctr("task", "kill", "-s", "KILL", box)
    node.stack.wait_for(lambda: node.status(box) == "STOPPED")
    done = node.stack.ctr("task", "kill", "-s", "KILL", box)
    assert "process already finished: not found" in done.stderr
    assert node.stack.ctr("task", "rm", box).stderr.strip().endswith('exit code 137"')


def test_ps_and_metrics(node, box):
    node.ctr("task", "exec", "--detach", "--exec-id", "deep", box, "sleep", "100")
    rows = node.ctr("task", "ps", box).splitlines()[1:]
    assert len(rows) == 2
    assert any("deep" in row for row in rows)
    found = json.loads(node.ctr("task", "metrics", "--format", "json", box))
    assert found["cpu"]["usage"]["total"] > 0
    assert found["memory"]["usage"]["usage"] > 0
    assert found["pids"]["current"] == 2


def test_delete_of_what_runs_is_refused(node, box):
    done = node.stack.ctr("task", "rm", box)
    assert done.returncode == 1
    assert node.status(box) == "RUNNING"


def test_the_host_pid_namespace(node):
    """The kernel does not end such a container with its first process: the shim does."""
    node.run("-d", "--with-ns", "pid:/proc/1/ns/pid", IMAGE, "open", *SH,
             "sleep 987 & sleep 987 & (sleep 0.1 &); sleep 1000")
    time.sleep(0.3)
    stats = [node.inside(f"/proc/{pid}/stat").read_text() for pid in node.sandbox.processes()]
    assert not [text for text in stats if " Z " in text]
    node.ctr("task", "kill", "-s", "KILL", "open")
    node.stack.wait_for(lambda: node.status("open") == "STOPPED")
    node.stack.wait_for(lambda: "sleep" not in
                        [name for _, name in node.sandbox.processes().values()])


# ---- events


def events_during(node, act):
    """Topic and event, in the order in which containerd published them."""
    with node.sandbox.popen([CTR, "events"], stdout=subprocess.PIPE, text=True) as watcher:
        time.sleep(1)                           # nothing says when it has subscribed
        act()
        time.sleep(1)
        watcher.kill()
        text = watcher.communicate()[0]
    found = re.findall(r" default /(\S+) (\{.*\})$", text, re.M)
    return [(topic, json.loads(body)) for topic, body in found if topic.startswith("tasks/")]


def test_order_of_events(node):
    def act():
        node.run("-d", IMAGE, "a", "sleep", "1000")
        node.ctr("task", "exec", "--exec-id", "quick", "a", "true")
        node.ctr("task", "exec", "--detach", "--exec-id", "long", "a", "sleep", "1000")
        node.ctr("task", "kill", "-s", "KILL", "a")
        node.stack.wait_for(lambda: node.status("a") == "STOPPED")
        node.stack.ctr("task", "rm", "a")
    found = [(topic.removeprefix("tasks/"), body.get("id") or body.get("exec_id"))
             for topic, body in events_during(node, act)]
    assert found == [
        ("create", None), ("start", None),
        ("exec-added", "quick"), ("exec-started", "quick"), ("exit", "quick"),
        ("exec-added", "long"), ("exec-started", "long"), ("exit", "long"),
        ("exit", "a"), ("delete", None)]


def test_an_exit_follows_its_start(node):
    def act():
        for _ in range(15):
            node.run("--rm", IMAGE, "a", "true")
    topics = [topic.removeprefix("tasks/") for topic, _ in events_during(node, act)]
    assert topics == ["create", "start", "exit", "delete"] * 15


@pytest.mark.ours
def test_out_of_memory_is_told_before_the_end(node):
    def act():
        done = node.stack.ctr("run", "--rm", "--memory-limit", str(16 << 20), IMAGE, "a", *SH,
                              "exec dd if=/dev/zero of=/dev/null bs=64M count=1")
        assert done.returncode == 137
    topics = [topic.removeprefix("tasks/") for topic, _ in events_during(node, act)]
    assert topics == ["create", "start", "oom", "exit", "delete"]


# ---- staying alive


@pytest.fixture
def own_node(engine):
    node = Node(engine)
    yield node
    node.stack.close()


def test_containerd_is_killed(own_node):
    """A container goes on; its output, its exit code and events reach the next containerd."""
    node = own_node
    node.run("-d", IMAGE, "goes-on", *SH, "while [ ! -e /stop ]; do sleep 0.05; done; exit 9")
    node.run("-d", IMAGE, "ends", *SH, "sleep 0.5; exit 7")
    node.kill_containerd()
    time.sleep(1)
    node.stack.start_containerd()
    assert node.status("goes-on") == "RUNNING"
    assert node.status("ends") == "STOPPED"
    assert node.stack.ctr("task", "rm", "ends").stderr.strip().endswith('exit code 7"')
    node.ctr("task", "exec", "--exec-id", "e", "goes-on", "touch", "/stop")
    node.stack.wait_for(lambda: node.status("goes-on") == "STOPPED")
    assert node.stack.ctr("task", "rm", "goes-on").stderr.strip().endswith('exit code 9"')
    node.clear()
    node.stack.wait_for(lambda: not node.shims())


@pytest.mark.ours
def test_events_wait_for_containerd(own_node):
    node = own_node
    node.run("-d", IMAGE, "a", *SH, "sleep 0.5; exit 7")
    node.kill_containerd()
    time.sleep(1)
    log = node.stack.logdir / "containerd.log"
    before = log.stat().st_size
    node.stack.start_containerd()

    def told():
        return "TaskExit event" in log.read_text()[before:] or \
            "topic=/tasks/exit" in log.read_text()[before:]
    node.stack.wait_for(told)


@pytest.mark.ours
def test_output_waits_for_its_reader(own_node):
    """A reader that dies costs the container neither an error nor a byte."""
    node = own_node
    fifos = node.stack.scratch / "fifos"
    fifos.mkdir()
    reader = node.sandbox.popen([CTR, "run", "--rm", "--fifo-dir", fifos, IMAGE, "a", *SH,
                                 "seq 1 2000; sleep 1; seq 2001 4000; touch /done; sleep 100"],
                                stdout=subprocess.PIPE, text=True)
    while reader.stdout.readline() != "2000\n":
        pass
    reader.kill()
    reader.wait()
    time.sleep(1.5)
    fifo, = [path for path in fifos.rglob("*") if path.name.endswith("stdout")]
    assert node.ctr("task", "exec", "--exec-id", "e", "a", "ls", "/done") == "/done\n"
    done = node.stack.exec(["timeout", "1", "cat", fifo])
    assert done.stdout == "".join(f"{i}\n" for i in range(2001, 4001))


def test_the_shim_is_killed(own_node):
    node = own_node
    node.run("-d", IMAGE, "a", "sleep", "1000")
    os.kill(node.shims()[0], signal.SIGKILL)
    node.stack.wait_for(lambda: node.status("a") is None)
    node.stack.wait_for(lambda: "sleep" not in
                        [name for _, name in node.sandbox.processes().values()])
    node.clear()
    node.stack.wait_for(lambda: node.stack.ctr("run", "--rm", IMAGE, "a", "true").returncode == 0)


@pytest.mark.ours
def test_a_shim_told_to_go_stays_with_its_container(node, box):
    os.kill(node.shims()[0], signal.SIGTERM)
    assert node.ctr("task", "exec", "--exec-id", "e", box, "echo", "there") == "there\n"


# ---- light and tidy


def test_a_pod_has_one_shim(node):
    for name in ("one", "two", "three"):
        node.run("-d", "--annotation", "io.containerd.runc.v2.group=pod", IMAGE, name, "sleep",
                 "1000")
    assert len(node.shims()) == 1
    began = time.monotonic()
    node.remove("one")
    assert time.monotonic() - began < 2.5       # it is not waited for the end of the pod's shim
    assert node.status("two") == "RUNNING"
    node.clear()
    node.stack.wait_for(lambda: not node.shims())


@pytest.mark.ours
@pytest.mark.unsanitized("the memory of sanitizers is not a shim's")
def test_memory_of_a_shim(node, box):
    for i in range(20):
        node.ctr("task", "exec", "--exec-id", f"e{i}", box, "true")
    node.ctr("task", "metrics", box)
    text = Path(f"/proc/{node.shims()[0]}/smaps_rollup").read_text()
    assert int(re.search(r"Anonymous: +(\d+)", text).group(1)) <= 250


def test_nothing_is_left(node):
    node.run("--rm", IMAGE, "a", "true")
    node.stack.wait_for(lambda: not node.shims())
    before = node.stack.snapshot()
    node.run("-d", IMAGE, "a", *SH, "(sleep 0.2 &); exec sleep 1000")
    node.ctr("task", "exec", "--exec-id", "e", "a", *SH, "sleep 0.1 & exit 0")
    node.run("--rm", IMAGE, "fails", "nope", code=1)
    time.sleep(0.5)
    node.clear()
    node.stack.wait_for(lambda: not node.shims())
    after = node.stack.snapshot()
    for kind in ("mounts", "cgroups", "processes"):
        assert after[kind] == before[kind]
    assert not list(node.inside(SOCKETS).iterdir())
    assert not list(node.inside(BUNDLES).iterdir())


# ---- the command line, as other versions of containerd use it


def field(number, text):
    """A protobuf field of bytes or text."""
    data = text if isinstance(text, bytes) else text.encode()
    return bytes([number << 3 | 2, len(data)]) + data


@pytest.fixture
def bundle(node):
    """A folder with a config.json, as containerd makes it for `start`."""
    made = node.stack.scratch / "bundle"
    made.mkdir(exist_ok=True)
    (made / "config.json").write_text(json.dumps({"ociVersion": "1.0.2", "annotations": {}}))
    yield made
    for host in node.shims():
        os.kill(host, signal.SIGTERM)
    node.stack.wait_for(lambda: not node.shims())


def shim(node, bundle, *action, **options):
    return node.stack.exec(
        ["containerd-shim-runc-v2", "-namespace", "default", "-id", "x", "-address",
         "/run/containerd/containerd.sock", "-publish-binary", "/bin/true", *action],
        cwd=bundle, text=False, check=True, **options).stdout


@pytest.mark.ours
def test_start_for_old_and_new_containerd(node, bundle):
    legacy = shim(node, bundle, "start", input=b"")
    assert re.fullmatch(rb"unix:///run/containerd/s/[0-9a-f]{64}", legacy)
    assert (bundle / "address").read_bytes() == legacy
    with_options = field(1, "containerd.runc.v1.Options") + field(2, field(6, "runc"))
    assert shim(node, bundle, "start", input=with_options) == legacy
    params = field(1, "x") + field(2, "default") + field(9, "/run/containerd/t")
    result = shim(node, bundle, "start", input=params)
    assert result.startswith(b"\x08\x03")
    assert re.search(rb"unix:///run/containerd/t/[0-9a-f]{64}\x1a\x05ttrpc$", result)
    assert len(node.shims()) == 2


@pytest.mark.ours
def test_starts_of_one_group_at_once(node, bundle):
    argv = ["containerd-shim-runc-v2", "-namespace", "default", "-id", "x", "-address",
            "/run/containerd/containerd.sock", "start"]
    made = [node.sandbox.popen(argv, cwd=bundle, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
            for _ in range(8)]
    assert len({one.communicate(timeout=20)[0] for one in made}) == 1
    assert len(node.shims()) == 1


def test_version(node, bundle):
    assert b"Version:" in shim(node, bundle, "-v")


@pytest.mark.ours
def test_info(node, bundle):
    options = field(1, "containerd.runc.v1.Options") + field(2, field(6, "runc"))
    told = shim(node, bundle, "-info", input=options)
    assert b"io.containerd.runc.v2" in told
    assert b"containerd.runc.v1.Options" in told
    assert b'"ociVersionMax"' in told


@pytest.mark.ours
def test_delete_tells_what_was_recorded(node, bundle):
    (bundle / "exit.json").write_text(
        '{"pid":42,"exit_status":7,"exited_at":"2026-01-02T03:04:05.5Z","deleted":true}')
    told = shim(node, bundle, "delete")
    assert told.startswith(b"\x08\x2a\x10\x07\x1a")
    (bundle / "exit.json").unlink()
    assert b"\x10\x89\x01" in shim(node, bundle, "delete")
