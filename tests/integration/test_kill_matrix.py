"""The kill matrix: a workload, SIGKILL of one program at a random moment, restart, and a checker
that compares the world with what was acknowledged (ledger.py, workload.py, world.py).

LIGHTER_SEED=n repeats a run's workload; the moments of the kernel's scheduler are its own.
LIGHTER_ROUNDS=n sets the number of rounds, LIGHTER_VICTIMS="shim runc" leaves the others alone.
"""

import os
import random
import signal
import time

import pytest
from stack.images import Image, Layer, busybox_layer
from stack.ledger import Ledger, differences
from stack.registry import Registry
from stack.workload import Broken, Workload, kind
from stack.world import World

pytestmark = [pytest.mark.ours, pytest.mark.timeout(1800)]

ROUNDS, ROUNDS_LONG = 15, 100      # for each of the two ways to have a containerd
# A victim, and how often: weights.
VICTIMS = {"dockerd": 6, "containerd": 4, "both": 3, "shim": 3, "runc": 3, "proxy": 2,
           "starting": 3}

WAYS = {"tag": "images", "network": "networks", "volume": "volumes"}


def pushed(registry):
    """Two small images in the registry: {repository: id}."""
    found = {}
    for name in ("one", "two"):
        rand = random.Random(name)
        layers = [busybox_layer()]
        for n in range(3):
            layer = Layer()
            for i in range(40):
                layer.file(f"{n}-{i}", rand.randbytes(2000))
            layers.append(layer)
        descriptor = Image(layers, {"Cmd": ["true"]}).push(registry, name)
        found[registry.name(name)] = descriptor["digest"]
    return found


