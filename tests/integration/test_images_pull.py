"""Images from a registry: what arrives, what is refused, what a client sees."""

import json
import subprocess

import pytest
from stack import images
from stack.images import DOCKER, OCI, Image, Index, Layer

OPTIONS = {"dockerd_args": ["--max-download-attempts", "2"]}     # each more is seconds of waiting

CONFIG = {"Cmd": ["/bin/sh"], "Env": ["PATH=/bin", "FROM_IMAGE=1"], "WorkingDir": "/work",
          "User": "1000", "Labels": {"l": "v"}}


def layered(media=OCI, compress="gzip", **options):
    """busybox below three layers: whiteouts, an opaque folder, links, xattrs, owners, modes."""
    base = images.busybox_layer()
    first = Layer()
    first.folder("work").file("work/kept", "1").file("work/removed", "1").file("work/changed", "1")
    first.folder("work/emptied").file("work/emptied/old", "1").folder("work/gone")
    first.file("work/gone/x", "1").file("work/owned", "1", mode=0o640, uid=1000, gid=29)
    first.file("work/setuid", "1", mode=0o4755)
    second = Layer()
    second.whiteout("work/removed").whiteout("work/gone")
    second.folder("work/emptied").opaque("work/emptied").file("work/emptied/new", "2")
    second.file("work/changed", "22").file("work/first", "linked").hardlink("work/second", "work/first")
    second.symlink("work/pointer", "kept")
    third = Layer()
    third.file("work/attributed", "3", xattrs={"user.note": b"kept"})
    third.file("work/gone", "a file now")
    third.folder("work/" + "long" * 30).file("work/" + "long" * 30 + "/" + "n" * 90, "long name")
    third.file("work/ümlaut ", "odd name")
    return Image([base, first, second, third], CONFIG, media=media, compress=compress, **options)


def small(name, config=None, **options):
    """busybox and a layer that no other test has."""
    return Image([images.busybox_layer(), Layer().file("name", name)], config, **options)


@pytest.mark.parametrize("media", [OCI, DOCKER], ids=["oci", "docker"])
@pytest.mark.parametrize("compress", ["gzip", "none", pytest.param("zstd", marks=pytest.mark.ours)])
def test_layers(docker, registry, media, compress):
    if media is DOCKER and compress != "gzip":
        pytest.skip("Docker v2 manifests always name gzip layers")
    name = registry.name(f"layered-{compress}-{'oci' if media is OCI else 'docker'}")
    layered(media, compress).push(registry, name.split("/", 1)[1])
    docker("pull", name)
    out = docker("run", "--rm", "--network=none", name, "sh", "-c", r"""
        ls -d kept removed changed gone emptied/* 2>/dev/null; cat changed gone first; echo
        [ $(stat -c %h first) = 2 ] && [ first -ef second ] && echo linked
        readlink pointer; stat -c '%a %u %g' owned setuid; pwd; id -u; echo $FROM_IMAGE
        cat long*/n*; cat ümlaut*; [ ! -e emptied/.wh..wh..opq ] && echo clean""")
    assert out.split("\n") == [
        "changed", "emptied/new", "gone", "kept", "22a file nowlinked", "linked", "kept",
        "640 1000 29", "4755 0 0", "/work", "1000", "1", "long nameodd nameclean"]


def test_xattrs(stack, docker, registry):
    layered().push(registry, "attributed")
    name = registry.name("attributed")
    docker("pull", "-q", name)
    docker("run", "-d", "--name", "box", "--network=none", name, "sleep", "100")
    pid = docker("inspect", "-f", "{{.State.Pid}}", "box")
    done = stack.exec(["getfattr", "-n", "user.note", "--only-values", "--absolute-names",
                       f"/proc/{pid}/root/work/attributed"])
    assert done.stdout == "kept", done.stderr


def test_index_chooses_the_platform(docker, registry):
    ours = Image([images.busybox_layer()], {"Cmd": ["echo", "right"]})
    other = Image([images.busybox_layer()], {"Cmd": ["echo", "wrong"]}, arch="s390x")
    arm = Image([images.busybox_layer()], {"Cmd": ["echo", "arm"]}, arch="arm", variant="v7")
    for media in (OCI, DOCKER):
        kinds = [Image([images.busybox_layer()], {"Cmd": ["echo", "right"]}, media=media),
                 Image([images.busybox_layer()], {"Cmd": ["echo", "wrong"]}, media=media,
                       arch="s390x")]
        Index(list(reversed(kinds)), media).push(registry, "choose")
        name = registry.name("choose")
        assert docker("run", "--rm", "--network=none", name) == "right"
        docker("rmi", name)
    Index([other, arm], OCI).push(registry, "elsewhere")
    Index([other, arm, ours], OCI).push(registry, "choose", "three")


