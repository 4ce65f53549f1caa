"""User-defined networks: made, listed, joined, left, removed; what stands between them."""

import json
import re
import time

import pytest

from test_network import get, per_chain, tables, web

SH = ("busybox", "sh", "-c")


@pytest.fixture
def stack(stack):
    """The module's stack, which has no networks but the predefined ones after each test."""
    yield stack
    left = stack.docker("ps", "-aq", cli="debian").stdout.split()
    if left:
        stack.docker("rm", "-f", "-v", *left, cli="debian")
    stack.docker("network", "prune", "-f", cli="debian")


@pytest.fixture
def post(stack):
    """post("/networks/create", Name="x") -> the reply."""
    def send(path, **body):
        return stack.api("POST", "/v1.41" + path, body)
    return send


def networks_of(inspect, name):
    return inspect(name)["NetworkSettings"]["Networks"]


def links(docker, name):
    """Interfaces of a running container and their addresses."""
    found = {}
    for line in docker("exec", name, "ip", "-o", "-4", "address").splitlines():
        _, interface, _, address = line.split()[:4]
        found[interface] = address
    return found


# ---- create, inspect, list ----

def test_create_and_inspect(docker):
    made = docker("network", "create", "--label", "a=b", "net1")
    info = json.loads(docker("network", "inspect", "net1"))[0]
    assert info["Id"] == made and re.fullmatch("[0-9a-f]{64}", made)
    assert (info["Driver"], info["Scope"], info["Internal"]) == ("bridge", "local", False)
    assert info["Labels"] == {"a": "b"} and info["Options"] == {} and info["Containers"] == {}
    assert info["IPAM"]["Driver"] == "default"
    subnet = info["IPAM"]["Config"][0]["Subnet"]
    assert info["IPAM"]["Config"] == [{"Subnet": subnet,
                                       "Gateway": subnet.replace("0.0/16", "0.1")}]


def test_create_with_everything(stack, docker):
    docker("network", "create", "--subnet", "10.9.0.0/16", "--gateway", "10.9.0.7", "--ip-range",
           "10.9.8.0/24", "--aux-address", "router=10.9.8.0", "--aux-address", "two=10.9.8.1",
           "-o", "com.docker.network.bridge.name=mine0", "-o", "com.docker.network.driver.mtu=1400",
           "net1")
    config = json.loads(docker("network", "inspect", "net1"))[0]["IPAM"]["Config"][0]
    assert config == {"Subnet": "10.9.0.0/16", "IPRange": "10.9.8.0/24", "Gateway": "10.9.0.7",
                      "AuxiliaryAddresses": {"router": "10.9.8.0", "two": "10.9.8.1"}}
    shown = stack.exec(["ip", "address", "show", "mine0"], check=True).stdout
    assert "inet 10.9.0.7/16" in shown
    docker("run", "-d", "--name", "one", "--network", "net1", "busybox", "sleep", "100")
    assert links(docker, "one")["eth0"] == "10.9.8.2/16"
    assert "mtu 1400" in docker("exec", "one", "ip", "link", "show", "eth0")
    assert "default via 10.9.0.7" in docker("exec", "one", "ip", "route")


def test_a_bridge_is_named_after_its_network(stack, docker):
    made = docker("network", "create", "net1")
    assert f"br-{made[:12]}" in stack.exec(["ip", "link"], check=True).stdout
    docker("network", "rm", "net1")
    assert f"br-{made[:12]}" not in stack.exec(["ip", "link"], check=True).stdout


