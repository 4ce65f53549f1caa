"""./dev bench: what things cost, beside Debian's docker, as a markdown table.

Both stacks are up at the same time, each in its private namespaces on its own scratch folder, and
every measurement goes back and forth between them, so that a busy minute hits both. Minimum and
median are printed; the minimum is the trustworthy one on a shared machine. Memory is
Private_Dirty + Swap of smaps_rollup, PSS beside it.
"""

import argparse
import os
import platform
import statistics
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from stack import PROGRAMS, Stack, official_cli, peers  # noqa: E402
from stack.images import preload_folder  # noqa: E402
from stack.stack import build_dir  # noqa: E402

# Runs a command N times inside a stack and prints the wall time of each: no harness in between.
TIMER = """
import os, subprocess, sys, time
count, argv = int(sys.argv[1]), sys.argv[2:]
null = open(os.devnull, "r+")
for _ in range(count):
    started = time.monotonic()
    code = subprocess.call(argv, stdin=null, stdout=null)
    print(time.monotonic() - started)
    if code:
        sys.exit(f"exit code {code}")
"""
DAEMONS = ("dockerd", "containerd", "docker-proxy")
CONTAINERS = 10


class Side:
    """One of the two: a name and a stack."""

    def __init__(self, name, stack):
        self.name, self.stack = name, stack

    def client(self, which):
        return official_cli() if which == "official" else str(self.stack.bin / "docker")

    def time(self, count, *argv):
        done = self.stack.exec(["/usr/bin/python3", "-I", "-S", "-c", TIMER, count, *argv],
                               timeout=300, check=True)
        return [float(line) * 1000 for line in done.stdout.split()]

    def memory(self, *names):
        """(Private_Dirty + Swap, PSS) in KB, over all processes with one of these names."""
        wanted = [name[:15] for name in names]
        found = [memory(pid) for pid, comm in self.stack.sandbox.processes().values()
                 if comm in wanted]
        return sum(a for a, _ in found), sum(b for _, b in found)


def memory(host_pid):
    numbers = {}
    for line in Path(f"/proc/{host_pid}/smaps_rollup").read_text().splitlines()[1:]:
        key, value = line.split(":")
        numbers[key] = int(value.split()[0])
    return numbers["Private_Dirty"] + numbers["Swap"], numbers["Pss"]


def shown(values):
    """Minimum / median."""
    def short(value):
        return f"{value:.3g}" if value < 100 else f"{value:.0f}"
    if not values:
        return "-"
    text = short(min(values))
    return text + (f" / {short(statistics.median(values))}" if len(values) > 1 else "")


class Table:
    def __init__(self):
        self.rows = []

    def add(self, what, unit, ours, theirs):
        ratio = f"{min(theirs) / min(ours):.1f}" if ours and theirs and min(ours) else "-"
        self.rows.append((what, unit, shown(ours), shown(theirs), ratio))
        print(*self.rows[-1], sep="  ", file=sys.stderr, flush=True)

    def print(self):
        print("| what | unit | Lighter | Debian's docker | times less |")
        print("| --- | --- | ---: | ---: | ---: |")
        for row in self.rows:
            print("| " + " | ".join(row) + " |")


def measure_commands(table, sides, rounds):
    """Each command `count` at a time, in turn."""
    def row(what, argv_of, count=5):
        found = {side.name: [] for side in sides}
        for side in sides:
            side.time(1, *argv_of(side))        # warm
        for _ in range(rounds):
            for side in sides:
                found[side.name] += side.time(count, *argv_of(side))
        table.add(what, "ms", *found.values())

    for network in ("bridge", "none", "host"):
        for which in ("own", "official") if official_cli() else ("own",):
            row(f"`docker run --rm --network {network} busybox true`, {which} client",
                lambda side: (side.client(which), "run", "--rm", "--network", network, "busybox",
                              "true"))
    for side in sides:
        side.stack.docker("run", "-d", "--name", "bench", "--network", "none", "busybox", "sleep",
                          "100000", check=True)
    for count, *command in ((5, "exec", "bench", "true"), (20, "ps"), (20, "version"),
                            (20, "logs", "bench")):
        row(f"`docker {' '.join(command)}`, own client",
            lambda side: (side.client("own"), *command), count)
    for side in sides:
        side.stack.docker("rm", "-f", "bench", check=True)


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
        grown.append([n / CONTAINERS for n in (*shims, shims[0] + after[0] - before[0])])
        side.stack.docker("rm", "-f", *side.stack.docker("ps", "-q").stdout.split(), check=True)
    for n, what in enumerate(("one container's shim, private", "one container's shim, PSS",
                              "what one container adds to shim and daemons, private")):
        table.add(what, "KB", *([one[n]] for one in grown))


