"""Our docker, before our dockerd and before Debian's: the commands of this stage."""

import json
import re

import pytest
from stack import PROGRAMS, Stack
from stack.registry import Registry

from conftest import busybox_archives, make_stack, require
from test_images_pull import small

pytestmark = pytest.mark.ours


@pytest.fixture(scope="module", params=["ours", "debian"])
def cli_stack(request):
    require("docker")
    if request.param == "debian":
        made = Stack({name: "debian" for name in PROGRAMS if name != "docker"}, tmpfs=True,
                     preload=busybox_archives())
    else:
        made = make_stack("ours", cli="ours")
    with made:
        yield made


@pytest.fixture
def cli(cli_stack):
    def call(*args, code=0, **options):
        done = cli_stack.docker(*args, cli="ours", **options)
        assert done.returncode == code, f"docker {args}: {done}"
        return done.stdout.rstrip("\n")
    yield call
    left = cli_stack.docker("ps", "-aq", cli="debian").stdout.split()
    if left:
        cli_stack.docker("rm", "-f", *left, cli="debian")


def test_version(cli):
    out = cli("version")
    assert out.startswith("Client:") and "\nServer:" in out
    assert re.fullmatch(r"\d+\.\d+\.\d+.*", cli("version", "--format", "{{.Client.Version}}"))
    assert re.match(r"Docker version \d", cli("--version"))


def test_run(cli):
    assert cli("run", "--rm", "--network", "none", "busybox", "echo", "hello") == "hello"
    assert cli("run", "--rm", "--network=none", "-i", "busybox", "cat", input="in") == "in"
    assert cli("run", "--rm", "--network=none", "-e", "A=1", "-w", "/tmp", "-u", "1000", "busybox",
               "sh", "-c", "echo $A $PWD; id -u").split() == ["1", "/tmp", "1000"]


@pytest.mark.parametrize("argv, code", [
    (["sh", "-c", "exit 42"], 42), (["/nothing"], 127), (["/etc/passwd"], 126)])
def test_exit_codes(cli, argv, code):
    cli("run", "--rm", "--network=none", "busybox", *argv, code=code)


def test_errors(cli, cli_stack):
    cli("run", "--rm", "--network=nowhere", "busybox", code=125)
    done = cli_stack.docker("frobnicate", cli="ours")
    assert done.returncode == 1 and "unknown command: docker frobnicate" in done.stderr
    done = cli_stack.docker("run", "--frobnicate", "busybox", cli="ours")
    assert done.returncode == 125 and "unknown flag: --frobnicate" in done.stderr
    done = cli_stack.docker("logs", "nobody", cli="ours")
    assert done.returncode == 1 and "No such container: nobody" in done.stderr
    done = cli_stack.docker("ps", cli="ours", env={"DOCKER_HOST": "unix:///nothing.sock"})
    assert done.returncode == 1 and "Cannot connect to the Docker daemon at unix:///nothing.sock" \
        in done.stderr


def test_the_day(cli, cli_stack):
    name = cli("run", "-d", "--name", "day", "--network=none", "busybox", "sh", "-c",
               "echo logged; exec sleep 1000")
    assert len(name) == 64
    rows = cli("ps").splitlines()
    assert rows[0].split() == ["CONTAINER", "ID", "IMAGE", "COMMAND", "CREATED", "STATUS", "PORTS",
                               "NAMES"]
    assert rows[1].startswith(name[:12]) and rows[1].split()[-1] == "day"
    assert cli("ps", "-q") == name[:12] and cli("ps", "-q", "--no-trunc") == name
    assert cli("ps", "--format", "{{.Names}}\t{{.Image}}") == "day\tbusybox"
    cli_stack.wait_for(lambda: cli("logs", "day") == "logged")
    assert cli("exec", "day", "echo", "inside") == "inside"
    cli("exec", "day", "sh", "-c", "exit 9", code=9)
    assert json.loads(cli("inspect", "day"))[0]["Id"] == name
    assert cli("inspect", "-f", "{{.State.Status}}", "day") == "running"
    assert cli("stop", "-t", "0", "day") == "day"
    assert cli("rm", "day") == "day"
    assert cli("ps", "-aq") == ""


def test_same_as_the_original(cli, cli_stack):
    """The same words as Debian's client, before the same engine."""
    cli("run", "-d", "--name", "same", "--network=none", "--label", "a=b", "busybox", "sleep",
        "1000")
    for args in (("ps",), ("ps", "-a"), ("ps", "--no-trunc"), ("images",), ("images", "-q"),
                 ("inspect", "same"), ("inspect", "busybox"),
                 ("inspect", "-f", "{{json .State}}", "same")):
        theirs = cli_stack.docker(*args, cli="debian")
        ours = cli_stack.docker(*args, cli="ours")

        def plain(text):
            return re.sub(r"(\d+ seconds?|Less than a second|About a minute)( ago)?", "T", text)
        assert plain(ours.stdout) == plain(theirs.stdout), args


def test_pull(cli, cli_stack):
    registry = Registry(cli_stack.sandbox)
    try:
        small("cli", {"Cmd": ["echo", "pulled"]}).push(registry, "cli")
        name = registry.name("cli")
        out = cli("pull", name)
        assert f"Status: Downloaded newer image for {name}:latest" in out
        assert cli("run", "--rm", "--network=none", name) == "pulled"
        assert name in cli("images")
    finally:
        registry.close()


def test_help(cli):
    out = cli("--help")
    for command in ("run", "ps", "pull", "images", "logs", "stop", "rm", "exec", "inspect",
                    "version"):
        assert re.search(rf"^  {command}\b", out, re.M), command
    assert "--rm" in cli("run", "--help") and "Usage:" in cli("run", "--help")
