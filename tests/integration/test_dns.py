"""The embedded name server at 127.0.0.11: who is called what, who is asked about the rest."""

import random
import socket
import struct
import threading

import pytest

from test_networks import SH, post, stack  # noqa: F401  (fixtures)

A, PTR, MX, TXT, AAAA, SRV = 1, 12, 15, 16, 28, 33
NOERROR, SERVFAIL, NXDOMAIN, REFUSED = 0, 2, 3, 5


def encode_name(name):
    return b"".join(bytes([len(part)]) + part.encode() for part in name.split(".") if part) + b"\0"


def read_name(data, at):
    parts = []
    while data[at]:
        if data[at] >= 0xc0:
            rest, _ = read_name(data, struct.unpack_from(">H", data, at)[0] & 0x3fff)
            return ".".join(parts + [rest]), at + 2
        parts.append(data[at + 1:at + 1 + data[at]].decode())
        at += 1 + data[at]
    return ".".join(parts), at + 1


class Answer:
    """A message that came back."""

    def __init__(self, data):
        self.id, self.flags, _, count, self.authority, self.additional = \
            struct.unpack_from(">6H", data)
        self.rcode = self.flags & 15
        self.question, at = read_name(data, 12)
        at += 4
        self.records = []
        for _ in range(count):
            _, at = read_name(data, at)
            kind, _, self.ttl, length = struct.unpack_from(">HHIH", data, at)
            at += 10
            value = read_name(data, at)[0] if kind == PTR else data[at:at + length]
            self.records.append(socket.inet_ntoa(value) if kind == A else value)
            at += length

    def __repr__(self):
        return f"rcode {self.rcode}, {self.records}"


def query(name, kind=A, number=None, flags=0x0100):
    return struct.pack(">6H", number or random.randrange(65536), flags, 1, 0, 0, 0) + \
        encode_name(name) + struct.pack(">2H", kind, 1)


class Asker:
    """Asks from within a container."""

    def __init__(self, stack, pid):
        self.stack, self.pid = stack, pid

    def send(self, message, tcp=False, timeout=5):
        kind = socket.SOCK_STREAM if tcp else socket.SOCK_DGRAM
        with self.stack.sandbox.socket(kind=kind, pid=self.pid) as s:
            s.settimeout(timeout)
            s.connect(("127.0.0.11", 53))
            if not tcp:
                s.send(message)
                return s.recv(65535)
            s.sendall(struct.pack(">H", len(message)) + message)
            data = s.recv(2, socket.MSG_WAITALL)
            return s.recv(struct.unpack(">H", data)[0], socket.MSG_WAITALL)

    def __call__(self, name, kind=A, **options):
        return Answer(self.send(query(name, kind), **options))


class Upstream(threading.Thread):
    """Somebody else's name server: answers every question with one address, or with an error."""

    def __init__(self, stack, at, ip="192.0.2.99", rcode=NOERROR):
        super().__init__(daemon=True)
        self.ip, self.rcode, self.asked = ip, rcode, []
        self.udp = stack.sandbox.socket(kind=socket.SOCK_DGRAM)
        self.tcp = stack.sandbox.socket()
        for one in (self.udp, self.tcp):
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            one.bind((at, 53))
        self.tcp.listen()
        self.start()
        threading.Thread(target=self.serve_tcp, daemon=True).start()

    def answer(self, data):
        name, at = read_name(data, 12)
        self.asked.append(name)
        head = data[:2] + struct.pack(">5H", 0x8180 | self.rcode, 1, not self.rcode, 0, 0)
        record = b"\xc0\x0c" + struct.pack(">HHIH", A, 1, 60, 4) + socket.inet_aton(self.ip)
        return head + data[12:at + 4] + (b"" if self.rcode else record)

    def run(self):
        while True:
            try:
                data, peer = self.udp.recvfrom(65535)
                if not data:  # shut down
                    return
                self.udp.sendto(self.answer(data), peer)
            except OSError:
                return

    def serve_tcp(self):
        while True:
            try:
                connection, _ = self.tcp.accept()
            except OSError:
                return
            size = struct.unpack(">H", connection.recv(2, socket.MSG_WAITALL))[0]
            reply = self.answer(connection.recv(size, socket.MSG_WAITALL))
            connection.sendall(struct.pack(">H", len(reply)) + reply)
            connection.close()

    def close(self):
        for one in (self.udp, self.tcp):
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            one.close()


