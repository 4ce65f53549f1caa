"""What things cost when there are many of them."""

import os
import signal
import statistics
import time

STOPPED = 200
LOOPS = 8
LISTS = 300


def measure_parallel(table, sides, rounds):
    """One loop of `run --rm`, and eight beside each other."""
    command = ("run", "--rm", "--network", "none", "busybox", "true")
    alone, beside = ({side.name: [] for side in sides} for _ in range(2))
    for _ in range(max(1, rounds // 2)):
        for side in sides:
            docker = side.client("own")
            alone[side.name].append(side.throughput(1, 10, docker, *command))
            beside[side.name].append(side.throughput(LOOPS, 4, docker, *command))
    table.add("one loop of `run --rm`", "1/s", *alone.values(), more_is_better=True)
    table.add(f"{LOOPS} loops of `run --rm` beside each other", "1/s", *beside.values(),
              more_is_better=True)


def first_ping(stack):
    """From exec of the first daemon to the first answer, in ms."""
    stack.stop_all()
    started = time.monotonic()
    if stack.alone:
        stack.start_containerd(every=0.0005)
    stack.start_dockerd(every=0.0005, load=False)
    return (time.monotonic() - started) * 1000


def measure_start(table, sides, rounds):
    """Without containers, then with many stopped ones."""
    for what in ("", f" with {STOPPED} stopped containers"):
        found = {side.name: [] for side in sides}
        for side in sides:
            for _ in range(STOPPED if what else 0):
                side.stack.docker("create", "--network", "none", "busybox", "true", check=True)
        for _ in range(rounds):
            for side in sides:
                found[side.name].append(first_ping(side.stack))
        table.add(f"daemons' start to first `/_ping`{what}", "ms", *found.values())


def measure_many(table, side, count):
    """Ours alone: many containers alive, one of their shims stopped, and the list asked for."""
    started = time.monotonic()
    for _ in range(count):
        side.stack.docker("run", "-d", "--network", "none", "busybox", "sleep", "100000",
                          check=True)
    table.add(f"start of {count} containers, one after the other", "s",
              [time.monotonic() - started], [])
    shim = next(pid for pid, comm in side.stack.sandbox.processes().values()
                if comm == "containerd-shim-runc-v2"[:15])
    os.kill(shim, signal.SIGSTOP)
    try:
        times = {shown: side.time(LISTS, side.client("own"), *shown.split())
                 for shown in ("ps", "ps -q", "--version")}
    finally:
        os.kill(shim, signal.SIGCONT)
    for shown, values in times.items():
        table.add(f"`docker {shown}` with {count} containers, one shim stopped: median", "ms",
                  [statistics.median(values)], [])
        table.add(f"`docker {shown}` with {count} containers, one shim stopped: 99th percentile",
                  "ms", [statistics.quantiles(values, n=100)[98]], [])
    side.stack.docker("rm", "-f", *side.stack.docker("ps", "-q").stdout.split(), check=True,
                      timeout=600)
