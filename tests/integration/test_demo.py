"""./dev run itself, and our programs started by hand."""

import os
import subprocess

import pytest
from stack import Stack
from stack.run import PICTURE
from stack.stack import TOP
from stack.stack import program as path_of

from conftest import busybox_archives, require

pytestmark = pytest.mark.ours
ALL = ("docker", "dockerd", "containerd", "containerd-shim-runc-v2", "runc", "docker-proxy")


def run(*args, **more):
    return subprocess.run(["/usr/bin/python3", "-m", "stack", "run", *args], capture_output=True,
                          text=True, timeout=120, cwd=TOP, env={
                              "PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "PYTHONPATH": "tests",
                              **{k: v for k, v in os.environ.items() if k.startswith("LIGHTER_")}},
                          **more)


@pytest.mark.needs(*ALL)
def test_the_demonstration():
    done = run()
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Hello from" in done.stdout and PICTURE in done.stdout.splitlines()


@pytest.mark.needs(*ALL)
def test_a_command_and_its_exit_code(tmp_path):
    done = run("--root", str(tmp_path), "--", "sh", "-c",
               "docker run --rm --network none busybox echo inside; exit 9")
    assert (done.stdout, done.returncode) == ("inside\n", 9), done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.needs(*ALL)
def test_a_swap(peer):
    done = run("--swap", f"runc={peer('runc')}", "docker", "run", "--rm", "--network", "none",
               "busybox", "echo", "inside")
    assert done.stdout == "inside\n", done.stderr


def test_a_swap_of_nothing_known():
    assert run("--swap", "nonsense=/bin/true").returncode == 2


@pytest.mark.needs(*ALL)
def test_preloaded_images(make):
    stack = make("ours", preload=[])
    assert stack.docker("images", "--format", "{{.Repository}}:{{.Tag}}").stdout \
        == "hello-world:latest\n"
    done = stack.docker("run", "--rm", "--network", "none", "hello-world", check=True)
    assert "Hello from" in done.stdout


@pytest.mark.needs(*ALL)
def test_preload_of_archives_and_layouts(make, tmp_path):
    from stack import images
    images.busybox().write_archive(tmp_path / "one.tar", "from/archive:1")
    images.busybox().write_layout(tmp_path / "two", "from/layout:2")
    (tmp_path / "broken.tar").write_bytes(b"not an archive")
    (tmp_path / "README").write_text("ignored\n")
    stack = make("ours", preload=[], dockerd_args=["--preload", str(tmp_path)])
    names = stack.docker("images", "--format", "{{.Repository}}:{{.Tag}}").stdout.split()
    assert {"from/archive:1", "from/layout:2"} <= set(names)
    stack.docker("rmi", "from/archive:1", check=True)
    stack.restart()         # what is missing comes back; what is there is left alone
    names = stack.docker("images", "--format", "{{.Repository}}:{{.Tag}}").stdout.split()
    assert {"from/archive:1", "from/layout:2"} <= set(names)


@pytest.mark.needs(*ALL)
def test_by_hand_with_the_originals_flags():
    """containerd alone, dockerd --containerd, both with all the flags that the originals have."""
    with Stack(tmpfs=True, start=False, containerd_alone=True, cli="debian",
               preload=busybox_archives()) as stack:
        stack.start_containerd(["--log-level", "info"])
        stack.start_dockerd(["-H", "unix:///run/second.sock", "--debug", "-p", "/run/docker.pid",
                             "--bip", "172.30.0.1/16", "--iptables=true", "--userland-proxy=true",
                             "--live-restore"])
        done = stack.docker("-H", "unix:///run/second.sock", "run", "--rm", "busybox", "ip", "route",
                            check=True)
        assert "default via 172.30.0.1" in done.stdout
        pid = stack.exec(["cat", "/run/docker.pid"]).stdout.strip()
        assert stack.pids("dockerd") == [int(pid)]
        assert stack.stop("dockerd") == 0 and stack.stop("containerd") == 0
        assert stack.exec(["ls", "/run/docker.pid"]).returncode != 0


@pytest.mark.needs(*ALL)
def test_config_file(make):
    stack = make("ours", daemon_json={"debug": True, "bip": "172.31.0.1/16", "labels": ["a=b"]})
    assert "172.31.0.1" in stack.exec(["ip", "address", "show", "docker0"]).stdout
    assert stack.api("GET", "/v1.41/info").json["Labels"] == ["a=b"]


@pytest.mark.parametrize("program", ["dockerd", "containerd"])
def test_a_second_one_is_refused(make, program):
    require(*ALL)
    stack = make("ours")
    if program == "dockerd":
        done = stack.exec([stack.bin / "dockerd", *stack.dockerd_argv()], timeout=20)
        assert done.returncode == 1 and "pid" in done.stderr.lower()
    else:
        done = stack.exec([stack.bin / "containerd", "--root", stack.data / "docker/containerd/daemon",
                           "--state", "/run/docker/containerd/daemon", "--address",
                           stack.address], timeout=20)
        assert done.returncode == 1
    assert stack.answers()
    stack.docker("run", "--rm", "--network=none", "busybox", "true", check=True)


@pytest.mark.parametrize("program", ["dockerd", "containerd", "runc", "docker", "ctr",
                                     "containerd-shim-runc-v2", "docker-proxy", "docker-init"])
def test_versions(program):
    require(program)
    flag = "-v" if program == "containerd-shim-runc-v2" else "--version"
    done = subprocess.run([path_of(program), flag], capture_output=True, text=True,
                          stdin=subprocess.DEVNULL, timeout=10)
    assert done.returncode == 0 and done.stdout
    done = subprocess.run([path_of(program), "--no-such-flag"], capture_output=True,
                          text=True, stdin=subprocess.DEVNULL, timeout=10)
    assert done.returncode not in (0, -11, -6) and done.stderr + done.stdout