@pytest.fixture
def upstream(stack):
    made = []

    def make(*args, **options):
        made.append(Upstream(stack, *args, **options))
        return made[-1]
    yield make
    for one in made:
        one.close()


@pytest.fixture
def run(stack, docker, inspect):
    """run("web", "--network", "net1") starts a container and gives back one who asks from there."""
    def start(name, *flags):
        docker("run", "-d", "--name", name, *flags, "busybox", "sleep", "1000")
        return Asker(stack, inspect(name)["State"]["Pid"])
    return start


@pytest.fixture
def net1(docker):
    docker("network", "create", "--subnet", "10.9.0.0/24", "net1")
    return "net1"


# ---- what is answered ----

def test_resolv_conf(docker, run, net1):
    run("one", "--network", net1)
    assert docker("exec", "one", "cat", "/etc/resolv.conf").splitlines()[-2:] == [
        "nameserver 127.0.0.11", "options ndots:0"]


def test_resolv_conf_with_options(docker, run, net1):
    run("one", "--network", net1, "--dns-search", "example", "--dns-option", "timeout:1")
    assert docker("exec", "one", "cat", "/etc/resolv.conf").splitlines() == [
        "search example", "nameserver 127.0.0.11", "options timeout:1 ndots:0"]


def test_names(inspect, run, net1):
    one = run("one", "--network", net1)
    run("web", "--network", net1, "--network-alias", "www", "--network-alias", "w.x")
    short = inspect("web")["Id"][:12]
    for name in ("web", "WEB", "www", short, "web.net1", "www.net1", "w.x", "w.x.net1"):
        assert one(name).records == ["10.9.0.3"], name
        assert one(name, tcp=True).records == ["10.9.0.3"], name
    assert one("one").records == ["10.9.0.2"]


def test_the_shape_of_an_answer(run, net1):
    one = run("one", "--network", net1)
    answer = one("oNe")
    assert answer.question == "oNe" and answer.ttl == 600
    assert answer.flags == 0x8180 and (answer.authority, answer.additional) == (0, 0)
    for kind in (AAAA, MX):
        answer = one("one", kind)
        assert answer.rcode == NOERROR and answer.records == []


def test_reverse(run, net1):
    one = run("one", "--network", net1)
    assert one("2.0.9.10.in-addr.arpa", PTR).records == ["one.net1"]


def test_an_alias_of_several(run, net1):
    one = run("one", "--network", net1)
    for name in ("a", "b", "c"):
        run(name + "x", "--network", net1, "--network-alias", "all")
    orders = {tuple(one("all").records) for _ in range(40)}
    assert {tuple(sorted(order)) for order in orders} == {("10.9.0.3", "10.9.0.4", "10.9.0.5")}
    assert len(orders) > 1


def test_links_have_names(docker, run, net1):
    run("web", "--network", net1)
    one = run("one", "--network", net1, "--link", "web:db")
    other = run("other", "--network", net1, "--dns", "127.0.0.1")
    assert one("db").records == ["10.9.0.2"]
    assert one("web").records == ["10.9.0.2"]
    with pytest.raises((AssertionError, OSError)):
        assert other("db", timeout=1).records


def test_several_networks(docker, run, net1):
    docker("network", "create", "--subnet", "10.8.0.0/24", "net2")
    run("web", "--network", net1)
    run("db", "--network", "net2")
    both = run("both", "--network", net1, "--dns", "127.0.0.1")
    docker("network", "connect", "--alias", "second", "net2", "both")
    assert both("web").records == ["10.9.0.2"]
    assert both("db").records == ["10.8.0.2"]
    assert both("both.net2").records == ["10.8.0.3"]
    assert both("second").records == ["10.8.0.3"]
    assert both("3.0.8.10.in-addr.arpa", PTR).records == ["both.net2"]
    docker("network", "disconnect", "net2", "both")
    assert both("both").records == ["10.9.0.3"]
    with pytest.raises((AssertionError, OSError)):
        assert both("db", timeout=1).records


def test_connected_while_running(docker, run, net1):
    run("web", "--network", net1)
    one = run("one")
    assert "127.0.0.11" not in docker("exec", "one", "cat", "/etc/resolv.conf")
    docker("network", "connect", net1, "one")
    assert one("web").records == ["10.9.0.2"]
    assert "nameserver 127.0.0.11" in docker("exec", "one", "cat", "/etc/resolv.conf")


