"""libnetwork without an engine: netctl drives it in a private network namespace.

What an engine shows (rules, published ports, files) is in test_network.py. Here is what happens in
between: death at any time, what is adopted, what is swept, flags in every combination.
"""

import contextlib
import json
import re
import signal
import socket
import subprocess
import threading
import time

import pytest

from stack.sandbox import Sandbox
from stack.stack import build_dir

ROOT = "/run/docker"

SERVER = """
import socket, threading
def tcp(s):
    while True:
        c, peer = s.accept()
        c.sendall(peer[0].encode()); c.close()
def udp(s):
    while True:
        data, peer = s.recvfrom(2000)
        s.sendto(data.upper(), peer)
datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
datagrams.bind(("", 53))
threading.Thread(target=tcp, args=(socket.create_server(("", 80)),)).start()
threading.Thread(target=udp, args=(datagrams,)).start()
print("up", flush=True)
"""


class NetctlError(Exception):
    pass


class Netctl:
    """One life of the library: start it, ask it, kill it, start another on the same rows."""

    def __init__(self, sandbox, **options):
        self.sandbox, self.options, self.lock = sandbox, options, threading.Lock()
        self.servers = []
        self.process = None
        self.start()

    def start(self, **changes):
        self.options |= changes
        argv = [build_dir() / "tests" / "helpers" / "netctl", "/run/rows", f"exec_root={ROOT}",
                f"proxy_path={build_dir() / 'bin' / 'docker-proxy'}",
                *(f"{k}={str(v).lower() if isinstance(v, bool) else v}"
                  for k, v in self.options.items())]
        self.process = self.sandbox.popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                          stderr=subprocess.PIPE, text=True)
        if self.process.stdout.readline() != "{}\n":
            raise NetctlError(self.process.stderr.read())

    def ask(self, *words):
        line = " ".join(w if isinstance(w, str) else json.dumps(w) for w in words)
        with self.lock:
            self.process.stdin.write(line + "\n")
            self.process.stdin.flush()
            line = self.process.stdout.readline()
        if not line:
            raise NetctlError("it ended: " + self.process.stderr.read())
        answer = json.loads(line)
        if "error" in answer:
            raise NetctlError(answer["error"])
        return answer

    def end(self, sig=None):
        """Ends the process: by the end of its input, or by a signal. Returns what it warned of."""
        if sig:
            self.process.send_signal(sig)
        self.process.stdin.close()
        self.process.stdout.read()
        warnings = self.process.stderr.read()
        self.process.wait(20)
        return warnings

    def run(self, name, *ports, network="bridge", server=True, **more):
        """A container: its sandbox, its endpoint, and something that answers in it."""
        sandbox = self.ask("sandbox", name, "-")
        endpoint = self.ask("join", name, network,
                            {"Name": name, "Ports": [port(p) for p in ports], **more})
        endpoint["key"] = sandbox["Key"]
        if server:
            self.serve(sandbox["Key"])
        return endpoint

    def serve(self, key):
        process = self.sandbox.popen(["nsenter", f"--net={key}", "python3", "-c", SERVER],
                                     stdout=subprocess.PIPE, text=True)
        assert process.stdout.readline() == "up\n"
        self.servers.append(process)
        return process


def port(text):
    """[IP:]HOST[-HOST]:PORT[/udp], with an empty HOST for any."""
    text, _, proto = text.partition("/")
    *ip, host, inner = text.split(":")
    first, _, last = host.partition("-")
    made = {"Proto": proto or "tcp", "Port": int(inner)}
    if ip:
        made["HostIP"] = ip[0]
    if first:
        made |= {"HostPort": int(first), "HostPortEnd": int(last or first)}
    return made


@pytest.fixture
def world():
    with Sandbox(tmpfs=True) as sandbox:
        yield sandbox


@pytest.fixture
def start(world):
    made = []

    def make(**options):
        made.append(Netctl(world, **options))
        return made[-1]
    yield make
    for n in made:
        for server in n.servers:
            server.kill()
            server.wait()
        if n.process.poll() is None:
            n.end()


def sh(world, text):
    return world.run(["sh", "-c", text], check=True).stdout


