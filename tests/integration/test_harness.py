"""The harness itself, shown with Debian's stack: namespaces, peers, exit codes, leak check."""

import subprocess

import pytest
from stack import leaks
from stack.sandbox import Sandbox

from conftest import make_stack


@pytest.fixture(scope="module")
def debian():
    with make_stack("debian") as made:
        yield made


def test_peers_run_a_container(debian):
    done = debian.docker("run", "--rm", "busybox", "echo", "hello", check=True)
    assert done.stdout == "hello\n"


def test_exit_code_of_the_container(debian):
    assert debian.docker("run", "--rm", "busybox", "sh", "-c", "exit 42").returncode == 42


def test_old_client_too(debian):
    assert debian.docker("version", cli="debian", check=True).stdout.count("20.10") >= 2


def test_api(debian):
    assert debian.api("GET", "/_ping").text == "OK"
    assert debian.api("GET", "/v1.41/containers/nobody/json").status == 404


def test_published_port_from_outside(debian):
    debian.docker("run", "-d", "--name", "web", "-p", "8080:80", "busybox", "sh", "-c",
                  "mkdir /w && echo found > /w/index.html && httpd -f -p 80 -h /w", check=True)
    try:
        page = debian.wait_for(lambda: debian.outside(
            ["busybox", "wget", "-qO-", "http://192.0.2.1:8080/"]).stdout)
        assert page == "found\n"
    finally:
        debian.docker("rm", "-f", "web")


def test_a_left_over_is_found(debian):
    before = debian.snapshot()
    debian.exec(["sh", "-c", "mount -t tmpfs left /mnt; ip link add left0 type veth; mkdir "
                 "/sys/fs/cgroup/pids/left; ip netns add left; nft add table ip left"], check=True)
    after = debian.snapshot()
    found = " ".join(leaks.diff(before, after))
    for what in ("mounts: /mnt", "links: left0", "rules: ip left", "netns: /run/netns/left",
                 "cgroups: /sys/fs/cgroup/pids/left"):
        assert what in found
    debian.exec(["sh", "-c", "umount /mnt; ip link del left0; rmdir /sys/fs/cgroup/pids/left; "
                 "ip netns del left; nft delete table ip left"], check=True)
    assert not leaks.diff(before, debian.snapshot(), ignore=["^files: /run/netns$",
                                                             "^mounts: /run/netns"])


def test_kill_and_restart(debian):
    debian.kill("dockerd")
    assert not debian.pids("dockerd") and not debian.answers()
    debian.exec(["rm", "-f", "/run/docker.pid"])
    debian.start_dockerd()
    assert debian.pids("dockerd")


def test_nothing_reaches_the_host():
    before = leaks.snapshot(mark="none")
    with Sandbox(tmpfs=True) as box:
        box.join_outside()
        box.run(["sh", "-c", "touch /etc/lighter-was-here /run/lighter-was-here; "
                 "mount -t tmpfs t /mnt; nft add table ip t"], check=True)
        sleeper = box.popen(["sleep", "1000"])
        assert sleeper.inner_pid() and box.processes()
        name = box.id
    assert sleeper.wait(5) != 0
    assert not leaks.diff(before, leaks.snapshot(mark=name))


def test_a_killed_harness_leaves_nothing(tmp_path):
    """SIGKILL for whoever made the sandbox: its keeper sees the pipe close and tidies up."""
    script = ("import sys, os, signal; sys.path.insert(0, 'tests'); "
              "from stack.sandbox import Sandbox; box = Sandbox(tmpfs=True); "
              "print(box.init, box.cgroup, flush=True); os.kill(os.getpid(), signal.SIGKILL)")
    done = subprocess.run(["/usr/bin/python3", "-c", script], capture_output=True, text=True,
                          cwd=leaks.__file__.rsplit("/tests/", 1)[0])
    init, cgroup = done.stdout.split()
    for _ in range(100):
        gone = subprocess.run(["sh", "-c", f"! [ -e /proc/{init} ] && ! find /sys/fs/cgroup "
                               f"-name {cgroup} | grep ."]).returncode == 0
        if gone:
            return
        subprocess.run(["sleep", "0.05"])
    pytest.fail("pid 1 or a cgroup is still there")


def test_a_frozen_process_is_let_go():
    """A paused container must not hold up the end of its stack."""
    before = leaks.snapshot(mark="none")
    with Sandbox(tmpfs=True) as box:
        sleeper = box.popen(["sleep", "1000"])
        assert sleeper.inner_pid()
        frozen = box.run(["sh", "-c", "cd /sys/fs/cgroup/freezer && mkdir cold && "
                          "pidof sleep > cold/cgroup.procs && echo FROZEN > cold/freezer.state"])
        name = box.id
    if frozen.returncode != 0:
        pytest.skip("no freezer of cgroup v1 here")
    assert sleeper.wait(5) != 0
    assert not leaks.diff(before, leaks.snapshot(mark=name))
