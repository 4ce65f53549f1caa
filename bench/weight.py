"""What the programs weigh: on disk, in memory, in syncs."""

import os
import re
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from stack import PROGRAMS, peers
from stack.stack import build_dir

from side import DAEMONS

CONTAINERS = 10
SYNCS = "fsync,fdatasync,sync,syncfs,sync_file_range,msync"
LIBC = re.compile(r"ld-linux|lib(c|m|pthread|dl|rt|resolv)\.so")


def stripped_size(path):
    """KiB of a program without its symbols."""
    with tempfile.NamedTemporaryFile() as out:
        done = subprocess.run(["strip", "-o", out.name, path], capture_output=True)
        return (os.stat(out.name).st_size if done.returncode == 0 else path.stat().st_size) / 1024


def libraries(paths):
    """The shared objects that these programs load, but for the C library's."""
    found = set()
    for path in paths:
        text = subprocess.run(["ldd", path], capture_output=True, text=True).stdout
        found |= {Path(one).resolve() for one in re.findall(r"=> (/\S+)", text)
                  if not LIBC.match(Path(one).name)}
    return found


def measure_sizes(table):
    ours, theirs = [], []
    for name in PROGRAMS:
        mine, original = build_dir() / "bin" / name, peers.ROOT / peers.PROGRAMS[name]
        ours.append(mine)
        theirs += [original] if original.is_file() else []
        table.add(f"`{name}`, stripped", "KiB", [stripped_size(mine)],
                  [stripped_size(original)] if original.is_file() else [])
    helpers = build_dir() / "libexec" / "lighter"
    ours += [path for path in helpers.iterdir() if path.is_file() and os.access(path, os.X_OK)]
    sums = [sum(map(stripped_size, side)) for side in (ours, theirs)]
    table.add("all programs and helpers, stripped", "KiB", *([one] for one in sums))
    loaded = [sum(path.stat().st_size / 1024 for path in libraries(side))
              for side in (ours, theirs)]
    table.add("the same with every shared library they load, but libc", "KiB",
              *([a + b] for a, b in zip(sums, loaded)))


def measure_memory(table, sides):
    for side in sides:
        side.stack.docker("run", "--rm", "--network", "none", "busybox", "true", check=True)
    time.sleep(3)
    idle = [side.memory(*DAEMONS) for side in sides]
    table.add("daemons idle, private", "KB", *([one[0]] for one in idle))
    table.add("daemons idle, PSS", "KB", *([one[1]] for one in idle))
    grown = []
    for side, before in zip(sides, idle):
        for _ in range(CONTAINERS):
            side.stack.docker("run", "-d", "--network", "none", "busybox", "sleep", "100000",
                              check=True)
        time.sleep(2)
        shims, after = side.memory("containerd-shim-runc-v2"), side.memory(*DAEMONS)
        grown.append([n / CONTAINERS for n in (*shims, shims[0] + after[0] - before[0],
                                               shims[1] + after[1] - before[1])])
        side.stack.docker("rm", "-f", *side.stack.docker("ps", "-q").stdout.split(), check=True)
    for n, what in enumerate(("one container's shim, private", "one container's shim, PSS",
                              "what one container adds to shim and daemons, private",
                              "what one container adds to shim and daemons, PSS")):
        table.add(what, "KB", *([one[n]] for one in grown))


def syncs(side, *command):
    """Calls that wait for the disk, in all processes of the side, during one docker command."""
    daemons = [str(pid) for pid, comm in side.stack.sandbox.processes().values()
               if comm in DAEMONS]
    with tempfile.NamedTemporaryFile("r") as out:
        tracer = subprocess.Popen(
            ["strace", "-f", "-qq", "-e", f"trace={SYNCS}", "-o", out.name,
             *(word for pid in daemons for word in ("-p", pid))])
        try:
            time.sleep(1)
            side.stack.docker(*command, check=True)
            time.sleep(1)
        finally:
            tracer.terminate()
            tracer.wait()
        return sum(bool(re.match(rf"\d+ +({SYNCS.replace(',', '|')})\(", line)) for line in out)


def measure_syncs(table, sides):
    if shutil.which("strace") is None:
        return
    command = ("run", "--rm", "--network", "none", "busybox", "true")
    table.add("calls that wait for the disk in one `run --rm`", "",
              *([syncs(side, *command)] for side in sides))