def rules(world, table=None):
    """The -A lines of iptables-save."""
    argv = ["iptables-save"] + (["-t", table] if table else [])
    return [l for l in world.run(argv, check=True).stdout.splitlines() if l.startswith("-A")]


def links(world):
    return sorted(re.findall(r"^\d+: ([^:@]+)", sh(world, "ip -o link"), re.M))


def state(world):
    """All that libnetwork makes in the world."""
    return {"rules": rules(world), "links": links(world), "netns": sh(world, f"ls {ROOT}/netns"),
            "addresses": sh(world, "ip -4 -o address"), "listeners": listeners(world),
            "rows": sh(world, "cd /run/rows; find . -type f ! -name '.*' | sort; cat networks/*")}


def settled(world, want, patience=5):
    """The state once namespaces have gone, which the kernel takes its time for."""
    end = time.monotonic() + patience
    while (found := state(world)) != want and time.monotonic() < end:
        time.sleep(0.05)
    return found


def listeners(world):
    return sorted(line.split()[4] for line in sh(world, "ss -Hltun").splitlines())


def proxy_pids(world):
    return world.pids("docker-proxy")


def fetch(world, host, number, outside=False, patience=3):
    """What the server of a container says over TCP: who it thinks that we are."""
    end = time.monotonic() + patience
    while True:
        try:
            with world.connect(host, number, outside=outside, timeout=2) as s:
                data = s.recv(100)
            if data:
                return data.decode()
        except OSError:
            pass
        if time.monotonic() > end:
            raise AssertionError(f"{host}:{number} does not answer")
        time.sleep(0.02)


def udp(world, host, number, outside=False, text=b"abc"):
    with world.socket(kind=socket.SOCK_DGRAM, outside=outside) as s:
        s.settimeout(2)
        s.connect((host, number))
        s.send(text)
        return s.recv(100)


def refused(call, *args, **options):
    with pytest.raises(NetctlError) as error:
        call(*args, **options)
    return str(error.value)


# ---- life and death

def test_traffic_from_everywhere(world, start):
    n = start(bip="172.18.0.1/16")
    world.join_outside()
    n.run("web", "8080:80", "5353:53/udp")
    for outside, host, source in (          # DNAT keeps the source, the proxy does not
            (True, "192.0.2.1", "192.0.2.2"), (False, "192.0.2.1", "192.0.2.1"),
            (False, "172.18.0.1", "172.18.0.1"), (False, "127.0.0.1", "172.18.0.1")):
        assert fetch(world, host, 8080, outside) == source
        assert udp(world, host, 5353, outside) == b"ABC"
    assert fetch(world, "172.18.0.2", 80) == "172.18.0.1"
    with world.socket(family=socket.AF_INET6) as s:     # IPv6 on the host, IPv4 in the container
        s.connect(("::1", 8080))
        assert s.recv(100) == b"172.18.0.1"
    assert len(proxy_pids(world)) == 1


def test_nothing_is_left(world, start):
    n = start()
    before = state(world)
    for i in range(3):
        n.run(f"c{i}", f"{8000 + i}:80", f"{9000 + i}:53/udp", "7000-7010:80", server=False)
    assert state(world) != before
    for i in range(3):
        n.ask("stop", f"c{i}")
    assert settled(world, before) == before


@pytest.mark.parametrize("sig", [signal.SIGKILL, None])
def test_everything_survives_the_engine(world, start, sig):
    n = start()
    n.run("web", "8080:80", "5353:53/udp", ":80")
    before = state(world)
    connection = world.connect("127.0.0.1", 8080)
    n.end(sig)
    assert state(world) == before
    assert fetch(world, "127.0.0.1", 8080) and udp(world, "127.0.0.1", 5353) == b"ABC"
    pids = proxy_pids(world)
    n.start()
    assert state(world) == before and proxy_pids(world) == pids
    assert connection.recv(100) == b"172.17.0.1"        # it was not cut
    connection.close()
    # The new life knows everything: addresses, ports, how to take it back.
    assert n.run("second", server=False)["Address"] == "172.17.0.3"
    assert "port is already allocated (by container web)" in refused(n.run, "x", "8080:80")
    for name in ("x", "second", "web"):
        n.ask("stop", name)
    assert rules(world, "filter") and not [r for r in rules(world) if "dport" in r]
    assert listeners(world) == []


