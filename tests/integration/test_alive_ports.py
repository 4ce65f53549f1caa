"""Published ports while daemons die: from another machine, from the host's own address, on loopback."""

import pytest
from stack.visitor import Visitor, wait_for_page

pytestmark = [pytest.mark.ours, pytest.mark.needs("dockerd", "containerd", "docker-proxy")]
WEB = "mkdir /w; echo alive > /w/index.html; httpd -f -p 80 -h /w"
KILLS = 5


def test_nobody_is_refused(fresh_stack):
    stack = fresh_stack
    stack.docker("run", "-d", "--name", "web", "-p", "8080:80", "busybox", "sh", "-c", WEB,
                 check=True)
    stack.sandbox.join_outside()
    wait_for_page(stack, 8080)
    visitors = {"loopback": Visitor(stack, 8080), "own": Visitor(stack, 8080, "192.0.2.1"),
                "outside": Visitor(stack, 8080, "192.0.2.1", outside=True)}
    for _ in range(KILLS):
        for victim in ("dockerd", "containerd"):
            before = {name: visitor.answered for name, visitor in visitors.items()}
            assert stack.kill(victim) == 1
            if victim == "dockerd":
                stack.start_dockerd()
            stack.wait_for(lambda: stack.docker("exec", "web", "true").returncode == 0)
            stack.wait_for(lambda was=before: all(
                visitor.answered > was[name] + 5 for name, visitor in visitors.items()))
    for visitor in visitors.values():
        visitor.stop()
    assert {name: visitor.refused for name, visitor in visitors.items()} == dict.fromkeys(visitors, [])


def test_the_port_server_dies(fresh_stack):
    """The engine starts it again, with all ports."""
    stack = fresh_stack
    stack.docker("run", "-d", "--name", "web", "-p", "8080:80", "busybox", "sh", "-c", WEB,
                 check=True)
    wait_for_page(stack, 8080)
    for _ in range(3):
        assert stack.kill("docker-proxy") == 1
        assert wait_for_page(stack, 8080) == b"alive\n"
