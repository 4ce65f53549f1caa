"""Shims and runtimes that die at chosen moments: what was found by the kill matrix, one by one.

The stack's runc is a wrapper: before the next `create` or `delete` it runs a line of shell that a test
has left for it, once.
"""

import signal
import time

import pytest
from stack.stack import build_dir

pytestmark = [pytest.mark.ours, pytest.mark.needs("dockerd", "containerd", "runc")]

WRAPPER = """#!/bin/sh
real={real} dir={dir}
for verb in create delete start; do
    case " $* " in *" $verb "*)
        mv $dir/$verb $dir/$verb.now 2>/dev/null && . $dir/$verb.now ;;
    esac
done
exec $real "$@"
"""


class Wrapped:
    """A program of ours behind the wrapper."""

    def __init__(self, folder, name):
        self.folder, self.path = folder, folder / name
        self.path.write_text(WRAPPER.format(real=build_dir() / "bin" / name, dir=folder))
        self.path.chmod(0o755)

    def once(self, verb, line):
        (self.folder / verb).write_text(line + "\n")

    def began(self, verb):
        return (self.folder / f"{verb}.now").exists()


@pytest.fixture
def wrapped(make, tmp_path):
    """wrapped("runc"): the wrapper, the stack, and what the stack looks like with nothing in it."""
    def maker(name):
        program = Wrapped(tmp_path, name)
        stack = make(swap={name: program.path})
        stack.docker("run", "--rm", "busybox", "true", check=True)
        return program, stack, stack.snapshot()
    return maker


def kill_shim(stack):
    assert stack.kill("containerd-shim-runc-v2") == 1


def state_of(stack, name):
    return stack.api("GET", f"/containers/{name}/json").json["State"]


def test_a_runtime_that_outlives_its_shim(wrapped):
    """What it makes after the shim's death is removed all the same: the cleaning waits for it."""
    runc, stack, before = wrapped("runc")
    until = "for i in $(seq 40); do [ -e $dir/{} ] && break; sleep 0.05; done"
    runc.once("create", f'({until.format("deleted")}; $real "$@"; touch $dir/created) & wait')
    runc.once("delete", f'$real "$@"; touch $dir/deleted; {until.format("created")}; exit 0')
    client = stack.docker_popen("run", "--rm", "busybox", "true", stdout=-3, stderr=-3)
    stack.wait_for(lambda: runc.began("create"))
    kill_shim(stack)
    assert client.wait(30) == 125
    stack.wait_for(lambda: (runc.folder / "created").exists())
    stack.expect_clean(before)


def test_a_shim_dies_in_the_middle_of_create(wrapped):
    runc, stack, before = wrapped("runc")
    for n in range(12):
        runc.once("create", "sleep 0.03")
        client = stack.docker_popen("run", "--rm", "busybox", "true", stdout=-3, stderr=-3)
        stack.wait_for(lambda: runc.began("create"), every=0.001)
        time.sleep(0.02 + 0.002 * n)
        stack.kill("containerd-shim-runc-v2")
        client.wait(30)
        stack.expect_clean(before)
        (runc.folder / "create.now").unlink()


def test_a_shim_that_came_up_without_telling(wrapped):
    """Its `start` is killed when the server has been forked already."""
    shim, stack, before = wrapped("containerd-shim-runc-v2")
    shim.once("start", '$real "$@" >/dev/null; kill -9 $$')
    assert stack.docker("run", "--rm", "busybox", "true").returncode == 125
    stack.expect_clean(before)


@pytest.mark.parametrize("times", [1, 2])
def test_runc_delete_is_killed(wrapped, times):
    runc, stack, before = wrapped("runc")
    again = f"[ $(( n = $(cat $dir/n 2>/dev/null || echo 0) + 1 )) -ge {times} ] ||" \
            " cp $dir/delete.now $dir/delete; echo $n >$dir/n; kill -9 $$"
    runc.once("delete", again)
    stack.docker("run", "--rm", "busybox", "true", check=True)
    assert (runc.folder / "n").read_text() == f"{times}\n"
    stack.expect_clean(before)


def test_runc_delete_is_killed_after_a_killed_create(wrapped):
    runc, stack, before = wrapped("runc")
    runc.once("create", '$real "$@"; kill -9 $$')
    runc.once("delete", "kill -9 $$")
    assert stack.docker("run", "--rm", "busybox", "true").returncode == 125
    assert runc.began("delete")
    stack.expect_clean(before)


def test_runc_delete_is_killed_after_the_death_of_the_shim(wrapped):
    runc, stack, before = wrapped("runc")
    stack.docker("run", "-d", "--rm", "busybox", "sleep", "1000", check=True)
    runc.once("delete", "kill -9 $$")
    kill_shim(stack)
    stack.wait_for(lambda: runc.began("delete"))
    stack.expect_clean(before)


def test_the_cleaning_is_killed(wrapped):
    """What cleans up after a dead shim is a program of the shim's, too."""
    shim, stack, before = wrapped("containerd-shim-runc-v2")
    stack.docker("run", "-d", "--rm", "busybox", "sleep", "1000", check=True)
    shim.once("delete", "kill -9 $$")
    kill_shim(stack)
    stack.wait_for(lambda: shim.began("delete"))
    stack.expect_clean(before)


def test_the_exit_code_while_a_dead_shim_is_cleaned_up(wrapped):
    """An engine that looks for its containers in that moment, as it does 2 s after a start, finds no task."""
    runc, stack, _ = wrapped("runc")
    stack.docker("run", "-d", "--name", "box", "busybox", "sleep", "1000", check=True)
    stack.kill("dockerd", signal.SIGKILL)
    stack.start_dockerd()
    runc.once("delete", "sleep 3")
    kill_shim(stack)
    stack.wait_for(lambda: state_of(stack, "box")["Status"] == "exited")
    assert state_of(stack, "box")["ExitCode"] == 137


def test_the_exit_code_of_an_engine_that_comes_back_meanwhile(wrapped):
    runc, stack, _ = wrapped("runc")
    stack.docker("run", "-d", "--name", "box", "busybox", "sleep", "1000", check=True)
    runc.once("delete", "sleep 2")
    kill_shim(stack)
    stack.wait_for(lambda: runc.began("delete"))
    stack.kill("dockerd", signal.SIGKILL)
    stack.start_dockerd()
    assert (state_of(stack, "box")["Status"], state_of(stack, "box")["ExitCode"]) == ("exited", 137)


def test_an_engine_comes_back_while_a_shim_hangs(fresh_stack):
    """Nobody knows how its container is: it is as it was, and the engine does not wait."""
    stack = fresh_stack
    stack.docker("run", "-d", "--name", "box", "busybox", "sleep", "1000", check=True)
    pid = state_of(stack, "box")["Pid"]
    stack.kill("containerd-shim-runc-v2", signal.SIGSTOP)
    try:
        stack.kill("dockerd")
        stack.start_dockerd(wait=False)
        stack.wait_for(stack.answers)
        assert state_of(stack, "box")["Status"] == "running"
        time.sleep(5)           # it has looked for missed ends twice
        assert state_of(stack, "box")["Pid"] == pid
    finally:
        stack.kill("containerd-shim-runc-v2", signal.SIGCONT)
    assert stack.docker("exec", "box", "echo", "here", check=True).stdout == "here\n"
    stack.docker("stop", "-t", "0", "box", check=True)
    assert state_of(stack, "box")["ExitCode"] == 137