def test_the_port_server_comes_back(world, start):
    n = start()
    n.run("web", "8080:80", "5353:53/udp")
    before = listeners(world)
    pid, = proxy_pids(world)
    world.run(["kill", "-9", str(pid)], check=True)
    assert fetch(world, "127.0.0.1", 8080)
    assert udp(world, "127.0.0.1", 5353) == b"ABC"
    assert listeners(world) == before and proxy_pids(world) != [pid]


def test_engine_and_port_server_die(world, start):
    n = start()
    n.run("web", "8080:80")
    before = state(world)
    n.end(signal.SIGKILL)
    world.run(["kill", "-9", str(*proxy_pids(world))], check=True)
    n.start()
    assert state(world) == before
    assert fetch(world, "127.0.0.1", 8080)


def test_killed_at_any_time(world, start):
    """Twenty deaths while containers come and go; after each the rows and the kernel agree."""
    n = start()
    empty = state(world)
    for i in range(20):
        stopping = threading.Event()

        def work():
            try:
                for k in range(100):
                    n.run(f"c{k % 3}", f"{8000 + k % 3}:80", ":53/udp", server=False)
                    if k % 3 == 2:
                        for j in range(3):
                            n.ask("stop", f"c{j}")
            except (NetctlError, ValueError, OSError):
                pass
            stopping.set()
        thread = threading.Thread(target=work)
        thread.start()
        time.sleep(0.004 * i)
        n.process.send_signal(signal.SIGKILL)
        thread.join()
        n.process.wait(10)
        n.start()
        for s in n.ask("list")["sandboxes"]:
            n.ask("stop", s["ContainerId"])
        assert settled(world, empty) == empty, f"death {i}"


def test_after_a_reboot(world, start):
    """The rows of networks are all that is left: links, rules and namespaces went with the host."""
    n = start()
    n.run("web", "8080:80")
    n.end(signal.SIGKILL)
    world.run(["kill", "-9", str(*proxy_pids(world))])
    sh(world, f"iptables -F; iptables -t nat -F; iptables -X; iptables -t nat -X; nft flush ruleset;"
       f"ip link del docker0; umount {ROOT}/netns/*; rm -r {ROOT}")
    for server in n.servers:
        server.kill()
        server.wait()
    end = time.monotonic() + 5
    while links(world) != ["lo"] and time.monotonic() < end:
        time.sleep(0.05)
    n.start()
    assert n.ask("list")["sandboxes"] == []
    assert links(world) == ["docker0", "lo"]
    assert not [r for r in rules(world) if "dport" in r] and listeners(world) == []
    assert n.run("web", "8080:80")["Address"] == "172.17.0.2"
    assert fetch(world, "127.0.0.1", 8080)


def test_what_no_row_owns_is_swept(world, start):
    n = start()
    n.end()
    before = state(world)
    sh(world, f"""
        ip link add veth0123456 type veth peer name p0; ip link set veth0123456 master docker0
        ip link add mine type veth peer name p1; ip link set mine master docker0
        touch {ROOT}/netns/0123456789ab; unshare -n sh -c 'mount --bind /proc/self/ns/net {ROOT}/netns/0123456789ab'
        iptables -t nat -A DOCKER ! -i docker0 -p tcp -m tcp --dport 9 -j DNAT --to-destination 172.17.0.9:9
        iptables -t nat -A POSTROUTING -s 172.17.0.9/32 -d 172.17.0.9/32 -p tcp -m tcp --dport 9 -j MASQUERADE
        iptables -A DOCKER -d 172.17.0.9/32 -j ACCEPT
        iptables -I FORWARD -i br-0123456789ab -o br-0123456789ab -j ACCEPT
        iptables -I FORWARD -i mine -j ACCEPT
        iptables -I DOCKER-USER -s 10.9.9.9 -j DROP
        ip address add 10.1.1.1/24 dev docker0
    """)
    n.start()
    after = state(world)
    theirs = ["-A FORWARD -i mine -j ACCEPT", "-A DOCKER-USER -s 10.9.9.9/32 -j DROP"]
    assert [r for r in after["rules"] if r not in before["rules"]] == theirs
    assert [r for r in after["rules"] if r not in theirs] == before["rules"]
    assert after["links"] == sorted([*before["links"], "mine", "p1"])
    assert after["netns"] == before["netns"] and after["addresses"] == before["addresses"]
    # DOCKER-USER is asked first again.
    forward = [r for r in rules(world, "filter") if r.startswith("-A FORWARD")]
    assert forward[:2] == ["-A FORWARD -j DOCKER-USER", "-A FORWARD -j DOCKER-ISOLATION-STAGE-1"]


