"""macvlan networks: an interface of the container's own on the wire of one of the host's."""

import json

import pytest

from test_networks import links, stack as networks_stack  # noqa: F401  (fixture)


@pytest.fixture
def stack(networks_stack):
    """With a wire: what is sent on par0 is received on par1."""
    networks_stack.exec(["sh", "-c", "ip link add par0 type veth peer name par1; "
                         "ip address add 10.5.0.100/24 dev par1; ip link set par0 up; "
                         "ip link set par1 up"], check=True)
    yield networks_stack
    left = networks_stack.docker("ps", "-aq", cli="debian").stdout.split()
    if left:
        networks_stack.docker("rm", "-f", "-v", *left, cli="debian")
    networks_stack.docker("network", "prune", "-f", cli="debian")
    networks_stack.exec(["ip", "link", "del", "par0"], check=True)


@pytest.fixture
def wire(docker):
    docker("network", "create", "-d", "macvlan", "--subnet", "10.5.0.0/24", "-o", "parent=par0",
           "wire")
    return "wire"


def test_two_on_a_wire(docker, inspect, wire):
    for name in ("one", "two"):
        docker("run", "-d", "--name", name, "--network", wire, "busybox", "sleep", "1000")
    assert links(docker, "two") == {"lo": "127.0.0.1/8", "eth0": "10.5.0.3/24"}
    assert "02:42:0a:05:00:03" in docker("exec", "two", "ip", "link", "show", "eth0")
    assert "default via 10.5.0.1" in docker("exec", "two", "ip", "route")
    docker("exec", "one", "ping", "-c", "1", "-W", "2", "two")
    docker("exec", "one", "ping", "-c", "1", "-W", "2", "10.5.0.100")
    members = json.loads(docker("network", "inspect", wire))[0]["Containers"]
    assert sorted(m["Name"] for m in members.values()) == ["one", "two"]


def test_connect_and_disconnect(docker, wire):
    docker("run", "-d", "--name", "one", "busybox", "sleep", "1000")
    docker("network", "connect", wire, "one")
    assert links(docker, "one")["eth1"] == "10.5.0.2/24"
    assert "default via 172.17.0.1" in docker("exec", "one", "ip", "route")
    docker("network", "disconnect", wire, "one")
    assert sorted(links(docker, "one")) == ["eth0", "lo"]


def test_internal(docker):
    docker("network", "create", "-d", "macvlan", "--subnet", "10.5.0.0/24", "-o", "parent=par0",
           "--internal", "-o", "macvlan_mode=private", "inner")
    assert "default" not in docker("run", "--rm", "--network", "inner", "busybox", "ip", "route")


@pytest.mark.parametrize("flags,words", [
    (("-o", "parent=lo"), "loopback interface is not a valid macvlan parent link"),
    (("-o", "parent=par1", "-o", "macvlan_mode=nope"),
     "requested macvlan mode 'nope' is not valid, 'bridge' mode is the macvlan driver default"),
    (("-o", "parent=par0"), "parent interface"),
    (("-o", "parent=nosuch"), "nosuch"),
    ((), ""),
], ids=["lo", "mode", "taken", "nosuch", "none"])
def test_refused(refused, wire, flags, words):
    assert words in refused(1, "network", "create", "-d", "macvlan", "--subnet", "10.6.0.0/24",
                            *flags, "other")


@pytest.mark.ours
def test_without_the_engine(stack, docker, wire):
    docker("run", "-d", "--name", "one", "--network", wire, "busybox", "sleep", "1000")
    stack.kill("dockerd")
    stack.start_dockerd()
    docker("exec", "one", "ping", "-c", "1", "-W", "2", "10.5.0.100")
    docker("run", "--rm", "--network", wire, "busybox", "ping", "-c", "1", "-W", "2", "one")