def test_list_filters(docker):
    first = docker("network", "create", "--label", "a=b", "first")
    docker("network", "create", "--internal", "second")
    docker("run", "-d", "--network", "first", "busybox", "sleep", "100")

    def names(*filters):
        flags = [word for one in filters for word in ("-f", one)]
        return sorted(docker("network", "ls", "--format", "{{.Name}}", *flags).split())
    assert names() == ["bridge", "first", "host", "none", "second"]
    assert names("name=fir") == ["first"]
    assert names(f"id={first[:8]}") == ["first"]
    assert names("driver=host") == ["host"]
    assert names("driver=host", "driver=null") == ["host", "none"]
    assert names("type=custom") == ["first", "second"]
    assert names("type=builtin") == ["bridge", "host", "none"]
    assert names("scope=local", "label=a") == ["first"]
    assert names("label=a=c") == []


@pytest.mark.ours
def test_list_dangling(docker):
    """20.10 does not look at the containers and lists all."""
    docker("network", "create", "first")
    docker("network", "create", "second")
    docker("run", "-d", "--network", "first", "busybox", "sleep", "100")
    assert docker("network", "ls", "-f", "dangling=true", "--format", "{{.Name}}") == "second"


REFUSED = [
    ({"Name": ""}, (400, 500), "invalid name"),
    ({"Name": "bridge"}, 403, "operation is not permitted on predefined bridge network "),
    ({"Name": "default"}, 403, "operation is not permitted on predefined default network "),
    ({"Name": "x", "Driver": "host"}, 403, 'only one instance of "host" network is allowed'),
    ({"Name": "x", "Driver": "null"}, 403, 'only one instance of "null" network is allowed'),
    ({"Name": "x", "Driver": "nosuch"}, 404, 'plugin "nosuch" not found'),
    ({"Name": "x", "IPAM": {"Driver": "nosuch"}}, 404, 'plugin "nosuch" not found'),
    ({"Name": "x", "Ingress": True}, 403, "Ingress network can only be global scope network"),
    ({"Name": "x", "Scope": "swarm"}, 403,
     "cannot create a swarm scoped network when swarm is not active"),
    ({"Name": "x", "Subnet": "bad"}, (400, 500), "Invalid subnet bad : invalid CIDR address: bad"),
    ({"Name": "x", "Subnet": "10.1.0.0/33"}, (400, 500), "invalid CIDR address: 10.1.0.0/33"),
    ({"Name": "x", "Gateway": "10.1.0.1"}, (400, 500), "invalid CIDR address: "),
    ({"Name": "x", "Subnet": "10.1.0.0/16", "Gateway": "10.2.0.1"}, (400, 500),
     "failed to allocate gateway (10.2.0.1): Requested address is out of range"),
    ({"Name": "x", "Subnet": "10.1.0.0/16", "Gateway": "x"}, (400, 500),
     "invalid gateway address x in Ipam configuration"),
    ({"Name": "x", "Subnet": "172.17.0.0/24"}, 403,
     "Pool overlaps with other one on this address space"),
    ({"Name": "x", "Subnet": "10.1.0.0/16", "AuxiliaryAddresses": {"a": "10.2.0.1"}}, 403,
     "auxiliary address: (a:10.2.0.1) must belong to the master pool: 10.1.0.0/16"),
    ({"Name": "x", "Options": {"com.docker.network.bridge.enable_icc": "x"}}, (400, 500),
     "failed to parse com.docker.network.bridge.enable_icc value: x"),
    ({"Name": "x", "Options": {"com.docker.network.driver.mtu": "x"}}, (400, 500),
     "failed to parse com.docker.network.driver.mtu value: x"),
    ({"Name": "x", "Options": {"com.docker.network.bridge.host_binding_ipv4": "x"}}, (400, 500),
     "failed to parse com.docker.network.bridge.host_binding_ipv4 value: x"),
    ({"Name": 1}, 400, "Name"),
]