def test_names_go_with_their_containers(docker, run, net1):
    one = run("one", "--network", net1, "--dns", "127.0.0.1")
    run("web", "--network", net1)
    assert one("web").records == ["10.9.0.3"]
    docker("stop", "-t", "0", "web")
    with pytest.raises((AssertionError, OSError)):
        assert one("web", timeout=1).records
    docker("start", "web")
    assert one("web").records == ["10.9.0.3"]


def test_renamed(docker, run, net1):
    one = run("one", "--network", net1, "--dns", "127.0.0.1")
    run("web", "--network", net1)
    docker("rename", "web", "site")
    assert one("site").records == ["10.9.0.3"]


def test_a_container_with_its_own_name_server(stack, docker, inspect, run, net1):
    one = run("one", "--network", net1)
    with stack.sandbox.socket(kind=socket.SOCK_DGRAM, pid=one.pid) as s:
        s.bind(("0.0.0.0", 53))
        assert one("one").records == ["10.9.0.2"]


def test_rules_of_the_sandbox(stack, run, net1):
    one = run("one", "--network", net1)
    lines = stack.exec(["nsenter", "-t", str(one.pid), "-n", "iptables-save", "-t", "nat"],
                       check=True).stdout.splitlines()
    rules = [line for line in lines if line.startswith("-A")]
    assert rules[:2] == ["-A OUTPUT -d 127.0.0.11/32 -j DOCKER_OUTPUT",
                         "-A POSTROUTING -d 127.0.0.11/32 -j DOCKER_POSTROUTING"]
    for rule, proto in zip(rules[2:4], ("tcp", "udp")):
        assert rule.startswith(f"-A DOCKER_OUTPUT -d 127.0.0.11/32 -p {proto} -m {proto} "
                               "--dport 53 -j DNAT --to-destination 127.0.0.11:")
    for rule, proto in zip(rules[4:], ("tcp", "udp")):
        assert rule.startswith(f"-A DOCKER_POSTROUTING -s 127.0.0.11/32 -p {proto} -m {proto} "
                               "--sport ") and rule.endswith(" -j SNAT --to-source :53")
    assert len(rules) == 6


# ---- what is asked elsewhere ----

def test_the_rest_of_the_world(run, net1, upstream):
    server = upstream("10.9.0.1")
    one = run("one", "--network", net1, "--dns", "10.9.0.1")
    assert one("example.org").records == ["192.0.2.99"]
    assert one("example.org", tcp=True).records == ["192.0.2.99"]
    assert one("word").records == ["192.0.2.99"]
    assert one("9.9.9.9.in-addr.arpa", PTR).rcode == NOERROR
    assert one("one", TXT).rcode == NOERROR
    assert server.asked == ["example.org", "example.org", "word", "9.9.9.9.in-addr.arpa", "one"]


def test_no_such_name(run, net1, upstream):
    upstream("10.9.0.1", rcode=NXDOMAIN)
    one = run("one", "--network", net1, "--dns", "10.9.0.1")
    assert one("example.org").rcode == NXDOMAIN


def test_the_next_server_is_asked(stack, run, net1, upstream):
    stack.exec(["ip", "address", "add", "10.9.9.9/32", "dev", "lo"])
    first, second = upstream("10.9.9.9", rcode=SERVFAIL), upstream("10.9.0.1")
    one = run("one", "--network", net1, "--dns", "10.9.9.9", "--dns", "10.9.0.1")
    assert one("example.org").records == ["192.0.2.99"]
    assert first.asked and second.asked


def test_servers_on_the_hosts_loopback(stack, run, net1, upstream):
    server = upstream("127.0.0.53")
    old = stack.exec(["cat", "/etc/resolv.conf"]).stdout
    stack.exec(["sh", "-c", "echo nameserver 127.0.0.53 > /etc/resolv.conf"], check=True)
    try:
        one = run("one", "--network", net1)
        assert one("example.org").records == ["192.0.2.99"] and server.asked == ["example.org"]
    finally:
        stack.exec(["sh", "-c", "cat > /etc/resolv.conf"], input=old, check=True)


def test_words_are_not_asked_where_ndots_is_set(run, net1, upstream):
    server = upstream("10.9.0.1")
    one = run("one", "--network", net1, "--dns", "10.9.0.1", "--dns-option", "ndots:2")
    answer = one("word")
    assert (answer.rcode, answer.records, server.asked) == (NOERROR, [], [])
    assert one("a.word").records == ["192.0.2.99"]


