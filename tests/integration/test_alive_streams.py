"""Streams while the engine dies: log lines, attached clients, stdin."""

import random
import subprocess
import time

import pytest

pytestmark = [pytest.mark.ours, pytest.mark.needs("dockerd", "containerd")]
# Two writers at once, at full speed for a moment, then a breath.
WRITER = """
write() { i=0; while :; do n=0
  while [ $n -lt 50 ]; do echo $1 $i; i=$((i+1)); n=$((n+1)); done; usleep 10000; done; }
write out & write err >&2 & wait
"""


def check_log(stack):
    done = stack.docker("logs", "writer", check=True, timeout=120)
    for text, word in ((done.stdout, "out"), (done.stderr, "err")):
        lines = text.splitlines()
        assert lines == [f"{word} {n}" for n in range(len(lines))], "lost, doubled or torn"
        assert len(lines) > 200


@pytest.mark.timeout(900)
def test_log_lines(fresh_stack, request):
    """The engine is killed again and again while a container writes."""
    stack, kills = fresh_stack, 200 if request.config.getoption("--long") else 12
    stack.docker("run", "-d", "--name", "writer", "--network=none", "busybox", "sh", "-c", WRITER,
                 check=True)
    rand = random.Random(1)
    for n in range(kills):
        time.sleep(rand.uniform(0, 0.15))
        assert stack.kill("dockerd") == 1
        stack.start_dockerd()
        if n % 50 == 49:
            check_log(stack)
    stack.docker("kill", "writer", check=True)
    check_log(stack)


def test_an_attached_client(fresh_stack):
    """It ends at once, with an error; a new one goes on, and the program's stdin saw no end."""
    stack = fresh_stack
    stack.docker("run", "-di", "--name", "cat", "--network=none", "busybox", "sh", "-c",
                 "cat; echo end of input", check=True)

    def attach():
        return stack.docker_popen("attach", "cat", stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE, text=True)

    def say(client, word):
        client.stdin.write(word + "\n")
        client.stdin.flush()
        assert client.stdout.readline() == word + "\n"
    for n in range(3):
        client = attach()
        say(client, f"word {n}")
        started = time.monotonic()
        assert stack.kill("dockerd") == 1
        out, _ = client.communicate(timeout=10)
        assert client.returncode != 0 and out == ""
        assert time.monotonic() - started < 2
        stack.start_dockerd()
    client = attach()
    say(client, "the last")
    client.kill()
    client.communicate()
    assert stack.docker("logs", "cat").stdout == "word 0\nword 1\nword 2\nthe last\n"


def test_followers(fresh_stack):
    """`logs -f`, `events`, `wait` and a started exec end when the engine is killed."""
    stack = fresh_stack
    stack.docker("run", "-d", "--name", "box", "--network=none", "busybox", "sleep", "1000",
                 check=True)
    clients = [stack.docker_popen(*words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                  stderr=subprocess.DEVNULL)
               for words in (("logs", "-f", "box"), ("events",), ("wait", "box"),
                             ("exec", "box", "sleep", "1000"))]
    stack.wait_for(lambda: "sleep 1000\nsleep 1000" in "\n".join(
        line.split(None, 1)[1] for line in stack.docker(
            "top", "box", "-o", "pid,args").stdout.splitlines()[1:]))
    assert stack.kill("dockerd") == 1
    for client in clients:
        client.wait(5)