def test_dockers_own_rules_are_taken_over(world, start):
    """The rules that iptables itself writes are recognised as the ones that we want."""
    n = start(bip="172.18.0.1/16")
    n.run("web", "15672:15672", "5672:5672", server=False)
    wanted = rules(world)
    text = world.run(["iptables-save"], check=True).stdout
    n.end()
    world.run(["iptables-restore"], input=text, check=True)
    n.start()
    assert rules(world) == wanted
    n.ask("stop", "web")
    assert not [r for r in rules(world) if "5672" in r]


def test_a_flushed_firewall(world, start):
    """Somebody flushes all rules: taking back what is gone is no failure, new ports work."""
    n = start()
    n.run("one", "8001:80", server=False)
    sh(world, "iptables -t nat -F DOCKER")
    n.ask("stop", "one")
    n.run("two", "8002:80", server=False)
    sh(world, "nft flush ruleset")
    n.ask("stop", "two")
    n.run("three", "8003:80")
    assert "-A DOCKER ! -i docker0 -p tcp -m tcp --dport 8003 -j DNAT --to-destination " \
        "172.17.0.2:80" in rules(world, "nat")


# ---- ports

def test_ports_are_all_or_none(world, start):
    n = start()
    with world.socket() as s:
        s.bind(("0.0.0.0", 8081))
        s.listen()
        n.ask("sandbox", "web", "-")
        before = state(world)
        text = refused(n.ask, "join", "web", "bridge",
                       {"Name": "web", "Ports": [port("8080:80"), port("8081:81")]})
        assert re.fullmatch(r"driver failed programming external connectivity on endpoint web "
                            r"\([0-9a-f]{64}\): Error starting userland proxy: listen tcp4 "
                            r"0.0.0.0:8081: bind: address already in use", text)
        assert settled(world, before) == before


def test_a_port_is_picked(world, start):
    n = start()
    first = int(sh(world, "cat /proc/sys/net/ipv4/ip_local_port_range").split()[0])
    with world.socket() as s:
        s.bind(("0.0.0.0", first + 1))
        s.listen()
        bound = n.run("web", ":80", ":81", ":53/udp", server=False)["Ports"]
    picked = {(p["HostPort"], p["Port"], p["Proto"]) for p in bound}
    assert picked == {(first, 81, "tcp"), (first + 2, 80, "tcp"), (first + 3, 53, "udp")} or \
        len(picked) == 3 and first + 1 not in {p[0] for p in picked}
    assert {p["HostIP"] for p in bound} == {"0.0.0.0", "::"}


def test_a_port_of_a_range_is_picked(world, start):
    n = start()
    for name, want in (("one", 7000), ("two", 7001), ("three", 7002)):
        bound = n.run(name, "7000-7002:80", server=False)["Ports"]
        assert {p["HostPort"] for p in bound} == {want}
    assert "port is already allocated" in refused(n.run, "four", "7000-7002:80")


def test_one_host_address(world, start):
    n = start()
    world.join_outside()
    n.run("web", "127.0.0.1:8080:80", "192.0.2.1:8080:80")
    assert fetch(world, "127.0.0.1", 8080) and fetch(world, "192.0.2.1", 8080, outside=True)
    nat = [r for r in rules(world, "nat") if "8080" in r]
    assert [r.split(" ! ")[0] for r in nat] == ["-A DOCKER -d 127.0.0.1/32",
                                               "-A DOCKER -d 192.0.2.1/32"]
    # The container's own two rules are there once.
    assert len([r for r in rules(world) if "--dport 80 " in r]) == 2


