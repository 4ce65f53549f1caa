"""One of the two stacks that are compared, and how a thing is measured in it."""

from pathlib import Path

from stack import official_cli

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
# N loops beside each other, each running a command COUNT times; prints the seconds of all.
LOOPS = """
import os, subprocess, sys, threading, time
loops, count, argv = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
null = open(os.devnull, "r+")
codes = []
def loop():
    for _ in range(count):
        codes.append(subprocess.call(argv, stdin=null, stdout=null))
threads = [threading.Thread(target=loop) for _ in range(loops)]
started = time.monotonic()
for thread in threads: thread.start()
for thread in threads: thread.join()
print(time.monotonic() - started)
sys.exit(f"exit codes {set(codes)}" if any(codes) else 0)
"""
DAEMONS = ("dockerd", "containerd", "docker-proxy")


class Side:
    """One of the two: a name and a stack."""

    def __init__(self, name, stack):
        self.name, self.stack = name, stack

    def client(self, which):
        return official_cli() if which == "official" else str(self.stack.bin / "docker")

    def _python(self, program, *argv):
        done = self.stack.exec(["/usr/bin/python3", "-I", "-S", "-c", program, *argv],
                               timeout=900, check=True)
        return [float(line) for line in done.stdout.split()]

    def time(self, count, *argv):
        """The wall time of each of `count` runs, in ms."""
        return [seconds * 1000 for seconds in self._python(TIMER, count, *argv)]

    def throughput(self, loops, count, *argv):
        """Runs a second, of `loops` loops beside each other with `count` runs each."""
        return loops * count / self._python(LOOPS, loops, count, *argv)[0]

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
