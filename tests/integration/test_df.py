"""GET /system/df, and sizes in ps and inspect."""

import pytest

from stack.images import Image, Layer, busybox_layer, preload_folder
from stack.stack import build_dir


def shared_image():
    path = preload_folder(build_dir()) / "df.tar"
    Image([busybox_layer(), Layer().file("more", b"x" * 5000)], {"Cmd": ["sh"]}).write_archive(
        path, "more:latest")
    return path


OPTIONS = {"preload": [preload_folder(build_dir()) / "busybox.tar", shared_image()]}


@pytest.fixture
def used(docker, stack):
    """A container that wrote 200,000 bytes, and a volume with 3,000."""
    docker("run", "--name", "box", "--network=none", "-v", "dfvol:/v", "busybox", "sh", "-c",
           "head -c 200000 /dev/zero > /file; head -c 3000 /dev/zero > /v/file; ln /v/file /v/again; "
           "yes | head -c 50000")
    docker("volume", "create", "unused")
    yield
    docker("rm", "box")
    docker("volume", "rm", "dfvol", "unused")


def df(stack, query="", version="1.41"):
    answer = stack.api("GET", f"/v{version}/system/df{query}")
    assert answer.status == 200, answer
    return answer.json


def test_volumes(stack, used):
    found = {v["Name"]: v["UsageData"] for v in df(stack)["Volumes"]}
    assert found == {"dfvol": {"RefCount": 1, "Size": 3000}, "unused": {"RefCount": 0, "Size": 0}}


def test_containers(stack, used, engine):
    box, = df(stack)["Containers"]
    assert box["Names"] == ["/box"] and box["State"] == "exited"
    log = 25000 * 60 if engine == "ours" else 0     # ours counts the log, of so many lines
    assert 200_000 + log <= box["SizeRw"] < 400_000 + log * 1.5
    assert box["SizeRootFs"] > 1_000_000


def test_images_share(stack, used):
    document = df(stack)
    images = {i["RepoTags"][0]: i for i in document["Images"] if i["RepoTags"]}
    plain, more = images["busybox:latest"], images["more:latest"]
    assert plain["Containers"] == 1 and more["Containers"] == 0
    assert plain["SharedSize"] == more["SharedSize"] > 1_000_000
    assert more["Size"] - more["SharedSize"] >= 5000
    assert document["LayersSize"] < sum(i["Size"] for i in document["Images"])
    assert document["LayersSize"] >= more["Size"]


def test_the_client(docker, used):
    text = docker("system", "df")
    for row in ("Images", "Containers", "Local Volumes", "Build Cache"):
        assert row in text
    assert "dfvol" in docker("system", "df", "-v")


@pytest.mark.ours                               # types came with API 1.42
def test_types(stack, used):
    document = df(stack, "?type=volume&type=image", "1.43")
    assert document["Volumes"] and document["Images"] and not document["Containers"]
    answer = stack.api("GET", "/v1.43/system/df?type=swarm")
    assert answer.status == 400 and answer.json["message"] == "unknown object type: swarm"


def test_sizes_of_containers(docker, stack, used):
    box, = stack.api("GET", "/v1.41/containers/json?all=1&size=1").json
    assert 200_000 <= box["SizeRw"] < 250_000 and box["SizeRootFs"] > 1_000_000
    document = stack.api("GET", "/v1.41/containers/box/json?size=1").json
    assert (document["SizeRw"], document["SizeRootFs"]) == (box["SizeRw"], box["SizeRootFs"])
    assert docker("ps", "-as", "--format", "{{.Size}}").startswith("20")
