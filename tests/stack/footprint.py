"""What a process costs: private memory, descriptors, threads."""

import os
from pathlib import Path


def private_kib(pid):
    """Private_Dirty and Swap, in KiB."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines
               if line.startswith(("Private_Dirty:", "Swap:")))


def footprint(stack, names=("dockerd", "containerd", "docker-proxy")):
    """{name: (KiB, descriptors, threads)} of those daemons of a stack that run."""
    found = {}
    for pid, name in stack.sandbox.processes().values():
        if name in names:
            found[name] = (private_kib(pid), len(os.listdir(f"/proc/{pid}/fd")),
                           len(os.listdir(f"/proc/{pid}/task")))
    return found