@pytest.mark.parametrize("body,status,words", REFUSED, ids=lambda v: v if isinstance(v, str) else None)
def test_create_is_refused(stack, post, body, status, words):
    pool = {key: body.pop(key) for key in ("Subnet", "Gateway", "AuxiliaryAddresses")
            if key in body}
    if pool:
        body["IPAM"] = {"Config": [pool]}
    before = stack.exec(["sh", "-c", "ip -o link | wc -l; iptables-save | grep -v '^#'"]).stdout
    reply = post("/networks/create", **body)
    assert reply.status in (status if isinstance(status, tuple) else (status,)), reply.text
    assert words in reply.json["message"]
    after = stack.exec(["sh", "-c", "ip -o link | wc -l; iptables-save | grep -v '^#'"]).stdout
    assert re.sub(r"\[\d+:\d+\]", "", after) == re.sub(r"\[\d+:\d+\]", "", before)


@pytest.mark.ours
@pytest.mark.parametrize("body,status,words", [
    ({"Name": "x", "EnableIPv6": True}, 501, "IPv6 networks are not there yet"),
    ({"Name": "x", "ConfigOnly": True}, 501, "configuration-only networks are not there yet"),
    ({"Name": "x", "Driver": "overlay"}, 403, "swarm is not active"),
    ({"Name": "n" * 300}, 400, "invalid network name"),
    ({"Name": "a/b"}, 400, "invalid network name"),
    ({"Name": "x", "Options": {"com.docker.network.bridge.name": "docker0"}}, 403,
     "networks have same bridge name"),
])
def test_what_is_not_there_is_refused(stack, post, body, status, words):
    reply = post("/networks/create", **body)
    assert reply.status == status and words in reply.json["message"]


def test_a_name_is_taken(docker, post, refused):
    docker("network", "create", "net1")
    reply = post("/networks/create", Name="net1", CheckDuplicate=True)
    assert (reply.status, reply.json["message"]) == (409, "network with name net1 already exists")


def test_unknown_networks(stack, docker, refused):
    for method, path in (("GET", "/networks/nope"), ("DELETE", "/networks/nope")):
        reply = stack.api(method, "/v1.41" + path)
        assert (reply.status, reply.json["message"]) == (404, "network nope not found")
    assert "network nope not found" in refused(125, "run", "--network", "nope", "busybox", "true")


# ---- removing ----

def test_a_busy_network_stays(stack, docker):
    made = docker("network", "create", "net1")
    docker("run", "-d", "--name", "one", "--network", "net1", "busybox", "sleep", "100")
    reply = stack.api("DELETE", "/v1.41/networks/net1")
    assert (reply.status, reply.json["message"]) == (
        403, f"error while removing network: network net1 id {made} has active endpoints")
    docker("rm", "-f", "one")
    assert docker("network", "rm", "net1") == "net1"


def test_predefined_networks_stay(stack):
    for name in ("bridge", "host", "none"):
        reply = stack.api("DELETE", f"/v1.41/networks/{name}")
        assert (reply.status, reply.json["message"]) == (
            403, f"{name} is a pre-defined network and cannot be removed")


def test_prune(docker):
    docker("network", "create", "--label", "keep", "one")
    docker("network", "create", "two")
    docker("network", "create", "busy")
    docker("run", "-d", "--network", "busy", "busybox", "sleep", "100")
    docker("network", "prune", "-f", "--filter", "until=1h")
    assert "two" in docker("network", "ls")
    text = docker("network", "prune", "-f", "--filter", "label!=keep")
    assert text.split() == ["Deleted", "Networks:", "two"]
    assert docker("network", "prune", "-f").split() == ["Deleted", "Networks:", "one"]
    assert "busy" in docker("network", "ls")


# ---- containers ----

