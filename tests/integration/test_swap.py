"""The swap matrix: one list of scenarios, one table of stacks.

Each row of STACKS puts programs of ours among Debian's, or the other way round; every scenario
runs before every row. The table is printed at the end of the run (stack/matrix.py). With
`--engine debian` only the rows without anything of ours run: is the scenario right?
"""

import contextlib

import pytest
from stack import PROGRAMS, Stack, matrix, official_cli
from stack.clients import Ctr, Docker, Podman
from stack.stack import CONTAINERD_ALONE, build_dir

from conftest import busybox_archives, require

pytestmark = pytest.mark.timeout(300)

SHIM = "containerd-shim-runc-v2"
BELOW = ("containerd", SHIM, "runc")
CRUN = "/usr/bin/crun"
OUR_RUNC = str(build_dir() / "bin" / "runc")


class Row:
    """A stack: which programs are ours, who calls it, what stands in for runc."""

    def __init__(self, label, ours, client, cli="debian", runc="debian", runc_flag=False):
        self.label, self.ours, self.client = label, ours, client
        self.cli, self.runc, self.runc_flag = cli, runc, runc_flag

    def swap(self):
        others = {name: "debian" for name in PROGRAMS if name not in self.ours}
        if "dockerd" in self.ours:
            others.pop("docker-proxy", None)        # its ports live in our survivor process
        if "runc" in others:
            others["runc"] = self.runc
        return others

    def prepare(self, stack):
        """What must be so before anything of the stack starts."""
        if self.runc == CRUN:         # it refuses hybrid hosts whose v2 half has a controller
            stack.exec(["sh", "-c", "! mountpoint -q /sys/fs/cgroup/unified || "
                        "umount /sys/fs/cgroup/unified"], check=True)


STACKS = {
    "ctr": Row("Debian's ctr, containerd, shim, runc", (), "ctr"),
    "docker": Row("Debian's docker, dockerd and below", (), "docker"),
    "docker.crun": Row("Debian's docker, dockerd and below over crun", (), "docker", runc=CRUN),
    "runc.ctr": Row("our runc under Debian's containerd (ctr run)", ("runc",), "ctr"),
    "runc.flag": Row("our runc by ctr run --runc-binary", (), "ctr", runc_flag=True),
    "runc.dockerd": Row("our runc under Debian's dockerd", ("runc",), "docker"),
    "runc.podman": Row("our runc under podman and conmon", ("runc",), "podman"),
    "shim.ctr": Row("our shim under Debian's containerd", (SHIM,), "ctr"),
    "shim.dockerd": Row("our shim under Debian's dockerd", (SHIM,), "docker"),
    "shim+runc.ctr": Row("our shim and runc under Debian's containerd", (SHIM, "runc"), "ctr"),
    "containerd.ctr": Row("our containerd under Debian's ctr", ("containerd",), "ctr"),
    "containerd.dockerd": Row("our containerd under Debian's dockerd", ("containerd",), "docker"),
    "below.ctr": Row("our containerd, shim, runc under Debian's ctr", BELOW, "ctr"),
    "below.dockerd": Row("our containerd, shim, runc under Debian's dockerd", BELOW, "docker"),
    "our.ctr": Row("our ctr before Debian's containerd", ("ctr",), "ctr", cli="ours"),
    "ctr.below": Row("our ctr, containerd, shim, runc", ("ctr", *BELOW), "ctr", cli="ours"),
    "dockerd.containerd": Row("our dockerd over Debian's containerd, shim, runc", ("dockerd",),
                              "docker"),
    "dockerd.shim": Row("our dockerd and containerd over Debian's shim, runc",
                        ("dockerd", "containerd"), "docker"),
    "dockerd.runc": Row("our dockerd and below over Debian's runc",
                        ("dockerd", "containerd", SHIM), "docker"),
    "dockerd.crun": Row("our dockerd and below over crun", ("dockerd", "containerd", SHIM),
                        "docker", runc=CRUN),
    "cli.20.10": Row("our dockerd under docker 20.10", PROGRAMS, "docker"),
    "cli.28.2": Row("our dockerd under docker 28.2", PROGRAMS, "docker", cli="official"),
    "our.docker": Row("our docker before Debian's dockerd", ("docker",), "docker", cli="ours"),
    "ours": Row("our docker, dockerd and below", PROGRAMS, "docker", cli="ours"),
}


