"""./dev lint: the layout's arrows point down only; then clang-tidy and gcc's analyzer.

A folder of src/ may include its own headers and those of the folders in its row; a program may
include every library's, and no program another program's.
"""

import json
import re
import subprocess
import sys
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
SRC = TOP / "src"

LIBRARIES = {
    "base": [],
    "proto": [],
    "oci": ["base"],
    "http": ["base"],
    "netlink": ["base"],
    "rpc": ["base", "proto"],
    "libcontainer": ["base", "oci"],
    "libnetwork": ["base", "netlink"],
    "image": ["base", "oci"],
}
PROGRAMS = ["runc", "shim", "containerd", "ctr", "engine", "build", "cli", "proxy", "init",
            "helpers"]
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"')
CHECKS = ("-*,bugprone-*,-bugprone-easily-swappable-parameters,-bugprone-narrowing-conversions,"
          "-bugprone-reserved-identifier,-bugprone-macro-parentheses,-bugprone-branch-clone,"
          "-bugprone-assignment-in-if-condition,-bugprone-implicit-widening-of-multiplication-result,"
          "clang-analyzer-*,-clang-analyzer-security.insecureAPI.*")


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
            if target in folders and target not in allowed(folder):
                wrong.append(f"{path.relative_to(TOP)}:{number}: {folder} must not include "
                             f"\"{found.group(1)}\"")
    return wrong


def units():
    commands = json.loads((TOP / "build" / "compile_commands.json").read_text())
    for command in commands:
        path = (Path(command["directory"]) / command["file"]).resolve()
        if SRC in path.parents:
            yield path, command


def tidy():
    files = sorted({str(path) for path, _ in units()})
    found = subprocess.run(["clang-tidy", "-p", "build", "--quiet", f"--checks={CHECKS}",
                            "--warnings-as-errors=*", *files], cwd=TOP, capture_output=True,
                           text=True)
    return [] if found.returncode == 0 else [found.stdout]


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