def test_the_default_host_address(world, start):
    n = start(default_host_ip="127.0.0.1")
    bound = n.run("web", "8080:80", server=False)["Ports"]
    assert [p["HostIP"] for p in bound] == ["127.0.0.1"]
    assert listeners(world) == ["127.0.0.1:8080"]


def test_tracked_udp_is_forgotten(world, start):
    """Datagrams that went nowhere before a port was published reach the container afterwards. (The
    userland proxy would take them to it as well, so it is left out.)"""
    n = start(userland_proxy=False)
    world.join_outside()
    with world.socket(kind=socket.SOCK_DGRAM, outside=True) as s:
        s.connect(("192.0.2.1", 5353))
        s.settimeout(10)

        def answers(text):
            """Asked again: a bridge's new port may take no packets yet on a busy machine."""
            s.settimeout(1)
            for _ in range(10):
                with contextlib.suppress(OSError):
                    s.send(text)
                    while s.recv(100) != text.upper():
                        pass
                    return True
            return False
        with world.socket(kind=socket.SOCK_DGRAM) as there:     # so that it is tracked as answered
            there.bind(("192.0.2.1", 5353))
            s.send(b"x")
            _, peer = there.recvfrom(10)
            there.sendto(b"y", peer)
            assert s.recv(10) == b"y"
        n.run("dns", "5353:53/udp")
        assert answers(b"first")
        n.ask("stop", "dns")
        n.run("other", server=False)                            # has the address now
        n.run("dns2", "5353:53/udp")
        assert answers(b"second")


def test_many_ports_at_once(world, start):
    n = start()
    n.run("web", *(f"{20000 + i}:{1000 + i}" for i in range(200)), server=False)
    assert len([r for r in rules(world) if "dport" in r]) == 600
    assert len(listeners(world)) == 400
    n.ask("stop", "web")
    assert listeners(world) == [] and not [r for r in rules(world) if "dport" in r]


def test_sctp_is_not_there_yet(start):
    n = start()
    assert "sctp ports is not there yet" in refused(n.run, "web", "8080:80/sctp")


# ---- the daemon's flags

def test_without_iptables(world, start):
    n = start(iptables=False)
    n.run("web", "8080:80")
    assert fetch(world, "127.0.0.1", 8080)
    assert world.run(["nft", "list", "ruleset"], check=True).stdout == ""


def test_without_the_userland_proxy(world, start):
    n = start(userland_proxy=False)
    world.join_outside()
    ep = n.run("web", "8080:80")
    assert proxy_pids(world) == []
    for outside, host in ((True, "192.0.2.1"), (False, "192.0.2.1"), (False, "127.0.0.1")):
        assert fetch(world, host, 8080, outside)
    inside = sh(world, f"nsenter --net={ep['key']} python3 -c \"import socket; "
                "s = socket.create_connection(('192.0.2.1', 8080), 3); print(s.recv(99))\"")
    assert "172.17.0" in inside                                 # hairpin
    nat = rules(world, "nat")
    assert "-A OUTPUT -m addrtype --dst-type LOCAL -j DOCKER" in nat
    assert "-A POSTROUTING -o docker0 -m addrtype --src-type LOCAL -j MASQUERADE" in nat
    assert "-A DOCKER -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.17.0.2:80" in nat
    assert "-A DOCKER -i docker0 -j RETURN" not in nat
    assert "already in use" in refused(listen, world, 8080)
    assert "port is already allocated (by container web)" in refused(n.run, "x", "8080:80")
    before = state(world)
    n.end(signal.SIGKILL)
    n.start()
    assert settled(world, before) == before
    n.ask("stop", "x")
    n.ask("stop", "web")
    listen(world, 8080)


def listen(world, number):
    try:
        with world.socket() as s:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            s.bind(("0.0.0.0", number))
            s.listen()
    except OSError as error:
        raise NetctlError(error.strerror) from error


