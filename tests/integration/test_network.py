"""The default network: addresses, ports, rules, files, and nothing left of them."""

import http.client
import re
import socket
import time

import pytest

SH = ("busybox", "sh", "-c")
WEB = "mkdir /w; hostname > /w/index.html; httpd -f -p 80 -h /w"

# The golden listing: `dockerd --bip 172.18.0.1/16`, one container -p 15672:15672 -p 5672:5672.
NAT = """
:PREROUTING ACCEPT
:INPUT ACCEPT
:OUTPUT ACCEPT
:POSTROUTING ACCEPT
:DOCKER -
-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
-A OUTPUT ! -d 127.0.0.0/8 -m addrtype --dst-type LOCAL -j DOCKER
-A POSTROUTING -s 172.18.0.0/16 ! -o docker0 -j MASQUERADE
-A POSTROUTING -s 172.18.0.2/32 -d 172.18.0.2/32 -p tcp -m tcp --dport 15672 -j MASQUERADE
-A POSTROUTING -s 172.18.0.2/32 -d 172.18.0.2/32 -p tcp -m tcp --dport 5672 -j MASQUERADE
-A DOCKER -i docker0 -j RETURN
-A DOCKER ! -i docker0 -p tcp -m tcp --dport 15672 -j DNAT --to-destination 172.18.0.2:15672
-A DOCKER ! -i docker0 -p tcp -m tcp --dport 5672 -j DNAT --to-destination 172.18.0.2:5672
""".split("\n")[1:-1]
FILTER = """
:INPUT ACCEPT
:FORWARD DROP
:OUTPUT ACCEPT
:DOCKER -
:DOCKER-ISOLATION-STAGE-1 -
:DOCKER-ISOLATION-STAGE-2 -
:DOCKER-USER -
-A FORWARD -j DOCKER-USER
-A FORWARD -j DOCKER-ISOLATION-STAGE-1
-A FORWARD -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A FORWARD -o docker0 -j DOCKER
-A FORWARD -i docker0 ! -o docker0 -j ACCEPT
-A FORWARD -i docker0 -o docker0 -j ACCEPT
-A DOCKER -d 172.18.0.2/32 ! -i docker0 -o docker0 -p tcp -m tcp --dport 15672 -j ACCEPT
-A DOCKER -d 172.18.0.2/32 ! -i docker0 -o docker0 -p tcp -m tcp --dport 5672 -j ACCEPT
-A DOCKER-ISOLATION-STAGE-1 -i docker0 ! -o docker0 -j DOCKER-ISOLATION-STAGE-2
-A DOCKER-ISOLATION-STAGE-1 -j RETURN
-A DOCKER-ISOLATION-STAGE-2 -o docker0 -j DROP
-A DOCKER-ISOLATION-STAGE-2 -j RETURN
-A DOCKER-USER -j RETURN
""".split("\n")[1:-1]


def tables(stack):
    """{table: its chains and rules, without counters}, as iptables-save prints them."""
    found, table = {}, None
    for line in stack.exec(["iptables-save"], check=True).stdout.splitlines():
        if line.startswith("*"):
            table = found.setdefault(line[1:], [])
        elif line.startswith((":", "-A")):
            table.append(re.sub(r" \[\d+:\d+\]$", "", line))
    return found


def per_chain(lines):
    """Policies as a set, and the rules of each chain in their order. Ports of one container may
    come in either order: Docker itself goes through a map."""
    chains = {"policies": sorted(line for line in lines if line.startswith(":"))}
    for line in lines:
        if line.startswith("-A"):
            chains.setdefault(line.split()[1], []).append(line)
    for name, rules in chains.items():
        ports = sorted(rule for rule in rules if "5672" in rule)
        chains[name] = [ports.pop(0) if "5672" in rule else rule for rule in rules]
    return chains


def web(stack, docker, *flags, name="web"):
    docker("run", "-d", "--name", name, "--hostname", name, *flags, *SH, WEB)
    return name


