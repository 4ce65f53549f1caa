"""./dev test: every stage of the tests, and one closing line that adds them up."""

import argparse
import os
import re
import subprocess
import sys
import tempfile

from . import sanitizers
from .stack import TOP

FUZZ_RUNS, FUZZ_SECONDS, FUZZ_SECONDS_LONG = 20000, 10, 600
FEW = 4     # failures of a whole run that may have been the machine's
STAGES = ("unit", "integration", "fuzz", "sanitize")


class Tally:
    """passed, failed, skipped; and the names of what failed."""

    def __init__(self):
        self.passed = self.failed = self.skipped = 0

    def add(self, passed=0, failed=0, skipped=0):
        self.passed += passed
        self.failed += failed
        self.skipped += skipped

    def one(self, name, ok, text=""):
        print(f"{'ok  ' if ok else 'FAIL'} {name}", flush=True)
        if not ok:
            print(text, flush=True)
        self.add(passed=int(ok), failed=int(not ok))


def run(argv, **more):
    """Runs with its output passed through; returns (exit code, output)."""
    with subprocess.Popen(argv, cwd=TOP, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, errors="replace", **more) as process:
        kept = []
        for line in process.stdout:
            kept.append(line)
            sys.stdout.write(line)
            sys.stdout.flush()
    return process.returncode, "".join(kept)


def count(text, word):
    found = re.findall(rf"(\d+) {word}", text)
    return int(found[-1]) if found else 0


def unit(tally, options, build="build"):
    code, text = run(["meson", "test", "-C", build, "--no-rebuild", "--suite", "unit",
                      "--print-errorlogs"])
    ok, bad, skipped = (sum(int(n) for n in re.findall(rf"^{word}:\s+(\d+)", text, re.M))
                        for word in ("Ok", "(?:Fail|Timeout)", "Skipped"))
    tally.add(ok, bad or int(code != 0 and "No suitable tests" not in text), skipped)


def pytest(options, *more, env=None):
    """Returns (passed, failed, skipped, names of what failed)."""
    code, text = run([sys.executable, "-m", "pytest", "-rxXfE", "-q", "-p", "no:cacheprovider",
                      "--timeout=120", "--tb=short", "--durations=5", f"--engine={options.engine}",
                      *more, *options.pytest], env={**os.environ, **(env or {})})
    last = text.strip().splitlines()[-1] if text.strip() else ""
    names = re.findall(r"^(?:FAILED|ERROR) (\S+::\S.*?)(?: - .*)?$", text, re.M)
    failed = count(last, "failed") + count(last, "error")
    if code not in (0, 5) and failed == 0:      # pytest itself stumbled; 5 is "nothing chosen"
        failed = 1
    return (count(last, "passed") + count(last, "xpassed"), failed,
            count(last, "skipped") + count(last, "xfailed"), sorted(set(names)))


def integration(tally, options):
    all_of_it(tally, options, *(["--long"] if options.long else []))


def all_of_it(tally, options, *more, env=None):
    """A few failures of a whole run are tried once more, alone: what then passes is unsteady."""
    chosen = ["-k", options.k] if options.k else []
    passed, failed, skipped, names = pytest(options, *more, "tests/integration", *chosen, env=env)
    if not options.k and failed == len(names) and 0 < failed <= FEW:
        print("=== once more, alone")
        again = pytest(options, *more, *names, env=env)
        if again[1] == 0 and again[0] >= len(names):
            print("\n".join(f"UNSTEADY {name}: failed among the others, passed alone"
                            for name in names))
            passed, failed = passed + failed, 0
    tally.add(passed, failed, skipped)


def fuzz(tally, options):
    """
    Each libFuzzer target from its kept corpus. In the test command with one seed and a count of
    runs, so that a change decides and not the draw; by --long at random, for ten minutes each.
    """
    built = subprocess.run(["./dev", "build", "--fuzz"], cwd=TOP, capture_output=True, text=True)
    tally.one("build of the fuzz targets", built.returncode == 0, built.stdout + built.stderr)
    if built.returncode != 0:
        return
    folder = TOP / "build-fuzz" / "tests" / "fuzz"
    chance = ([f"-max_total_time={FUZZ_SECONDS_LONG}"] if options.long else
              ["-seed=1", f"-runs={FUZZ_RUNS}", f"-max_total_time={FUZZ_SECONDS}"])
    for target in sorted(p for p in folder.glob("fuzz_*") if p.is_file()):
        name = target.name.removeprefix("fuzz_")
        kept = [str(p) for p in [TOP / "tests" / "fuzz" / "corpus" / name] if p.is_dir()]
        with tempfile.TemporaryDirectory(dir=folder) as found:
            done = subprocess.run([target, *chance, "-print_final_stats=0", "-verbosity=0",
                                   "-timeout=10", "-rss_limit_mb=2048", found, *kept],
                                  cwd=folder, capture_output=True, text=True, errors="replace")
        tally.one(f"fuzz {name}", done.returncode == 0, done.stderr[-4000:])


def sanitize(tally, options):
    """--long: all unit and integration tests, these in their usual counts, under ASan and UBSan."""
    if not options.k:
        sanitizers.run(tally)
    if options.long and sanitizers.built(tally, "--sanitize"):
        env = sanitizers.environment()
        sanitizers.reports_arrive(tally, env)
        if not options.k:
            print("=== unit, under ASan and UBSan", flush=True)
            unit(tally, options, "build-asan")
        print("=== integration, under ASan and UBSan", flush=True)
        all_of_it(tally, options, "--timeout=300", env=env)
        sanitizers.no_reports(tally, env)


def main(argv):
    parser = argparse.ArgumentParser(prog="./dev test", description=__doc__)
    parser.add_argument("--long", action="store_true", help="full counts and times")
    parser.add_argument("-k", metavar="EXPR", help="only integration tests that match")
    parser.add_argument("--engine", default="ours", choices=["ours", "debian"],
                        help="what the shared tests run against (debian: check the tests)")
    parser.add_argument("stages", nargs="*", help=f"some of: {' '.join(STAGES)}, all")
    options, options.pytest = parser.parse_known_args(argv)
    chosen = options.stages or (["integration"] if options.k else ["all"])
    unknown = set(chosen) - set(STAGES) - {"all"}
    if unknown:
        parser.error(f"no stage {', '.join(sorted(unknown))}")
    tally = Tally()
    for stage in STAGES:
        if stage in chosen or "all" in chosen:
            print(f"=== {stage}", flush=True)
            globals()[stage](tally, options)
    print(f"{tally.passed} passed, {tally.failed} failed, {tally.skipped} skipped")
    return 1 if tally.failed else 0