def test_wished_address_and_aliases(docker, inspect):
    docker("network", "create", "--subnet", "10.9.0.0/24", "net1")
    docker("run", "-d", "--name", "one", "--network", "net1", "--ip", "10.9.0.77",
           "--network-alias", "al", "busybox", "sleep", "100")
    settings = inspect("one")["NetworkSettings"]
    place = settings["Networks"]["net1"]
    assert place["IPAddress"] == "10.9.0.77" and place["Gateway"] == "10.9.0.1"
    assert place["IPAMConfig"] == {"IPv4Address": "10.9.0.77"}
    assert place["Aliases"] == ["al", inspect("one")["Id"][:12]]
    assert place["MacAddress"] == "02:42:0a:09:00:4d"
    assert settings["IPAddress"] == "" and settings["Gateway"] == ""
    assert links(docker, "one")["eth0"] == "10.9.0.77/24"
    members = json.loads(docker("network", "inspect", "net1"))[0]["Containers"]
    assert members[inspect("one")["Id"]]["IPv4Address"] == "10.9.0.77/24"
    assert members[inspect("one")["Id"]]["Name"] == "one"


def test_wished_addresses_are_refused(docker, refused):
    docker("network", "create", "picked")
    docker("network", "create", "--subnet", "10.9.0.0/24", "given")
    flags = ("run", "--rm", "--network")
    assert "with user configured subnets" in refused(125, *flags, "picked", "--ip", "172.18.0.9",
                                                     "busybox", "true")
    assert "It does not belong to any of this network's subnets" in refused(
        125, *flags, "given", "--ip", "10.8.0.9", "busybox", "true")
    docker("run", "-d", "--network", "given", "--ip", "10.9.0.9", "busybox", "sleep", "100")
    assert "Address already in use" in refused(125, *flags, "given", "--ip", "10.9.0.9",
                                               "busybox", "true")


def test_connect_and_disconnect_a_running_container(docker, inspect):
    docker("network", "create", "--subnet", "10.9.0.0/24", "net1")
    docker("run", "-d", "--name", "one", "busybox", "sleep", "100")
    docker("network", "connect", "--alias", "al", "--ip", "10.9.0.5", "net1", "one")
    assert links(docker, "one") == {"lo": "127.0.0.1/8", "eth0": "172.17.0.2/16",
                                    "eth1": "10.9.0.5/24"}
    assert sorted(networks_of(inspect, "one")) == ["bridge", "net1"]
    assert "10.9.0.5\t" in docker("exec", "one", "cat", "/etc/hosts")
    docker("network", "disconnect", "bridge", "one")
    assert links(docker, "one") == {"lo": "127.0.0.1/8", "eth1": "10.9.0.5/24"}
    assert sorted(networks_of(inspect, "one")) == ["net1"]
    assert "default via 10.9.0.1" in docker("exec", "one", "ip", "route")
    docker("restart", "-t", "0", "one")
    assert links(docker, "one") == {"lo": "127.0.0.1/8", "eth0": "10.9.0.5/24"}


def test_connect_and_disconnect_a_stopped_container(docker, inspect):
    docker("network", "create", "net1")
    docker("create", "--name", "one", "busybox", "sleep", "100")
    docker("network", "connect", "--alias", "z", "net1", "one")
    assert sorted(networks_of(inspect, "one")) == ["bridge", "net1"]
    assert networks_of(inspect, "one")["net1"]["Aliases"] == ["z", inspect("one")["Id"][:12]]
    docker("network", "disconnect", "bridge", "one")
    assert sorted(networks_of(inspect, "one")) == ["net1"]
    docker("start", "one")
    assert len(links(docker, "one")) == 2
    docker("stop", "-t", "0", "one")
    docker("network", "disconnect", "net1", "one")
    assert networks_of(inspect, "one") == {}
    docker("start", "one")
    assert links(docker, "one") == {"lo": "127.0.0.1/8"}


@pytest.mark.ours
def test_a_disconnected_address_leaves_the_hosts_file(docker):
    """20.10 leaves the line; newer engines do not."""
    docker("network", "create", "net1")
    docker("run", "-d", "--name", "one", "busybox", "sleep", "100")
    docker("network", "connect", "net1", "one")
    docker("network", "disconnect", "bridge", "one")
    assert "172.17.0.2" not in docker("exec", "one", "cat", "/etc/hosts")


