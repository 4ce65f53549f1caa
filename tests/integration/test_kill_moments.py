"""The engine, or containerd, is killed in the middle of one request: at moments spread over the time
that the request takes. After the next start the state is the one before or the one after, and
nothing else is there (world.py).
"""

import threading
import time

import pytest
from stack.images import checked_image
from stack.ledger import Ledger, differences
from stack.registry import Registry
from stack.workload import Api, Box, Broken, LABEL
from stack.world import World

pytestmark = pytest.mark.ours

MOMENTS = 3
PROGRAM = ["sh", "-c", "trap 'exit 3' TERM; while :; do sleep 0.02; done"]
NEW, UP = Box("box", "created", 0, 0), Box("box", "running", 0, 0)
KILLED, STOPPED = Box("box", "exited", 137, 0), Box("box", "exited", 3, 0)
BODY = {"Image": "busybox", "Cmd": PROGRAM, "Labels": {LABEL: "box"},
        "HostConfig": {"PortBindings": {"80/tcp": [{"HostPort": ""}]}}}
CREATE = ("POST", "/containers/create?name=box", BODY)
START = ("POST", "/containers/box/start")
PULL = ("POST", "/images/create?fromImage=127.0.0.1:5000/one&tag=latest")
TAG = "tag 127.0.0.1:5000/one:latest"

# What is done before, the request, the object, its states afterwards.
REQUESTS = {
    "create": ([], CREATE, "box box", [None, NEW]),
    "start": ([CREATE], START, "box box", [NEW, UP]),
    "stop": ([CREATE, START], ("POST", "/containers/box/stop"), "box box", [UP, STOPPED]),
    "kill": ([CREATE, START], ("POST", "/containers/box/kill"), "box box", [UP, KILLED]),
    "rm": ([CREATE], ("DELETE", "/containers/box"), "box box", [NEW, None]),
    "rm -f": ([CREATE, START], ("DELETE", "/containers/box?force=1"), "box box",
              [UP, KILLED, None]),
    "pull": ([], PULL, TAG, [None, "IMAGE"]),
    "rmi": ([PULL], ("DELETE", "/images/127.0.0.1:5000/one:latest"), TAG, ["IMAGE", None]),
    "network create": ([], ("POST", "/networks/create", {"Name": "net"}), "network net",
                       [None, "here"]),
    "network rm": ([("POST", "/networks/create", {"Name": "net"})], ("DELETE", "/networks/net"),
                   "network net", ["here", None]),
    "volume create": ([], ("POST", "/volumes/create", {"Name": "vol"}), "volume vol",
                      [None, "here"]),
    "volume rm": ([("POST", "/volumes/create", {"Name": "vol"})], ("DELETE", "/volumes/vol"),
                  "volume vol", ["here", None]),
}


@pytest.fixture(scope="module")
def image(shared_stack):
    registry = Registry(shared_stack.sandbox)
    yield checked_image("one", files=40).push(registry, "one")["digest"]
    registry.close()


def clean(api):
    for path in ("/containers/box?force=1", "/images/127.0.0.1:5000/one:latest", "/networks/net",
                 "/volumes/vol"):
        try:
            api("DELETE", path)
        except Broken:
            pass                        # there is none


class Attempt(threading.Thread):
    """The request; `answered` when it was."""

    def __init__(self, api, request):
        super().__init__(daemon=True)
        self.api, self.request, self.answered = api, request, False
        self.start()

    def run(self):
        try:
            text = self.api(*self.request)
            self.answered = '"error"' not in text
        except Broken:
            pass


def settle(stack, promised):
    """Waits until the world is as promised and nothing is left over."""
    end = time.monotonic() + 15
    while True:
        world = World(stack)
        lines = differences(promised, world.tell()) or world.strays()
        if not lines:
            return world
        assert time.monotonic() < end, "\n".join(lines)
        time.sleep(0.1)


def took(stack, api, before, request):
    clean(api)
    for one in before:
        api(*one)
    started = time.monotonic()
    api(*request)
    return time.monotonic() - started


@pytest.mark.parametrize("victim", ["dockerd", "containerd"])
@pytest.mark.parametrize("name", REQUESTS)
def test_in_the_middle(shared_stack, image, name, victim):
    stack, api = shared_stack, Api(shared_stack)
    before, request, key, states = REQUESTS[name]
    states = [image if state == "IMAGE" else state for state in states]
    lasts = took(stack, api, before, request)
    for moment in range(MOMENTS):
        clean(api)
        for one in before:
            api(*one)
        ledger = Ledger()
        ledger.done(key, *states)
        attempt = Attempt(api, request)
        time.sleep(lasts * (moment + 0.5) / MOMENTS)
        stack.kill(victim)
        attempt.join(30)
        if attempt.answered:
            ledger.done(key, states[-1])
        if victim == "dockerd":
            stack.start_dockerd()
        stack.wait_for(stack.answers)
        settle(stack, ledger.copy())
    clean(api)
