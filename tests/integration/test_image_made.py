"""Images that are made from what is here: docker import, docker commit, and their --change."""

import gzip
import json

import pytest
from stack import images
from stack.images import Layer


@pytest.fixture
def root(tmp_path):
    """A root file system as `docker export` would write it."""
    path = tmp_path / "root.tar"
    path.write_bytes(images.busybox_layer().file("greeting", "hello\n").tar())
    return path


CHANGES = ['CMD ["cat", "/greeting"]', "ENV A=1 B='two words'", "ENV OLD the old form", "LABEL x=y \"quoted key\"=\"v \\\" w\"",
           "EXPOSE 80 53/udp", "USER 1000", "WORKDIR /work", "WORKDIR below", "VOLUME /data /more", "ONBUILD RUN true"]


def flags(changes):
    return [word for change in changes for word in ("--change", change)]


def check_config(config):
    assert config["Cmd"] == ["cat", "/greeting"]
    assert set(config["Env"]) >= {"A=1", "B=two words", "OLD=the old form"}
    assert config["Labels"] == {"x": "y", "quoted key": 'v " w'}
    assert config["ExposedPorts"] == {"80/tcp": {}, "53/udp": {}}
    assert (config["User"], config["WorkingDir"]) == ("1000", "/work/below")
    assert config["Volumes"] == {"/data": {}, "/more": {}} and config["OnBuild"] == ["RUN true"]


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
def test_import(stack, docker, inspect, root, pack):
    root.write_bytes(pack(root.read_bytes()))
    with open(root, "rb") as tar:
        done = stack.docker("import", *flags(CHANGES), "-m", "said", "-", "brought:in", stdin=tar)
    assert done.stdout.startswith("sha256:"), done.stderr
    assert docker("run", "--rm", "--network=none", "--user=0", "brought:in") == "hello"
    it = inspect("brought:in")
    assert it["Id"] == done.stdout.strip() and it["Os"] == "linux" and it["Architecture"] == images.ARCH
    assert len(it["RootFS"]["Layers"]) == 1 and it["Comment"] == "said"
    check_config(it["Config"])
    docker("rmi", "brought:in")


def test_import_without_a_name(docker, root):
    identity = docker("import", root)
    assert docker("run", "--rm", "--network=none", identity, "cat", "/greeting") == "hello"
    docker("rmi", identity)


@pytest.mark.parametrize("change, words", [
    ("RUN true", "is not a valid change command"),
    ("ENV alone", "must have two arguments"),
    ("EXPOSE many", "nvalid containerPort: many"),
])
def test_bad_changes(refused, docker, root, change, words):
    before = docker("images", "-aq")
    assert words in refused(1, "import", "--change", change, root, "not:made")
    assert docker("images", "-aq") == before


@pytest.mark.ours
@pytest.mark.parametrize("body", [b"nonsense" * 1000, b"", Layer().file("f", bytes(3000)).tar()[:1800]],
                         ids=["none", "empty", "cut"])
def test_bad_tars(stack, docker, body):
    before = docker("images", "-aq")
    reply = stack.api("POST", "/v1.41/images/create?fromSrc=-&repo=bad", body, {"Content-Type": "application/x-tar"})
    assert "failed to register layer" in reply.json["message"]
    assert docker("images", "-aq") == before


@pytest.mark.ours
def test_newer_changes(docker, inspect, root):
    docker("import", "--change", "STOPSIGNAL SIGQUIT", "--change", "HEALTHCHECK CMD true", root, "newer:1")
    config = inspect("newer:1")["Config"]
    assert config["StopSignal"] == "SIGQUIT" and config["Healthcheck"]["Test"] == ["CMD-SHELL", "true"]
    docker("rmi", "newer:1")


def test_commit(docker, inspect):
    """Files that came, changed and went; what lies in the image below is not in the new layer."""
    docker("run", "--name", "source", "--network=none", "-e", "A=1", "-w", "/work", "busybox", "sh", "-c",
           "echo new > /new; rm /etc/group; rm -r /home; mkdir /home; echo in > /home/in; ln -s new /link; "
           "ln /new /second; mkdir -p /deep/er; chmod 4711 /new; chown 7:8 /deep")
    identity = docker("commit", "-a", "me", "-m", "why", "--change", 'CMD ["cat", "/new"]', "source", "committed:1")
    assert docker("run", "--rm", "--network=none", "committed:1") == "new"
    out = docker("run", "--rm", "--network=none", "committed:1", "sh", "-c",
                 "ls /etc/group /home /link /second; pwd; echo $A; stat -c '%a %h' /new; stat -c '%u:%g' /deep; readlink /link; true")
    assert out.splitlines() == ["/link", "/second", "", "/home:", "in", "/work", "1", "4711 2", "7:8", "new"]
    it = inspect("committed:1")
    assert (it["Id"], it["Author"], it["Comment"], it["Config"]["Cmd"]) == (identity, "me", "why", ["cat", "/new"])
    assert len(it["RootFS"]["Layers"]) == len(inspect("busybox")["RootFS"]["Layers"]) + 1
    assert "why" in docker("history", "committed:1")
    docker("rm", "source")
    docker("rmi", "committed:1")


def test_commit_what_runs(docker, inspect):
    """It is paused meanwhile, and goes on; a commit of a container of a commit has both layers."""
    docker("run", "-d", "--name", "running", "--network=none", "busybox", "sh", "-c", "echo one > /one; sleep 100")
    docker("exec", "running", "sh", "-c", "while [ ! -e /one ]; do usleep 1000; done")
    docker("commit", "running", "step:1")
    assert inspect("running")["State"]["Status"] == "running"
    docker("run", "--name", "next", "--network=none", "step:1", "sh", "-c", "echo two > /two; rm /one")
    docker("commit", "-p=false", "next", "step:2")
    assert docker("run", "--rm", "--network=none", "step:2", "sh", "-c", "ls /one /two 2> /dev/null; true") == "/two"
    assert docker("run", "--rm", "--network=none", "step:1", "cat", "/one") == "one"
    docker("rm", "-f", "running", "next")
    docker("rmi", "step:1", "step:2")


def test_commit_refusals(docker, refused):
    docker("create", "--name", "made", "busybox")
    assert "No such container: nobody" in refused(1, "commit", "nobody")
    assert "invalid reference format" in refused(1, "commit", "made", "UPPER")
    assert "is not a valid change command" in refused(1, "commit", "--change", "RUN x", "made", "not:made")
    docker("rm", "made")


def test_push_what_was_committed(stack, docker, registry):
    docker("run", "--name", "maker", "--network=none", "busybox", "touch", "/made")
    name = registry.name("committed")
    docker("commit", "maker", name)
    docker("push", name)
    docker("rm", "maker")
    docker("rmi", name)
    docker("pull", "-q", name)
    assert docker("run", "--rm", "--network=none", name, "ls", "/made") == "/made"
