"""A full disk: every command says so, nothing half-made stays, and the same command works once there is room."""

import json
import os
import subprocess

import pytest
from stack import images
from stack.images import Image, Layer
from stack.registry import FaultyRegistry

pytestmark = pytest.mark.ours

FULL = "no space left on device"
CHECK = """
import glob, sqlite3, sys
for path in glob.glob(sys.argv[1] + "/**/*.db", recursive=True):
    assert sqlite3.connect(path).execute("PRAGMA integrity_check").fetchone() == ("ok",), path
"""


class Disk:
    """The data root on a small file system of its own, which can be filled and given room again."""

    def __init__(self, stack, kind):
        self.stack, self.root = stack, stack.data / "docker"
        self.file = stack.scratch / "disk.img"
        script = f"mkdir -p {self.root} && mount -t tmpfs -o size=8m none {self.root}"
        if kind == "ext4":
            script = (f"truncate -s 12M {self.file} && mkfs.ext4 -q -m 0 {self.file} && mkdir -p {self.root} && "
                      f"mount -o loop {self.file} {self.root}")
        stack.exec(["sh", "-c", script], check=True)

    def fill(self):
        self.stack.exec(["sh", "-c", f"cat /dev/zero > {self.root}/filler; sync -f {self.root}/filler"])

    def make_room(self):
        self.stack.exec(["rm", self.root / "filler"], check=True)

    def check(self):
        self.stack.exec(["python3", "-c", CHECK, self.root], check=True)


@pytest.fixture(params=["tmpfs", "ext4"])
def small(make, request):
    """(stack, disk)"""
    stack = make(start=False)
    disk = Disk(stack, request.param)
    stack.start()
    yield stack, disk
    disk.check()
    if request.param == "ext4":
        stack.stop_all()
        stack.exec(["umount", disk.root])


def contents(stack):
    """Images, and what lies in the stores."""
    found = stack.exec(["sh", "-c", f"cd {stack.data}/docker && find . -name 'sha256*' -o -path '*/ingest/*' -o "
                        "-path '*snapshots/*' -prune -o -path '*blobs/sha256/*' | sort"]).stdout
    return stack.docker("images", "-q").stdout, found


def test_pull(small):
    stack, disk = small
    registry = FaultyRegistry(stack.sandbox)
    Image([images.busybox_layer(), Layer().file("big", os.urandom(1_500_000))], {"Cmd": ["true"]}).push(registry, "big")
    name = registry.name("big")
    before = contents(stack)
    for _ in range(3):
        disk.fill()
        done = stack.docker("pull", name)
        assert done.returncode == 1 and FULL in done.stderr, done.stderr
        assert stack.docker("images", "-q").stdout == before[0]
        disk.make_room()
    disk.check()
    stack.docker("pull", name, check=True)
    stack.docker("run", "--rm", "--network=none", name, check=True)
    stack.docker("rmi", name, check=True)
    registry.close()


def test_a_pull_that_fills_the_disk(small):
    """The image is larger than the disk: what was half there goes by itself."""
    stack, disk = small
    registry = FaultyRegistry(stack.sandbox)
    huge = Layer().file("zeros", bytes(40_000_000)).file("noise", os.urandom(100_000))
    Image([images.busybox_layer(), huge], {"Cmd": ["true"]}).push(registry, "huge")
    wide = Layer().file("noise", os.urandom(16_000_000))
    Image([images.busybox_layer(), wide], {"Cmd": ["true"]}).push(registry, "wide")
    for name in ("huge", "wide"):
        done = stack.docker("pull", registry.name(name))
        assert done.returncode == 1 and FULL in done.stderr, done.stderr
        assert stack.docker("images", "-q", registry.name(name)).stdout == ""
    stack.docker("run", "--rm", "--network=none", "busybox", "true", check=True)
    registry.close()


def test_run_and_create(small):
    stack, disk = small
    stack.docker("run", "--name", "kept", "--network=none", "busybox", "true", check=True)
    disk.fill()
    for _ in range(300):                # what is reserved for removals runs out at last
        done = stack.docker("create", "--network=none", "busybox", "true")
        if done.returncode != 0:
            break
    assert done.returncode == 1 and FULL in done.stderr, done.stderr
    done = stack.docker("run", "--rm", "--network=none", "busybox", "true")
    assert done.returncode == 0 or done.returncode == 125 and FULL in done.stderr, done.stderr
    names = stack.docker("ps", "-a", "--format", "{{.Names}}", check=True).stdout.split()
    assert "kept" in names
    disk.make_room()
    for command in (["run", "--rm"], ["create"], ["run"]):
        stack.docker(*command, "--network=none", "busybox", "true", check=True)
    left = stack.docker("ps", "-aq").stdout.split()
    stack.docker("rm", *left, check=True)


def test_removing_makes_room(small):
    """The way out: what fills the disk can be removed while it is full."""
    stack, disk = small
    done = stack.docker("run", "--name", "fat", "--network=none", "busybox", "sh", "-c", "cat /dev/zero > /fill")
    assert FULL in done.stderr.lower()
    stack.docker("rm", "fat", check=True)
    stack.docker("run", "--rm", "--network=none", "busybox", "true", check=True)


def test_start_on_a_full_disk(small):
    """A daemon that was killed comes back, full disk or not."""
    stack, disk = small
    stack.docker("run", "-d", "--name", "box", "--network=none", "busybox", "sleep", "100", check=True)
    disk.fill()
    for victim in ("dockerd", "containerd"):
        stack.kill(victim)
        if victim == "dockerd":
            stack.start_dockerd()
        stack.wait_for(lambda: stack.docker("exec", "box", "echo", "alive").stdout == "alive\n")
    disk.make_room()
    stack.docker("rm", "-f", "box", check=True)


def test_logs(small):
    """What cannot be written is not waited for with the container stopped for ever; later lines are kept."""
    stack, disk = small
    stack.docker("run", "-d", "--name", "talker", "--network=none", "busybox", "sh", "-c",
                 "i=0; while :; do i=$((i+1)); echo line $i; usleep 20000; done", check=True)
    stack.wait_for(lambda: "line 5" in stack.docker("logs", "talker").stdout)
    disk.fill()
    stack.exec(["sleep", "1"])
    assert json.loads(stack.docker("inspect", "talker").stdout)[0]["State"]["Running"]
    disk.make_room()
    last = int(stack.docker("logs", "--tail", "1", "talker").stdout.split()[-1])
    stack.wait_for(lambda: int(stack.docker("logs", "--tail", "1", "talker").stdout.split()[-1]) > last + 20)
    numbers = [int(line.split()[-1]) for line in stack.docker("logs", "talker").stdout.splitlines()]
    assert numbers == sorted(set(numbers))
    stack.docker("rm", "-f", "talker", check=True)
