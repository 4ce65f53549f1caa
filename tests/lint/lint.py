"""./dev lint: the layout's arrows point down only; then clang-tidy and gcc's analyzer.

A folder of src/ may include its own headers and those of the folders in its row; a program may
include every library's, and no program another program's.
"""

import json
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
SRC = TOP / "src"

LIBRARIES = {
    "base": [],
    "proto": [],
    "oci": ["base"],
    "http": ["base"],
    "api": ["base"],
    "sqlite": ["base"],
    "netlink": ["base"],
    "rpc": ["base", "proto"],
    "libcontainer": ["base", "oci"],
    "libnetwork": ["base", "netlink"],
    "image": ["base", "oci"],
}
# Both wires meet the domain types in one file: oci/wire.
MAY_ALSO = {"src/oci/wire.c": {"rpc", "proto"}, "src/oci/wire.h": {"rpc", "proto"}}
PROGRAMS = ["runc", "shim", "containerd", "ctr", "engine", "build", "cli", "proxy", "init",
            "helpers"]
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"')
# Not: what contradicts the house's own ways (lists of pointers grown by arena_push, kernel structs
# compared as bytes, memcpy of text that has its length), and what clang cannot follow (objects that
# leave intrusive lists before they are freed; variables that only a cleanup reads).
CHECKS = ",".join((
    "-*", "bugprone-*", "-bugprone-assignment-in-if-condition", "-bugprone-branch-clone",
    "-bugprone-easily-swappable-parameters", "-bugprone-implicit-widening-of-multiplication-result",
    "-bugprone-macro-parentheses", "-bugprone-narrowing-conversions",
    "-bugprone-not-null-terminated-result", "-bugprone-reserved-identifier",
    "-bugprone-sizeof-expression", "-bugprone-suspicious-memory-comparison", "clang-analyzer-*",
    "-clang-analyzer-deadcode.DeadStores", "-clang-analyzer-optin.performance.Padding",
    "-clang-analyzer-security.insecureAPI.*", "-clang-analyzer-unix.Malloc"))


def allowed(folder):
    if folder in PROGRAMS:
        return {folder, *LIBRARIES}
    return {folder, *LIBRARIES.get(folder, [])}


def includes():
    """Lines about includes which point up or sideways."""
    folders = {p.name for p in SRC.iterdir() if p.is_dir()} | set(LIBRARIES) | set(PROGRAMS)
    wrong = []
    for path in sorted(SRC.rglob("*.[ch]")):
        folder = path.relative_to(SRC).parts[0]
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
            found = INCLUDE.match(line)
            target = found.group(1).split("/")[0] if found and "/" in found.group(1) else None
            name = str(path.relative_to(TOP))
            if target in folders - allowed(folder) - MAY_ALSO.get(name, set()):
                wrong.append(f"{name}:{number}: {folder} must not include \"{found.group(1)}\"")
    return wrong


def units():
    commands = json.loads((TOP / "build" / "compile_commands.json").read_text())
    for command in commands:
        path = (Path(command["directory"]) / command["file"]).resolve()
        if SRC in path.parents:
            yield path, command


def tidy():
    """clang-tidy over every file, one process a core."""
    def one(path):
        done = subprocess.run(["nice", "clang-tidy", "-p", "build", "--quiet", f"--checks={CHECKS}",
                               "--warnings-as-errors=*", path], cwd=TOP, capture_output=True,
                              text=True)
        return done.stdout if done.returncode else None
    files = sorted({str(path) for path, _ in units()})
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return [text for text in pool.map(one, files) if text]


def analyzer():
    wrong = []
    for path, command in units():
        argv = re.sub(r" -o \S+| -M[QFD] \S+| -MD", "", command["command"]).split()
        done = subprocess.run([*argv, "-fanalyzer", "-Wno-error", "-o", "/dev/null"],
                              cwd=command["directory"], capture_output=True, text=True)
        if "-Wanalyzer" in done.stderr:
            wrong.append(done.stderr)
    return wrong


def main(argv):
    checks = [includes] + ([] if "--fast" in argv else [tidy])
    if "--analyzer" in argv:
        checks.append(analyzer)
    failed = 0
    for check in checks:
        wrong = check()
        print(f"{'FAIL' if wrong else 'ok  '} {check.__name__}", flush=True)
        print(*wrong, sep="\n", end="\n" if wrong else "")
        failed += len(wrong)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
