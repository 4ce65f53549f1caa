"""Debian's docker-compose 1.29 before the engine: a project as people keep one.

Two services, one of which waits until the other is healthy; a named volume, the project's
network, a published port.
"""

import json
import re

import pytest
from stack import peers

OPTIONS = {"cli": "debian"}
PROJECT = """
version: "2.4"
services:
  web:
    image: busybox
    command: ["sh", "-c", "echo web is up; exec httpd -f -p 80 -h /data"]
    ports: ["8090:80"]
    environment: {WHO: web}
    volumes: ["data:/data"]
    stop_signal: KILL
    depends_on:
      db: {condition: service_healthy}
  db:
    image: busybox
    command: ["sh", "-c", "sleep 0.5; echo kept > /data/index.html; echo db is up; exec sleep 1000"]
    volumes: ["data:/data"]
    stop_grace_period: 0s
    healthcheck:
      test: ["CMD", "test", "-e", "/data/index.html"]
      interval: 0.2s
      retries: 50
volumes:
  data:
networks:
  default:
    ipam:
      config: [{subnet: 10.78.0.0/24}]
"""


@pytest.fixture
def stack(shared_stack):
    """The project stays from test to test."""
    return shared_stack


@pytest.fixture(scope="module")
def compose(shared_stack):
    """compose("up", ...): the command in the project's folder."""
    try:
        program = peers.program("docker-compose")
    except peers.PeersMissing as missing:
        pytest.skip(str(missing))
    folder = shared_stack.scratch / "shop"
    folder.mkdir()
    (folder / "docker-compose.yml").write_text(PROJECT)

    def call(*args, code=0, **options):
        done = shared_stack.exec([program, *args], cwd=folder, **options)
        assert done.returncode == code, f"docker-compose {args}: {done}"
        return done.stdout
    return call


@pytest.fixture
def project(compose, stack):
    """The project, up, two containers of it."""
    if len(stack.docker("ps", "-q").stdout.split()) != 2:
        compose("up", "-d", "-t", "0")
    return compose


def page(stack):
    return stack.exec(["busybox", "wget", "-qO-", "http://127.0.0.1:8090/"]).stdout


def names(stack, what):
    return stack.docker(what, "ls", "--format", "{{.Name}}", check=True).stdout.split()


def started(inspect, name):
    return inspect(name)["State"]["StartedAt"]


def test_up_waits_for_health(compose, stack, inspect):
    compose("up", "-d")
    db, web = inspect("shop_db_1"), inspect("shop_web_1")
    assert db["State"]["Health"]["Status"] == "healthy"
    assert web["State"]["StartedAt"] > db["State"]["Health"]["Log"][0]["End"]
    assert page(stack) == "kept\n"
    assert "shop_default" in names(stack, "network") and "shop_data" in names(stack, "volume")
    assert inspect("shop_web_1")["NetworkSettings"]["Networks"]["shop_default"][
        "IPAddress"].startswith("10.78.0.")


def test_up_again_changes_nothing(project, inspect):
    before = inspect("shop_web_1")["Id"], started(inspect, "shop_web_1")
    project("up", "-d")
    assert (inspect("shop_web_1")["Id"], started(inspect, "shop_web_1")) == before


def test_ps_and_port(project):
    table = project("ps")
    assert re.search(r"shop_db_1 .* Up \(healthy\)", table), table
    assert re.search(r"shop_web_1 .* Up .*0\.0\.0\.0:8090->80/tcp", table), table
    assert len(project("ps", "-q").split()) == 2
    assert sorted(project("ps", "--services").split()) == ["db", "web"]
    assert project("port", "web", "80").strip() == "0.0.0.0:8090"
    assert "sleep 1000" in project("top")


def test_logs(project):
    said = project("logs", "--no-color")
    assert re.search(r"db_1 +\| db is up", said) and re.search(r"web_1 +\| web is up", said), said
    one = project("logs", "--no-color", "--tail=1", "--no-log-prefix", "web").splitlines()
    assert "web is up" in one and "db is up" not in one


