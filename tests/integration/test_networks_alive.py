"""Networks and SIGKILL: what was acknowledged is there, and nothing else is left."""

import random
import threading
import time

import pytest

from test_networks import links, stack  # noqa: F401  (fixtures)

pytestmark = pytest.mark.ours


def bridges(stack):
    lines = stack.exec(["ip", "-o", "link", "show", "type", "bridge"], check=True).stdout
    return sorted(line.split()[1].rstrip(":") for line in lines.splitlines() if "br-" in line)


def plugged(stack):
    """How many interfaces are ports of bridges."""
    lines = stack.exec(["ip", "-o", "link", "show", "type", "veth"], check=True).stdout
    return sum("master" in line for line in lines.splitlines())


def networks(stack):
    return {n["Name"]: n for n in stack.api("GET", "/v1.41/networks").json
            if n["Name"] not in ("bridge", "host", "none")}


def check(stack, docker):
    """The kernel has what the API says, and no more."""
    there = networks(stack)
    assert bridges(stack) == sorted(f"br-{n['Id'][:12]}" for n in there.values())
    rules = stack.exec(["iptables-save"], check=True).stdout
    named = {word for word in rules.split() if word.startswith("br-")}
    assert named == set(bridges(stack))
    ends = 0
    for name in docker("ps", "--format", "{{.Names}}").split():
        shown = stack.api("GET", f"/v1.41/containers/{name}/json").json["NetworkSettings"]
        wanted = sorted(f"{n['IPAddress']}/{n['IPPrefixLen']}" for n in shown["Networks"].values())
        found = links(docker, name)
        del found["lo"]
        assert sorted(found.values()) == wanted
        ends += len(wanted)
        for network, place in shown["Networks"].items():
            members = stack.api("GET", f"/v1.41/networks/{network}").json["Containers"]
            assert any(m["EndpointID"] == place["EndpointID"] for m in members.values())
    stack.wait_for(lambda: plugged(stack) == ends)  # the kernel takes them down by itself


def test_a_restart_keeps_networks(stack, docker, inspect):
    docker("network", "create", "--subnet", "10.1.0.0/24", "--label", "a=b", "--internal",
           "-o", "com.docker.network.driver.mtu=1400", "net1")
    docker("network", "create", "net2")
    docker("run", "-d", "--name", "one", "--network", "net1", "--ip", "10.1.0.9",
           "--network-alias", "al", "busybox", "sleep", "1000")
    docker("network", "connect", "net2", "one")
    docker("create", "--name", "two", "--network", "net1", "busybox", "sleep", "1000")
    docker("network", "connect", "--alias", "x", "net2", "two")
    before = networks(stack), inspect("one")["NetworkSettings"], inspect("two")["NetworkSettings"]
    rules = stack.exec(["sh", "-c", "iptables-save | grep -c br-"]).stdout
    stack.kill("dockerd")
    stack.start_dockerd()
    assert before == (networks(stack), inspect("one")["NetworkSettings"],
                      inspect("two")["NetworkSettings"])
    assert stack.exec(["sh", "-c", "iptables-save | grep -c br-"]).stdout == rules
    check(stack, docker)
    docker("start", "two")
    assert len(links(docker, "two")) == 3
    docker("network", "disconnect", "net2", "one")
    check(stack, docker)


def test_addresses_are_known_after_a_restart(stack, docker, refused):
    docker("network", "create", "--subnet", "10.1.0.0/24", "--aux-address", "a=10.1.0.2", "net1")
    docker("run", "-d", "--name", "one", "--network", "net1", "busybox", "sleep", "1000")
    stack.kill("dockerd")
    stack.start_dockerd()
    docker("run", "-d", "--name", "two", "--network", "net1", "busybox", "sleep", "1000")
    assert links(docker, "one")["eth0"] == "10.1.0.3/24"
    assert links(docker, "two")["eth0"] == "10.1.0.4/24"
    assert "overlaps" in refused(1, "network", "create", "--subnet", "10.1.0.0/16", "net2")


