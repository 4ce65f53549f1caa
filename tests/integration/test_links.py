"""Legacy links on the default bridge: lines in /etc/hosts, variables, and what is refused."""

import pytest

from test_networks import stack  # noqa: F401  (fixture)


@pytest.fixture
def target(docker, inspect):
    """A container to link to; its short id."""
    docker("run", "-d", "--name", "web", "-e", "FOO=bar", "--expose", "5432", "-p", "8080:80",
           "busybox", "sleep", "1000")
    return inspect("web")["Id"][:12]


def test_hosts(docker, target):
    text = docker("run", "--link", "web:db", "--link", "web", "busybox", "cat", "/etc/hosts")
    assert {f"172.17.0.2\tdb {target} web", f"172.17.0.2\tweb {target}"} <= set(text.splitlines())


def test_variables(docker, target):
    env = docker("run", "--name", "one", "--link", "web:my-db", "-e", "MY_DB_NAME=mine", "busybox",
                 "env").splitlines()
    found = dict(line.split("=", 1) for line in env if line.startswith("MY_DB"))
    assert found == {
        "MY_DB_PORT": "tcp://172.17.0.2:80", "MY_DB_NAME": "mine", "MY_DB_ENV_FOO": "bar",
        "MY_DB_PORT_80_TCP": "tcp://172.17.0.2:80", "MY_DB_PORT_80_TCP_ADDR": "172.17.0.2",
        "MY_DB_PORT_80_TCP_PORT": "80", "MY_DB_PORT_80_TCP_PROTO": "tcp",
        "MY_DB_PORT_5432_TCP": "tcp://172.17.0.2:5432", "MY_DB_PORT_5432_TCP_ADDR": "172.17.0.2",
        "MY_DB_PORT_5432_TCP_PORT": "5432", "MY_DB_PORT_5432_TCP_PROTO": "tcp"}


def test_inspect(docker, inspect, target):
    docker("create", "--name", "one", "--link", "web:db", "busybox")
    assert inspect("one")["HostConfig"]["Links"] == ["/web:/one/db"]
    docker("rename", "web", "site")
    assert inspect("one")["HostConfig"]["Links"] == ["/site:/one/db"]


def test_refused(docker, refused, target):
    docker("network", "create", "net1")
    docker("run", "-d", "--name", "far", "--network", "net1", "busybox", "sleep", "1000")
    run = "run", "--rm", "--name", "one"
    assert "could not get container for nope: No such container: nope" in refused(
        125, *run, "--link", "nope:db", "busybox", "true")
    assert "Cannot link to /far, as it does not belong to the default network" in refused(
        125, *run, "--link", "far:db", "busybox", "true")
    assert "host type networking can't be used with links" in refused(
        125, *run, "--network", "host", "--link", "web:db", "busybox", "true")
    docker("stop", "-t", "0", "web")
    assert "Cannot link to a non running container: /web AS /one/db" in refused(
        125, *run, "--link", "web:db", "busybox", "true")
    docker("start", "web")


def test_on_a_network_of_a_user_there_are_no_variables(docker):
    docker("network", "create", "net1")
    docker("run", "-d", "--name", "web", "--network", "net1", "busybox", "sleep", "1000")
    text = docker("run", "--network", "net1", "--link", "web:db", "busybox", "sh", "-c",
                  "env; cat /etc/hosts")
    assert "DB_" not in text and "\tdb" not in text
