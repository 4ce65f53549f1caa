"""Power cuts during a workload: the disk is copied at one instant (cut.py), and what starts from
the copy must know all that was acknowledged before it, with every byte.
"""

import os
import random
import time

import pytest
from stack import Stack, cut
from stack.images import checked_image
from stack.ledger import Ledger, differences
from stack.registry import Registry
from stack.workload import Box, Workload, kind
from stack.world import World

pytestmark = [pytest.mark.ours, pytest.mark.timeout(3600),
              pytest.mark.skipif(cut.why_not() is not None, reason=cut.why_not() or "")]

CUTS, CUTS_LONG, CUTS_A_DISK = 10, 100, 10
IMAGES = ("one", "two", "three")

# Every blob has the bytes that its name promises.
BLOBS = """
import hashlib, os, sys
folder = sys.argv[1]
for name in os.listdir(folder):
    try:
        with open(os.path.join(folder, name), "rb") as blob:
            if hashlib.sha256(blob.read()).hexdigest() != name:
                print(name)
    except FileNotFoundError:
        pass    # collected meanwhile
"""


def after_boot(state):
    """What ran runs no more; nobody can know its exit code."""
    if isinstance(state, Box) and state.status in ("running", "paused"):
        return state._replace(status="exited", code=255)
    return state


def check_images(stack, world):
    blobs = stack.data / "docker/containerd/daemon/io.containerd.content.v1.content/blobs/sha256"
    assert stack.exec(["python3", "-c", BLOBS, blobs], check=True).stdout == ""
    for tag in world.tags:
        if tag.startswith(("busybox", "hello")):
            continue
        done = stack.docker("run", "--rm", "--network=none", tag)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", ""), tag
    assert stack.docker("run", "--rm", "busybox", "echo", "works").stdout == "works\n"


def check_boxes(stack, world):
    """What is there can be started, and removed (what `run --rm` made removes itself)."""
    for label, box in world.boxes.items():
        world.api("POST", f"/containers/{box['Id']}/start")
        if kind(label) != "once":
            world.api("DELETE", f"/containers/{box['Id']}?force=1")
    stack.wait_for(lambda: stack.docker("ps", "-aq").stdout == "")


def check(image, promised, story):
    with Stack(start=False, cli="official") as stack:
        cut.plug_in(stack, image)
        stack.start()
        promised = {key: [after_boot(state) for state in states]
                    for key, states in promised.items()}
        world = World(stack)
        lines = differences(promised, world.tell()) or world.strays()
        assert not lines, "\n".join([*lines, "history:", *story, stack.logs(lines=80)])
        check_images(stack, world)
        check_boxes(stack, world)


def cut_often(make, seed, cuts):
    """Cuts during one workload, each checked once that is over."""
    stack, rand, ledger, found = make(start=False, tmpfs=False), random.Random(seed), Ledger(), []
    disk = cut.Disk(stack)
    stack.start()
    registry = Registry(stack.sandbox)
    images = {registry.name(name): checked_image(name).push(registry, name)["digest"]
              for name in IMAGES}
    # What is in a container's own files is not promised; one that restarts has no certain state.
    load = Workload(stack, seed, images, ledger, without=("copy", "stubborn")).start()
    for _ in range(cuts):
        time.sleep(rand.uniform(0.05, 1.0))
        with ledger.still() as promised:
            ledger.note("cut")
            found.append((disk.cut(), promised, ledger.history[-60:]))
    load.stop()
    for one in found:
        check(*one)
    registry.close()


def test_power_cut(make, request):
    left = CUTS_LONG if request.config.getoption("--long") else CUTS
    left = int(os.environ.get("LIGHTER_ROUNDS", left))
    seed = os.environ.get("LIGHTER_SEED") or random.randrange(10**6)
    print(f"LIGHTER_SEED={seed}")
    while left > 0:
        cut_often(make, f"{seed} {left}", min(left, CUTS_A_DISK))
        left -= CUTS_A_DISK