def test_the_proxy_is_switched_off_and_on(world, start):
    """A start with the other setting replaces the rules of the base and of living containers."""
    n = start()
    n.run("web", "8080:80")
    with_proxy = rules(world)
    n.end()
    n.start(userland_proxy=False)
    assert "-A OUTPUT -m addrtype --dst-type LOCAL -j DOCKER" in rules(world, "nat")
    assert len([r for r in rules(world, "nat") if "OUTPUT" in r]) == 1
    assert fetch(world, "127.0.0.1", 8080)
    n.end()
    n.start(userland_proxy=True)
    assert sorted(rules(world)) == sorted(with_proxy)
    assert fetch(world, "127.0.0.1", 8080)


def test_without_icc(world, start):
    n = start(icc=False)
    n.run("one")
    two = n.run("two", server=False)
    assert "-A FORWARD -i docker0 -o docker0 -j DROP" in rules(world, "filter")
    result = world.run(["nsenter", f"--net={two['key']}", "python3", "-c", "import socket; "
                        "socket.create_connection(('172.17.0.2', 80), 1)"])
    assert result.returncode != 0
    assert fetch(world, "172.17.0.2", 80)


def test_without_masquerading(world, start):
    n = start(ip_masq=False)
    n.run("web", server=False)
    assert rules(world, "nat") == [
        "-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER",
        "-A OUTPUT ! -d 127.0.0.0/8 -m addrtype --dst-type LOCAL -j DOCKER"]


def test_forwarding(world, start):
    assert sh(world, "cat /proc/sys/net/ipv4/ip_forward") == "0\n"
    n = start(ip_forward=False)
    assert sh(world, "cat /proc/sys/net/ipv4/ip_forward") == "0\n"
    assert "-P FORWARD ACCEPT" in sh(world, "iptables -S FORWARD")
    n.end()
    n.start(ip_forward=True)
    assert sh(world, "cat /proc/sys/net/ipv4/ip_forward") == "1\n"
    assert "-P FORWARD DROP" in sh(world, "iptables -S FORWARD")
    n.end()
    sh(world, "iptables -P FORWARD ACCEPT")     # forwarding was on: the policy is not ours
    n.start()
    assert "-P FORWARD ACCEPT" in sh(world, "iptables -S FORWARD")


def test_another_bip(world, start):
    n = start()
    first = n.ask("inspect", "bridge")
    n.end()
    n.start(bip="10.9.0.1/24", mtu=1400)
    second = n.ask("inspect", "bridge")
    assert second["Id"] == first["Id"]
    assert second["IPAM"]["Config"] == [{"Subnet": "10.9.0.0/24", "Gateway": "10.9.0.1"}]
    ep = n.run("web", "8080:80")
    assert (ep["Address"], ep["MacAddress"]) == ("10.9.0.2", "02:42:0a:09:00:02")
    assert fetch(world, "127.0.0.1", 8080)
    assert "172.17" not in str(state(world))
    assert "mtu 1400" in sh(world, f"nsenter --net={ep['key']} ip link show eth0")
    # Living containers keep their network, whatever the flags say.
    n.end()
    n.start(bip="10.8.0.1/24")
    assert n.ask("inspect", "bridge")["IPAM"] == second["IPAM"]
    assert fetch(world, "127.0.0.1", 8080)


def test_range_and_gateway(world, start):
    n = start(bip="10.9.0.1/16", fixed_cidr="10.9.7.0/24", default_gateway="10.9.0.254")
    ep = n.run("web", server=False)
    assert ep["Address"] == "10.9.7.0" or ep["Address"].startswith("10.9.7.")
    assert ep["Gateway"] == "10.9.0.254"
    assert "default via 10.9.0.254" in sh(world, f"nsenter --net={ep['key']} ip route")
    assert n.ask("inspect", "bridge")["IPAM"]["Config"] == [{
        "Subnet": "10.9.0.0/16", "IPRange": "10.9.7.0/24", "Gateway": "10.9.0.1",
        "AuxiliaryAddresses": {"DefaultGatewayIPv4": "10.9.0.254"}}]


