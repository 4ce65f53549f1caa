"""One swap a seam: each of our programs among Debian's, and the other way round."""

import pytest
from stack import PROGRAMS, Stack
from stack.stack import official_cli

from conftest import busybox_archives, require

pytestmark = pytest.mark.ours
IMAGE = "docker.io/library/busybox:latest"
OTHERS = {name: "debian" for name in PROGRAMS}


def debian_but(*ours):
    require(*ours)
    return {name: path for name, path in OTHERS.items() if name not in ours}


def containerd_alone(swap):
    """A stack with containerd only, and busybox imported by Debian's ctr."""
    stack = Stack(swap, tmpfs=True, start=False)
    stack.address = "/run/containerd/containerd.sock"
    stack.start_containerd()
    stack.ctr("image", "import", busybox_archives()[0], check=True)
    return stack


def ctr_scenario(stack):
    run = ("run", "--rm", IMAGE)
    assert stack.ctr(*run, "one", "echo", "hello", check=True).stdout == "hello\n"
    assert stack.ctr(*run, "two", "sh", "-c", "exit 42").returncode == 42
    assert stack.ctr(*run, "three", "/nothing/here").returncode != 0
    stack.ctr("run", "-d", IMAGE, "four", "sleep", "1000", check=True)
    assert "RUNNING" in stack.ctr("task", "ls", check=True).stdout
    assert stack.ctr("task", "exec", "--exec-id", "e", "four", "echo", "inside",
                     check=True).stdout == "inside\n"
    assert stack.ctr("task", "exec", "--exec-id", "f", "four", "sh", "-c", "exit 9").returncode == 9
    stack.ctr("task", "pause", "four", check=True)
    assert "PAUSED" in stack.ctr("task", "ls", check=True).stdout
    stack.ctr("task", "resume", "four", check=True)
    stack.ctr("task", "kill", "-s", "KILL", "four", check=True)
    stack.wait_for(lambda: "STOPPED" in stack.ctr("task", "ls").stdout)
    stack.ctr("task", "rm", "four", check=False)
    stack.ctr("container", "rm", "four", check=True)
    stack.wait_for(lambda: not stack.pids("containerd-shim-runc-v2"))


def docker_scenario(stack, **how):
    def docker(*args, code=0):
        done = stack.docker(*args, **how)
        assert done.returncode == code, f"{args}: {done}"
        return done.stdout.rstrip("\n")
    assert docker("run", "--rm", "busybox", "echo", "hello") == "hello"
    docker("run", "--rm", "--network=none", "busybox", "sh", "-c", "exit 42", code=42)
    docker("run", "--rm", "--network=none", "busybox", "/nothing/here", code=127)
    docker("run", "--rm", "--network=none", "busybox", "/etc/passwd", code=126)
    docker("run", "-d", "--name", "up", "--network=host", "busybox", "sh", "-c",
           "echo logged; exec sleep 1000")
    assert docker("exec", "up", "echo", "inside") == "inside"
    docker("exec", "up", "sh", "-c", "exit 9", code=9)
    stack.wait_for(lambda: docker("logs", "up") == "logged")
    assert "up" in docker("ps")
    docker("stop", "-t", "0", "up")
    docker("rm", "up")
    assert docker("ps", "-aq") == ""


@pytest.mark.parametrize("ours", [("runc",), ("containerd-shim-runc-v2",),
                                  ("runc", "containerd-shim-runc-v2")], ids="+".join)
def test_below_debians_containerd(ours):
    with containerd_alone(debian_but(*ours)) as stack:
        ctr_scenario(stack)


def test_our_containerd_below_debians_ctr():
    with containerd_alone(debian_but("containerd")) as stack:
        ctr_scenario(stack)


def test_our_containerd_and_below_it_below_debians_ctr():
    with containerd_alone(debian_but("containerd", "containerd-shim-runc-v2", "runc")) as stack:
        ctr_scenario(stack)


