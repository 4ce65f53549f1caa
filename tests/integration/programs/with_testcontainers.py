"""Small test suites as people write them with testcontainers, a function each.

test_testcontainers.py runs one of them, by name, inside a stack. What they assert is what such a
suite would; an exception is the failure.
"""

import sys
import urllib.request
from pathlib import Path

from testcontainers.core.container import DockerContainer, Reaper
from testcontainers.core.network import Network
from testcontainers.core.wait_strategies import (ExecWaitStrategy, FileExistsWaitStrategy,
                                                 HealthcheckWaitStrategy, HttpWaitStrategy,
                                                 LogMessageWaitStrategy, PortWaitStrategy)

PAGE = ["sh", "-c", "echo page > /index.html; echo serving; exec httpd -f -p 80 -h /"]


def fetch(container, port=80):
    where = f"http://{container.get_container_host_ip()}:{container.get_exposed_port(port)}/"
    with urllib.request.urlopen(where, timeout=5) as answer:
        return answer.read()


def server():
    """A server on a port that the engine chooses, and every way to wait for it."""
    for strategy in (LogMessageWaitStrategy("serving"), PortWaitStrategy(80),
                     HttpWaitStrategy(80, "/"), ExecWaitStrategy(["test", "-e", "/index.html"])):
        box = DockerContainer("busybox").with_command(PAGE).with_exposed_ports(80)
        with box.waiting_for(strategy.with_startup_timeout(10)) as container:
            if isinstance(strategy, HttpWaitStrategy):
                assert fetch(container) == b"page\n"
            container.reload()
            assert container.status == "running"
            assert container.get_logs() == (b"serving\n", b"")


def fixed_port():
    with DockerContainer("busybox").with_command(PAGE).with_bind_ports(80, 8123).waiting_for(
            HttpWaitStrategy(80, "/").with_startup_timeout(10)) as container:
        assert container.get_exposed_port(80) == 8123
        assert fetch(container) == b"page\n"


def settings():
    """Environment, binds, tmpfs, exec, the exit code."""
    folder = Path("shared")
    folder.mkdir()
    (folder / "in").write_text("from outside\n")
    box = DockerContainer("busybox").with_env("A", "b").with_command(
        ["sh", "-c", "cat /shared/in > /shared/out; echo $A >> /shared/out; exec sleep 1000"])
    box = box.with_volume_mapping(folder.absolute(), "/shared", "rw")
    box = box.with_tmpfs_mount("/fast", "size=1m")
    ready = FileExistsWaitStrategy(folder.absolute() / "out").with_startup_timeout(10)
    with box.waiting_for(ready) as container:
        assert container.exec(["cat", "/shared/out"]).output == b"from outside\nb\n"
        assert container.exec("sh -c 'mount | grep -q \"/fast type tmpfs\"'").exit_code == 0
        assert container.exec(["sh", "-c", "exit 4"]).exit_code == 4
        info = container.get_container_info()
        assert info.State.Running and info.Config.Image == "busybox"
    with DockerContainer("busybox").with_command(["sh", "-c", "exit 6"]) as container:
        assert container.wait() == 6


def files():
    box = DockerContainer("busybox").with_command(["sleep", "1000"])
    with box.with_copy_into_container(b"before", "/etc/before") as container:
        container.copy_into_container(b"after", "/tmp/deep/after", 0o600)
        assert container.exec(["cat", "/etc/before", "/tmp/deep/after"]).output == b"beforeafter"
        container.copy_from_container("/etc/before", Path("copied"))
        assert Path("copied").read_bytes() == b"before"


def health():
    box = DockerContainer("busybox").with_command(
        ["sh", "-c", "sleep 0.5; touch /well; exec sleep 1000"]).with_kwargs(
            healthcheck={"test": ["CMD", "test", "-e", "/well"], "interval": 100_000_000,
                         "retries": 100})
    with box.waiting_for(HealthcheckWaitStrategy().with_startup_timeout(20)) as container:
        assert container.exec(["test", "-e", "/well"]).exit_code == 0


def network():
    """Two containers that know each other by name."""
    with Network() as net:
        server_box = DockerContainer("busybox").with_command(PAGE).with_network(net)
        server_box = server_box.with_network_aliases("web").with_exposed_ports(80)
        with server_box.waiting_for(LogMessageWaitStrategy("serving").with_startup_timeout(10)):
            with DockerContainer("busybox").with_command(["sleep", "1000"]).with_network(
                    net) as client:
                asked = client.exec(["wget", "-qO-", "http://web/"])
                assert asked == (0, b"page\n"), asked


def reaper():
    """The container that removes the others (here one that only takes notes) is started first."""
    with DockerContainer("busybox").with_command(["sleep", "1000"]) as container:
        ryuk = Reaper._container
        assert ryuk.status == "running" and ryuk.get_container_id() != container.get_container_id()
        labels = container.get_wrapped_container().labels
        session = labels["org.testcontainers.session-id"]
        said = ExecWaitStrategy(["grep", "-q", session, "/asked"]).with_startup_timeout(10)
        said.wait_until_ready(ryuk)
        assert ryuk.exec(["test", "-S", "/var/run/docker.sock"]).exit_code == 0


if __name__ == "__main__":
    globals()[sys.argv[1]]()
