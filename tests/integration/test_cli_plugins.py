"""CLI plugins under our docker and under the official one: found, checked, listed, run."""

import json
import re

import pytest
from stack import official_cli

from test_cli_parity import engine

pytestmark = [pytest.mark.ours,
              pytest.mark.skipif(not official_cli(), reason="needs the official docker 28")]

FOLDER = "/run/with-plugins"
GOOD = ('if [ "$1" = docker-cli-plugin-metadata ]; then echo \'{"SchemaVersion":"0.1.0",'
        '"Vendor":"Me Inc.","Version":"v1.2","ShortDescription":"Does foo"}\'; exit; fi\n'
        'echo "called: $*"; exit 7')
PLUGINS = {
    "foo": GOOD, "compose": GOOD, "buildx": GOOD,
    "plain": "echo '{\"SchemaVersion\":\"0.1.0\",\"Vendor\":\"Me\"}'",
    "broken": "echo junk; exit 3", "run": GOOD, "Bad": GOOD,
    "schema": "echo '{\"SchemaVersion\":\"9.9\",\"Vendor\":\"Me\"}'",
    "novendor": "echo '{\"SchemaVersion\":\"0.1.0\"}'",
}
LINES = [
    "foo a -b --c", "-D foo x", "foo --help", "foo", "--context default foo x", "-H tcp://1.2.3.4:5 foo",
    "compose --project-name x up -d", "--debug compose version", "buildx ls", "build .", "builder du",
    "broken x", "schema", "novendor", "Bad", "nothing", "run", "__complete fo",
]


@pytest.fixture(scope="module")
def parity():
    with engine() as made:
        for name, text in PLUGINS.items():
            made.exec(["sh", "-c", f"mkdir -p {FOLDER}/cli-plugins; cd {FOLDER}/cli-plugins; "
                       f"cat >docker-{name}; chmod +x docker-{name}"], input=f"#!/bin/sh\n{text}\n",
                      check=True)
        yield made


def both(stack, *args):
    return [stack.docker(*args, cli=cli, env={"DOCKER_CONFIG": FOLDER}) for cli in ("official", "ours")]


def test_lines(parity):
    different = []
    for line in LINES:
        theirs, ours = ((one.returncode, one.stdout, one.stderr) for one in both(parity, *line.split()))
        if ours != theirs:
            different.append(f"{line}\n  ours     {ours}\n  official {theirs}")
    assert not different, "\n".join(different)


def test_info_lists_them(parity):
    theirs, ours = both(parity, "info")
    cut = [re.search(r" Plugins:\n.*?\n\nServer", one.stdout, re.S)[0] for one in (theirs, ours)]
    assert cut[0] == cut[1]
    assert [re.findall("WARNING: Plugin .*", one.stderr) for one in (theirs,)] == [
        re.findall("WARNING: Plugin .*", one.stderr) for one in (ours,)]
    theirs, ours = (json.loads(one.stdout) for one in both(parity, "info", "-f", "{{json .ClientInfo.Plugins}}"))
    assert ours == theirs


def test_help_lists_them(parity):
    theirs, ours = (one.stdout for one in both(parity, "--help"))
    for name in ("foo*", "compose*", "buildx*", "plain*", "broken", "novendor", "schema", "Bad"):
        line = re.search(rf"^  {re.escape(name)} .*", theirs, re.M)[0]
        assert line in ours