def test_an_existing_bridge(world, start):
    sh(world, "ip link add br7 type bridge; ip address add 10.7.0.1/24 dev br7")
    n = start(bridge="br7")
    assert n.run("web", server=False)["Address"] == "10.7.0.2"
    assert "docker0" not in links(world)
    assert "-A POSTROUTING -s 10.7.0.0/24 ! -o br7 -j MASQUERADE" in rules(world, "nat")


def test_no_default_bridge(world, start):
    n = start(bridge="none")
    assert n.ask("list")["networks"] == ["none", "host"]
    assert links(world) == ["lo"]


def test_the_pool_avoids_the_host(world, start):
    sh(world, "ip link add d0 type bridge; ip link set d0 up; ip address add 172.17.5.1/24 dev d0;"
       "ip route add 172.18.128.0/17 dev d0")
    n = start()
    assert n.ask("inspect", "bridge")["IPAM"]["Config"][0]["Subnet"] == "172.19.0.0/16"


def test_wrong_flags_are_named(start):
    assert "invalid CIDR address: 10.9.0.300/24" in refused(start, bip="10.9.0.300/24")
    assert "is not in subnet" in refused(start, bip="10.9.0.1/24", fixed_cidr="10.8.0.0/24")


# ---- networks

def test_networks_of_ones_own(world, start):
    n = start()
    made = n.ask("network", {"Name": "mine"})
    assert made["IPAM"]["Config"] == [{"Subnet": "172.18.0.0/16", "Gateway": "172.18.0.1"}]
    ep = n.run("web", "8080:80", network="mine")
    assert ep["Address"] == "172.18.0.2" and f"br-{made['Id'][:12]}" in links(world)
    assert fetch(world, "127.0.0.1", 8080)
    n.run("other")
    across = world.run(["nsenter", f"--net={ep['key']}", "python3", "-c", "import socket; "
                        "socket.create_connection(('172.17.0.2', 80), 1)"])
    assert across.returncode != 0                           # networks are isolated
    n.end(signal.SIGKILL)
    n.start()
    assert fetch(world, "127.0.0.1", 8080)
    assert "network mine id" in refused(n.ask, "network-rm", "mine")
    n.ask("stop", "web")
    n.ask("network-rm", made["Id"][:7])
    assert links(world)[:2] == ["docker0", "lo"] and "172.18" not in str(rules(world))
    assert "network mine not found" in refused(n.ask, "network-rm", "mine")


def test_internal_networks(world, start):
    n = start()
    world.join_outside()
    made = n.ask("network", {"Name": "inside", "Internal": True})
    bridge = "br-" + made["Id"][:12]
    one, two = (n.run(name, network="inside") for name in ("one", "two"))
    assert "default" not in sh(world, f"nsenter --net={one['key']} ip route")
    isolation = [r for r in rules(world, "filter") if bridge in r]
    assert isolation == [
        f"-A FORWARD -i {bridge} -o {bridge} -j ACCEPT",
        f"-A DOCKER-ISOLATION-STAGE-1 ! -s 172.18.0.0/16 -o {bridge} -j DROP",
        f"-A DOCKER-ISOLATION-STAGE-1 ! -d 172.18.0.0/16 -i {bridge} -j DROP"]
    assert not [r for r in rules(world, "nat") if bridge in r]
    sh(world, f"nsenter --net={one['key']} python3 -c \"import socket; "
       f"socket.create_connection(('{two['Address']}', 80), 2)\"")


def test_two_networks_in_one_sandbox(world, start):
    n = start()
    n.ask("network", {"Name": "second"})
    ep = n.run("web", "8080:80")
    other = n.ask("join", "web", "second", {"Name": "web"})
    assert other["Interface"] == "eth1"
    assert sh(world, f"nsenter --net={ep['key']} ip route").count("default") == 1
    n.ask("leave", other["Id"])
    assert "eth1" not in sh(world, f"nsenter --net={ep['key']} ip link")
    assert fetch(world, "127.0.0.1", 8080)
    again = n.ask("join", "web", "second", {"Name": "web"})
    assert again["Interface"] == "eth2"                     # names are not used twice