class Matrix:
    """One stack, many rounds."""

    def __init__(self, stack, seed):
        self.stack, self.rand, self.ledger = stack, random.Random(seed), Ledger()
        self.victims = os.environ.get("LIGHTER_VICTIMS", " ".join(VICTIMS)).split()
        self.registry = Registry(stack.sandbox)
        self.images = pushed(self.registry)
        stack.docker("run", "--rm", "-p", "999:999", "busybox", "true", check=True)
        self.before, self.content = stack.snapshot(), World(stack).content()

    # ---- the killing

    def kill(self, victim):
        stack = self.stack
        if victim == "both":
            return stack.kill("dockerd"), stack.kill("containerd")
        if victim in ("dockerd", "containerd"):
            return stack.kill(victim)
        if victim == "starting":
            return self.kill_while_starting()
        return self.kill_one({"shim": "containerd-shim", "runc": "runc", "proxy": "docker-proxy"}[victim])

    def kill_while_starting(self, times=2):
        """Recovery is killed as well, at some moment of its tens of milliseconds."""
        for _ in range(times):
            self.stack.kill("dockerd")
            if self.rand.random() < 0.5:
                self.stack.kill("containerd")
            self.start_containerd()
            self.stack.start_dockerd(wait=False)
            self.stack.wait_for(lambda: self.stack.pids("dockerd"))
            time.sleep(self.rand.uniform(0, 0.06))
        self.stack.kill("dockerd")

    def kill_one(self, comm, patience=1.0):
        """One of the processes of that name, of the stack's own PID namespace (runc's child that is
        about to be a container's program bears its name, too). Waits a little for one to appear."""
        own, end = self.pid_namespace(self.stack.sandbox.init), time.monotonic() + patience
        while time.monotonic() < end:
            for pid in self.host_pids(comm):
                try:
                    if self.pid_namespace(pid) == own:
                        return os.kill(pid, signal.SIGKILL)
                except OSError:
                    pass                # it has just gone
        return None

    @staticmethod
    def pid_namespace(pid):
        return os.readlink(f"/proc/{pid}/ns/pid")

    def host_pids(self, comm):
        found = sorted(pid for pid, name in self.stack.sandbox.processes().values() if name == comm)
        self.rand.shuffle(found)
        return found

    def start_containerd(self):
        """dockerd does that with its own."""
        if self.stack.alone and not self.stack.pids("containerd"):
            self.stack.start_containerd()

    def bring_back(self):
        stack = self.stack
        if not stack.pids("dockerd"):
            stack.start_dockerd()
        stack.wait_for(lambda: stack.answers() and stack.docker("ps").returncode == 0, patience=20)

    # ---- a round

    def allowed(self, victim):
        """What the kill itself may do: who loses the shim loses the container."""
        promised = self.ledger.copy()
        if victim == "shim":
            for key, states in promised.items():
                promised[key] = states + [s._replace(status="exited", code=137) for s in states
                                          if key.startswith("box ") and kind(key) != "stubborn"
                                          and getattr(s, "status", "") in ("running", "paused")]
        return promised

    def complaints(self, promised):
        try:
            world = World(self.stack)
        except Broken as error:         # a container went while it was looked at
            return [str(error)], None
        lines = [*self.unfinished(world)]
        lines += differences(promised, world.tell())
        lines += world.failures(self.ledger.pids)
        return lines or world.strays(), world

    @staticmethod
    def unfinished(world):
        """What soon ends by itself; and removes what a `run --rm` that was cut short created."""
        for label, box in world.boxes.items():
            status = box["State"]["Status"]
            if kind(label) == "once" and status == "created":
                world.api("DELETE", f"/containers/{box['Id']}")
            if kind(label) == "once" or (kind(label) == "leaver" and status == "running") or \
                    status == "restarting":
                yield f"{label}: still {status}"

    def check(self, victim, patience=20):
        promised, end = self.allowed(victim), time.monotonic() + patience
        while True:
            lines, world = self.complaints(promised)
            if not lines:
                break
            if time.monotonic() > end:
                raise AssertionError("\n".join([f"after the death of {victim}:", *lines, "history:",
                                                *self.ledger.history[-60:]]))
            time.sleep(0.1)
        self.ledger.settle(world.tell())
        for label, box in world.running().items():
            self.ledger.pids[f"box {label}"] = box["State"]["Pid"]

    def round(self, number):
        victim = self.rand.choices(self.victims, [VICTIMS[name] for name in self.victims])[0]
        self.ledger.history.clear()
        load = Workload(self.stack, f"{self.rand.random()}", self.images, self.ledger, number)
        load.start()
        time.sleep(self.rand.uniform(0.05, 0.7))
        load.break_()
        self.ledger.note("kill", victim)
        self.kill(victim)
        time.sleep(self.rand.uniform(0, 0.3))
        self.start_containerd()
        load.stop()
        self.ledger.note("bring back")
        self.bring_back()
        self.check(victim)
        done = self.stack.docker("run", "--rm", "busybox", "echo", "works")
        assert done.stdout == "works\n", f"after {victim}: {done.stderr}"

    def empty(self):
        """Everything removed again: nothing is left."""
        world = World(self.stack)
        for box in world.boxes.values():
            world.api("DELETE", f"/containers/{box['Id']}?force=1")
        for key in world.tell():
            what, name = key.split(" ", 1)
            if what != "box":
                world.api("DELETE", f"/{WAYS[what]}/{name}")
        self.ledger.settle({})
        self.stack.docker("pull", "-q", sorted(self.images)[0], check=True)
        self.stack.docker("rmi", sorted(self.images)[0], check=True)
        self.stack.wait_for(lambda: world.content() == self.content)
        self.stack.expect_clean(self.before, [r"docker-proxy"], patience=10)


@pytest.mark.parametrize("containerd", ["own", "given"])
def test_kill_matrix(make, request, containerd):
    rounds = ROUNDS_LONG if request.config.getoption("--long") else ROUNDS
    rounds = int(os.environ.get("LIGHTER_ROUNDS", rounds))
    seed = os.environ.get("LIGHTER_SEED") or random.randrange(10**6)
    print(f"LIGHTER_SEED={seed}")
    stack = make(containerd_alone=containerd == "given", log_level="info")
    try:
        matrix = Matrix(stack, f"{seed} {containerd}")
        for number in range(rounds):
            matrix.round(number)
            if number % 5 == 4:
                matrix.empty()
        matrix.empty()
    except BaseException:
        print(stack.logs(lines=150))
        raise