@pytest.mark.ours
def test_nobody_is_asked_from_an_internal_network(stack, docker, run, upstream):
    """CVE-2024-29018; 20.10 lets the asker wait."""
    server = upstream("127.0.0.53")
    old = stack.exec(["cat", "/etc/resolv.conf"]).stdout
    stack.exec(["sh", "-c", "echo nameserver 127.0.0.53 > /etc/resolv.conf"], check=True)
    docker("network", "create", "--internal", "inner")
    try:
        one = run("one", "--network", "inner")
        assert one("example.org", timeout=1).rcode == SERVFAIL
        assert one("one").records and server.asked == []
    finally:
        stack.exec(["sh", "-c", "cat > /etc/resolv.conf"], input=old, check=True)


@pytest.mark.ours
def test_nobody_answers(run, net1):
    one = run("one", "--network", net1, "--dns", "127.0.0.1")
    assert one("example.org", timeout=1).rcode == SERVFAIL
    assert one("example.org", tcp=True, timeout=1).rcode == SERVFAIL


@pytest.mark.ours
@pytest.mark.parametrize("message,rcode", [
    (b"", None), (b"\0" * 11, None), (query("one", flags=0x8100), None),
    (query("one")[:-1], 1), (query("one")[:13], 1), (query("one", flags=0x2900), 4),
    (struct.pack(">6H", 7, 0x100, 2, 0, 0, 0), 1),
    (struct.pack(">6H", 7, 0x100, 1, 0, 0, 0) + b"\xc0\x0c\0\1\0\1", 1),
    (struct.pack(">6H", 7, 0x100, 1, 0, 0, 0) + b"\x3f" + b"a" * 63 + b"\0\0\1\0\1", None),
], ids=range(9))
def test_malformed_questions(run, net1, message, rcode):
    one = run("one", "--network", net1, "--dns", "127.0.0.1")
    try:
        answer = Answer(one.send(message, timeout=0.5) + b"\0" * 20)
    except OSError:
        assert rcode is None
    else:
        assert answer.rcode == (SERVFAIL if rcode is None else rcode)
    assert one("one").records == ["10.9.0.2"]


# ---- alive ----

@pytest.mark.ours
def test_names_without_the_engine(stack, docker, inspect, run, net1, upstream):
    upstream("10.9.0.1")
    one = run("one", "--network", net1, "--dns", "10.9.0.1")
    run("web", "--network", net1)
    server = stack.pids("docker-proxy")
    stack.kill("dockerd")
    assert one("web").records == ["10.9.0.3"]
    assert one("example.org").records == ["192.0.2.99"]
    stack.start_dockerd()
    assert one("web").records == ["10.9.0.3"]
    assert stack.pids("docker-proxy") == server
    docker("rm", "-f", "web")
    run("web2", "--network", net1)
    assert one("web2").records == ["10.9.0.3"]
    assert one("web").records == ["192.0.2.99"]


@pytest.mark.ours
def test_a_killed_name_server_comes_back(stack, docker, run, net1):
    one = run("one", "--network", net1, "--dns", "127.0.0.1")
    run("web", "--network", net1, "-p", "8080:80")
    was = stack.pids("docker-proxy")
    stack.kill("docker-proxy")
    for _ in range(50):
        try:
            assert one("web", timeout=0.2).records == ["10.9.0.3"]
            break
        except OSError:
            pass
    assert one("web").records == ["10.9.0.3"] and stack.pids("docker-proxy") != was


@pytest.mark.ours
def test_both_killed(stack, docker, run, net1):
    one = run("one", "--network", net1)
    run("web", "--network", net1)
    stack.kill("dockerd")
    stack.kill("docker-proxy")
    stack.start_dockerd()
    assert one("web").records == ["10.9.0.3"]


@pytest.mark.ours
def test_what_ended_meanwhile_has_no_name(stack, docker, run, net1):
    one = run("one", "--network", net1, "--dns", "127.0.0.1")
    web = run("web", "--network", net1)
    stack.kill("dockerd")
    stack.exec(["kill", "-9", str(web.pid)], check=True)
    stack.start_dockerd()
    for _ in range(50):
        if not one("web").records:
            break
    assert one("web").rcode == SERVFAIL


@pytest.mark.ours
def test_nothing_is_left(no_leaks, docker, run, net1):
    run("one", "--network", net1)
    docker("network", "create", "net2")
    docker("network", "connect", "net2", "one")
    docker("network", "disconnect", "net1", "one")
    docker("rm", "-f", "one")
    docker("network", "rm", "net1", "net2")
