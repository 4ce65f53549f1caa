"""Our docker beside the official one, byte for byte: networks, volumes, stats, prune, df.

As test_cli_parity.py, whose helpers these are: both programs before Debian's engine, LOOKS on the
same objects, STORIES from an empty engine.
"""

import json
import re
import time

import pytest
from stack import official_cli

from test_cli_parity import (NOT_OURS, SH, compare, engine, result, same, shape, split)

pytestmark = [pytest.mark.ours,
              pytest.mark.skipif(not official_cli(), reason="needs the official docker 28")]


@pytest.fixture(scope="module")
def parity():
    with engine() as made:
        yield made


@pytest.fixture(scope="module")
def scene():
    with engine() as made:
        def docker(*args):
            return made.docker(*args, check=True)
        docker("network", "create", "--label", "a=b", "--subnet", "10.9.0.0/24", "net10")
        docker("network", "create", "--internal", "net9")
        docker("volume", "create", "--label", "a=b", "vol10")
        docker("volume", "create", "vol9")
        docker("volume", "create", "used")
        docker("run", "-d", "--name", "web", "--network", "net9", "-v", "used:/v", "busybox",
               "sleep", "100000")
        docker("run", "--name", "done", *SH, "echo text >/file; rm /bin/ash")
        yield made


LOOKS = [
    "network ls", "network list", "network ls -q", "network ls --no-trunc", "network ls --format json",
    "network ls -q --format {{.Name}}", "network ls -q --format table",
    "network ls --format {{.ID}}|{{.Driver}}|{{.Scope}}|{{.IPv4}}|{{.IPv6}}|{{.Internal}}|{{.Labels}}",
    "network ls --format {{.CreatedAt}}", "network ls --format {{.Foo}}", "network ls -f x",
    'network ls --format table {{.Name}}\\t{{.Label "a"}}', "network ls -f label=a", "network ls x",
    "network ls -f driver=null", "network ls -f nonsense=1", "network inspect net10 nothing",
    "network inspect -f {{.Name}} net9 net10", "network inspect -f {{.Foo}} net9",
    "network inspect -f {{.Foo net9", "network inspect -v net9", "network inspect", "network rm",
    "network rm nothing", "network rm -f nothing", "network rm net9 nothing", "network rm host",
    "network create", "network create a b", "network create net9", "network create host",
    "network create --subnet x n", "network create --gateway 10.1.1.1 n",
    "network create --subnet 10.9.1.0/24 --subnet 10.9.1.0/25 n",
    "network create --subnet 10.1.0.0/24 --gateway 10.2.0.1 n",
    "network create --ip-range 10.1.1.1/30 n",
    "network create --subnet 10.1.0.0/24 --ip-range 10.2.0.0/30 n",
    "network create --subnet 10.1.0.0/24 --subnet 10.2.0.0/24 --gateway 10.1.0.1 --gateway 10.1.0.2 n",
    "network create --subnet 10.1.0.0/24 --subnet 10.2.0.0/24 --ip-range 10.1.0.0/26 --ip-range 10.1.0.0/27 n",
    "network create --subnet 10.1.0.0/24 --aux-address x n", "network create --label =x n",
    "network create --subnet 10.1.0.0/24 --aux-address x=10.2.0.1 n",
    "network create --ipv6=x n", "network connect net9", "network connect nothing web",
    "network connect net9 nothing", "network connect --driver-opt bare net9 web",
    "network connect --gw-priority x net9 web", "network connect --link a:b:c net9 web",
    "network disconnect net9", "network disconnect net10 web", "network disconnect nothing web",
    "network prune x", "network prune --filter x", "network prune -f --filter until=x",
    "network prune", "network foo", "network --foo",
    "volume ls", "volume list", "volume ls -q", "volume ls --format json", "volume ls -f x",
    "volume ls --format {{.Name}}|{{.Driver}}|{{.Scope}}|{{.Mountpoint}}|{{.Labels}}|{{.Links}}|{{.Size}}",
    "volume ls -q --format {{.Driver}}", 'volume ls --format table {{.Name}}\\t{{.Label "a"}}',
    "volume ls -f dangling=true", "volume ls -f name=vol -f label=a", "volume ls --cluster",
    "volume ls --format {{.Foo}}", "volume ls x", "volume inspect vol10 nothing", "volume inspect",
    "volume inspect -f {{.Name}}{{.Labels}} vol9 vol10", "volume create a b", "volume create -o bare x",
    "volume create --name x y", "volume create a/b",
    "volume create --label =x v", "volume create --availability x v", "volume rm", "volume rm used",
    "volume rm nothing", "volume rm -f nothing", "volume rm -f used", "volume prune", "volume prune -a",
    "volume prune --filter x", "volume prune -f --filter label=nothing",
    "stats --no-stream", "stats --no-stream -a", "stats --no-stream web", "stats --no-stream done web",
    "stats --no-stream nothing", "stats --no-stream web nothing", "stats nothing", "stats --foo",
    "stats --no-stream --no-trunc", "stats --no-stream --format json web", "stats --no-stream --format {{.Foo}}",
    "stats --no-stream --format {{.ID}}|{{.Name}}|{{.Container}}|{{.PIDs}}|{{.CPUPerc}} web",
    "container stats --no-stream web", "stats --no-stream --format {{.Foo",
    "system df", "system df -v", "system df --format json", "system df x", "system df --format {{.Foo}}",
    "system df --format {{.Type}}|{{.TotalCount}}|{{.Active}}|{{.Size}}|{{.Reclaimable}}",
    "system df -v --format {{.Foo}}", "system df -v --format table {{.Foo}}", "system df -v --format {{len .Images}}",
    r"system df --format table {{.Type}}\t{{.Size}}",
    "system prune", "system prune x", "system prune --filter x", "system prune --filter until=1h --volumes",
    "system prune -a --volumes --filter label=b --filter label=a", "system prune -f --filter label=nothing",
    "container prune", "container prune x", "container prune -f --filter label=nothing",
    "container prune -f --filter nonsense=1", "image prune", "image prune -a", "image prune x",
    "image prune -f --filter until=x", "image prune -af --filter label=nothing",
    "builder prune", "builder prune -a", "builder prune -f", "builder prune x", "builder prune --filter x",
    "builder prune -f --keep-storage 5", "builder foo",
]


