"""Fixtures of the integration tests: stacks, clients, a registry, a leak check.

Shared tests describe what every Docker engine does; they run against ours, and with
`./dev test --engine debian` against Debian's, which shows that the test is right. A test which is
about Lighter alone bears @pytest.mark.ours.
"""

import json
import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from stack import PROGRAMS, Stack, official_cli, peers  # noqa: E402
from stack.images import preload_folder  # noqa: E402
from stack.sandbox import sanitizer_options  # noqa: E402
from stack.registry import FaultyRegistry, Registry  # noqa: E402
from stack.stack import build_dir, sanitized  # noqa: E402
from stack.terminal import Terminal  # noqa: E402

NOT_YET = Path(__file__).with_name("not-yet.txt")
REPORTS = os.environ.get("LIGHTER_REPORTS")     # where sanitizers write to (stack/sanitizers.py)
seen_reports = set()
os.environ.update(sanitizer_options("alone"))   # programs that a test starts outside of a stack


def pytest_addoption(parser):
    parser.addoption("--engine", default="ours", choices=["ours", "debian"])
    parser.addoption("--long", action="store_true", default=False)


def pytest_configure(config):
    config.addinivalue_line("markers", "ours: about Lighter alone, not about every engine")
    config.addinivalue_line("markers", "long: only with --long")
    config.addinivalue_line("markers", "needs(*programs): our programs which the test starts")
    config.addinivalue_line("markers", "unsanitized(why): says nothing about a sanitized build")


def pytest_collection_modifyitems(config, items):
    listed = [line.split("#")[0].strip() for line in NOT_YET.read_text().splitlines()]
    listed = [line for line in listed if line]
    for item in items:
        if item.get_closest_marker("ours") and config.getoption("engine") != "ours":
            item.add_marker(pytest.mark.skip(reason="about Lighter alone"))
        if item.get_closest_marker("long") and not config.getoption("long"):
            item.add_marker(pytest.mark.skip(reason="only with --long"))
        for mark in item.iter_markers("unsanitized") if sanitized() else ():
            item.add_marker(pytest.mark.skip(reason=f"unsanitized: {mark.args[0]}"))
        name = item.nodeid.removeprefix("tests/integration/")
        if config.getoption("engine") == "ours" and any(name.startswith(line) for line in listed):
            item.add_marker(pytest.mark.xfail(reason="not there yet", strict=False))


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown():
    """The test during which a sanitizer's report came has failed."""
    fresh = set(os.listdir(REPORTS)) - seen_reports if REPORTS else set()
    seen_reports.update(fresh)
    assert not fresh, "\n".join(f"{name}:\n{(Path(REPORTS) / name).read_text(errors='replace')[:4000]}"
                                for name in sorted(fresh))


def pytest_terminal_summary(terminalreporter):
    """The swap matrix; and why tests were skipped, one line a reason."""
    swap = sys.modules.get("test_swap")
    for line in swap.matrix_lines(terminalreporter.stats) if swap else ():
        terminalreporter.write_line(line)
    reasons = {}
    for report in terminalreporter.stats.get("skipped", []):
        reason = report.longrepr[2].removeprefix("Skipped: ") if isinstance(
            report.longrepr, tuple) else str(report.longrepr)
        reasons.setdefault(reason, []).append(report.nodeid.removeprefix("tests/integration/"))
    for reason, names in sorted(reasons.items()):
        some = ", ".join(names[:3]) + (" ..." if len(names) > 3 else "")
        terminalreporter.write_line(f"skipped {len(names)}: {reason} ({some})")


def require(*programs):
    """Skips the test while one of our programs has not been built."""
    for name in programs or PROGRAMS:
        if not (build_dir() / "bin" / name).exists():
            pytest.skip(f"our {name} is not there yet")


@pytest.fixture(autouse=True)
def _needs(request):
    for mark in request.node.iter_markers("needs"):
        require(*mark.args)


def busybox_archives():
    return [preload_folder(build_dir()) / "busybox.tar"]


