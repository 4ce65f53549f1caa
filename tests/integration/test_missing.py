"""A program of ours that is not installed: the error says which, at once, and nothing is left of the
attempt; what does not need it works on."""

import shutil

import pytest
from stack.stack import build_dir

pytestmark = pytest.mark.ours
# They look for others beside themselves, so each stands in a folder of its own here.
ALONE = ("dockerd", "containerd", "containerd-shim-runc-v2")


def without(make, gone):
    stack = make(start=False)
    for name in ALONE:
        folder = stack.scratch / "alone" / name
        folder.mkdir(parents=True)
        shutil.copy(build_dir() / "bin" / name, folder / name)
        (stack.bin / name).unlink()
        (stack.bin / name).symlink_to(folder / name)
    helpers = stack.scratch / "alone" / "libexec" / "lighter"
    helpers.mkdir(parents=True)
    for helper in ("fetch", "files", "tls", "unpack"):
        if helper != gone:
            (helpers / helper).symlink_to(build_dir() / "libexec" / "lighter" / helper)
    if gone in ("containerd", "containerd-shim-runc-v2", "runc", "docker-proxy", "docker-init"):
        (stack.bin / gone).unlink()
    return stack


RUNS = [    # what is missing, a command that needs it, words, a command that does not
    ("containerd-shim-runc-v2", ["run", "--rm", "busybox", "true"], "containerd-shim-runc-v2", ["ps"]),
    ("runc", ["run", "--rm", "busybox", "true"], "runc: executable file not found", ["create", "busybox"]),
    ("docker-proxy", ["run", "--rm", "-p", "99:99", "busybox", "true"],
     "docker-proxy: executable file not found", ["run", "--rm", "busybox", "true"]),
    ("docker-init", ["run", "--rm", "--init", "busybox", "true"], "docker-init",
     ["run", "--rm", "busybox", "true"]),
    ("fetch", ["pull", "127.0.0.1:1/x"], "fetch", ["run", "--rm", "busybox", "true"]),
]


@pytest.mark.parametrize("gone, needs, words, works", RUNS)
def test_a_missing_program(make, gone, needs, words, works):
    stack = without(make, gone)
    stack.start_dockerd()
    stack.docker(*needs)
    before = stack.snapshot()
    done = stack.docker(*needs, timeout=10)
    assert done.returncode in (1, 125, 127) and words in done.stderr, done
    assert stack.docker("ps", "-aq").stdout == ""
    stack.expect_clean(before)
    assert stack.docker(*works).returncode == 0


@pytest.mark.parametrize("gone, flags, words", [
    ("containerd", [], "containerd: executable file not found"),
    ("tls", ["--tls", "--tlscert", "/x", "--tlskey", "/x", "--tlscacert", "/x", "-H", "tcp://127.0.0.1:2376"], "tls")])
def test_an_engine_that_cannot_start(make, gone, flags, words):
    stack = without(make, gone)
    process = stack.start_dockerd(flags, wait=False)
    assert process.wait(20) == 1
    assert words in stack.logs("dockerd"), stack.logs("dockerd")
    stack.daemons.clear()