class Changes(threading.Thread):
    """Creates, connects, disconnects and removes, and notes what was acknowledged."""

    def __init__(self, stack):
        super().__init__(daemon=True)
        self.stack, self.made, self.on, self.doubtful = stack, set(), set(), set()
        self.start()

    def call(self, method, path, body=None):
        return self.stack.api(method, "/v1.41" + path, body, timeout=10).status < 300

    def step(self, number):
        name = f"n{number}"
        self.doubtful = {name}
        if not self.call("POST", "/networks/create", {"Name": name}):
            return
        self.made.add(name)
        for word, change in (("connect", self.on.add), ("disconnect", self.on.discard),
                             ("connect", self.on.add)):
            if self.call("POST", f"/networks/{name}/{word}", {"Container": "one"}):
                change(name)
        if number % 3 == 0:
            if self.call("POST", f"/networks/{name}/disconnect", {"Container": "one"}):
                self.on.discard(name)
            if self.call("DELETE", f"/networks/{name}"):
                self.made.discard(name)

    def run(self):
        try:
            for number in range(10000):
                self.step(number)
        except Exception:  # the engine is gone  # noqa: BLE001
            pass


@pytest.mark.parametrize("count", [6, pytest.param(200, marks=pytest.mark.long)])
def test_killed_in_the_middle(stack, docker, count):
    for number in range(count):
        docker("run", "-d", "--name", "one", "busybox", "sleep", "1000")
        changes = Changes(stack)
        time.sleep(random.uniform(0.02, 0.25))
        stack.kill("dockerd")
        changes.join()
        stack.start_dockerd()
        there = set(networks(stack))
        on = set(stack.api("GET", "/v1.41/containers/one/json").json["NetworkSettings"]
                 ["Networks"]) - {"bridge"}
        # The last one was being changed: it may be as before or as after.
        assert there - changes.doubtful == changes.made - changes.doubtful, number
        assert on - changes.doubtful == changes.on - changes.doubtful, number
        assert on <= there
        check(stack, docker)
        docker("rm", "-f", "one")
        docker("network", "prune", "-f")
        assert bridges(stack) == []


class User(threading.Thread):
    """Somebody with a network and a container of his own, on a network of all."""

    def __init__(self, stack, number):
        super().__init__(daemon=True)
        self.stack, self.name, self.wrong = stack, f"u{number}", []
        self.start()

    def call(self, method, path, body=None, status=(200, 201, 204)):
        reply = self.stack.api(method, "/v1.41" + path, body, timeout=30)
        if reply.status not in status:
            self.wrong.append(f"{method} {path}: {reply.status} {reply.text}")

    def run(self):
        me, box = self.name, f"/containers/{self.name}-box"
        for _ in range(3):
            self.call("POST", "/networks/create", {"Name": me})
            self.call("POST", f"/containers/create?name={me}-box", {
                "Image": "busybox", "Cmd": ["sleep", "1000"], "HostConfig": {"NetworkMode": me}})
            self.call("POST", f"{box}/start")
            self.call("POST", "/networks/all/connect", {"Container": f"{me}-box"})
            done = self.stack.docker("exec", f"{me}-box", "nslookup", f"{me}-box.all")
            if done.returncode or "Address: 10.1." not in done.stdout:
                self.wrong.append(str(done))
            self.call("POST", f"/networks/{me}/disconnect", {"Container": f"{me}-box"})
            self.call("DELETE", f"/networks/{me}")
            self.call("DELETE", f"{box}?force=1")


def test_many_at_once(stack, docker):
    docker("network", "create", "--subnet", "10.1.0.0/24", "all")
    users = [User(stack, number) for number in range(4)]
    for user in users:
        user.join()
    assert [user.wrong for user in users] == [[]] * len(users)
    check(stack, docker)
    docker("network", "rm", "all")
    assert bridges(stack) == []
