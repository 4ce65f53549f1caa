"""Many containers at once, and one among them that is stuck: nobody else waits for it."""

import os
import signal

import pytest

pytestmark = [pytest.mark.ours,
              pytest.mark.needs("dockerd", "containerd", "containerd-shim-runc-v2", "runc")]
MANY, MANY_LONG = 12, 500


def shim_of(stack, container):
    """The host's pid of the shim of one container: its command line names it."""
    for pid, comm in stack.sandbox.processes().values():
        if comm == "containerd-shim-runc-v2"[:15]:
            with open(f"/proc/{pid}/cmdline", "rb") as file:
                if container.encode() in file.read():
                    return pid
    raise AssertionError(f"no shim of {container}")


@pytest.fixture
def crowd(request, fresh_stack):
    count = MANY_LONG if request.config.getoption("--long") else MANY
    ids = [fresh_stack.docker("run", "-d", "--name", f"one{n}", "--network", "none", "busybox",
                              "sleep", "100000", check=True).stdout.strip()
           for n in range(count)]
    yield fresh_stack, ids
    fresh_stack.docker("rm", "-f", *ids, timeout=300)


def test_a_stuck_shim_holds_up_nobody_else(crowd):
    stack, ids = crowd
    shim = shim_of(stack, ids[0])
    os.kill(shim, signal.SIGSTOP)
    try:
        listed = stack.docker("ps", "-q", "--no-trunc", timeout=10, check=True)
        assert sorted(listed.stdout.split()) == sorted(ids)
        assert stack.docker("inspect", "one0", timeout=10).returncode == 0
        assert stack.docker("exec", "one1", "true", timeout=10).returncode == 0
        assert stack.docker("run", "--rm", "--network", "none", "busybox", "echo", "new",
                            timeout=10).stdout == "new\n"
        assert stack.docker("rm", "-f", "one1", timeout=10).returncode == 0
        waiting = stack.docker_popen("exec", "one0", "echo", "late", stdout=-1, text=True)
        assert stack.docker("ps", "-aq", timeout=10).returncode == 0
    finally:
        os.kill(shim, signal.SIGCONT)
    assert waiting.communicate(timeout=20)[0] == "late\n"


def test_the_engine_starts_with_all_of_them(crowd):
    stack, ids = crowd
    stack.kill("dockerd")
    stack.start_dockerd()
    listed = stack.docker("ps", "-q", "--no-trunc", timeout=10, check=True)
    assert sorted(listed.stdout.split()) == sorted(ids)
    assert all(stack.docker("exec", name, "true", timeout=10).returncode == 0
               for name in (ids[0], ids[-1]))
