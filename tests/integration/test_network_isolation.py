"""What stands between networks: Docker's rules to the letter, and what they do."""

import socket

import pytest

from test_network import get, tables, web
from test_networks import SH, links, stack  # noqa: F401  (fixtures)

PLAIN = """
-A FORWARD -o br1 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A FORWARD -o br1 -j DOCKER
-A FORWARD -i br1 ! -o br1 -j ACCEPT
-A FORWARD -i br1 -o br1 -j ACCEPT
-A DOCKER-ISOLATION-STAGE-1 -i br1 ! -o br1 -j DOCKER-ISOLATION-STAGE-2
-A DOCKER-ISOLATION-STAGE-2 -o br1 -j DROP
-A POSTROUTING -s 10.1.0.0/24 ! -o br1 -j MASQUERADE
-A DOCKER -i br1 -j RETURN
"""
INTERNAL = """
-A FORWARD -i br1 -o br1 -j ACCEPT
-A DOCKER-ISOLATION-STAGE-1 ! -s 10.1.0.0/24 -o br1 -j DROP
-A DOCKER-ISOLATION-STAGE-1 ! -d 10.1.0.0/24 -i br1 -j DROP
"""
PORT = """
-A DOCKER -d 10.1.0.2/32 ! -i br1 -o br1 -p tcp -m tcp --dport 80 -j ACCEPT
-A POSTROUTING -s 10.1.0.2/32 -d 10.1.0.2/32 -p tcp -m tcp --dport 80 -j MASQUERADE
-A DOCKER ! -i br1 -p tcp -m tcp --dport 8080 -j DNAT --to-destination 10.1.0.2:80
"""
ICC_OFF = "-o", "com.docker.network.bridge.enable_icc=false"
MASQUERADE_OFF = "-o", "com.docker.network.bridge.enable_ip_masquerade=false"


def without_icc(listing):
    """The last rule of the bridge in FORWARD is one that drops, at the end."""
    lines = listing.replace("-A FORWARD -i br1 -o br1 -j ACCEPT\n", "").splitlines(True)
    at = max([i for i, line in enumerate(lines) if line.startswith("-A FORWARD")], default=0)
    return "".join(lines[:at + 1]) + "-A FORWARD -i br1 -o br1 -j DROP\n" + "".join(lines[at + 1:])


def without_masquerade(listing):
    return "".join(line for line in listing.splitlines(True)
                   if "MASQUERADE" not in line and "RETURN" not in line)


@pytest.mark.parametrize("flags,expected", [
    ((), PLAIN),
    (("--internal",), INTERNAL),
    (ICC_OFF, without_icc(PLAIN)),
    (MASQUERADE_OFF, without_masquerade(PLAIN)),
    (("--internal", *ICC_OFF), without_icc(INTERNAL)),
], ids=["plain", "internal", "icc", "masquerade", "internal-icc"])
def test_golden_rules(stack, docker, flags, expected):
    before = tables(stack)
    docker("network", "create", "--subnet", "10.1.0.0/24", "-o",
           "com.docker.network.bridge.name=br1", *flags, "net1")
    found = tables(stack)
    rules = [rule for rule in found["filter"] + found["nat"] if "br1" in rule]
    assert rules == expected.strip().splitlines()
    others = {table: [rule for rule in found[table] if "br1" not in rule] for table in found}
    assert others == before
    docker("network", "rm", "net1")
    assert tables(stack) == before


def test_golden_rules_of_two(stack, docker):
    """A new network comes above the older ones in each chain."""
    for number in "12":
        docker("network", "create", "--subnet", f"10.{number}.0.0/24", "-o",
               f"com.docker.network.bridge.name=br{number}", f"net{number}")
    found = tables(stack)
    for table in found:
        first = [r.replace("br2", "br1").replace("10.2.", "10.1.") for r in found[table]
                 if "br2" in r]
        second = [r for r in found[table] if "br1" in r]
        assert first == second and first
        order = [("br2" in r) for r in found[table] if "FORWARD" in r and ("br1" in r or "br2" in r)]
        assert order == sorted(order, reverse=True)


