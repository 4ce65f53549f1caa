"""./dev run: a private stack for one command, or for the demonstration."""

import argparse
import os
import signal
import subprocess
import sys
import time

from . import images, leaks
from .stack import PROGRAMS, TOP, Stack, StackError, build_dir

PICTURE = "dockerd---containerd---containerd-shim---hello"
# Inside a stack, while its engine is up: folders that stay once made, as with Docker.
STAYS = [r"^cgroups: /sys/fs/cgroup/[a-z,]+/docker$"]


def parse(argv):
    parser = argparse.ArgumentParser(prog="./dev run", description=__doc__)
    parser.add_argument("--root", metavar="DIR", help="where the scratch folder is made")
    parser.add_argument("--swap", action="append", default=[], metavar="NAME=PATH",
                        help="somebody else's program in that place (PATH `debian`: the peer)")
    parser.add_argument("--peers", action="store_true", help="swap everything for Debian's")
    parser.add_argument("--keep", action="store_true", help="keep the scratch folder and logs")
    parser.add_argument("--debug", action="store_true", help="print the daemons' logs at the end")
    parser.add_argument("command", nargs=argparse.REMAINDER)
    options = parser.parse_args(argv)
    if options.command[:1] == ["--"]:
        options.command = options.command[1:]
    swap = {name: "debian" for name in PROGRAMS} if options.peers else {}
    for item in options.swap:
        name, equals, path = item.partition("=")
        if not equals or name not in PROGRAMS:
            parser.error(f"--swap {item}: NAME=PATH, NAME one of {' '.join(PROGRAMS)}")
        swap[name] = path
    options.swap = swap
    return options


def run_command(stack, command):
    """In the foreground, with the caller's terminal; Ctrl-C is the command's to handle."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    process = stack.popen(command, restore_signals=True,
                          preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
    code = process.wait()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    return code if code >= 0 else 128 - code


def step(stack, *args):
    print(f"$ docker {' '.join(args)}", flush=True)
    done = stack.docker(*args)
    sys.stdout.write(done.stdout + done.stderr)
    sys.stdout.flush()
    if done.returncode != 0:
        raise StackError(f"docker {args[0]}: exit code {done.returncode}\n{stack.logs()}")
    return done.stdout.strip()


def demo(stack):
    """The greeting, the process tree of a second container, and nothing left of either."""
    step(stack, "run", "--rm", "hello-world")
    before = stack.snapshot()
    name = step(stack, "run", "-d", "hello-world", "/hello", "--wait")
    dockerd = stack.pids("dockerd")
    tree = stack.exec(["pstree", "-A", "-T", str(dockerd[0])], check=True).stdout.rstrip()
    print(f"$ pstree {dockerd[0]}\n{tree}", flush=True)
    step(stack, "rm", "-f", name)
    if not stack.swap and tree != PICTURE:
        print(f"the tree should have been\n{PICTURE}")
        return 1
    return 1 if left_over(before, stack.snapshot, "one container", ignore=STAYS) else 0


def left_over(before, look, what, ignore=(), patience=3):
    """Prints what is there now and was not before; the kernel gets a moment to finish."""
    end = time.monotonic() + patience
    while True:
        lines = leaks.diff(before, look(), ignore)
        if not lines or time.monotonic() > end:
            break
        time.sleep(0.1)
    if lines:
        print(f"left behind by {what}:", *lines, sep="\n  ", flush=True)
    return lines


def inside_after(stack):
    """With the daemons stopped nothing may run or be mounted any more (links and chains of the
    default network stay, as Docker leaves them)."""
    found = stack.snapshot()
    return {kind: found[kind] for kind in ("mounts", "netns", "processes", "cgroups")}


def main(argv):
    options = parse(argv)
    command = options.command
    if not command and "dockerd" in options.swap:
        command = ["docker", "run", "--rm", "busybox", "echo", "Hello from busybox"]
    preload = None
    if command and os.path.exists(images.BUSYBOX):
        preload = [images.preload_folder(build_dir()) / "busybox.tar"]
    before = leaks.snapshot(mark="none")
    stack, code, leaked = None, 1, []
    try:
        stack = Stack(options.swap, options.root, preload=preload, start=False)
        empty = inside_after(stack)
        stack.start()
        code = run_command(stack, command) if command else demo(stack)
        stack.stop_all()
        if "dockerd" not in stack.swap and not command:
            leaked = left_over(empty, lambda: inside_after(stack), "the daemons", STAYS)
    except (StackError, AssertionError, OSError, subprocess.SubprocessError) as error:
        print(f"dev run: {error}", file=sys.stderr)
        code = code or 1
    finally:
        if stack is not None:
            if options.debug:
                sys.stderr.write(stack.logs(lines=100000))
            stack.close(options.keep)
            if options.keep:
                print(f"kept {stack.scratch}", file=sys.stderr)
            scratch = () if options.keep else [(str(stack.scratch), 1)]
            leaked += left_over(before, lambda: leaks.snapshot(stack.sandbox.id, scratch), "all")
    return code or (1 if leaked else 0)