def make_stack(engine, **options):
    """A stack with busybox in it: `ours` or `debian`."""
    options.setdefault("tmpfs", True)
    options.setdefault("preload", busybox_archives())
    options.setdefault("cli", "official" if official_cli() else "debian")
    if engine == "debian":
        return Stack.peers(**options)
    swapped = set(options.get("swap") or {})
    require(*sorted(set(PROGRAMS) - swapped - {"docker", "ctr", "docker-init"}))
    return Stack(**options)


@pytest.fixture(scope="session")
def engine(request):
    return request.config.getoption("engine")


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    report = outcome.get_result()
    if report.when == "call" and report.failed and item.config.getoption("engine") == "ours":
        made = getattr(item.funcargs.get("make"), "made", [])
        for stack in {value for value in [*item.funcargs.values(), *made] if isinstance(value, Stack)}:
            report.sections.append(("daemons' logs", stack.logs(lines=15)))


def faults(stack):
    """What the engine's log says about the engine itself: handlers that read what no table lists."""
    log = stack.logdir / "dockerd.log"
    text = log.read_text(errors="replace") if log.exists() else ""
    return [line for line in text.splitlines() if "is not in params.def" in line]


@pytest.fixture(scope="module")
def shared_stack(engine, request):
    """One stack for all tests of a module (module's OPTIONS, if any, are Stack's)."""
    with make_stack(engine, **getattr(request.module, "OPTIONS", {})) as made:
        yield made
        assert not faults(made)


@pytest.fixture
def stack(shared_stack):
    """The module's stack, emptied of containers after each test."""
    yield shared_stack
    left = shared_stack.docker("ps", "-aq", cli="debian").stdout.split()
    if left:
        shared_stack.docker("rm", "-f", "-v", *left, cli="debian")


@pytest.fixture
def fresh_stack(engine, request):
    """A stack of the test's own."""
    with make_stack(engine, **getattr(request.module, "OPTIONS", {})) as made:
        yield made


@pytest.fixture
def make(engine):
    """A function that makes stacks with options of the test's choice; all end with the test."""
    made = []

    def maker(which=None, **options):
        made.append(make_stack(which or engine, **options))
        return made[-1]
    maker.made = made
    yield maker
    for one in made:
        one.close()


@pytest.fixture
def no_leaks(stack, engine):
    """What the test makes in a warm stack must be gone at its end."""
    stack.docker("run", "--rm", "-p", "999:999", "busybox", "true", check=True)
    before = stack.snapshot()
    yield
    left = stack.docker("ps", "-aq", cli="debian").stdout.split()
    if left:
        stack.docker("rm", "-f", "-v", *left, cli="debian")
    ignore = [r"^netns: ", r"^files: /run/docker/netns/"] if engine == "debian" else []
    stack.expect_clean(before, ignore)


@pytest.fixture(scope="session")
def peer():
    """peer("skopeo") is the path of somebody else's program."""
    return peers.program


@pytest.fixture
def docker(stack):
    """docker("run", ..., code=0): checks the exit code, returns stdout without its last newline."""
    def call(*args, code=0, **options):
        done = stack.docker(*args, **options)
        assert done.returncode == code, \
            f"docker {' '.join(map(str, args))}: exit {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout.rstrip("\n")
    return call


@pytest.fixture
def refused(stack):
    """refused(125, "run", ...): a command that must fail with this code; returns its stderr."""
    def call(code, *args, **options):
        done = stack.docker(*args, **options)
        assert done.returncode == code, f"{args}: exit {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stderr
    return call


@pytest.fixture
def terminal(stack):
    """terminal("run", "-it", ...): the client on a terminal of its own."""
    made = []

    def call(*args, **options):
        made.append(Terminal(stack.sandbox, [stack.cli_path(), *args], **options))
        return made[-1]
    yield call
    for one in made:
        one.__exit__()


@pytest.fixture
def inspect(docker):
    """inspect(name): the first document that `docker inspect` prints."""
    return lambda name: json.loads(docker("inspect", name))[0]


@pytest.fixture(scope="module")
def registry(shared_stack):
    """Debian's docker-registry on 127.0.0.1:5000 of the module's stack."""
    made = Registry(shared_stack.sandbox)
    yield made
    made.close()


@pytest.fixture
def faulty(shared_stack):
    """A registry that can be told to lie, on 127.0.0.1:5001."""
    made = FaultyRegistry(shared_stack.sandbox)
    yield made
    made.close()