def test_host_and_none(world, start):
    n = start()
    before = links(world)
    assert n.ask("sandbox", "h", "host")["Key"] == ""
    n.ask("join", "h", "host", {"Name": "h"})
    assert "host's network" in refused(n.ask, "join", "h", "bridge", {"Name": "h"})
    lonely = n.ask("sandbox", "n", "-")
    n.ask("join", "n", "none", {"Name": "n"})
    assert len(sh(world, f"nsenter --net={lonely['Key']} ip -o link").splitlines()) == 1
    assert "LOOPBACK,UP" in sh(world, f"nsenter --net={lonely['Key']} ip link")
    assert links(world) == before
    for name in ("h", "n"):
        n.ask("stop", name)


@pytest.mark.parametrize("want, words", [
    ({"Name": "bridge"}, "operation is not permitted on predefined bridge network"),
    ({"Name": "b/d"}, 'invalid network name: "b/d"'),
    ({"Name": "x", "Driver": "ipvlan"}, 'plugin "ipvlan" not found'),
    ({"Name": "x", "Driver": "host"}, 'only one instance of "host" network is allowed'),
    ({"Name": "x", "IPAM": {"Driver": "dhcp"}}, 'plugin "dhcp" not found'),
    ({"Name": "x", "EnableIPv6": True}, "IPv6 networks are not there yet"),
    ({"Name": "x", "IPAM": {"Config": [{"Subnet": "172.17.9.0/24"}]}}, "Pool overlaps"),
    ({"Name": "x", "IPAM": {"Config": [{"Subnet": "10.1.0.0/24", "Gateway": "10.2.0.1"}]}},
     "Requested address is out of range"),
    ({"Name": "x", "Options": {"com.docker.network.bridge.enable_icc": "maybe"}},
     'enable_icc value: maybe'),
])
def test_networks_that_cannot_be(world, start, want, words):
    n = start()
    before = state(world)
    assert words in refused(n.ask, "network", want)
    assert state(world) == before


def test_addresses_of_ones_own(world, start):
    n = start()
    ep = n.run("web", Address="172.17.9.9", MacAddress="02:00:00:00:00:01")
    shown = sh(world, f"nsenter --net={ep['key']} ip address show eth0")
    assert "172.17.9.9/16" in shown and "02:00:00:00:00:01" in shown
    assert "Address already in use" in refused(n.run, "x", Address="172.17.9.9")
    assert fetch(world, "172.17.9.9", 80)


# ---- what is known to go wrong

def test_an_address_is_used_again_at_once(world, start):
    """The old interface still is there for a while: it must not answer for the new one."""
    n = start()
    for i in range(10):
        assert n.run("web", "8080:80")["Address"] == "172.17.0.2"
        assert fetch(world, "127.0.0.1", 8080, patience=1)
        n.servers[-1].kill()
        n.ask("stop", "web")


def test_router_advertisements_are_not_heard(world, start):
    """CVE-2020-13401, CVE-2024-32473: no IPv6 where none was asked for."""
    n = start()
    ep = n.run("web", server=False)
    assert sh(world, "cat /proc/sys/net/ipv6/conf/docker0/accept_ra "
              "/proc/sys/net/ipv6/conf/docker0/disable_ipv6") == "0\n1\n"
    assert set(sh(world, f"nsenter --net={ep['key']} sh -c "
                  "'cat /proc/sys/net/ipv6/conf/*/disable_ipv6'").split()) == {"1"}


def test_many_threads(world, start):
    """Eight threads make and delete containers, three of them look on."""
    n = start()
    n.run("web", "8080:80")
    before = state(world)
    n.ask("storm", "11", "20")
    assert settled(world, before) == before
    assert fetch(world, "127.0.0.1", 8080)


def test_many_containers(world, start):
    n = start()
    for i in range(30):
        n.run(f"c{i}", f"{8000 + i}:80", server=False)
    assert len(links(world)) == 32 and len(listeners(world)) == 60
    n.end(signal.SIGKILL)
    n.start()
    assert len(n.ask("list")["sandboxes"]) == 30
    for i in range(30):
        n.ask("stop", f"c{i}")
    assert listeners(world) == []