def get(stack, host, port, outside=False, patience=5):
    """The page, fetched from inside or from the other machine."""
    end = time.monotonic() + patience
    while True:
        connection = http.client.HTTPConnection(host, int(port))
        try:
            connection.sock = stack.sandbox.connect(host, int(port), outside, timeout=2)
            connection.request("GET", "/")
            return connection.getresponse().read().decode().strip()
        except (OSError, http.client.HTTPException) as error:
            if time.monotonic() > end:
                raise AssertionError(f"{host}:{port}: {error!r}") from error
        finally:
            connection.close()
        time.sleep(0.05)


def test_golden_rules(make):
    stack = make(dockerd_args=["--bip", "172.18.0.1/16"])
    before = tables(stack)
    name = stack.docker("run", "-d", "-p", "15672:15672", "-p", "5672:5672", "busybox", "sleep",
                        "1000", check=True).stdout.strip()
    found = tables(stack)
    assert sorted(found) == ["filter", "nat"]
    assert per_chain(found["nat"]) == per_chain(NAT)
    assert per_chain(found["filter"]) == per_chain(FILTER)
    assert stack.exec(["ip6tables-save"]).stdout.count("-A") == 0
    stack.docker("rm", "-f", name, check=True)
    assert tables(stack) == before


def test_userland_proxy_off_has_no_listeners(make):
    stack = make(dockerd_args=["--userland-proxy=false"])
    stack.docker("run", "-d", "-p", "8080:80", *SH, WEB, check=True)
    assert get(stack, "192.0.2.1", 8080, outside=True)
    assert "docker-proxy" not in str(stack.exec(["ps", "ax"]).stdout)


def test_iptables_off(make):
    stack = make(dockerd_args=["--iptables=false"])
    stack.docker("run", "--rm", "-p", "8080:80", "busybox", "true", check=True)
    assert tables(stack) == {}


def test_docker0(stack, docker):
    docker("run", "-d", "busybox", "sleep", "100")
    shown = stack.exec(["ip", "-4", "address", "show", "docker0"], check=True).stdout
    assert "inet 172.17.0.1/16" in shown and "state UP" in shown


def test_address_and_route(docker, inspect):
    docker("run", "-d", "--name", "one", *SH, "sleep 100")
    settings = inspect("one")["NetworkSettings"]
    bridge = settings["Networks"]["bridge"]
    assert settings["IPAddress"] == bridge["IPAddress"] == "172.17.0.2"
    assert bridge["Gateway"] == "172.17.0.1" and bridge["IPPrefixLen"] == 16
    assert bridge["MacAddress"] == "02:42:ac:11:00:02"
    shown = docker("exec", "one", "ip", "address", "show", "eth0")
    assert "172.17.0.2/16" in shown and "02:42:ac:11:00:02" in shown
    assert "default via 172.17.0.1 dev eth0" in docker("exec", "one", "ip", "route")


def test_addresses_are_used_again(docker, inspect):
    def address(name):
        docker("run", "-d", "--name", name, "busybox", "sleep", "100")
        return inspect(name)["NetworkSettings"]["IPAddress"]
    assert [address("one"), address("two")] == ["172.17.0.2", "172.17.0.3"]
    docker("rm", "-f", "one")
    assert address("three") == "172.17.0.2"


def test_containers_reach_each_other_and_the_host(stack, docker):
    web(stack, docker)
    assert docker("run", "--rm", *SH, "for i in 1 2 3 4 5 6 7 8 9; do wget -qO- "
                  "http://172.17.0.2/ && break; sleep 0.1; done") == "web"
    docker("run", "--rm", "busybox", "ping", "-c", "1", "-W", "2", "172.17.0.1")


def test_the_way_out_is_masqueraded(stack, docker):
    """The other machine sees the stack's address, not the container's."""
    stack.sandbox.join_outside()
    with stack.sandbox.socket(outside=True) as listener:
        listener.bind(("192.0.2.2", 7000))
        listener.listen()
        listener.settimeout(10)
        docker("run", "-d", *SH, "sleep 0.2; echo hi | nc -w 2 192.0.2.2 7000")
        connection, (address, _) = listener.accept()
        assert address == "192.0.2.1" and connection.recv(10) == b"hi\n"
        connection.close()


