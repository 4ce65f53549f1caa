"""Images that are there: lists and filters, names that move, removal and its refusals."""

import json
import time
import urllib.parse

import pytest
from stack import images
from stack.images import Image, Layer


@pytest.fixture
def pulled(docker, registry):
    """pulled("name:tag", ...): an image of the test's own; its reference."""
    names = []

    def make(name, created=None, **config):
        it = Image([images.busybox_layer(), Layer().file("n", name + json.dumps(config))],
                   {"Cmd": ["true"], **config})
        if created:
            it = dated(it, created)
        repository, tag = name.split(":")
        it.push(registry, repository, tag)
        docker("pull", "-q", registry.name(name))
        names.append(registry.name(name))
        return names[-1]
    yield make
    for name in names:
        if name in docker("images", "--format", "{{.Repository}}:{{.Tag}}").split():
            docker("rmi", "-f", name)


def dated(it, created):
    """The same image with another creation time."""
    config = json.loads(it.config) | {"created": created}
    it.config = json.dumps(config).encode()
    it.config_descriptor = it._blob(it.config, it.media["config"])
    it.manifest = json.dumps(json.loads(it.manifest) | {"config": it.config_descriptor}).encode()
    it.descriptor = {**it.descriptor, "digest": images.digest(it.manifest), "size": len(it.manifest)}
    return it


def listed(docker, *options):
    return docker("images", "--format", "{{.Repository}}:{{.Tag}}", *options).split()


def test_filter_by_reference(docker, pulled):
    one, two = pulled("filter/one:1"), pulled("filter/two:2")
    host = one.split("/")[0]
    assert listed(docker, f"{host}/filter/one") == [one]
    assert listed(docker, "--filter", f"reference={host}/filter/*:2") == [two]
    assert sorted(listed(docker, "--filter", f"reference={host}/filter/*")) == [one, two]
    assert listed(docker, "--filter", "reference=filter/*") == []
    assert listed(docker, f"{host}/filter/one:2") == []


def test_filter_by_label_and_age(docker, pulled):
    old = pulled("aged:old", created="2020-01-01T00:00:00Z", Labels={"kind": "old", "both": "1"})
    new = pulled("aged:new", created="2021-01-01T00:00:00Z", Labels={"kind": "new", "both": "1"})
    assert listed(docker, "--filter", "label=kind=old") == [old]
    assert sorted(listed(docker, "--filter", "label=both")) == sorted([old, new])
    assert listed(docker, "--filter", "label=both", "--filter", "label=kind=new") == [new]
    assert listed(docker, "--filter", f"before={new}", "--filter", "label=both") == [old]
    assert listed(docker, "--filter", f"since={old}", "--filter", "label=both") == [new]
    assert listed(docker, "--filter", "label=both") == [new, old]       # newest first


def test_unknown_filter(stack):
    filters = urllib.parse.quote(json.dumps({"nonsense": ["1"]}))
    assert stack.api("GET", f"/v1.41/images/json?filters={filters}").status == 400


def test_a_name_that_moves_leaves_the_image(docker, registry, pulled):
    """A pull gives the name to a newer image; the one before stays as <none>."""
    name = pulled("moved:1", Labels={"version": "one"})
    before = docker("images", "-q", "--no-trunc", name)
    assert pulled("moved:1", Labels={"version": "two"}) == name
    assert docker("images", "-q", "--no-trunc", name) != before
    dangling = docker("images", "-q", "--no-trunc", "--filter", "dangling=true").split()
    assert before in dangling
    assert docker("inspect", "-f", "{{.Config.Labels.version}}", before) == "one"
    assert docker("run", "--rm", "--network=none", before) == ""
    assert "Deleted: " + before in docker("rmi", before)
    assert before not in docker("images", "-q", "--no-trunc", "-a").split()


def test_tag(docker, refused, pulled):
    name = pulled("tagged:1")
    docker("tag", name, "copy")
    docker("tag", docker("images", "-q", name), "by/id:2")
    assert {"copy:latest", "by/id:2"} <= set(listed(docker))
    assert "invalid reference format" in refused(1, "tag", name, "UPPER")
    assert "No such image: nobody:latest" in refused(1, "tag", "nobody", "x")
    assert docker("rmi", "copy", "by/id:2") == "Untagged: copy:latest\nUntagged: by/id:2"