def steady(stack, cli, words):
    """Rows that the daemon has in an order of its own are sorted; use that grows is made one."""
    code, out, err = result(stack.docker(*words, cli=cli))
    if words[0] == "stats" or "stats" in words[:2]:
        out = re.sub(r"[\d.]+(B|kB|KiB|MiB) / ([\d.]+)(B|GiB)", r"N / N\3", out)
        out = re.sub(r" {2,}", "  ", out)
    if words[:2] == ["system", "df"]:
        out = "\n".join(sorted(out.splitlines()))
    return code, out, err


@pytest.mark.parametrize("line", LOOKS)
def test_look(scene, line):
    words = split(line)
    for attempt in range(2):        # something may have changed between the two
        theirs, ours = (steady(scene, cli, words) for cli in ("official", "ours"))
        if theirs == ours:
            return
    compare(words, ours, theirs)


def test_df_as_json(scene):
    theirs, ours = (json.loads(scene.docker("system", "df", "-v", "--format", "json", cli=cli).stdout)
                    for cli in ("official", "ours"))
    assert list(ours) == list(theirs)
    for kind in theirs:
        assert sorted(map(str, ours[kind])) == sorted(map(str, theirs[kind])), kind


STORIES = {
    "networks": [["network", "create", "--label", "k=v", "--label", "bare", "-o", "a=b", "-o", "bare",
                  "--subnet", "10.9.0.0/24", "--gateway", "10.9.0.1", "--ip-range", "10.9.0.0/26",
                  "--aux-address", "a=10.9.0.9", "--internal", "--attachable", "one"],
                 ["network", "inspect", "-f", "{{json .IPAM.Config}}{{json .Labels}}{{json .Options}}"
                  "{{.Internal}}{{.Attachable}}", "one"], ["network", "create", "one"],
                 ["network", "create", "--config-only", "--subnet", "10.8.0.0/24", "conf"],
                 ["network", "create", "--config-from", "conf", "two"], ["network", "ls"],
                 ["create", "--name", "box", "busybox"],
                 ["network", "connect", "--alias", "a", "--alias", "b,c", "--ip", "10.9.0.44", "--link",
                  "other:x", "--driver-opt", "a=b", "--link-local-ip", "169.254.1.1", "one", "box"],
                 ["inspect", "-f", "{{json .NetworkSettings.Networks.one}}", "box"],
                 ["network", "disconnect", "-f", "one", "box"], ["network", "disconnect", "one", "box"],
                 ["network", "rm", "one", "nothing"], ["network", "prune", "-f"],
                 ["network", "rm", "two", "conf"], ["network", "ls"]],
    "volumes": [["volume", "create", "one"], ["volume", "create", "one"], ["volume", "create"],
                ["volume", "create", "--name", "two"],
                ["volume", "create", "--label", "a=b", "--label", "bare", "-o", "type=tmpfs", "-o",
                 "device=tmpfs", "three"], ["volume", "inspect", "three"],
                ["run", "--name", "box", "-v", "one:/v", "-v", "/anonymous", "busybox", "true"],
                ["volume", "rm", "one"], ["volume", "rm", "three", "nothing", "two"],
                ["container", "prune", "-f"], ["container", "prune", "-f"],
                ["volume", "rm", "one"]],
    "prune": [["create", "--name", "one", "--label", "a=b", "busybox"], ["create", "busybox"],
              ["network", "create", "net"], ["volume", "create", "vol"],
              ["container", "prune", "-f", "--filter", "label=a=b"],
              ["system", "prune", "-f", "--filter", "label=nothing"],
              ["system", "prune", "-f", "--volumes"], ["system", "prune", "-f"],
              ["network", "ls"], ["volume", "ls"]],
}


