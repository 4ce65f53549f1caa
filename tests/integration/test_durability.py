"""What reaches the disk, and how often the daemons wait for it."""

import re
import shutil
import signal
import subprocess

import pytest

pytestmark = pytest.mark.ours

SYNCS = "fsync,fdatasync,sync_file_range,syncfs,sync,msync"
OPTIONS = {"tmpfs": False}


class Tracer:
    """strace on both daemons and all that they start, while it is open."""

    def __init__(self, stack, folder, calls):
        self.file = folder / "trace"
        processes = stack.sandbox.processes()
        pids = [str(processes[pid][0]) for name in ("dockerd", "containerd") for pid in stack.pids(name)]
        self._strace = subprocess.Popen(
            ["strace", "-f", "-y", "-o", self.file, "-e", f"trace={calls}",
             *[word for pid in pids for word in ("-p", pid)]], stderr=subprocess.PIPE, text=True)
        for _ in pids:                      # "Process N attached", one for each daemon
            assert "attached" in self._strace.stderr.readline()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._strace.send_signal(signal.SIGINT)
        self._strace.communicate(timeout=10)

    def calls(self):
        return [line for line in self.file.read_text().splitlines() if re.search(r"\d+ +\w+\(", line)]


@pytest.fixture
def trace(stack, tmp_path):
    if not shutil.which("strace"):
        pytest.skip("strace is not there")
    return lambda calls: Tracer(stack, tmp_path, calls)


@pytest.mark.unsanitized("LeakSanitizer does not work in a process that strace follows")
def test_syncs_of_one_run(stack, docker, trace):
    """All that is acknowledged is on disk, with few waits for it (the original: 42)."""
    docker("run", "--rm", "busybox", "true")
    with trace(SYNCS) as traced:
        for _ in range(5):
            docker("run", "--rm", "busybox", "true")
    stack.wait_for(lambda: docker("ps", "-aq") == "")
    calls = traced.calls()
    assert len(calls) <= 5 * 6, "\n".join(calls)
