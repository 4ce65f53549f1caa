"""Our containerd before Debian's ctr: images, content, snapshots, leases, tasks, events, and what
survives its SIGKILL. Each test runs with our shim and runc below, and with Debian's.
"""

import re
import signal
import subprocess
import time

import pytest
from stack import Stack, peers
from stack.images import preload_folder
from stack.stack import build_dir

from conftest import require

IMAGE = "docker.io/library/busybox:latest"
BELOW = {"ours": {}, "debian": {"runc": "debian", "containerd-shim-runc-v2": "debian"}}


class Ctr:
    """ctr NAME...: checks the exit code, returns stdout without its last newline."""

    def __init__(self, stack):
        self.stack = stack

    def __call__(self, *args, code=0, **options):
        done = self.stack.ctr(*args, **options)
        assert done.returncode == code, \
            f"ctr {' '.join(args)}: exit {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout.rstrip("\n")

    def refused(self, *args):
        done = self.stack.ctr(*args)
        assert done.returncode != 0, f"ctr {' '.join(args)} should fail\n{done.stdout}"
        return done.stderr


@pytest.fixture(scope="module", params=["debian", "ours"])
def world(request):
    """Our containerd alone, with busybox imported."""
    require("containerd")
    if request.param == "ours":
        require("runc", "containerd-shim-runc-v2")
    with Stack(swap=BELOW[request.param], tmpfs=True, start=False, containerd_alone=True) as made:
        made.start_containerd()
        made.ctr("images", "import", preload_folder(build_dir()) / "busybox.tar", check=True)
        yield made


@pytest.fixture
def ctr(world):
    yield Ctr(world)
    for name in Ctr(world)("tasks", "ls", "-q").split():
        world.ctr("tasks", "kill", "-s", "KILL", name)
        world.wait_for(lambda n=name: "RUNNING" not in world.ctr("tasks", "ls").stdout)
        world.ctr("tasks", "rm", "-f", name)
    for name in Ctr(world)("containers", "ls", "-q").split():
        world.ctr("containers", "rm", name)


def state_of(ctr, name):
    """RUNNING, STOPPED, ... or None."""
    for line in ctr("tasks", "ls").splitlines()[1:]:
        fields = line.split()
        if fields[0] == name:
            return fields[2]
    return None


def remove_task(ctr, name):
    """`ctr tasks rm` says on stderr how the task ended."""
    done = ctr.stack.ctr("tasks", "rm", name, check=True)
    return done.stderr


def run(ctr, name, *argv, options=()):
    ctr("run", "-d", "--net-host", *options, IMAGE, name, *argv)


def end(ctr, world, name):
    ctr("tasks", "kill", "-s", "KILL", name)
    world.wait_for(lambda: state_of(ctr, name) == "STOPPED")
    assert "exit code 137" in remove_task(ctr, name)
    ctr("containers", "rm", name)


# ---- metadata


def test_version(ctr, world):
    assert "1.6.20+lighter" in ctr("version")
    ours = world.exec([build_dir() / "bin" / "ctr", "version"], check=True).stdout
    assert "1.6.20+lighter" in ours
    assert world.exec([build_dir() / "bin" / "ctr", "oci", "spec"]).returncode == 1


def test_plugins(ctr):
    listed = ctr("plugins", "ls")
    assert "overlayfs" in listed and "error" not in listed
    assert "linux/amd64" in listed or "linux/arm64" in listed


def test_namespaces(ctr):
    ctr("namespaces", "create", "one", "a=b")
    assert "one" in ctr("namespaces", "ls") and "a=b" in ctr("namespaces", "ls")
    ctr("namespaces", "label", "one", "a=c")
    assert "a=c" in ctr("namespaces", "ls")
    assert "already exists" in ctr.refused("namespaces", "create", "one")
    assert "invalid argument" in ctr.refused("namespaces", "create", "a b")
    assert "must be empty" in ctr.refused("namespaces", "rm", "default")
    ctr("namespaces", "rm", "one")
    assert "one" not in ctr("namespaces", "ls")


def test_images(ctr):
    assert IMAGE in ctr("images", "ls", "-q")
    ctr("images", "tag", IMAGE, "docker.io/library/other:1")
    ctr("images", "label", "docker.io/library/other:1", "x=y")
    assert "x=y" in ctr("images", "ls", "name==docker.io/library/other:1")
    assert "already exists" in ctr.refused("images", "tag", IMAGE, "docker.io/library/other:1")
    ctr("images", "rm", "docker.io/library/other:1")
    assert "other" not in ctr("images", "ls", "-q")
    assert "complete" in ctr("images", "check")
    assert "not found" in ctr.refused("images", "export", "/tmp/x.tar", "docker.io/library/no:1")