@pytest.mark.parametrize("name", STORIES)
def test_story(parity, name):
    def tell(cli):
        told = [(args, *result(parity.docker(*args, cli=cli))) for args in STORIES[name]]
        parity.docker("system", "prune", "-f", "--volumes", cli="official", check=True)
        return told
    theirs, ours = tell("official"), tell("ours")
    for one, other in zip(ours, theirs):
        compare(one[0], one[1:], other[1:])


@pytest.mark.parametrize("answer", ["y\n", "Y\n", "n\n", "yes\n", "", "y"])
@pytest.mark.parametrize("kind", ["container", "network", "volume", "system"])
def test_asks_first(parity, kind, answer):
    told = []
    for cli in ("official", "ours"):
        parity.docker("create", "busybox", check=True)
        parity.docker("network", "create", "asked", check=True)
        parity.docker("volume", "create", "asked", check=True)
        told.append(result(parity.docker(kind, "prune", cli=cli, input=answer)))
        parity.docker("system", "prune", "-f", "--volumes", check=True)
    compare([kind, "prune", repr(answer)], told[1], told[0])


COMMANDS = ["stats", "container stats", "network create", "network ls", "network inspect",
            "network connect", "network disconnect", "network rm", "network prune", "volume create",
            "volume ls", "volume inspect", "volume rm", "volume prune", "container prune",
            "image prune", "system prune", "system df", "builder prune"]
# Of Swarm's volumes, or newer than the daemon that the original asks.
SWARM = {"cluster", "availability", "group", "limit-bytes", "required-bytes", "scope", "secret",
         "sharing", "topology-preferred", "topology-required", "type"}
NEWER = {"all", "gw-priority"}


@pytest.mark.parametrize("command", COMMANDS)
def test_help(parity, command):
    ours, theirs = (shape(parity.docker(*command.split(), "--help", cli=cli, check=True).stdout)
                    for cli in ("ours", "official"))
    hidden = NOT_OURS | (SWARM if command.startswith("volume") else set())
    wanted = {name: flag for name, flag in theirs[2].items() if name not in hidden}
    flags = {name: flag for name, flag in ours[2].items() if name in wanted or name not in NEWER}
    assert ours[:2] == theirs[:2]
    assert flags == wanted


def test_live_stats_come_and_go(parity):
    """Drawn over and over from the top left corner; containers that start appear, those that end
    go away."""
    process = parity.docker_popen("stats", cli="ours", stdout=-1, text=True)
    try:
        parity.docker("run", "-d", "--rm", "--name", "guest", "busybox", "sleep", "1000", check=True)
        wait_for(process, lambda screen: "guest" in screen)
        parity.docker("kill", "guest", check=True)
        wait_for(process, lambda screen: "guest" not in screen)
    finally:
        process.kill()
        process.wait()


def wait_for(process, condition, patience=15):
    """Reads whole pictures until one fulfils the condition."""
    end, text = time.monotonic() + patience, ""
    while time.monotonic() < end:
        text += process.stdout.read(1)
        if text.endswith("\x1b[J"):
            assert text.startswith("\x1b[HCONTAINER ID")
            if condition(text):
                return
            text = ""
    pytest.fail(f"never came: {text}")