def first_ping(stack):
    """From exec of the first daemon to the first answer, in ms."""
    stack.stop_all()
    started = time.monotonic()
    if stack.alone:
        stack.start_containerd(every=0.0005)
    stack.start_dockerd(every=0.0005, load=False)
    return (time.monotonic() - started) * 1000


def measure_start(table, sides, rounds):
    found = {side.name: [] for side in sides}
    for _ in range(rounds):
        for side in sides:
            found[side.name].append(first_ping(side.stack))
    table.add("daemons' start to first `/_ping`", "ms", *found.values())


def stripped_size(path):
    """KiB of a program without its symbols."""
    done = subprocess.run(["strip", "-o", "/dev/stdout", path], capture_output=True)
    size = len(done.stdout) if done.returncode == 0 and done.stdout else path.stat().st_size
    return size / 1024


def measure_sizes(table):
    total = [0, 0]
    for name in PROGRAMS:
        paths = (build_dir() / "bin" / name, peers.ROOT / peers.PROGRAMS[name])
        sizes = [[stripped_size(path)] if path.is_file() else [] for path in paths]
        total = [sum(one, before) for one, before in zip(sizes, total)]
        table.add(f"`{name}`, stripped", "KiB", *sizes)
    helpers = build_dir() / "libexec" / "lighter"
    if helpers.is_dir():
        total[0] += sum(stripped_size(path) for path in helpers.iterdir()
                        if path.is_file() and os.access(path, os.X_OK))
    table.add("all programs and helpers, stripped", "KiB", *([one] for one in total))


def machine(options):
    model = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo", encoding="utf-8")
                  if line.startswith("model name")), platform.machine())
    kilobytes = int(open("/proc/meminfo", encoding="ascii").readline().split()[1])
    commit = subprocess.run(["git", "describe", "--always", "--dirty"], capture_output=True,
                            text=True, cwd=Path(__file__).parent).stdout.strip()
    return (f"{os.cpu_count()} x {model}, {kilobytes >> 20} GiB, Linux {platform.release()}, load "
            f"{os.getloadavg()[0]:.1f}, scratch on {'disk' if options.disk else 'tmpfs'}, commit "
            f"{commit}; minimum / median; Debian's: docker 20.10.24, containerd 1.6.20, runc 1.1.5")


def main(argv):
    parser = argparse.ArgumentParser(prog="./dev bench", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--quick", action="store_true", help="two rounds")
    parser.add_argument("--disk", action="store_true", help="scratch folders on disk, not tmpfs")
    parser.add_argument("--against-itself", action="store_true",
                        help="Debian's on both sides: how much is noise?")
    options = parser.parse_args(argv)
    rounds = 2 if options.quick else options.rounds
    archives = [preload_folder(build_dir()) / "busybox.tar"]
    how = {"tmpfs": not options.disk, "preload": archives, "daemon_json": {},
           "log_level": "warn"}
    table = Table()
    measure_sizes(table)
    with (Stack.peers if options.against_itself else Stack)(**how) as ours, \
            Stack.peers(**how) as theirs:
        sides = (Side("ours", ours), Side("theirs", theirs))
        measure_commands(table, sides, rounds)
        measure_memory(table, sides)
        measure_start(table, sides, rounds)
    print(machine(options) + "\n")
    table.print()


if __name__ == "__main__":
    main(sys.argv[1:])