def test_export_gives_what_was_imported(ctr, world):
    ctr("images", "export", "/run/busybox.tar", IMAGE)
    listed = world.exec(["tar", "tf", "/run/busybox.tar"], check=True).stdout
    assert "index.json" in listed and "blobs/sha256/" in listed


def test_content(ctr, world):
    text = "some content\n" * 100000
    ctr("leases", "create", "--id", "keep")
    digest = "sha256:" + subprocess.run(["sha256sum"], input=text, capture_output=True,
                                        text=True).stdout.split()[0]
    ctr("content", "ingest", "--expected-digest", digest, "ref1", input=text)
    assert digest in ctr("content", "ls", "-q")
    assert world.ctr("content", "get", digest).stdout == text
    ctr("content", "label", digest, "a=b")
    assert "a=b" in ctr("content", "ls")
    wrong = world.ctr("content", "ingest", "--expected-digest", "sha256:" + "0" * 64, "ref2",
                      input="other")
    assert wrong.returncode == 1 and "unexpected commit digest" in wrong.stderr
    assert "ref2" in ctr("content", "active")
    ctr("content", "rm", digest)
    assert digest not in ctr("content", "ls", "-q")
    assert "not found" in ctr.refused("content", "get", digest)
    ctr("leases", "rm", "keep")


def test_snapshots(ctr, world):
    parent = next(line.split()[0] for line in ctr("snapshots", "ls").splitlines()[1:])
    ctr("snapshots", "prepare", "work", parent)
    mount = ctr("snapshots", "mounts", "/mnt", "work")
    assert mount.startswith("mount -t overlay overlay /mnt -o")
    assert all(word in mount for word in ("workdir=", "upperdir=", "lowerdir="))
    world.exec(["sh", "-c", f"{mount} && echo new > /mnt/new && umount /mnt"], check=True)
    ctr("snapshots", "commit", "layer", "work")
    assert re.search(rf"layer +{parent} +Committed", ctr("snapshots", "ls"))
    ctr("snapshots", "view", "look", "layer")
    assert "lowerdir=" in ctr("snapshots", "mounts", "/mnt", "look")
    assert "cannot remove snapshot with child" in ctr.refused("snapshots", "rm", "layer")
    assert "already exists" in ctr.refused("snapshots", "prepare", "look", parent)
    assert "does not exist" in ctr.refused("snapshots", "prepare", "x", "nothing")
    for name in ("look", "layer"):
        ctr("snapshots", "rm", name)
    assert "layer" not in ctr("snapshots", "ls")


def collect(ctr):
    """A garbage collection that ctr waits for."""
    ctr("leases", "create", "--id", "collect")
    ctr("leases", "rm", "--sync", "collect")


def test_garbage_is_collected(ctr):
    collect(ctr)
    before = ctr("content", "ls", "-q").split()
    ctr("content", "ingest", "loose", input="nobody refers to me")
    ctr("snapshots", "prepare", "held")         # ctr labels it as a root
    assert len(ctr("content", "ls", "-q").split()) == len(before) + 1
    collect(ctr)
    assert ctr("content", "ls", "-q").split() == before
    assert "complete" in ctr("images", "check")
    assert "held" in ctr("snapshots", "ls")
    ctr("snapshots", "rm", "held")


# ---- tasks


def test_run_and_exit_code(ctr):
    assert ctr("run", "--rm", "--net-host", IMAGE, "r1", "echo", "hello") == "hello"
    ctr("run", "--rm", "--net-host", IMAGE, "r2", "sh", "-c", "exit 42", code=42)
    assert "r1" not in ctr("containers", "ls") and "r2" not in ctr("tasks", "ls")


def test_a_missing_program_is_said(ctr):
    assert "no such file" in ctr.refused("run", "--rm", "--net-host", IMAGE, "r3", "/no/such") \
        or "not found" in ctr.refused("run", "--rm", "--net-host", IMAGE, "r4", "/no/such")


def test_exec(ctr, world):
    run(ctr, "e1", "sleep", "1000")
    assert ctr("tasks", "exec", "--exec-id", "x1", "e1", "echo", "from exec") == "from exec"
    ctr("tasks", "exec", "--exec-id", "x2", "e1", "sh", "-c", "exit 7", code=7)
    end(ctr, world, "e1")