def test_published_tcp_port(stack, docker, inspect):
    web(stack, docker, "-p", "8080:80")
    assert get(stack, "192.0.2.1", 8080, outside=True) == "web"
    assert get(stack, "127.0.0.1", 8080) == "web"
    assert get(stack, "192.0.2.1", 8080) == "web"
    assert get(stack, "172.17.0.1", 8080) == "web"
    assert docker("port", "web").splitlines()[0] == "80/tcp -> 0.0.0.0:8080"
    assert docker("ps", "--format", "{{.Ports}}").startswith("0.0.0.0:8080->80/tcp")
    ports = inspect("web")["NetworkSettings"]["Ports"]
    assert {"HostIp": "0.0.0.0", "HostPort": "8080"} in ports["80/tcp"]


def test_published_port_from_its_own_container(stack, docker):
    """Hairpin: through the host's address and back."""
    stack.sandbox.join_outside()
    web(stack, docker, "-p", "8080:80")
    get(stack, "127.0.0.1", 8080)
    assert docker("exec", "web", "wget", "-qO-", "http://192.0.2.1:8080/") == "web"


def test_published_port_from_another_container(stack, docker):
    stack.sandbox.join_outside()
    web(stack, docker, "-p", "8080:80")
    get(stack, "127.0.0.1", 8080)
    assert docker("run", "--rm", "busybox", "wget", "-qO-",
                  "http://192.0.2.1:8080/") == "web"


@pytest.mark.parametrize("where", ["inside", "outside"])
def test_published_udp_port(stack, docker, inspect, where):
    """The test answers in the container's network namespace: busybox has no server for UDP."""
    stack.sandbox.join_outside()
    docker("run", "-d", "--name", "echo", "-p", "5353:53/udp", "busybox", "sleep", "100")
    host = "192.0.2.1" if where == "outside" else "127.0.0.1"
    with stack.sandbox.socket(kind=socket.SOCK_DGRAM, pid=inspect("echo")["State"]["Pid"]) as inner, \
            stack.sandbox.socket(kind=socket.SOCK_DGRAM, outside=where == "outside") as client:
        inner.bind(("0.0.0.0", 53))
        inner.settimeout(5)
        client.settimeout(5)
        for text in (b"one", b"two"):
            client.sendto(text, (host, 5353))
            data, peer = inner.recvfrom(100)
            inner.sendto(data + b"!", peer)
            assert client.recvfrom(100) == (text + b"!", (host, 5353))


def test_published_on_one_address(stack, docker):
    web(stack, docker, "-p", "127.0.0.1:8080:80")
    assert get(stack, "127.0.0.1", 8080) == "web"
    with pytest.raises(OSError):
        stack.sandbox.connect("192.0.2.1", 8080, outside=True, timeout=1)


def test_any_free_port(stack, docker):
    web(stack, docker, "-p", "80")
    port = docker("port", "web", "80").splitlines()[0].rsplit(":", 1)[1]
    assert int(port) >= 32768 and get(stack, "127.0.0.1", port) == "web"


def test_range_and_publish_all(stack, docker):
    docker("run", "-d", "--name", "range", "-p", "9000-9002:80-82", "busybox", "sleep", "100")
    lines = docker("port", "range").splitlines()
    assert {"80/tcp -> 0.0.0.0:9000", "81/tcp -> 0.0.0.0:9001", "82/tcp -> 0.0.0.0:9002"} \
        <= set(lines)
    docker("run", "-d", "--name", "all", "--expose", "80", "-P", "busybox", "sleep", "100")
    assert docker("port", "all", "80/tcp")


def test_a_port_in_use_is_refused(stack, docker, refused):
    web(stack, docker, "-p", "8080:80")
    text = refused(125, "run", "--name", "second", "-p", "8080:80", "busybox", "true")
    assert "port is already allocated" in text
    assert docker("inspect", "-f", "{{.State.Status}}", "second") == "created"
    assert get(stack, "127.0.0.1", 8080) == "web"
    docker("rm", "-f", "web")
    docker("start", "second")


