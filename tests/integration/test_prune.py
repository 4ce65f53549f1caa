"""Pruning: what goes, what stays, and how much room it gives."""

import json
import os
import time

import pytest

from stack.images import Image, Layer, busybox_layer, preload_folder
from stack.stack import build_dir


def labelled_images():
    """Two images on top of busybox's layer, one of them with a label."""
    path = preload_folder(build_dir()) / f"prune.{os.getpid()}"
    made = []
    for name, labels in (("plain", {}), ("marked", {"tier": "gold"})):
        layer = Layer().file(f"{name}-file", os.urandom(300_000))
        target = path.with_suffix(f".{name}.tar")
        Image([busybox_layer(), layer], {"Cmd": ["sh"], "Labels": labels}).write_archive(
            target, f"{name}:latest")
        made.append(target)
    return made


IMAGES = labelled_images()
OPTIONS = {"preload": [preload_folder(build_dir()) / "busybox.tar", *IMAGES]}


def prune(stack, kind, version="1.41", status=200, **filters):
    query = "?filters=" + json.dumps(filters).replace('"', "%22").replace(" ", "") if filters else ""
    answer = stack.api("POST", f"/v{version}/{kind}/prune{query}")
    assert answer.status == status, answer
    return answer.json


# ---- containers


def test_containers(docker, stack):
    docker("run", "-d", "--name", "alive", "--network=none", "busybox", "sleep", "99")
    docker("run", "--name", "ended", "--network=none", "busybox", "sh", "-c",
           "dd if=/dev/zero of=/big bs=1000 count=500 2>/dev/null")
    docker("create", "--name", "made", "-v", "/anon", "busybox")
    gone = {docker("inspect", "-f", "{{.Id}}", name) for name in ("ended", "made")}
    report = prune(stack, "containers")
    assert set(report["ContainersDeleted"]) == gone
    assert 500_000 <= report["SpaceReclaimed"] < 700_000
    assert docker("ps", "-a", "--format", "{{.Names}}") == "alive"
    assert prune(stack, "containers") == {"ContainersDeleted": None, "SpaceReclaimed": 0}
    docker("volume", "prune", "-f")


def test_containers_by_label_and_age(docker, stack):
    docker("create", "--name", "keep", "--label", "keep=yes", "busybox")
    docker("create", "--name", "drop", "--label", "keep=no", "busybox")
    assert prune(stack, "containers", until=["1h"])["ContainersDeleted"] is None
    assert prune(stack, "containers", label=["other"])["ContainersDeleted"] is None
    prune(stack, "containers", **{"label!": ["keep=yes"]})
    assert docker("ps", "-a", "--format", "{{.Names}}") == "keep"
    prune(stack, "containers", label=["keep"], until=[str(int(time.time()) + 5)])
    assert docker("ps", "-aq") == ""


def test_what_is_no_filter(stack):
    for kind in ("containers", "volumes", "images"):
        answer = prune(stack, kind, status=400, color=["red"])
        assert "invalid filter 'color'" in answer["message"].lower()
    answer = stack.api("POST", "/v1.41/containers/prune?filters={%22until%22:[%22yesterday%22]}")
    assert answer.status in (400, 500) and "yesterday" in answer.json["message"]


# ---- volumes


@pytest.fixture
def three_volumes(docker, stack):
    """One in use, one with a name, one without."""
    docker("create", "--name", "user", "-v", "used:/x", "busybox")
    docker("volume", "create", "--label", "tier=gold", "named")
    docker("run", "--name", "gone", "--network=none", "-v", "/anon", "-v", "named:/n", "busybox", "sh", "-c",
           "head -c 4000 /dev/zero > /n/bytes")
    docker("rm", "gone")
    yield
    docker("rm", "user")
    stack.api("POST", "/v1.41/volumes/prune")


def names(stack):
    return {v["Name"] for v in stack.api("GET", "/v1.41/volumes").json["Volumes"]}


def test_volumes_before_1_42(stack, three_volumes):
    report = prune(stack, "volumes")
    assert len(report["VolumesDeleted"]) == 2 and report["SpaceReclaimed"] == 4000
    assert names(stack) == {"used"}


def test_volumes_by_label(stack, three_volumes):
    assert prune(stack, "volumes", label=["tier=gold"])["VolumesDeleted"] == ["named"]
    assert len(names(stack)) == 2


@pytest.mark.ours                               # 20.10 has no API 1.42
def test_volumes_since_1_42(docker, stack, three_volumes):
    report = prune(stack, "volumes", version="1.43")
    assert len(report["VolumesDeleted"]) == 1 and len(report["VolumesDeleted"][0]) == 64
    assert names(stack) == {"used", "named"}
    assert prune(stack, "volumes", version="1.43", all=["1"])["VolumesDeleted"] == ["named"]
    assert "invalid filter 'all'" in prune(stack, "volumes", status=400, all=["1"])["message"].lower()


# ---- images


@pytest.fixture
def images(docker, stack):
    """The images are there, whatever a test before did."""
    have = docker("images", "--format", "{{.Repository}}").split()
    for name, path in zip(("plain", "marked"), IMAGES):
        if name not in have:
            stack.docker("load", "-q", "-i", path, cli="debian", check=True)
    yield


def tags(docker):
    return set(docker("images", "--format", "{{.Repository}}").split())


def test_only_dangling_images_go(docker, stack, images):
    before = tags(docker)
    assert prune(stack, "images") == {"ImagesDeleted": None, "SpaceReclaimed": 0}
    assert tags(docker) == before


def test_images_that_nobody_uses(docker, stack, images):
    docker("create", "--name", "user", "busybox")
    docker("create", "--name", "other", "plain")
    report = prune(stack, "images", dangling=["false"], label=["tier=gold"])
    assert {"Untagged": "marked:latest"} in report["ImagesDeleted"]
    assert [x for x in report["ImagesDeleted"] if "Deleted" in x]
    assert 300_000 <= report["SpaceReclaimed"] < 1_000_000, "not what busybox shares"
    assert {"busybox", "plain"} <= tags(docker) and "marked" not in tags(docker)
    prune(stack, "images", dangling=["false"], **{"label!": ["tier=gold"]})
    assert tags(docker) == {"busybox", "plain"}, "these are used"
    docker("run", "--rm", "--network=none", "plain", "true")


def test_images_by_age(docker, stack, images):
    assert prune(stack, "images", dangling=["false"], until=["200000h"])["ImagesDeleted"] is None
    assert "plain" in tags(docker)


# ---- the rest


def test_build(stack):
    answer = stack.api("POST", "/v1.41/build/prune")
    assert answer.status == 200 and answer.json["SpaceReclaimed"] == 0


def test_system_prune(docker, stack, images):
    docker("run", "--name", "ended", "--network=none", "busybox", "true")
    docker("network", "create", "unused")
    text = docker("system", "prune", "-f")
    assert "Deleted Containers:" in text and "Total reclaimed space:" in text
    assert "unused" in text and "unused" not in docker("network", "ls")
    assert docker("ps", "-aq") == ""


def test_events(docker, stack):
    since = str(time.time())
    for kind in ("containers", "volumes", "images"):
        prune(stack, kind)
    time.sleep(0.1)
    lines = docker("events", "--since", since, "--until", str(time.time()), "--filter", "event=prune",
                   "--format", "{{json .}}").splitlines()
    found = [json.loads(line) for line in lines]
    assert [e["Type"] for e in found] == ["container", "volume", "image"]
    assert all(e["Actor"]["Attributes"] == {"reclaimed": "0"} for e in found)