def test_limits_of_the_daemon_are_not_the_containers(ctr, world):
    """containerd raises its own limit of open files; what it starts has the one it was given."""
    limits = world.exec(["sh", "-c", "ulimit -Sn; ulimit -Hn"], check=True).stdout.split()
    of_daemon = world.exec(["sh", "-c", f"grep 'open files' /proc/{world.pids('containerd')[0]}/"
                            "limits"], check=True).stdout.split()[3:5]
    assert of_daemon == [limits[1], limits[1]]
    run(ctr, "l1", "sleep", "1000")
    shim = world.pids("containerd-shim-runc-v2")[0]
    of_shim = world.exec(["grep", "open files", f"/proc/{shim}/limits"]).stdout.split()[3:5]
    if "runc" not in world.swap:          # Go's programs raise it again for themselves
        assert of_shim == limits
    end(ctr, world, "l1")


def test_pause_kill_and_processes(ctr, world):
    run(ctr, "p1", "sleep", "1000")
    assert state_of(ctr, "p1") == "RUNNING"
    ctr("tasks", "pause", "p1")
    assert state_of(ctr, "p1") == "PAUSED"
    ctr("tasks", "resume", "p1")
    assert state_of(ctr, "p1") == "RUNNING"
    assert len(ctr("tasks", "ps", "p1").splitlines()) == 2
    assert "p1" in ctr("tasks", "metrics", "p1")
    assert "already exists" in ctr.refused("run", "-d", "--net-host", IMAGE, "p1", "true")
    assert ctr.refused("tasks", "rm", "p1")
    end(ctr, world, "p1")
    assert "not found" in ctr.refused("tasks", "kill", "p1")


def test_events(ctr, world):
    watcher = world.popen([peers.program("ctr"), "--address", world.address, "events"],
                          stdout=subprocess.PIPE, text=True)
    assert watcher.inner_pid()
    time.sleep(1)                               # nothing says when it has subscribed
    ctr("run", "--rm", "--net-host", IMAGE, "ev1", "true")
    seen = ""
    while "/containers/delete" not in seen:
        seen += watcher.stdout.readline()
    watcher.terminate()
    watcher.communicate()
    order = [seen.index(topic) for topic in (
        "/snapshot/prepare", "/containers/create", "/tasks/create", "/tasks/start", "/tasks/exit",
        "/tasks/delete", "/containers/delete")]
    assert order == sorted(order)


def test_publish(ctr, world):
    watcher = world.popen([peers.program("ctr"), "--address", world.address, "events",
                           'topic=="/test/published"'], stdout=subprocess.PIPE, text=True)
    assert watcher.inner_pid()
    time.sleep(1)
    url = b"containerd.events.TaskPaused"
    event = bytes([0x0a, len(url)]) + url + bytes([0x12, 3, 0x0a, 1]) + b"x"
    publish = [build_dir() / "bin" / "containerd", "--address", world.address, "publish",
               "--namespace", "default"]
    for topic in ("/test/other", "/test/published"):
        world.exec([*publish, "--topic", topic], input=event, text=False, check=True)
    line = watcher.stdout.readline()
    watcher.terminate()
    watcher.communicate()
    assert "/test/published" in line and '"container_id":"x"' in line
    refused = world.exec([*publish, "--topic", "no-slash"], input=event, text=False)
    assert refused.returncode == 1 and b"must start with '/'" in refused.stderr


# ---- staying alive


def restart_killed(world):
    world.stop("containerd", signal.SIGKILL)
    world.start_containerd()


def test_containers_survive_a_kill(ctr, world):
    run(ctr, "s1", "sleep", "1000")
    run(ctr, "s2", "sh", "-c", "sleep 1; exit 5")
    world.stop("containerd", signal.SIGKILL)
    world.wait_for(lambda: len(world.pids("sleep")) == 1)
    world.start_containerd()
    assert state_of(ctr, "s1") == "RUNNING"
    assert state_of(ctr, "s2") == "STOPPED"
    assert ctr("tasks", "exec", "--exec-id", "x", "s1", "echo", "alive") == "alive"
    assert "exit code 5" in remove_task(ctr, "s2")
    ctr("containers", "rm", "s2")
    end(ctr, world, "s1")


def test_a_dead_shim_is_buried(ctr, world):
    run(ctr, "d1", "sleep", "1000")
    world.kill("containerd-shim-runc-v2")
    world.wait_for(lambda: state_of(ctr, "d1") is None and not world.pids("sleep"))
    ctr("containers", "rm", "d1")
    bundles = "/run/containerd/io.containerd.runtime.v2.task/default"
    world.wait_for(lambda: not world.exec(["ls", bundles]).stdout)