def start_client(row, stack):
    """Starts what the row's stack consists of; the client before it."""
    archives = busybox_archives()
    row.prepare(stack)
    if row.client == "podman":
        return Podman(stack, archives)
    if row.client == "docker":
        stack.start()
        made = Docker(stack, [stack.cli_path()])
        if row.runc == CRUN:            # clients go by the words of an error
            made.missing = made.forbidden = 125
        return made
    stack.address = CONTAINERD_ALONE
    stack.start_containerd()
    return Ctr(stack, archives, ["--runc-binary", OUR_RUNC] if row.runc_flag else [],
               stack.bin / "ctr" if row.cli == "ours" else None)


@pytest.fixture(scope="module")
def client(request):
    row = STACKS[request.param]
    require(*row.ours)
    if row.cli == "official" and not official_cli():
        pytest.skip("no official docker CLI on this machine")
    with Stack(row.swap(), tmpfs=True, cli=row.cli, start=False,
               preload=busybox_archives() if row.client == "docker" else None) as stack:
        yield start_client(row, stack)


# ---- scenarios ----

SCENARIOS = {}


def scenario(function):
    SCENARIOS[function.__name__] = function
    return function


@contextlib.contextmanager
def up(client, name, *command):
    client.up(name, *(command or ("sleep", "1000")))
    try:
        client.wait_for(name, "running")
        yield
    finally:
        if name in client.names():
            client.remove(name, force=True)


@scenario
def run(client):
    done = client.run("echo", "hello")
    assert (done.returncode, done.stdout) == (0, "hello\n"), done


@scenario
def code(client):
    assert client.run("sh", "-c", "exit 42").returncode == 42
    assert client.run("/nothing/here").returncode == client.missing
    assert client.run("/etc/passwd").returncode == client.forbidden


@scenario
def exec(client):
    with up(client, "exec"):
        done = client.exec("exec", "echo", "inside")
        assert (done.returncode, done.stdout) == (0, "inside\n"), done
        done = client.exec("exec", "sh", "-c", "echo bad >&2; exit 9")
        assert (done.returncode, done.stderr) == (9, "bad\n"), done
        assert client.exec("exec", "/nothing/here").returncode in (1, 126, 127, 255)


# The client tells the size of its terminal when the program runs already.
CONVERSATION = ("sh", "-c", "echo ready; read word; echo got $word; "
                "until test \"$(stty size)\" = '30 100'; do sleep 0.02; done; exit 3")


@scenario
def tty(client):
    with up(client, "tty"):
        for start in (client.run_on_terminal,
                      lambda *words: client.exec_on_terminal("tty", *words)):
            with start(*CONVERSATION) as terminal:
                terminal.expect("ready\r+\n")
                terminal.type("a_word\n")
                terminal.expect("got a_word\r+\n")
                assert terminal.wait() == 3


ECHO = "echo ready; read line; echo $line; exec wc -c"


@scenario
def stdin(client):
    """What is typed arrives, all of it, and so does its end."""
    data = "0123456789abcdef" * 16384
    with client.start("stdin", "sh", "-c", ECHO) as process:
        assert process.stdout.readline() == "ready\n"
        process.stdin.write("first\n")
        process.stdin.flush()
        assert process.stdout.readline() == "first\n"
        out, err = process.communicate(data, timeout=20)
    assert (process.returncode, out.split(), err) == (0, [str(len(data))], "")


@scenario
def logs(client):
    with up(client, "logs", "sh", "-c", "echo to out; echo to err >&2; exec sleep 1000"):
        client.stack.wait_for(lambda: client.logs("logs") == ("to out\n", "to err\n"))


TRAP = ("sh", "-c", "trap 'exit 5' USR1; echo ready; while sleep 0.02; do :; done")


