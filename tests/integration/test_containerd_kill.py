"""SIGKILL of our containerd at random moments, while clients run containers and change metadata:
what was acknowledged is there afterwards, and nothing else is.
"""

import random
import signal
import threading
import time

import pytest
from stack import Stack
from stack.images import preload_folder
from stack.stack import build_dir

IMAGE = "docker.io/library/busybox:latest"
BELOW = {"ours": {}, "debian": {"runc": "debian", "containerd-shim-runc-v2": "debian"}}


class Clients:
    """Threads that use containerd until told to stop, and remember what it acknowledged."""

    def __init__(self, stack):
        self.stack, self.going, self.kept, self.ran = stack, True, [], 0
        jobs = [lambda k=k: self.run_containers(k) for k in range(2)] + [self.change_metadata]
        self.threads = [threading.Thread(target=job) for job in jobs]
        for thread in self.threads:
            thread.start()

    def run_containers(self, k):
        count = 0
        while self.going:
            count += 1
            done = self.stack.ctr("run", "--rm", "--net-host", IMAGE, f"r{k}-{count}", "true")
            self.ran += done.returncode == 0

    def change_metadata(self):
        count = 0
        while self.going:
            count += 1
            name, key = f"docker.io/library/kept:{count}", f"kept-{count}"
            if self.stack.ctr("images", "tag", IMAGE, name).returncode == 0:
                self.kept.append(name)
            if self.stack.ctr("snapshots", "prepare", key).returncode == 0:
                self.kept.append(key)

    def stop(self):
        self.going = False
        for thread in self.threads:
            thread.join()


def tidy(stack):
    """What runs that were cut off left, removed as any client would."""
    for name in stack.ctr("tasks", "ls", "-q", check=True).stdout.split():
        stack.ctr("tasks", "kill", "-s", "KILL", name)
        stack.wait_for(lambda n=name: stack.ctr("tasks", "rm", "-f", n).returncode == 0)
    for name in stack.ctr("containers", "ls", "-q", check=True).stdout.split():
        stack.ctr("containers", "rm", name, check=True)


@pytest.mark.ours
@pytest.mark.needs("containerd", "runc", "containerd-shim-runc-v2")
@pytest.mark.parametrize("below", BELOW)
def test_killed_at_random_moments(below, request):
    rounds = 60 if request.config.getoption("long") else 4
    with Stack(swap=BELOW[below], tmpfs=True, start=False, containerd_alone=True) as stack:
        stack.start_containerd()
        stack.ctr("images", "import", preload_folder(build_dir()) / "busybox.tar", check=True)
        clients = Clients(stack)
        try:
            for _ in range(rounds):
                time.sleep(random.uniform(0.05, 1.2))
                stack.stop("containerd", signal.SIGKILL)
                stack.start_containerd()
        finally:
            clients.stop()
        listed = (stack.ctr("images", "ls", "-q", check=True).stdout.split() +
                  [line.split()[0] for line in
                   stack.ctr("snapshots", "ls", check=True).stdout.splitlines()])
        assert clients.ran > 0 and clients.kept
        assert not set(clients.kept) - set(listed)
        tidy(stack)
        stack.wait_for(lambda: not stack.pids("containerd-shim-runc-v2"))
        for folder in ("/run/containerd/io.containerd.runtime.v2.task/default",
                       "/run/containerd/runc/default", "/run/containerd/s"):
            stack.wait_for(lambda f=folder: not stack.exec(["ls", f]).stdout)
        assert "/rootfs " not in stack.exec(["cat", "/proc/mounts"]).stdout
        assert stack.ctr("run", "--rm", "--net-host", IMAGE, "last", "echo", "fine",
                         check=True).stdout == "fine\n"