def test_no_platform_of_ours(refused, registry):
    Index([Image([images.busybox_layer()], arch="s390x")], OCI).push(registry, "elsewhere")
    text = refused(1, "pull", registry.name("elsewhere"))
    assert "no matching manifest for linux/" in text


def test_by_digest_and_by_tag(docker, registry):
    image = Image([images.busybox_layer()], {"Cmd": ["echo", "same"]})
    image.push(registry, "tagged", "v1")
    digest = image.descriptor["digest"]
    name = registry.name("tagged")
    out = docker("pull", f"{name}:v1")
    assert f"Digest: {digest}" in out and f"Status: Downloaded newer image for {name}:v1" in out
    assert "Status: Image is up to date" in docker("pull", f"{name}:v1")
    docker("pull", f"{name}@{digest}")
    assert docker("run", "--rm", "--network=none", f"{name}@{digest}") == "same"
    assert f"{name}@{digest}" in json.loads(docker("inspect", f"{name}:v1"))[0]["RepoDigests"]


def test_run_pulls_what_is_missing(stack, registry):
    small("wanted", {"Cmd": ["echo", "arrived"]}).push(registry, "wanted")
    done = stack.docker("run", "--rm", "--network=none", registry.name("wanted"))
    assert done.stdout == "arrived\n"
    assert "Unable to find image" in done.stderr and "Pull complete" in done.stderr


def test_progress_stream(stack, registry):
    Image([images.busybox_layer(), *(Layer().file("n", f"progress {n}") for n in range(3))]).push(
        registry, "progress")
    reply = stack.api("POST", f"/v1.41/images/create?fromImage={registry.name('progress')}&tag=latest")
    assert reply.status == 200 and reply.headers["Content-Type"] == "application/json"
    messages = [json.loads(line) for line in reply.text.splitlines()]
    assert messages[0]["status"] == "Pulling from progress" and messages[0]["id"] == "latest"
    by_layer = {}
    for message in messages:
        if "id" in message and len(message["id"]) == 12:
            by_layer.setdefault(message["id"], []).append(message["status"])
    assert len(by_layer) >= 3       # the busybox layer may be there already
    for statuses in by_layer.values():
        assert statuses[0] in ("Pulling fs layer", "Already exists")
        assert statuses[-1] in ("Pull complete", "Already exists")
    assert messages[-2]["status"].startswith("Digest: sha256:")
    assert messages[-1]["status"].startswith("Status: Downloaded newer image for ")


def test_what_is_not_there(refused, registry, docker):
    assert "not found" in refused(1, "pull", registry.name("nothing:tag"))
    assert "connection refused" in refused(1, "pull", "127.0.0.1:9/none").lower()


def test_images_and_tags(docker, registry, inspect):
    image = Image([images.busybox_layer()], CONFIG)
    image.push(registry, "listed", "v1")
    name = registry.name("listed")
    docker("pull", "-q", f"{name}:v1")
    listed = "{{.Repository}}:{{.Tag}} {{.Size}}"
    assert f"{name}:v1" in docker("images", "--format", listed)
    docker("tag", f"{name}:v1", "mine/copy:2")
    assert docker("images", "-q", "mine/copy") == docker("images", "-q", name)
    it = json.loads(docker("inspect", "mine/copy:2"))[0]
    assert sorted(it["RepoTags"]) == sorted([f"{name}:v1", "mine/copy:2"])
    assert (it["Os"], it["Architecture"], it["Created"]) == ("linux", images.ARCH, images.EPOCH)
    assert it["Config"]["Env"] == CONFIG["Env"] and it["Config"]["Labels"] == {"l": "v"}
    assert it["RootFS"] == {"Type": "layers", "Layers": [images.digest(t) for t in image.tars]}
    assert docker("rmi", "mine/copy:2") == "Untagged: mine/copy:2"
    assert "Untagged: " + name in docker("rmi", f"{name}:v1")
    assert f"{name}:v1" not in docker("images", "--format", listed)


def test_rmi_refusals(docker, refused, registry):
    Image([images.busybox_layer()], {"Cmd": ["true"]}).push(registry, "used")
    name = registry.name("used")
    docker("pull", "-q", name)
    docker("run", "--name", "user", "--network=none", name)
    text = refused(1, "rmi", name)
    assert "conflict" in text and "is using its referenced image" in text
    assert "No such image: nobody" in refused(1, "rmi", "nobody")
    docker("rm", "user")
    docker("rmi", name)


def test_history(docker, registry):
    Image([images.busybox_layer()], {"Cmd": ["true"]}).push(registry, "old")
    docker("pull", "-q", registry.name("old"))
    assert "images.py" in docker("history", registry.name("old"))