def test_golden_rules_of_a_port(stack, docker):
    docker("network", "create", "--subnet", "10.1.0.0/24", "-o",
           "com.docker.network.bridge.name=br1", "net1")
    docker("run", "-d", "--name", "web", "--network", "net1", "-p", "8080:80", "busybox",
           "sleep", "100")
    found = tables(stack)
    rules = [rule for rule in found["filter"] + found["nat"] if "10.1.0.2" in rule]
    assert rules == PORT.strip().splitlines()


def ping(docker, name, address, code=0):
    docker("exec", name, "ping", "-c", "1", "-W", "1", address, code=code)


def test_networks_do_not_see_each_other(docker):
    for number in "12":
        docker("network", "create", "--subnet", f"10.{number}.0.0/24", f"net{number}")
        docker("run", "-d", "--name", f"on{number}", "--network", f"net{number}", "busybox",
               "sleep", "100")
    docker("run", "-d", "--name", "plain", "busybox", "sleep", "100")
    ping(docker, "on1", "10.1.0.1")
    ping(docker, "on1", "10.2.0.2", code=1)
    ping(docker, "on2", "10.1.0.2", code=1)
    ping(docker, "on1", "172.17.0.2", code=1)
    ping(docker, "plain", "10.1.0.2", code=1)
    docker("network", "connect", "net2", "on1")
    ping(docker, "on1", "10.2.0.2")


def test_an_internal_network_leads_nowhere(stack, docker):
    stack.sandbox.join_outside()
    docker("network", "create", "--internal", "--subnet", "10.1.0.0/24", "inner")
    for name in ("one", "two"):
        docker("run", "-d", "--name", name, "--network", "inner", "-p", "8080:80", "busybox",
               "sleep", "100")
    ping(docker, "one", "10.1.0.3")
    ping(docker, "one", "192.0.2.2", code=1)
    assert docker("port", "one") == ""


@pytest.mark.ours
def test_an_internal_network_has_no_default_route(docker):
    """20.10 sets one, through a bridge that drops everything."""
    docker("network", "create", "--internal", "inner")
    docker("run", "-d", "--name", "one", "--network", "inner", "busybox", "sleep", "100")
    assert gateway(docker, "one") == []


def test_no_talk_between_containers(docker):
    docker("network", "create", "--subnet", "10.1.0.0/24", *ICC_OFF, "quiet")
    for name in ("one", "two"):
        docker("run", "-d", "--name", name, "--network", "quiet", "busybox", "sleep", "100")
    ping(docker, "one", "10.1.0.1")
    ping(docker, "one", "10.1.0.3", code=1)


def test_without_masquerade_the_source_is_seen(stack, docker):
    stack.sandbox.join_outside()
    docker("network", "create", "--subnet", "10.1.0.0/24", *MASQUERADE_OFF, "net1")
    stack.outside(["ip", "route", "replace", "10.1.0.0/24", "via", "192.0.2.1"], check=True)
    with stack.sandbox.socket(outside=True) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("192.0.2.2", 7001))
        listener.listen()
        listener.settimeout(10)
        docker("run", "-d", "--network", "net1", *SH, "sleep 0.2; echo hi | nc -w 2 192.0.2.2 7001")
        connection, (address, _) = listener.accept()
        connection.close()
        assert address == "10.1.0.2"
    stack.outside(["ip", "route", "del", "10.1.0.0/24"], check=True)