def test_remove_by_id(docker, refused, pulled):
    name = pulled("byid:1")
    identity = docker("images", "-q", "--no-trunc", name)
    docker("tag", name, "other/repository:1")
    text = refused(1, "rmi", identity.removeprefix("sha256:")[:12])
    assert "must be forced" in text and "image is referenced in multiple repositories" in text
    out = docker("rmi", "-f", identity)
    assert f"Untagged: {name}" in out and "Untagged: other/repository:1" in out
    assert f"Deleted: {identity}" in out


def test_remove_what_is_used(docker, refused, pulled):
    name = pulled("inuse:1")
    identity = docker("images", "-q", "--no-trunc", name)
    docker("run", "-d", "--name", "user", "--network=none", name, "sleep", "100")
    text = refused(1, "rmi", identity)
    assert "cannot be forced" in text and "image is being used by running container" in text
    text = refused(1, "rmi", name)
    assert "is using its referenced image" in text
    docker("rmi", "-f", name)                       # the name goes, the image stays
    assert docker("exec", "user", "echo", "alive") == "alive"
    docker("stop", "-t", "0", "user")
    docker("start", "user")
    assert docker("exec", "user", "echo", "again") == "again"
    docker("rm", "-f", "user")
    assert f"Deleted: {identity}" in docker("rmi", identity)


def test_prefixes(docker, refused, pulled):
    name = pulled("prefix:1")
    identity = docker("images", "-q", "--no-trunc", name)
    digits = identity.removeprefix("sha256:")
    for prefix in (digits[:6], digits, identity, "sha256:" + digits[:10]):
        assert docker("inspect", "-f", "{{.Id}}", prefix) == identity
    assert "No such" in refused(1, "inspect", "0" * 12)


@pytest.mark.parametrize("version", ["1.24", "1.41", pytest.param("1.43", marks=pytest.mark.ours)])
def test_shapes_of_versions(stack, docker, pulled, version):
    name = pulled("shape:1", Labels={"a": "b"}, ExposedPorts={"80/tcp": {}}, Env=["A=1"])
    rows = {tag: row for row in stack.api("GET", f"/v{version}/images/json").json
            for tag in row["RepoTags"] or []}
    row = rows[name]
    assert row["Labels"] == {"a": "b"} and row["ParentId"] == ""
    assert row["Created"] > 0 and row["Size"] > 0 and row["VirtualSize"] >= row["Size"]
    assert row["RepoDigests"][0].startswith(name.rsplit(":", 1)[0] + "@sha256:")
    it = stack.api("GET", f"/v{version}/images/{name}/json").json
    assert it["Id"] == row["Id"] and it["Config"]["ExposedPorts"] == {"80/tcp": {}}
    assert it["RootFS"]["Type"] == "layers" and it["GraphDriver"]["Name"]
    assert it["Config"]["Env"] == ["A=1"] and it["Config"]["Cmd"] == ["true"]
    history = stack.api("GET", f"/v{version}/images/{name}/history").json
    assert history[0]["Id"] == row["Id"] and history[0]["Tags"] == [name]
    assert [entry["Id"] for entry in history[1:]] == ["<missing>"] * (len(history) - 1)


def test_events(docker, pulled):
    name = pulled("noisy:1")
    identity = docker("images", "-q", "--no-trunc", name)
    docker("tag", name, "noisy/copy:1")
    docker("rmi", "noisy/copy:1")
    docker("rmi", name)
    lines = docker("events", "--since", "1m", "--until", str(int(time.time()) + 1), "--filter", "type=image",
                   "--format", "{{json .}}").splitlines()
    events = [(event["Action"], event["Actor"]["ID"]) for event in map(json.loads, lines)]
    assert [action for action, who in events if who == identity] == ["tag", "untag", "untag", "delete"]
    assert ("pull", name) in events


@pytest.mark.ours
def test_what_is_not_there_yet(stack):
    for method, path in (("POST", "/v1.41/build"), ("GET", "/v1.41/images/search")):
        reply = stack.api(method, path)
        assert reply.status == 501 and reply.json["message"]