@pytest.mark.parametrize("ours", [
    ("runc",), ("containerd-shim-runc-v2",), ("containerd",), ("docker-proxy",), ("docker-init",),
    ("runc", "containerd-shim-runc-v2", "containerd"), ("dockerd",),
    ("dockerd", "containerd"), ("dockerd", "containerd", "containerd-shim-runc-v2", "docker-proxy"),
], ids="+".join)
def test_under_the_docker_client(ours):
    require("docker-proxy", *ours)
    swap = debian_but(*ours)
    if "dockerd" in ours:
        swap.pop("docker-proxy", None)          # its ports live in our survivor process
    with Stack(swap, tmpfs=True, preload=busybox_archives(),
               cli="official" if official_cli() else "debian") as stack:
        docker_scenario(stack)


def test_our_client_before_debians_dockerd():
    with Stack(debian_but("docker"), tmpfs=True, preload=busybox_archives()) as stack:
        docker_scenario(stack, cli="ours")


def test_our_proxy_under_debians_dockerd():
    with Stack(debian_but("docker-proxy"), tmpfs=True, preload=busybox_archives(),
               cli="debian") as stack:
        stack.docker("run", "-d", "-p", "8080:80", "busybox", "sh", "-c", "echo page > /index.html; "
                     "httpd -f -p 80 -h /", check=True)
        for outside, host in ((False, "127.0.0.1"), (True, "192.0.2.1")):
            page = stack.wait_for(lambda: (stack.outside if outside else stack.exec)(
                ["busybox", "wget", "-qO-", f"http://{host}:8080/"]).stdout)
            assert page == "page\n"


def test_our_init_under_debians_dockerd():
    with Stack(debian_but("docker-init"), tmpfs=True, preload=busybox_archives(),
               cli="debian") as stack:
        out = stack.docker("run", "--rm", "--network=none", "--init", "busybox", "sh", "-c",
                           "ps -o pid,comm; sleep 0.1 & exec true", check=True).stdout
        assert "docker-init" in out
        assert stack.docker("run", "--rm", "--network=none", "--init", "busybox", "sh", "-c",
                            "exit 7").returncode == 7


def test_our_runc_below_podman(peer, tmp_path):
    """The third caller of runc's command line: conmon."""
    require("runc")
    with Stack(debian_but("runc"), tmpfs=True, start=False) as stack:
        data = stack.data
        (stack.scratch / "containers.conf").write_text(
            f'[engine]\nruntime = "{stack.bin}/runc"\ncgroup_manager = "cgroupfs"\n'
            f'events_logger = "file"\nconmon_path = ["{peer("conmon")}"]\n'
            '[containers]\ndefault_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]\n'
            'netns = "none"\n')
        (stack.scratch / "policy.json").write_text('{"default":[{"type":"insecureAcceptAnything"}]}')
        podman = [peer("podman"), "--root", data / "podman", "--runroot", "/run/podman",
                  "--storage-driver", "overlay"]
        environment = {"CONTAINERS_CONF": str(stack.scratch / "containers.conf")}
        stack.exec(["sh", "-c", f"mkdir -p /etc/containers && cp {stack.scratch}/policy.json "
                    "/etc/containers/policy.json"], check=True)

        def run(*args, **more):
            return stack.exec([*podman, *args], env=environment, **more)
        run("load", "-i", busybox_archives()[0], check=True)
        assert run("run", "--rm", "--network=none", "busybox", "echo", "hello",
                   check=True).stdout == "hello\n"
        assert run("run", "--rm", "--network=none", "busybox", "sh", "-c",
                   "exit 42").returncode == 42
        run("run", "-d", "--name", "up", "--network=none", "busybox", "sleep", "100", check=True)
        assert run("exec", "up", "echo", "inside", check=True).stdout == "inside\n"
        run("rm", "-f", "-t", "0", "up", check=True)
