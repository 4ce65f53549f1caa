"""A thousand times the same: memory, descriptors, threads, mounts, links, rules, cgroups and files
are afterwards what they were before. A tenth and less without --long.
"""

import http.client
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from stack.footprint import footprint
from stack.stack import SOCKET, UnixHTTP, sanitized

pytestmark = [pytest.mark.ours, pytest.mark.timeout(1800)]

WARM, WARM_LONG = 100, 400  # times until caches and pools are full, nearly and really
# What pools and the allocator may keep, whatever the count: KiB, descriptors, threads.
SLACK = {"KiB": 640, "descriptors": 4, "threads": 4}
# Requests whose answer goes on for ever; the client vanishes in the middle of it.
ENDLESS = [("GET", "/containers/box/logs?follow=1&stdout=1&stderr=1"),
           ("GET", "/events"),
           ("GET", "/containers/box/stats"),
           ("POST", "/containers/box/attach?stream=1&stdin=1&stdout=1&stderr=1"),
           ("POST", "/containers/box/wait")]


def run_rm(stack, n):
    network = ("bridge", "none", "host")[n % 3]
    ports = ["-p", "80"] if network == "bridge" else []
    done = stack.docker("run", "--rm", f"--network={network}", *ports, "busybox", "echo", str(n))
    assert done.stdout == f"{n}\n", done.stderr


def execute(stack, n):
    done = stack.docker("exec", "box", "echo", str(n))
    assert done.stdout == f"{n}\n", done.stderr


def vanish(stack, n):
    method, path = ENDLESS[n % len(ENDLESS)]
    connection = UnixHTTP(stack.sandbox.path(SOCKET))
    connection.request(method, "/v1.43" + path)
    if "wait" not in path:
        try:
            connection.getresponse()
        except http.client.BadStatusLine:
            pass                    # 101, which Python does not know
    time.sleep(0.01)
    connection.close()


#         what      how often, with --long, at the same time
TABLE = [(run_rm, 60, 1000, 3), (execute, 90, 1000, 3), (vanish, 100, 1000, 10)]


def repeat(stack, what, count, crowd):
    with ThreadPoolExecutor(crowd) as pool:
        list(pool.map(lambda n: what(stack, n), range(count)))


def difference(before, after):
    """Lines about what a daemon has more than before (ASan keeps what was freed: its memory says nothing)."""
    return [f"{name}: {now} {word}, were {was}" for name in before
            for word, was, now in zip(SLACK, before[name], after[name])
            if now > was + SLACK[word] and not (word == "KiB" and sanitized())]


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row[0].__name__)
def test_never_leaks(stack, request, row):
    what, count, long_count, crowd = row
    warm = WARM
    if request.config.getoption("--long"):
        warm, count = WARM_LONG, long_count
    stack.docker("run", "-d", "--name", "box", "-p", "999:999", "busybox", "sleep", "100000", check=True)
    repeat(stack, what, warm, crowd)
    time.sleep(0.5)
    seen, before = stack.snapshot(), footprint(stack)
    repeat(stack, what, count, crowd)
    stack.expect_clean(seen)
    for _ in range(50):
        lines = difference(before, footprint(stack))
        if not lines:
            return
        time.sleep(0.1)
    raise AssertionError("\n".join(lines))