def test_a_shim_that_died_meanwhile_is_buried(ctr, world):
    run(ctr, "d2", "sleep", "1000")
    world.stop("containerd", signal.SIGKILL)
    world.kill("containerd-shim-runc-v2")
    world.start_containerd()
    assert state_of(ctr, "d2") is None
    assert not world.pids("sleep")
    ctr("containers", "rm", "d2")


def test_metadata_survives_a_kill(ctr, world):
    ctr("images", "tag", IMAGE, "docker.io/library/kept:1")
    ctr("snapshots", "prepare", "kept")
    restart_killed(world)
    assert "kept:1" in ctr("images", "ls", "-q")
    assert "kept" in ctr("snapshots", "ls")
    assert ctr("run", "--rm", "--net-host", IMAGE, "k1", "echo", "again") == "again"
    ctr("images", "rm", "docker.io/library/kept:1")
    ctr("snapshots", "rm", "kept")


def test_rows_and_disk_are_brought_together(ctr, world):
    """What a power cut can leave: made here by hand while containerd is down."""
    root = "/".join((str(world.data), "containerd"))
    snapshots = f"{root}/io.containerd.snapshotter.v1.overlayfs/snapshots"
    blobs = f"{root}/io.containerd.content.v1.content/blobs/sha256"
    ctr("snapshots", "prepare", "empty")
    source = re.search(r"bind (\S+) ", ctr("snapshots", "mounts", "/mnt", "empty")).group(1)
    world.stop("containerd", signal.SIGKILL)
    world.exec(["sh", "-c", f"rm -rf {source}; mkdir -p {snapshots}/999/fs; "
                f"echo x > {blobs}/{'0' * 64}; mkdir {blobs}/../../ingest/{'1' * 64}"], check=True)
    world.start_containerd()
    assert world.exec(["ls", source]).returncode == 0
    assert world.exec(["ls", f"{snapshots}/999"]).returncode != 0
    assert world.exec(["ls", f"{blobs}/{'0' * 64}"]).returncode != 0
    assert world.exec(["ls", f"{blobs}/../../ingest/{'1' * 64}"]).returncode != 0
    ctr("snapshots", "rm", "empty")
    assert ctr("run", "--rm", "--net-host", IMAGE, "b1", "echo", "whole") == "whole"


def test_a_shim_that_could_not_tell_its_address(ctr, world):
    """containerd died between the shim's start and writing down where it listens."""
    run(ctr, "a1", "sleep", "1000")
    world.stop("containerd", signal.SIGKILL)
    bundle = "/run/containerd/io.containerd.runtime.v2.task/default"
    world.exec(["rm", f"{bundle}/a1/address"], check=True)
    # ... and another one before its Create.
    world.exec(["sh", "-c", f"cp -r {bundle}/a1 {bundle}/a2; rm -f {bundle}/a2/log; "
                f"mkfifo {bundle}/a2/log; cd {bundle}/a2; containerd-shim-runc-v2 "
                "-namespace default -address /run/containerd/containerd.sock "
                "-publish-binary containerd -id a2 start </dev/null"],
               env={"TTRPC_ADDRESS": "/run/containerd/containerd.sock.ttrpc"}, check=True)
    assert len(world.pids("containerd-shim-runc-v2")) == 2
    world.start_containerd()
    assert state_of(ctr, "a1") == "RUNNING"
    assert state_of(ctr, "a2") is None
    world.wait_for(lambda: len(world.pids("containerd-shim-runc-v2")) == 1)
    assert world.exec(["ls", f"{bundle}/a2"]).returncode != 0
    end(ctr, world, "a1")


def test_a_root_of_the_original_is_refused(world):
    world.exec(["sh", "-c", "mkdir -p /run/old/io.containerd.metadata.v1.bolt && "
                "touch /run/old/io.containerd.metadata.v1.bolt/meta.db"], check=True)
    done = world.exec([build_dir() / "bin" / "containerd", "--root", "/run/old", "--state",
                       "/run/old-state", "--address", "/run/old.sock"], timeout=10)
    assert done.returncode == 1
    assert "belongs to the original containerd" in done.stderr


def test_config_commands(world):
    ours = build_dir() / "bin" / "containerd"
    text = world.exec([ours, "config", "default"], check=True).stdout
    assert "version = 2" in text and 'root = "/var/lib/containerd"' in text
    text = world.exec([ours, "--config", world.scratch / "containerd.toml", "config", "dump"],
                      check=True).stdout
    assert "io.containerd.grpc.v1.cri" in text
    assert world.exec([ours, "--version"], check=True).stdout.startswith("containerd github.com/")
