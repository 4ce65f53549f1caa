"""The stack under sanitizers: each program, a day's work of all of them, and threads in a crowd; with
--long all integration tests before the sanitized programs.

Then every program of ours, whoever starts it, writes what ASan, UBSan or LeakSanitizer finds to a
file in build-asan/reports. conftest.py fails the test during which a file came; at the end each file
is printed and is one failure, whatever became of the test.
"""

import os
import shutil
import subprocess
from pathlib import Path

from .stack import PROGRAMS, TOP

# What the whole stack does once under ASan and UBSan: each program has a part in it.
DAY = """
docker version && docker run --rm busybox echo hi && docker run --rm hello-world &&
docker run -d --name web -p 8080:80 --memory 64m busybox sleep 60 && docker exec web id &&
echo typed | docker run -i --rm --network none busybox cat && docker logs web && docker ps &&
docker inspect web && docker images && docker top web && docker stop -t 0 web && docker rm web
"""
# What makes the threads of dockerd and containerd meet, under TSan.
CROWD = """
docker events > /dev/null & events=$!
docker run -d --name web -p 8080:80 busybox sh -c 'while :; do echo line; done' &&
docker logs -f web > /dev/null & logs=$!
for loop in 1 2 3 4; do (
    for turn in 1 2 3; do
        docker run --rm --network none busybox true
        docker run --rm busybox true && docker ps -a && docker images &&
        docker create --name c$loop --label l=$turn busybox sleep 30 && docker start c$loop &&
        docker exec c$loop true && docker inspect c$loop web && docker pause c$loop &&
        docker unpause c$loop && docker rename c$loop d$loop &&
        docker logs --tail 3 web && docker kill d$loop && docker rm -f d$loop || exit 1
    done > /dev/null
) & crowd="$crowd $!"; done
failed=0; for pid in $crowd; do wait $pid || failed=1; done
kill $logs $events; docker rm -f web && exit $failed
"""
REPORTS = ("ERROR: AddressSanitizer", "ERROR: LeakSanitizer", "runtime error:",
           "WARNING: ThreadSanitizer")


def run(tally):
    if built(tally, "--sanitize"):
        for name in PROGRAMS:
            program_starts(tally, name)
        whole_stack(tally, "the whole stack under ASan and UBSan", DAY, "build-asan",
                    {"UBSAN_OPTIONS": "halt_on_error=1"})
    if built(tally, "--threads"):
        whole_stack(tally, "dockerd and containerd in a crowd under TSan", CROWD, "build-tsan",
                    {"TSAN_OPTIONS": "die_after_fork=0"})


def environment():
    """For all tests before the sanitized programs, with an empty folder for their reports."""
    folder = TOP / "build-asan" / "reports"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    folder.chmod(0o1777)        # helpers are not always root
    return {"LIGHTER_BUILD": str(TOP / "build-asan"), "LIGHTER_REPORTS": str(folder)}


def reports_arrive(tally, env):
    """What a daemon reports is seen: it is sent the signal of a bad pointer."""
    subprocess.run(["/usr/bin/python3", "-m", "stack", "run", "--", "sh", "-c",
                    "kill -SEGV $(pidof dockerd)"], cwd=TOP, capture_output=True, timeout=60,
                   stdin=subprocess.DEVNULL,
                   env={**os.environ, "PYTHONPATH": str(TOP / "tests"), **env})
    folder = Path(env["LIGHTER_REPORTS"])
    found = "".join(path.read_text(errors="replace") for path in folder.iterdir())
    tally.one("reports arrive", "SEGV" in found, found)
    for path in folder.iterdir():
        path.unlink()


def no_reports(tally, env):
    """One failure a report; none at all is a test that passed."""
    found = sorted(Path(env["LIGHTER_REPORTS"]).iterdir())
    for path in found:
        tally.one(f"a report: {path.name}", False, path.read_text(errors="replace")[:8000])
    if not found:
        tally.one("no program reported anything", True)


def built(tally, how):
    done = subprocess.run(["./dev", "build", how], cwd=TOP, capture_output=True, text=True)
    tally.one(f"build {how}", done.returncode == 0, done.stdout + done.stderr)
    return done.returncode == 0


def program_starts(tally, name):
    flag = {"containerd-shim-runc-v2": "-v"}.get(name, "--version")
    done = subprocess.run([TOP / "build-asan" / "bin" / name, flag], capture_output=True,
                          text=True, timeout=60, stdin=subprocess.DEVNULL, errors="replace",
                          env={**os.environ, "UBSAN_OPTIONS": "halt_on_error=1"})
    noise = done.stdout + done.stderr
    tally.one(f"{name} {flag} under sanitizers",
              done.returncode == 0 and "Sanitizer" not in noise, noise[-4000:])


def whole_stack(tally, title, script, build, options):
    """The script in a stack of these programs; a report of any of them is a failure."""
    done = subprocess.run(
        ["/usr/bin/python3", "-m", "stack", "run", "--debug", "--", "timeout", "600", "sh", "-c",
         script], cwd=TOP, capture_output=True, text=True, errors="replace", timeout=900,
        stdin=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": str(TOP / "tests"),
             "LIGHTER_BUILD": str(TOP / build), **options})
    noise = done.stdout + done.stderr
    tally.one(title, done.returncode == 0 and not any(word in noise for word in REPORTS),
              noise[-8000:])