def test_edits_of_the_hosts_file_stay(docker):
    docker("network", "create", "net1")
    docker("run", "-d", "--name", "one", "busybox", "sleep", "100")
    docker("exec", "one", "sh", "-c", "echo 192.0.2.8 mine >> /etc/hosts")
    docker("network", "connect", "net1", "one")
    assert "192.0.2.8 mine" in docker("exec", "one", "cat", "/etc/hosts")
    docker("network", "disconnect", "net1", "one")
    assert "192.0.2.8 mine" in docker("exec", "one", "cat", "/etc/hosts")


CONNECT_REFUSED = [
    ("net1", "host", 400, "container sharing network namespace with another container or host "
     "cannot be connected to any other network"),
    ("net1", "none", 400, "container cannot be connected to multiple networks with one of the "
     "networks in private (none) mode"),
    ("host", "plain", 400, "container cannot be disconnected from host network or connected to "
     "host network"),
    ("none", "plain", 400, "container cannot be connected to multiple networks with one of the "
     "networks in private (none) mode"),
    ("net1", "on-net1", 403, "endpoint with name on-net1 already exists in network net1"),
    ("net1", "nope", 404, "No such container: nope"),
    ("nope", "plain", 404, "network nope not found"),
]


@pytest.mark.parametrize("network,container,status,words", CONNECT_REFUSED)
def test_connect_is_refused(docker, post, network, container, status, words):
    docker("network", "create", "net1")
    mode = {"on-net1": "net1", "plain": "bridge"}.get(container, container)
    if container != "nope":
        docker("run", "-d", "--name", container, "--network", mode, "busybox", "sleep", "100")
    reply = post(f"/networks/{network}/connect", Container=container)
    assert (reply.status, reply.json["message"]) == (status, words)


def test_disconnect_is_refused(docker, post):
    docker("network", "create", "net1")
    docker("run", "-d", "--name", "one", "busybox", "sleep", "100")
    docker("run", "-d", "--name", "hosted", "--network", "host", "busybox", "sleep", "100")
    reply = post("/networks/net1/disconnect", Container="one")
    assert reply.status in (404, 500) and "is not connected to network net1" in reply.text
    reply = post("/networks/host/disconnect", Container="hosted")
    assert reply.status == 400 and "cannot be disconnected from host network" in reply.text
    assert post("/networks/net1/disconnect", Container="nope").status == 404


def test_published_port_on_a_user_network(stack, docker):
    docker("network", "create", "net1")
    web(stack, docker, "-p", "8080:80", "--network", "net1")
    assert get(stack, "192.0.2.1", 8080, outside=True) == "web"
    assert get(stack, "127.0.0.1", 8080) == "web"


def test_ps_by_network(docker):
    made = docker("network", "create", "net1")
    docker("run", "-d", "--name", "one", "--network", "net1", "busybox", "sleep", "100")
    docker("run", "-d", "--name", "two", "busybox", "sleep", "100")
    for word in ("net1", made):
        assert docker("ps", "--filter", f"network={word}", "--format", "{{.Names}}") == "one"


def test_events(docker):
    made = docker("network", "create", "net1")
    docker("run", "-d", "--name", "one", "--network", "net1", "busybox", "sleep", "100")
    docker("rm", "-f", "one")
    docker("network", "rm", "net1")
    want = ["create net1 bridge", "connect net1 bridge", "disconnect net1 bridge",
            "destroy net1 bridge"]
    for _ in range(30):  # the end of what is asked for is a full second
        lines = docker("events", "--since", "10m", "--until", "0s", "--filter", "type=network",
                       "--filter", f"network={made}", "--format", "{{.Action}} "
                       "{{.Actor.Attributes.name}} {{.Actor.Attributes.type}}").splitlines()
        if len(lines) >= len(want):
            break
        time.sleep(0.1)
    assert lines == want