@pytest.mark.ours
def test_the_holder_of_a_port_is_named(stack, docker, refused):
    web(stack, docker, "-p", "8080:80", name="holder")
    text = refused(125, "run", "--name", "second", "-p", "8080:80", "busybox", "true")
    assert "holder" in text


def test_a_port_of_somebody_else_is_refused(stack, docker, refused):
    with stack.sandbox.socket() as listener:
        listener.bind(("0.0.0.0", 8081))
        listener.listen()
        text = refused(125, "run", "-p", "8081:80", "busybox", "true")
        assert "address already in use" in text
    docker("run", "--rm", "-p", "8081:80", "busybox", "true")


def test_files(stack, docker):
    docker("run", "-d", "--name", "box", "--hostname", "h.example", "--dns", "192.0.2.9",
           "--dns-search", "example", "--add-host", "other:192.0.2.7", "busybox", "sleep", "100")
    hosts = docker("exec", "box", "cat", "/etc/hosts").splitlines()
    assert hosts[0] == "127.0.0.1\tlocalhost"
    assert "192.0.2.7\tother" in hosts and "172.17.0.2\th.example h" in hosts
    assert {"::1\tlocalhost ip6-localhost ip6-loopback", "fe00::0\tip6-localnet",
            "ff00::0\tip6-mcastprefix", "ff02::1\tip6-allnodes", "ff02::2\tip6-allrouters"} \
        <= set(hosts)
    resolv = docker("exec", "box", "cat", "/etc/resolv.conf").splitlines()
    assert {"nameserver 192.0.2.9", "search example"} <= set(resolv)
    assert docker("exec", "box", "cat", "/etc/hostname") == "h.example"
    docker("exec", "box", "sh", "-c", "echo 192.0.2.8 mine >> /etc/hosts")
    docker("restart", "-t", "0", "box")


def test_resolv_conf_without_loopback_servers(stack, docker):
    stack.exec(["sh", "-c", "cp /etc/resolv.conf /tmp/resolv.saved.$$; "
                "printf 'nameserver 127.0.0.53\\nnameserver 192.0.2.3\\nsearch here\\n' "
                "> /etc/resolv.conf"], check=True)
    text = docker("run", "--rm", "busybox", "cat", "/etc/resolv.conf")
    assert "nameserver 192.0.2.3" in text and "127.0.0.53" not in text and "search here" in text


def test_host_network(stack, docker):
    ours = stack.exec(["readlink", "/proc/1/ns/net"]).stdout.strip()
    assert docker("run", "--rm", "--network=host", "--pid=host", "busybox", "readlink",
                  "/proc/self/ns/net") == ours
    assert docker("run", "--rm", "--network=host", "busybox", "hostname") == "stack"


def test_no_network(docker):
    out = docker("run", "--rm", "--network=none", "busybox", "ip", "-o", "link")
    assert len(out.splitlines()) == 1 and "lo" in out


def test_network_of_another_container(docker):
    docker("run", "-d", "--name", "first", "busybox", "sleep", "100")
    assert "172.17.0.2" in docker("run", "--rm", "--network", "container:first", "busybox", "ip",
                                  "address")


def test_networks_are_listed(docker):
    rows = docker("network", "ls", "--format", "{{.Name}} {{.Driver}} {{.Scope}}").splitlines()
    assert sorted(rows) == ["bridge bridge local", "host host local", "none null local"]
    assert "172.17.0.0/16" in docker("network", "inspect", "bridge")


def test_nothing_left_of_ports(stack, docker, no_leaks):
    web(stack, docker, "-p", "8080:80", "-p", "5353:53/udp", "-p", "7000-7010:7000-7010")
    get(stack, "127.0.0.1", 8080)
    docker("rm", "-f", "web")
    with stack.sandbox.socket() as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.bind(("0.0.0.0", 8080))
        s.listen()


def test_a_restarted_container_keeps_its_port(stack, docker):
    web(stack, docker, "-p", "8080:80")
    docker("restart", "-t", "0", "web")
    assert get(stack, "127.0.0.1", 8080) == "web"
