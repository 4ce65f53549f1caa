"""docker push and login, and what a registry has of an image: with Debian's registry and skopeo."""

import json
import os
import subprocess

import pytest
from stack import images, peers
from stack.images import OCI, Image, Index, Layer
from stack.registry import Registry


USERS = "user:$2b$04$buXmrYfIa8t3y0hCDQIWbe9D7GtWqj2t3KY9y.u.43vupfDcl3XAK\n"        # bcrypt of "pass"


class ClosedRegistry(Registry):
    """Debian's docker-registry, which lets nobody in but user with password pass."""

    def __init__(self, sandbox, port=5006):
        super().__init__(sandbox, port)

    def configuration(self, folder):
        (folder / "users").write_text(USERS)
        return {**super().configuration(folder),
                "auth": {"htpasswd": {"realm": "closed", "path": str(folder / "users")}}}

    def request(self, method, path, body=None, headers=None):
        return super().request(method, path, body, {"Authorization": "Basic dXNlcjpwYXNz", **(headers or {})})


@pytest.fixture(scope="module")
def closed(shared_stack):
    made = ClosedRegistry(shared_stack.sandbox)
    yield made
    made.close()


@pytest.fixture
def made(docker, registry):
    """made(name, data): an image of the test's own under that name."""
    def make(name, data, *layers):
        path = "source/" + data
        Image([images.busybox_layer(), Layer().file("n", data), *layers], {"Cmd": ["cat", "/n"]},
              compress="none").push(registry, path)
        source = registry.name(path)
        docker("pull", "-q", source)
        docker("tag", source, name)
        return name
    return make


def inspect(stack, name, *options):
    done = stack.exec([peers.program("skopeo"), "inspect", "--tls-verify=false", *options, f"docker://{name}"],
                      check=True)
    return json.loads(done.stdout)


def test_push(stack, docker, registry, made):
    name = made(registry.name("pushed:v1"), "pushed", Layer().file("big", os.urandom(3 << 20)))
    out = docker("push", name)
    assert f"The push refers to repository [{registry.name('pushed')}]" in out
    assert "v1: digest: sha256:" in out and out.count(": Pushed") == 3
    digest = out.rsplit("digest: ", 1)[1].split()[0]
    it = inspect(stack, name)
    assert it["Digest"] == digest and len(it["Layers"]) == 3
    again = docker("push", name)
    assert again.count(": Layer already exists") == 3 and digest in again
    docker("rmi", "-f", docker("images", "-q", name))
    docker("pull", name)
    assert docker("run", "--rm", "--network=none", name) == "pushed"


@pytest.mark.ours
def test_progress_of_a_push(stack, registry, made):
    made(registry.name("progress:v1"), "progress")
    reply = stack.api("POST", f"/v1.41/images/{registry.name('progress')}/push?tag=v1", headers={"X-Registry-Auth": "e30="})
    messages = [json.loads(line) for line in reply.text.splitlines()]
    aux = [message["aux"] for message in messages if "aux" in message]
    assert len(aux) == 1 and aux[0]["Tag"] == "v1" and aux[0]["Digest"].startswith("sha256:") and aux[0]["Size"] > 0
    assert {message.get("status") for message in messages if len(message.get("id", "")) == 12} >= {"Preparing", "Pushed"}


def test_all_tags(stack, docker, registry, made):
    name = made(registry.name("many:1"), "many")
    docker("tag", name, registry.name("many:2"))
    docker("push", "-a", registry.name("many"))
    assert sorted(inspect(stack, registry.name("many:1"))["RepoTags"]) == ["1", "2"]


@pytest.mark.ours
def test_an_index_goes_whole_or_in_part(stack, docker, registry):
    """Other platforms are not there after a pull: what is there is pushed, under the tag."""
    ours, other = (Image([images.busybox_layer(), Layer().file("n", arch)], arch=arch) for arch in (images.ARCH, "s390x"))
    Index([ours, other], OCI).push(registry, "manifold")
    docker("pull", "-q", registry.name("manifold"))
    docker("tag", registry.name("manifold"), registry.name("single"))
    docker("push", registry.name("single"))
    assert inspect(stack, registry.name("single"))["Architecture"] == images.ARCH


def test_refusals(docker, refused, registry, closed, made):
    assert "An image does not exist locally with the tag" in refused(1, "push", registry.name("nobody"))
    name = made(closed.name("guarded:1"), "guarded")
    text = refused(1, "push", name)
    assert "no basic auth credentials" in text
    assert "onnection refused" in refused(1, "push", made("127.0.0.1:9/none:1", "none"))


def test_login(stack, docker, refused, closed, made):
    text = refused(1, "login", "-u", "user", "-p", "wrong", closed.address)
    assert "unauthorized" in text
    try:
        assert "Login Succeeded" in docker("login", "-u", "user", "-p", "pass", closed.address)
        name = made(closed.name("mine:1"), "mine")
        docker("push", name)
        docker("rmi", name)
        docker("pull", "-q", name)
        assert inspect(stack, name, "--creds", "user:pass")["RepoTags"] == ["1"]
    finally:
        docker("logout", closed.address)
    assert "no basic auth credentials" in refused(1, "pull", name)


def test_login_by_hand(stack, closed):
    told = {"username": "user", "password": "pass", "serveraddress": closed.address, "email": "u@lab.test"}
    reply = stack.api("POST", "/v1.41/auth", told)
    assert reply.status == 200 and reply.json["Status"] == "Login Succeeded", reply
    told["password"] = "wrong"
    assert stack.api("POST", "/v1.41/auth", told).status in (401, 500)


def test_distribution(stack, registry):
    it = Image([images.busybox_layer()], {})
    it.push(registry, "described")
    reply = stack.api("GET", f"/v1.41/distribution/{registry.name('described')}/json").json
    assert reply["Descriptor"] == {"mediaType": OCI["manifest"], "digest": it.descriptor["digest"],
                                   "size": it.descriptor["size"]}
    assert [(p["os"], p["architecture"]) for p in reply["Platforms"]] == [("linux", images.ARCH)]
    other = Image([images.busybox_layer()], arch="s390x")
    Index([it, other], OCI).push(registry, "described", "two")
    reply = stack.api("GET", f"/v1.41/distribution/{registry.name('described:two')}/json").json
    assert [p["architecture"] for p in reply["Platforms"]] == [images.ARCH, "s390x"]
    assert stack.api("GET", f"/v1.41/distribution/{registry.name('nobody')}/json").status in (403, 404)


@pytest.mark.ours
def test_a_client_that_leaves(stack, registry, made):
    """The upload ends, and nothing of the tag is there."""
    name = made(registry.name("left:1"), "left", Layer().file("big", os.urandom(60 << 20)))
    client = stack.docker_popen("push", name, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    stack.wait_for(lambda: any(comm == "fetch" for _, comm in stack.sandbox.processes().values()))
    client.kill()
    client.wait()
    stack.wait_for(lambda: not any(comm == "fetch" for _, comm in stack.sandbox.processes().values()))
    assert registry.request("GET", "/v2/left/tags/list")[0] == 404
