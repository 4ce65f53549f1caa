"""./dev bench: what things cost, beside Debian's docker, as a markdown table.

Both stacks are up at the same time, each in its private namespaces on its own scratch folder, and
every measurement goes back and forth between them, so that a busy minute hits both. The best and
the median are printed; the best is the trustworthy one on a shared machine. Memory is
Private_Dirty + Swap of smaps_rollup, PSS beside it.
"""

import argparse
import os
import platform
import subprocess
import sys
from pathlib import Path

TOP = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(TOP / "tests"))

from stack import Stack, official_cli  # noqa: E402
from stack.images import preload_folder  # noqa: E402
from stack.stack import build_dir  # noqa: E402

from plot import plot  # noqa: E402
from relay import client_timeline  # noqa: E402
from scale import measure_many, measure_parallel, measure_start  # noqa: E402
from side import Side  # noqa: E402
from table import Table  # noqa: E402
from timeline import timeline  # noqa: E402
from weight import measure_memory, measure_sizes, measure_syncs  # noqa: E402


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

    clients = ("own", "official") if official_cli() else ("own",)
    for network in ("bridge", "none", "host"):
        for which in clients:
            row(f"`docker run --rm --network {network} busybox true`, {which} client",
                lambda side: (side.client(which), "run", "--rm", "--network", network, "busybox",
                              "true"))
    for side in sides:
        side.stack.docker("run", "-d", "--name", "bench", "--network", "none", "busybox", "sleep",
                          "100000", check=True)
    for which in clients:
        row(f"`docker exec bench true`, {which} client",
            lambda side: (side.client(which), "exec", "bench", "true"))
    for command in (("ps",), ("version",), ("logs", "bench")):
        row(f"`docker {' '.join(command)}`, own client",
            lambda side: (side.client("own"), *command), 20)
    for side in sides:
        side.stack.docker("rm", "-f", "bench", check=True)


# In this order; each takes the table, the two sides, and how often to go back and forth.
PARTS = {
    "commands": measure_commands,
    "memory": measure_memory,
    "syncs": measure_syncs,
    "parallel": measure_parallel,
    "start": measure_start,
}


def machine(options):
    model = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo", encoding="utf-8")
                  if line.startswith("model name")), platform.machine())
    kilobytes = int(open("/proc/meminfo", encoding="ascii").readline().split()[1])
    commit = subprocess.run(["git", "describe", "--always", "--dirty"], capture_output=True,
                            text=True, cwd=TOP).stdout.strip()
    return (f"{os.cpu_count()} x {model}, {kilobytes >> 20} GiB, Linux {platform.release()}, load "
            f"{os.getloadavg()[0]:.1f}, scratch on {'disk' if options.disk else 'tmpfs'}, commit "
            f"{commit}; best / median; Debian's: docker 20.10.24, containerd 1.6.20, runc 1.1.5")


def parse(argv):
    parser = argparse.ArgumentParser(prog="./dev bench", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--quick", action="store_true", help="two rounds")
    parser.add_argument("--disk", action="store_true", help="scratch folders on disk, not tmpfs")
    parser.add_argument("--many", type=int, metavar="N", help="also N containers at once, ours only")
    parser.add_argument("--plot", action="store_true", help="draw docs/bench.svg from the rows")
    parser.add_argument("--timeline", action="store_true",
                        help="only where the time of one run goes (needs perf)")
    parser.add_argument("--only", metavar="WORD", nargs="*", choices=tuple(PARTS),
                        help="only these parts, or none: " + ", ".join(PARTS))
    parser.add_argument("--against-itself", action="store_true",
                        help="Debian's on both sides: how much is noise?")
    return parser.parse_args(argv)


def main(argv):
    options = parse(argv)
    rounds = 2 if options.quick else options.rounds
    archives = [preload_folder(build_dir()) / "busybox.tar"]
    how = {"tmpfs": not options.disk, "preload": archives, "daemon_json": {},
           "log_level": "warn"}
    table = Table()
    if not options.timeline and options.only is None:
        measure_sizes(table)
    with (Stack.peers if options.against_itself else Stack)(**how) as ours, \
            Stack.peers(**how) as theirs:
        sides = (Side("ours", ours), Side("theirs", theirs))
        if options.timeline:
            timeline(sides)
            if official_cli():
                client_timeline(sides)
            return
        for part in PARTS if options.only is None else options.only:
            PARTS[part](table, sides, rounds)
        if options.many:
            measure_many(table, sides[0], options.many)
    about = machine(options)
    print(about + "\n")
    table.print()
    table.save(build_dir() / "bench.json", about)
    if options.plot:
        plot(TOP / "docs" / "bench.svg", about, table.rows)


if __name__ == "__main__":
    main(sys.argv[1:])
