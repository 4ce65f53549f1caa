"""Alive, first proof: SIGKILL for dockerd and containerd, and nothing is lost."""

import json
import time

import pytest
from stack.visitor import Visitor, wait_for_page

pytestmark = [pytest.mark.ours,
              pytest.mark.needs("dockerd", "containerd", "containerd-shim-runc-v2", "runc",
                                "docker-proxy")]
# One line every 2 ms with a number, for ever; and a web server.
WRITER = "i=0; while :; do echo line $i; i=$((i+1)); usleep 2000; done"
WEB = "mkdir /w; echo alive > /w/index.html; httpd -f -p 80 -h /w"


def numbers(text):
    return [int(line.split()[1]) for line in text.splitlines()]


def check_log(docker, name):
    """Every line once, in order, from the first."""
    found = numbers(docker("logs", name))
    assert found == list(range(len(found))), "a gap, or a line twice"
    return len(found)


@pytest.mark.parametrize("victims", [("dockerd",), ("containerd",), ("dockerd", "containerd")],
                         ids="+".join)
def test_killed_and_started_again(fresh_stack, victims):
    stack = fresh_stack

    def docker(*args, **how):
        return stack.docker(*args, check=True, **how).stdout.rstrip("\n")
    docker("run", "--rm", "-p", "999:999", "busybox", "true")
    before = stack.snapshot()
    docker("run", "-d", "--name", "web", "-p", "8080:80", "busybox", "sh", "-c", WEB)
    docker("run", "-d", "--name", "writer", "--network=none", "busybox", "sh", "-c", WRITER)
    docker("run", "-d", "--name", "leaver", "--network=none", "busybox", "sh", "-c",
           "sleep 1; exit 7")
    wait_for_page(stack, 8080)
    web_pid = json.loads(docker("inspect", "web"))[0]["State"]["Pid"]
    visitor = Visitor(stack, 8080)
    lines_before = check_log(docker, "writer")

    for victim in victims:
        assert stack.kill(victim) == 1
    time.sleep(1.5)             # the leaver leaves meanwhile
    if "dockerd" in victims:
        stack.start_dockerd()
    stack.wait_for(lambda: stack.answers() and stack.docker("ps").returncode == 0)

    assert sorted(docker("ps", "--format", "{{.Names}}").split()) == ["web", "writer"]
    leaver = stack.wait_for(lambda: json.loads(docker("inspect", "leaver"))[0]["State"]
                            if "leaver" in docker("ps", "-a", "-f", "status=exited") else None)
    assert leaver["ExitCode"] == 7
    assert docker("wait", "leaver") == "7"
    assert json.loads(docker("inspect", "web"))[0]["State"]["Pid"] == web_pid
    assert docker("exec", "web", "echo", "inside") == "inside"
    stack.wait_for(lambda: check_log(docker, "writer") > lines_before + 100)
    visitor.stop()
    assert visitor.answered > 20 and not visitor.refused
    assert docker("run", "--rm", "busybox", "echo", "new") == "new"
    started = time.monotonic()
    docker("stop", "-t", "1", "writer")
    assert time.monotonic() - started < 5
    check_log(docker, "writer")
    docker("rm", "-f", "web", "writer", "leaver")
    assert docker("ps", "-aq") == ""
    stack.expect_clean(before)
    with pytest.raises(OSError):
        stack.sandbox.connect("127.0.0.1", 8080, timeout=1)


def test_containerd_dies_alone_and_comes_back(fresh_stack):
    """dockerd starts its containerd again by itself."""
    stack = fresh_stack
    stack.docker("run", "-d", "--name", "box", "--network=none", "busybox", "sleep", "1000",
                 check=True)
    old = stack.pids("containerd")
    assert stack.kill("containerd") == 1
    stack.wait_for(lambda: stack.pids("containerd") not in ([], old))
    stack.wait_for(lambda: stack.docker("exec", "box", "true").returncode == 0)
    stack.docker("rm", "-f", "box", check=True)


def test_a_polite_stop_lets_containers_live(fresh_stack):
    stack = fresh_stack
    stack.docker("run", "-d", "--name", "writer", "--network=none", "busybox", "sh", "-c", WRITER,
                 check=True)
    stack.restart()
    assert stack.docker("ps", "--format", "{{.Names}}").stdout == "writer\n"
    check_log(lambda *args: stack.docker(*args, check=True).stdout, "writer")


def test_what_was_stopped_stays_stopped(fresh_stack):
    stack = fresh_stack
    stack.docker("run", "--name", "done", "--network=none", "busybox", "sh", "-c", "exit 5")
    stack.docker("create", "--name", "new", "--network=none", "busybox", "true", check=True)
    stack.kill("dockerd")
    stack.start_dockerd()
    states = stack.docker("ps", "-a", "--format", "{{.Names}} {{.State}}").stdout.splitlines()
    assert sorted(states) == ["done exited", "new created"]
    assert stack.docker("start", "-a", "new").returncode == 0


def test_killed_ten_times_in_a_busy_row(fresh_stack):
    """No matrix yet: the engine dies at ten odd moments of one workload."""
    stack = fresh_stack
    stack.docker("run", "-d", "--name", "writer", "--network=none", "busybox", "sh", "-c", WRITER,
                 check=True)
    for n in range(10):
        process = stack.docker_popen("run", "--rm", "--network=none", "busybox", "true",
                                     stdout=-3, stderr=-3)
        time.sleep(0.013 * n)
        stack.kill("dockerd")
        process.wait(20)
        stack.start_dockerd()
    count = check_log(lambda *args: stack.docker(*args, check=True).stdout, "writer")
    assert count > 100
    stack.wait_for(lambda: stack.docker("ps", "-q").stdout.count("\n") == 1)
    stack.docker("rm", "-f", *stack.docker("ps", "-aq").stdout.split(), check=True)
    stack.wait_for(lambda: not stack.pids("containerd-shim-runc-v2"))