def test_a_bridge_of_somebody_else_stays(stack, docker):
    stack.exec(["sh", "-c", "ip link add theirs type bridge; "
                "ip link set theirs address 06:00:00:00:00:01"], check=True)
    docker("network", "create", "--subnet", "10.1.0.0/24", "-o",
           "com.docker.network.bridge.name=theirs", "net1")
    docker("run", "-d", "--name", "one", "--network", "net1", "busybox", "sleep", "100")
    ping(docker, "one", "10.1.0.1")
    docker("rm", "-f", "one")
    docker("network", "rm", "net1")
    stack.exec(["ip", "link", "del", "theirs"], check=True)


# ---- the default route and the ports: of the network whose name comes first ----

def gateway(docker, name):
    routes = docker("exec", name, "ip", "route").splitlines()
    return [line.split()[2] for line in routes if line.startswith("default")]


def test_the_default_route_moves(docker):
    docker("network", "create", "--subnet", "10.1.0.0/24", "aaa")
    docker("network", "create", "--subnet", "10.2.0.0/24", "zzz")
    docker("network", "create", "--subnet", "10.3.0.0/24", "--internal", "000")
    docker("run", "-d", "--name", "one", "--network", "zzz", "busybox", "sleep", "100")
    assert gateway(docker, "one") == ["10.2.0.1"]
    docker("network", "connect", "aaa", "one")
    assert gateway(docker, "one") == ["10.1.0.1"]
    docker("network", "connect", "000", "one")
    assert gateway(docker, "one") == ["10.1.0.1"]
    docker("network", "disconnect", "aaa", "one")
    assert gateway(docker, "one") == ["10.2.0.1"]
    docker("network", "connect", "aaa", "one")
    docker("restart", "-t", "0", "one")
    assert gateway(docker, "one") == ["10.1.0.1"]


@pytest.mark.ours
def test_the_last_way_out(docker):
    """20.10 then sends everything to the internal network's bridge."""
    docker("network", "create", "--subnet", "10.3.0.0/24", "--internal", "inner")
    docker("run", "-d", "--name", "one", "busybox", "sleep", "100")
    docker("network", "connect", "inner", "one")
    docker("network", "disconnect", "bridge", "one")
    assert gateway(docker, "one") == []


def test_published_ports_move(stack, docker):
    docker("network", "create", "--subnet", "10.1.0.0/24", "aaa")
    docker("network", "create", "--subnet", "10.2.0.0/24", "zzz")
    web(stack, docker, "-p", "8080:80", "--network", "zzz")
    assert get(stack, "192.0.2.1", 8080, outside=True) == "web"
    docker("network", "connect", "aaa", "web")
    assert get(stack, "192.0.2.1", 8080, outside=True) == "web"
    assert "--to-destination 10.1.0.2:80" in "\n".join(tables(stack)["nat"])
    docker("network", "disconnect", "aaa", "web")
    assert get(stack, "192.0.2.1", 8080, outside=True) == "web"
    assert "--to-destination 10.2.0.2:80" in "\n".join(tables(stack)["nat"])
    assert docker("port", "web").splitlines()[0] == "80/tcp -> 0.0.0.0:8080"
    docker("network", "disconnect", "zzz", "web")
    assert "8080" not in "\n".join(tables(stack)["nat"])


@pytest.mark.ours
def test_a_restarted_engine_keeps_the_choice(stack, docker):
    docker("network", "create", "--subnet", "10.1.0.0/24", "aaa")
    docker("network", "create", "--subnet", "10.2.0.0/24", "zzz")
    web(stack, docker, "-p", "8080:80", "--network", "zzz")
    docker("network", "connect", "aaa", "web")
    before = tables(stack)
    stack.kill("dockerd")
    stack.start_dockerd()
    assert tables(stack) == before and gateway(docker, "web") == ["10.1.0.1"]
    assert get(stack, "192.0.2.1", 8080, outside=True) == "web"
    docker("network", "disconnect", "aaa", "web")
    assert gateway(docker, "web") == ["10.2.0.1"]
    assert get(stack, "192.0.2.1", 8080, outside=True) == "web"
    assert sorted(links(docker, "web")) == ["eth0", "lo"]