def test_exec(project):
    assert project("exec", "-T", "web", "sh", "-c", "echo $WHO") == "web\n"
    project("exec", "-T", "web", "sh", "-c", "exit 5", code=5)
    # Names of services are names of hosts.
    assert "1 packets received" in project("exec", "-T", "web", "ping", "-c1", "-W2", "db")
    assert project("exec", "-T", "db", "wget", "-qO-", "http://web/") == "kept\n"


def test_run(project, stack):
    assert project("run", "--rm", "-T", "web", "cat", "/data/index.html") == "kept\n"
    project("run", "--rm", "-T", "web", "sh", "-c", "exit 8", code=8)
    assert project("run", "--rm", "-T", "--no-deps", "-e", "WHO=me", "web", "sh", "-c",
                   "echo $WHO; wget -qO- http://web/") == "me\nkept\n"
    assert len(project("ps", "-q").split()) == 2


def test_restart_stop_start(project, stack, inspect):
    before = started(inspect, "shop_web_1")
    project("restart", "-t", "0", "web")
    assert started(inspect, "shop_web_1") > before
    stack.wait_for(lambda: page(stack) == "kept\n")
    project("stop", "-t", "0")
    assert inspect("shop_web_1")["State"]["Status"] == "exited"
    project("start")
    stack.wait_for(lambda: page(stack) == "kept\n")
    project("pause", "db")
    assert inspect("shop_db_1")["State"]["Status"] == "paused"
    project("unpause", "db")


def test_scale_and_recreate(project, stack, inspect):
    project("up", "-d", "--scale", "db=2", "db")
    assert "shop_db_2" in stack.docker("ps", "--format", "{{.Names}}").stdout
    assert "db" in inspect("shop_db_2")["NetworkSettings"]["Networks"]["shop_default"]["Aliases"]
    project("up", "-d", "--scale", "db=1", "-t", "0", "db")
    old = inspect("shop_web_1")["Id"]
    project("up", "-d", "--force-recreate", "--no-deps", "-t", "0", "web")
    assert inspect("shop_web_1")["Id"] != old
    stack.wait_for(lambda: page(stack) == "kept\n")


def test_up_in_the_foreground(compose, stack):
    """Both services' output, and an end of both when one is told to end."""
    compose("down", "-v", "-t", "0")
    said = stack.scratch / "said"
    with open(said, "w", encoding="utf-8") as out:
        process = stack.popen([peers.program("docker-compose"), "up", "-t", "0",
                               "--abort-on-container-exit", "--exit-code-from", "web"],
                              cwd=stack.scratch / "shop", stdout=out, stderr=out)
        with process:
            stack.wait_for(lambda: "web is up" in said.read_text(), patience=30)
            stack.docker("kill", "-s", "KILL", "shop_web_1", check=True)
            assert process.wait(30) == 137, said.read_text()
    assert "db is up" in said.read_text()


def test_events(project, stack):
    with stack.popen([peers.program("docker-compose"), "events", "--json"], text=True,
                     cwd=stack.scratch / "shop", stdout=-1) as process:
        stack.exec(["sleep", "1"])
        project("restart", "-t", "0", "web")
        seen = []
        while "start" not in seen:
            event = json.loads(process.stdout.readline())
            if event["service"] == "web":
                seen.append(event["action"])
        process.terminate()
    assert seen[-1] == "start" and "die" in seen


def test_down(project, stack):
    project("down", "-t", "0")
    assert "shop_default" not in names(stack, "network")
    assert "shop_data" in names(stack, "volume")            # it stays without -v
    project("up", "-d")
    assert page(stack) == "kept\n"
    project("down", "-v", "-t", "0")
    assert "shop_data" not in names(stack, "volume")
    assert stack.docker("ps", "-aq").stdout == ""