@scenario
def kill(client):
    for signal, code in (("USR1", 5), ("KILL", 137)):
        with client.start("kill", *TRAP) as process:
            assert process.stdout.readline() == "ready\n"
            client.kill("kill", signal)
            process.communicate(timeout=20)
        assert process.returncode == code


@scenario
def pause(client):
    with up(client, "pause", "sh", "-c", "while sleep 0.05; do date +%N; done"):
        client.pause("pause")
        client.wait_for("pause", "paused")
        said = client.logs("pause")
        client.stack.exec(["sleep", "0.3"])
        assert client.logs("pause") == said
        client.resume("pause")
        client.wait_for("pause", "running")
        client.stack.wait_for(lambda: client.logs("pause") != said)


@scenario
def update(client):
    with up(client, "update"):
        client.limit_memory("update", str(48 << 20))
        limit = client.exec("update", "cat", "/sys/fs/cgroup/memory/memory.limit_in_bytes").stdout
        assert limit == f"{48 << 20}\n"


@scenario
def top(client):
    with up(client, "top", "sh", "-c", "sleep 1000 & sleep 1000 & wait"):
        client.stack.wait_for(lambda: client.processes("top") == 3)


@scenario
def delete(client):
    with up(client, "delete"):
        assert client.remove("delete").returncode != 0          # it runs
        assert client.status("delete") == "running"
        client.remove("delete", force=True)
        assert "delete" not in client.names()
    client.up("delete", "true")                                 # the name is free again
    client.wait_for("delete", "exited")
    assert client.remove("delete").returncode == 0
    client.stack.wait_for(lambda: not client.stack.pids(SHIM) + client.stack.pids("conmon"))
    assert client.names() == []


# ---- the matrix ----

ABSENT = {(name, "update"): "ctr has no update"
          for name, row in STACKS.items() if row.client == "ctr"}


def cells(config):
    """Rows without anything of ours are the control, for --engine debian."""
    control = config.getoption("engine") == "debian"
    return [pytest.param(name, column, id=f"{name}-{column}")
            for name, row in STACKS.items() if control == (not row.ours and not row.runc_flag)
            for column in SCENARIOS if (name, column) not in ABSENT]


def pytest_generate_tests(metafunc):
    if "scenario_name" in metafunc.fixturenames:
        metafunc.parametrize("client, scenario_name", cells(metafunc.config), indirect=["client"],
                             scope="module")


def test_swap(client, scenario_name):
    SCENARIOS[scenario_name](client)


def matrix_lines(stats):
    """For conftest: the table at the end of the run."""
    return matrix.lines({name: row.label for name, row in STACKS.items()}, list(SCENARIOS),
                        matrix.outcomes(stats, "test_swap.py::test_swap"), ABSENT)


# ---- the two programs that no scenario above needs ----

def debian_but(*ours):
    require(*ours)
    return {name: "debian" for name in PROGRAMS if name not in ours}


@pytest.mark.ours
def test_our_proxy_under_debians_dockerd():
    with Stack(debian_but("docker-proxy"), tmpfs=True, preload=busybox_archives(),
               cli="debian") as stack:
        stack.docker("run", "-d", "-p", "8080:80", "busybox", "sh", "-c", "echo page > /index.html; "
                     "httpd -f -p 80 -h /", check=True)
        for outside, host in ((False, "127.0.0.1"), (True, "192.0.2.1")):
            page = stack.wait_for(lambda: (stack.outside if outside else stack.exec)(
                ["busybox", "wget", "-qO-", f"http://{host}:8080/"]).stdout)
            assert page == "page\n"


@pytest.mark.ours
def test_our_init_under_debians_dockerd():
    with Stack(debian_but("docker-init"), tmpfs=True, preload=busybox_archives(),
               cli="debian") as stack:
        out = stack.docker("run", "--rm", "--network=none", "--init", "busybox", "sh", "-c",
                           "ps -o pid,comm; sleep 0.1 & exec true", check=True).stdout
        assert "docker-init" in out
        assert stack.docker("run", "--rm", "--network=none", "--init", "busybox", "sh", "-c",
                            "exit 7").returncode == 7
