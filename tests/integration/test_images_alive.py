"""Pulls that are cut short by SIGKILL: the next one succeeds, and nothing half-made is left."""

import random
import subprocess
import time

import pytest
from stack.images import checked_image
from stack.registry import Registry

pytestmark = pytest.mark.ours


@pytest.mark.parametrize("victim", ["dockerd", "containerd"])
def test_a_killed_daemon(make, request, victim):
    rounds = 30 if request.config.getoption("--long") else 4
    stack = make("ours")
    registry = Registry(stack.sandbox)
    checked_image(victim, files=300).push(registry, "big")
    name = registry.name("big")
    rand = random.Random(7)
    for _ in range(rounds):
        client = stack.docker_popen("pull", name, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(rand.uniform(0.01, 0.4))
        stack.kill(victim)
        client.wait(30)
        if victim == "dockerd":
            stack.restart()
        stack.wait_for(lambda: stack.docker("images", "-q").returncode == 0, patience=20)
        stack.wait_for(lambda: not helpers(stack))
        stack.wait_for(lambda: half_made(stack) == [])
        stack.docker("pull", "-q", name, check=True, timeout=60)
        done = stack.docker("run", "--rm", "--network=none", name)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
        stack.docker("rmi", name, check=True)
    stack.wait_for(lambda: len(snapshot_folders(stack)) <= 2, patience=10)  # busybox, hello-world
    registry.close()


def helpers(stack):
    return [name for _, name in stack.sandbox.processes().values() if name in ("fetch", "unpack")]


def snapshot_folders(stack):
    done = stack.exec(["find", str(stack.data), "-path", "*overlayfs/snapshots/*", "-maxdepth", "8",
                       "-name", "fs"])
    return done.stdout.split()


HALF_MADE = """
import glob, sqlite3, sys
for path in glob.glob(sys.argv[1] + "/**/*.db", recursive=True):
    db = sqlite3.connect(path)
    if ("snapshots",) in db.execute("SELECT name FROM sqlite_master").fetchall():
        print(*db.execute("SELECT key FROM snapshots WHERE key LIKE 'extract-%'"), sep="\\n")
"""


def half_made(stack):
    """Snapshots that are being unpacked, as containerd's own database names them."""
    return stack.exec(["python3", "-c", HALF_MADE, str(stack.data)], check=True).stdout.split()
