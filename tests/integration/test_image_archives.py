"""docker save and load: with ourselves, with Debian's docker, with skopeo."""

import gzip
import io
import json
import subprocess
import tarfile

import pytest
from stack import images
from stack.images import Image, Layer


@pytest.fixture
def saved(stack, docker, registry, tmp_path):
    """saved(name): an image of the test's own, pulled; the file that docker save made of it."""
    def make(name, *more):
        Image([images.busybox_layer(), Layer().file("n", name)], {"Cmd": ["cat", "/n"], "Env": ["A=1"]}).push(
            registry, name)
        full = registry.name(name)
        docker("pull", "-q", full)
        docker("tag", full, f"{name}:1")
        path = tmp_path / f"{name}.tar"
        docker("save", "-o", path, f"{name}:1", *more)
        return path
    return make


def test_save_and_load(docker, saved):
    path = saved("archived")
    identity = docker("images", "-q", "--no-trunc", "archived:1")
    docker("rmi", "-f", identity)
    assert docker("load", "-i", path).endswith("Loaded image: archived:1")
    assert docker("images", "-q", "--no-trunc", "archived:1") == identity
    assert docker("run", "--rm", "--network=none", "archived:1") == "archived"


def test_several_and_by_id(docker, saved):
    path = saved("several", "busybox:latest")
    with tarfile.open(path) as tar:
        rows = json.load(tar.extractfile("manifest.json"))
    assert sorted(row["RepoTags"] for row in rows) == [["busybox:latest"], ["several:1"]]
    identity = docker("images", "-q", "--no-trunc", "several:1")
    docker("save", "-o", path, identity)
    docker("rmi", "-f", identity)
    assert "Loaded image ID: sha256:" in docker("load", "-i", path)
    assert docker("run", "--rm", "--network=none", identity) == "several"
    docker("rmi", "-f", identity)


@pytest.mark.parametrize("packer", ["gzip", "zstd", "none"])
def test_compressed(stack, docker, saved, packer):
    path = saved(f"packed-{packer}")
    docker("rmi", "-f", docker("images", "-q", f"packed-{packer}:1"))
    if packer != "none":
        subprocess.run([packer, "-q", path], check=True)
        path = path.with_suffix(".tar.gz" if packer == "gzip" else ".tar.zst")
    with open(path, "rb") as archive:
        done = stack.docker("load", stdin=archive)
    assert f"Loaded image: packed-{packer}:1" in done.stdout, done.stderr
    assert docker("run", "--rm", "--network=none", f"packed-{packer}:1") == f"packed-{packer}"


@pytest.mark.ours
def test_debian_loads_what_we_saved(make, saved):
    path = saved("outward")
    with make("debian") as theirs:
        assert theirs.docker("load", "-i", path, check=True).stdout.endswith("Loaded image: outward:1\n")
        assert theirs.docker("run", "--rm", "--network=none", "outward:1", check=True).stdout == "outward"
        back = path.with_name("back.tar")
        theirs.docker("tag", "outward:1", "inward:1", check=True)
        theirs.docker("save", "-o", back, "inward:1", check=True)
    with make("ours") as ours:
        assert ours.docker("load", "-i", back, check=True).stdout.endswith("Loaded image: inward:1\n")
        assert ours.docker("run", "--rm", "--network=none", "inward:1", check=True).stdout == "outward"


@pytest.mark.ours
@pytest.mark.parametrize("kind", ["oci-archive", "docker-archive"])
def test_skopeo_inspects_what_we_saved(stack, peer, saved, kind):
    path = saved(f"seen-{kind}")
    done = stack.exec([peer("skopeo"), "--override-os", "linux", "inspect", f"{kind}:{path}"], check=True)
    it = json.loads(done.stdout)
    assert it["Env"] == ["A=1"] and len(it["Layers"]) == 2 and it["Architecture"] == images.ARCH


def archive(members):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


LAYOUT = b'{"imageLayoutVersion":"1.0.0"}'


def one(**changes):
    return json.dumps({"schemaVersion": 2, "manifests": [{
        "mediaType": images.OCI["manifest"], "digest": images.digest(b"x"), "size": 1, **changes}]}).encode()


@pytest.mark.ours
@pytest.mark.parametrize("data, words", [
    (b"", "neither an OCI image layout nor"),
    (b"no tar at all" * 100, "not a tar archive"),
    (gzip.compress(b"x" * 10000)[:30], "unexpected end of data"),
    (archive({"hello": b""}), "neither an OCI image layout nor"),
    (archive({"manifest.json": b"nonsense"}), "manifest.json: invalid JSON"),
    (archive({"manifest.json": b"[]"}), "the archive has no image"),
    (archive({"manifest.json": b'[{"Config":"../../etc/passwd","Layers":[]}]'}), "archive has no"),
    (archive({"oci-layout": LAYOUT, "index.json": b"{}"}), "the archive has no image"),
    (archive({"oci-layout": LAYOUT, "index.json": one()}), "archive has no blobs/sha256/"),
    (archive({"oci-layout": LAYOUT, "index.json": one(digest="sha256:../x")}), "invalid descriptor"),
    (archive({"oci-layout": LAYOUT, "index.json": one(size=-1)}), "invalid descriptor"),
    (archive({"oci-layout": LAYOUT, "index.json": one(size=10**12)}), "is more than"),
    (archive({"oci-layout": b'{"imageLayoutVersion":"9"}', "index.json": one()}), "version 9 is not known"),
    (archive({"oci-layout": LAYOUT, "index.json": one()})[:1100], "cut off"),
], ids=lambda value: value if isinstance(value, str) else "archive")
def test_bad_archives(stack, docker, data, words):
    before = docker("images", "-aq")
    reply = stack.api("POST", "/v1.41/images/load", data, {"Content-Type": "application/x-tar"})
    message = reply.json["message"] if reply.status != 200 else json.loads(reply.text.splitlines()[-1])["error"]
    assert words in message
    assert docker("images", "-aq") == before


def test_what_is_not_there(refused, tmp_path):
    assert "No such image: nobody" in refused(1, "save", "-o", tmp_path / "x", "nobody")