@pytest.mark.parametrize("fault", ["cut", "flip", "missing", "error"])
@pytest.mark.parametrize("what", ["layer", "config", "manifest"])
def test_a_bad_download(stack, docker, faulty, refused, fault, what):
    """Whatever goes wrong: an error, nothing that looks valid, and the next try succeeds."""
    file = Layer().file("big", bytes(range(256)) * 2000 + f"{fault}{what}".encode())
    image = Image([images.busybox_layer(), file], {"Cmd": ["echo", "whole"]}, compress="none")
    image.push(faulty, "bad")
    name = faulty.name("bad")
    broken = {"layer": image.layers[1]["digest"], "config": image.id,
              "manifest": image.descriptor["digest"]}[what]
    if what == "manifest":
        index = Index([image])
        index.push(faulty, "bad")
    faulty.faults[broken] = fault
    text = refused(1, "pull", name, timeout=120)
    assert text.strip()
    assert name not in docker("images", "--format", "{{.Repository}}")
    assert stack.docker("run", "--rm", "--pull", "never", name).returncode == 125
    faulty.faults.clear()
    docker("pull", name)
    assert docker("run", "--rm", "--network=none", name) == "whole"
    docker("rmi", "-f", name)


def test_a_wrong_diff_id(docker, faulty, refused):
    """The uncompressed layer is not what the config says."""
    image = Image([images.busybox_layer(), Layer().file("x", "1")], {"Cmd": ["true"]})
    config = json.loads(image.config)
    config["rootfs"]["diff_ids"][1] = images.digest(b"something else")
    image.config = json.dumps(config).encode()
    image.config_descriptor = image._blob(image.config, image.media["config"])
    manifest = json.loads(image.manifest) | {"config": image.config_descriptor}
    image.manifest = json.dumps(manifest).encode()
    image.push(faulty, "liar")
    refused(1, "pull", faulty.name("liar"))
    assert "liar" not in docker("images", "--format", "{{.Repository}}")


def test_a_killed_client_stops_nothing_wrong(stack, docker, faulty):
    image = Image([images.busybox_layer(), Layer().file("big", bytes(1 << 20))], {"Cmd": ["true"]},
                  compress="none")
    image.push(faulty, "slow")
    faulty.faults[image.layers[1]["digest"]] = "slow"
    process = stack.docker_popen("pull", faulty.name("slow"), stdout=subprocess.DEVNULL,
                                 stderr=subprocess.DEVNULL)
    stack.wait_for(lambda: any(image.layers[1]["digest"] in line for line in faulty.seen))
    process.kill()
    process.wait()
    faulty.stop_being_slow()
    faulty.faults.clear()
    docker("pull", faulty.name("slow"))
    docker("run", "--rm", "--network=none", faulty.name("slow"))


@pytest.mark.parametrize("path, kind", [
    ("../outside", "file"), ("/etc/outside", "file"), ("a/../../outside", "file"),
])
def test_a_layer_cannot_leave_its_folder(stack, docker, faulty, path, kind):
    image = Image([images.busybox_layer(), Layer().file(path, "x")], {"Cmd": ["true"]})
    image.push(faulty, "escape")
    stack.docker("pull", faulty.name("escape"))
    found = stack.exec(["find", "/etc", str(stack.data), "-maxdepth", "6", "-name", "outside",
                        "-not", "-path", "*/diff/*", "-not", "-path", "*/fs/*",
                        "-not", "-path", "*/merged/*"]).stdout
    assert found == ""


def test_a_link_out_of_the_layer_is_not_followed(stack, docker, faulty):
    first = Layer().symlink("exit", "/etc")
    second = Layer().file("exit/outside", "x")
    image = Image([images.busybox_layer(), first, second], {"Cmd": ["true"]})
    image.push(faulty, "linked")
    stack.docker("pull", faulty.name("linked"))
    assert stack.exec(["ls", "/etc/outside"]).returncode != 0


@pytest.mark.ours
def test_foreign_layers(docker, refused, faulty, registry):
    """A layer that its publisher keeps elsewhere comes from there; what has no address of the web does not."""
    it = Image([images.busybox_layer(), Layer().file("n", "foreign")], {"Cmd": ["cat", "/n"]})
    it.push(registry, "elsewhere-from")
    blob = it.layers[1]["digest"]
    for url, words in ((f"http://{registry.address}/v2/elsewhere-from/blobs/{blob}", None),
                       ("file:///etc/passwd", "none of the layer's own addresses has it"),
                       ("http://127.0.0.1:9/x", "none of the layer's own addresses has it")):
        manifest = json.loads(it.manifest)
        manifest["layers"][1] |= {"urls": [url], "mediaType":
                                  "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip"}
        it.push(faulty, "foreign")
        faulty.put_manifest("foreign", "latest", OCI["manifest"], json.dumps(manifest).encode())
        del faulty.blobs[blob]
        if words:
            assert words in refused(1, "pull", faulty.name("foreign"))
            continue
        docker("pull", faulty.name("foreign"))
        assert docker("run", "--rm", "--network=none", faulty.name("foreign")) == "foreign"
        docker("rmi", faulty.name("foreign"))
