"""Volumes: the API's verbs, what containers see of them, and what outlives whom."""

import json
import os
import random
import threading
import time

import pytest

from stack.images import Image, Layer, busybox_layer, preload_folder
from stack.stack import build_dir

SH = ("busybox", "sh", "-c")
RUN = ("run", "--rm", "--network=none")


def image_with_volume():
    """An image with a VOLUME that holds files of all kinds."""
    path = preload_folder(build_dir()) / f"volumes.{os.getpid()}.tar"
    layer = Layer().folder("data", mode=0o1770, uid=12, gid=34)
    layer.file("data/plain", "content", mode=0o640, uid=5, gid=6)
    layer.hardlink("data/again", "data/plain", mode=0o640, uid=5, gid=6)
    layer.file("data/suid", "s", mode=0o4755, xattrs={"user.color": b"red"})
    layer.symlink("data/link", "/etc/passwd").folder("data/sub", mode=0o700, uid=7)
    layer.file("data/sub/deep", "deep").file("shelf", "no folder")
    layer.symlink("way", "/data").folder("empty", mode=0o711, uid=3, gid=4)
    Image([busybox_layer(), layer], {"Cmd": ["sh"], "Volumes": {"/data": {}}}).write_archive(
        path, "keeper:latest")
    return path


OPTIONS = {"preload": [preload_folder(build_dir()) / "busybox.tar", image_with_volume()]}


@pytest.fixture(autouse=True)
def no_volumes_left(stack):
    yield
    left = stack.docker("ps", "-aq", cli="debian").stdout.split()
    if left:
        stack.docker("rm", "-f", "-v", *left, cli="debian")
    volumes = [v["Name"] for v in stack.api("GET", "/v1.41/volumes").json["Volumes"]]
    if volumes:
        stack.docker("volume", "rm", *volumes, cli="debian", check=True)


def names(stack):
    return sorted(v["Name"] for v in stack.api("GET", "/v1.41/volumes").json["Volumes"])


def mounts(inspect, name):
    return {m["Destination"]: m for m in inspect(name)["Mounts"]}


def create(stack, body, expect=201):
    answer = stack.api("POST", "/v1.41/volumes/create", body)
    assert answer.status == expect, answer
    return answer.json


def make(stack, host, expect=201, **config):
    answer = stack.api("POST", "/v1.41/containers/create",
                       {"Image": "busybox", "HostConfig": host, **config})
    assert answer.status == expect, answer
    return answer.json


# ---- the verbs


def test_a_volume_is_made_shown_and_removed(docker, stack, refused):
    assert docker("volume", "create", "--label", "a=b", "one") == "one"
    assert docker("volume", "create", "one") == "one"
    shown = json.loads(docker("volume", "inspect", "one"))[0]
    assert (shown["Driver"], shown["Scope"], shown["Labels"]) == ("local", "local", {"a": "b"})
    assert shown["Mountpoint"].endswith("/volumes/one/_data")
    assert shown["CreatedAt"].endswith("Z") and "." not in shown["CreatedAt"]
    assert docker("volume", "ls", "-q") == "one"
    assert docker("volume", "rm", "one") == "one"
    assert names(stack) == []
    assert "no such volume" in refused(1, "volume", "rm", "one").lower()
    assert docker("volume", "rm", "-f", "one") == "one"


def test_without_a_name_it_gets_one(stack):
    made = create(stack, {})
    assert len(made["Name"]) == 64 and int(made["Name"], 16)


def test_what_cannot_be_made(stack, engine):
    for body, status, words in (
            ({"Name": "two", "Driver": "nope"}, 404, 'plugin "nope" not found'),
            ({"Name": "a/b"}, 400, "includes invalid characters for a local volume name"),
            ({"Name": "x"}, 400, "volume name is too short"),
            ({"Name": ".hidden"}, 400, "includes invalid characters"),
            ({"Name": "two", "DriverOpts": {"color": "red"}}, 400, 'invalid option: "color"'),
            ({"Name": "two", "DriverOpts": {"device": "/x"}}, 400, 'missing required option: "type"'),
            ({"Name": "two", "DriverOpts": {"type": "ext4"}}, 400, 'missing required option: "device"')):
        if engine == "debian" and status == 404:
            continue                        # it looks for the plugin for 15 s
        assert words in create(stack, body, status)["message"]
    assert names(stack) == []


def test_filters(docker, stack, refused):
    docker("volume", "create", "--label", "tier=gold", "first")
    docker("volume", "create", "second")
    docker("create", "--name", "user", "-v", "first:/x", "busybox")
    assert docker("volume", "ls", "-q", "-f", "dangling=true") == "second"
    assert docker("volume", "ls", "-q", "-f", "dangling=false") == "first"
    assert docker("volume", "ls", "-q", "-f", "name=eco") == "second"
    assert docker("volume", "ls", "-q", "-f", "label=tier") == "first"
    assert docker("volume", "ls", "-q", "-f", "label=tier=tin") == ""
    assert docker("volume", "ls", "-q", "-f", "driver=other") == ""
    assert "invalid filter 'color'" in refused(1, "volume", "ls", "-f", "color=red").lower()


def test_in_use(docker, stack, refused):
    docker("volume", "create", "held")
    box = docker("create", "--name", "user", "-v", "held:/x", "busybox")
    text = refused(1, "volume", "rm", "held")
    assert f"remove held: volume is in use - [{box}]" in text
    assert stack.api("DELETE", "/v1.41/volumes/held?force=1").status == 409
    docker("rm", "user")
    docker("volume", "rm", "held")


# ---- in containers


def test_content_outlives_containers(docker):
    docker(*RUN, "-v", "kept:/x", *SH, "echo words > /x/file")
    assert docker(*RUN, "-v", "kept:/y:ro", "busybox", "cat", "/y/file") == "words"
    docker(*RUN, "-v", "kept:/y:ro", *SH, "echo no > /y/file", code=1)


def test_two_containers_share_it(docker):
    docker("run", "-d", "--name", "one", "--network=none", "-v", "both:/x", "busybox", "sleep", "99")
    docker(*RUN, "-v", "both:/x", *SH, "echo hello > /x/from-two")
    assert docker("exec", "one", "cat", "/x/from-two") == "hello"


def test_mounts_in_inspect(docker, inspect, tmp_path):
    docker("create", "--name", "all", "-v", "vol:/v", "-v", "/anon", "-v", "/tmp:/b:ro",
           "--mount", "type=volume,source=other,target=/o,readonly",
           "--mount", "type=tmpfs,target=/t,tmpfs-size=1m",
           "--mount", "type=bind,source=/tmp,target=/b2,bind-propagation=rslave",
           "--tmpfs", "/hidden", "busybox")
    found = mounts(inspect, "all")
    assert sorted(found) == ["/anon", "/b", "/b2", "/o", "/t", "/v"]
    for m in found.values():
        source = m.pop("Source")
        if m["Type"] == "volume":
            assert source.endswith(f"/volumes/{m.pop('Name') if m['Destination'] == '/anon' else m['Name']}/_data")
    assert found["/v"] == {"Type": "volume", "Name": "vol", "Destination": "/v", "Driver": "local",
                           "Mode": "z", "RW": True, "Propagation": ""}
    assert found["/anon"] == {"Type": "volume", "Destination": "/anon", "Driver": "local",
                              "Mode": "", "RW": True, "Propagation": ""}
    assert found["/b"] == {"Type": "bind", "Destination": "/b", "Mode": "ro", "RW": False,
                           "Propagation": "rprivate"}
    assert found["/o"]["RW"] is False and found["/o"]["Mode"] == "z"
    assert found["/t"] == {"Type": "tmpfs", "Destination": "/t", "Mode": "", "RW": True,
                           "Propagation": ""}
    assert found["/b2"]["Propagation"] == "rslave"
    assert sorted(inspect("all")["HostConfig"]["Binds"]) == ["/tmp:/b:ro", "vol:/v"]  # the client draws their order
    assert inspect("all")["Config"]["Volumes"] == {"/anon": {}}
    assert "vol" in docker("ps", "-a", "--format", "{{.Mounts}}")
    assert docker("ps", "-aq", "-f", "volume=vol") == docker("ps", "-aq")


def test_a_bind_without_source_is_an_anonymous_volume(stack):
    box = make(stack, {"Binds": ["/x"]})["Id"]
    m = stack.api("GET", f"/v1.41/containers/{box}/json").json["Mounts"][0]
    assert (m["Type"], m["Destination"], len(m["Name"])) == ("volume", "/x", 64)


REFUSED = [   # what is asked for, the original's status, words
    ({"Binds": ["vol:/x:wild"]}, 500, "invalid mode: wild"),
    ({"Binds": ["vol:/x:rshared"]}, 500, "field BindOptions must not be specified"),
    ({"Binds": ["a/b:/x"]}, 400, "includes invalid characters for a local volume name"),
    ({"Binds": ["vol:/x", "wol:/x"]}, 400, "Duplicate mount point: /x"),
    ({"Binds": ["vol:/x"], "VolumeDriver": "nope"}, 404, 'plugin "nope" not found'),
    ({"Binds": ["vol:/etc/passwd"]}, 500, "is not directory"),
    ({"VolumesFrom": ["nobody"]}, 400, "No such container: nobody"),
    ({"Mounts": [{"Type": "image", "Source": "i", "Target": "/x"}]}, 400, "mount type unknown"),
    ({"Mounts": [{"Type": "volume", "Target": "/x", "Source": "vol",
                  "VolumeOptions": {"DriverConfig": {"Name": "nope"}}}]}, 404, "not found"),
    ({"Mounts": [{"Type": "tmpfs", "Target": "/x", "Source": "vol"}]}, 400,
     "field Source must not be specified"),
    ({"Mounts": [{"Type": "bind", "Target": "/x", "Source": "/not/there"}]}, 400,
     "bind source path does not exist: /not/there"),
]


def test_a_refused_container_leaves_nothing(stack, engine):
    """Always 400 of ours: 404 would be said of the image, and clients would pull it."""
    for host, status, words in REFUSED:
        if engine == "debian" and status == 404:
            continue                        # it looks for the plugin for 15 s
        answer = stack.api("POST", "/v1.41/containers/create", {"Image": "busybox", "HostConfig": host})
        assert words in answer.json["message"]
        assert answer.status == (400 if engine == "ours" else status), answer
        if engine == "ours":                # the original leaves the volume
            assert names(stack) == []
    assert stack.docker("ps", "-aq").stdout == ""


def test_volumes_from(docker, inspect, stack):
    docker("run", "-d", "--name", "owner", "--network=none", "-v", "vol:/v", "-v", "/anon", "-v",
           "/tmp:/b:ro", *SH, "echo mine > /v/x; echo theirs > /anon/x; touch /done; sleep 99")
    stack.wait_for(lambda: stack.docker("exec", "owner", "test", "-e", "/done").returncode == 0)
    assert docker(*RUN, "--volumes-from", "owner", *SH, "cat /v/x /anon/x") == "mine\ntheirs"
    docker(*RUN, "--volumes-from", "owner:ro", *SH, "touch /v/y", code=1)
    docker("create", "--name", "heir", "--volumes-from", "owner:ro", "-v", "over:/v", "busybox")
    found, owner = mounts(inspect, "heir"), mounts(inspect, "owner")
    assert found["/anon"]["Name"] == owner["/anon"]["Name"] and not found["/anon"]["RW"]
    assert found["/v"]["Name"] == "over" and found["/v"]["RW"]
    assert found["/b"]["Type"] == "bind" and not found["/b"]["RW"]


# ---- anonymous volumes


def test_anonymous_volumes_go_with_their_container(docker, stack):
    docker("run", "--name", "box", "--network=none", "-v", "/anon", "-v", "named:/n", "keeper", "true")
    assert len(names(stack)) == 3
    docker("rm", "-v", "box")
    assert names(stack) == ["named"]
    docker(*RUN, "-v", "/anon", "keeper", "true")
    assert names(stack) == ["named"]


def test_without_v_they_stay(docker, stack):
    docker("create", "--name", "box", "-v", "/anon", "busybox")
    docker("rm", "box")
    assert len(names(stack)) == 1


def test_one_that_others_use_stays(docker, stack):
    docker("create", "--name", "one", "-v", "/anon", "busybox")
    docker("create", "--name", "two", "--volumes-from", "one", "busybox")
    docker("rm", "-v", "one")
    assert len(names(stack)) == 1
    docker("rm", "-v", "two")
    assert names(stack) == []


# ---- copy-up


LOOK = ("cd {0}; stat -c '%n %a %u:%g %F' . plain again suid link sub sub/deep; cat plain sub/deep;"
        " [ plain -ef again ] && echo linked; readlink link")
SEEN = """. 1770 12:34 directory
plain 640 5:6 regular file
again 640 5:6 regular file
suid 4755 0:0 regular file
link 777 0:0 symbolic link
sub 700 7:0 directory
sub/deep 644 0:0 regular file
contentdeeplinked
/etc/passwd"""


@pytest.mark.parametrize("where", ["/data", "/way"], ids=["straight", "through a link"])
def test_an_empty_volume_gets_the_images_files(docker, stack, where):
    docker("create", "--name", "box", "-v", f"fresh:{where}", "keeper")
    assert docker(*RUN, "-v", "fresh:/seen", *SH, LOOK.format("/seen")) == SEEN
    path = json.loads(docker("volume", "inspect", "fresh"))[0]["Mountpoint"]
    color = stack.exec(["python3", "-c", f"import os; print(os.getxattr('{path}/suid', 'user.color'))"])
    if where == "/data":
        assert "b'red'" in color.stdout or "Operation not supported" in color.stderr


def test_the_images_own_volume_is_filled(docker):
    assert docker(*RUN, "keeper", "sh", "-c", LOOK.format("/data")) == SEEN


def test_an_empty_folder_gives_owner_and_mode(docker):
    assert docker(*RUN, "-v", "fresh:/empty", "keeper", "stat", "-c", "%a %u:%g", "/empty") == "711 3:4"


def test_nocopy_and_full_volumes_get_nothing(docker):
    assert docker(*RUN, "-v", "bare:/data:nocopy", "keeper", "ls", "/data") == ""
    docker(*RUN, "-v", "full:/x", "busybox", "touch", "/x/mine")
    assert docker(*RUN, "-v", "full:/data", "keeper", "ls", "/data") == "mine"


def test_a_volume_in_use_is_filled_where_it_lies(docker):
    docker("run", "-d", "--name", "one", "--network=none", "-v", "both:/x", "busybox", "sleep", "99")
    docker("create", "--name", "two", "-v", "both:/data", "keeper")
    assert docker("exec", "one", "cat", "/x/plain") == "content"


# ---- other file systems


def test_a_tmpfs_volume(docker, stack):
    docker("volume", "create", "-o", "type=tmpfs", "-o", "device=tmpfs", "-o", "o=size=1m,mode=700",
           "mem")
    line = docker(*RUN, "-v", "mem:/m", *SH, "grep ' /m ' /proc/mounts; stat -c %a /m")
    assert "tmpfs" in line and "size=1024k" in line and line.endswith("700")
    assert "volumes/mem" not in stack.exec(["cat", "/proc/mounts"]).stdout


def test_a_bind_volume(docker, stack):
    stack.exec(["sh", "-c", "mkdir -p /run/folder; echo host > /run/folder/file"], check=True)
    docker("volume", "create", "-o", "type=none", "-o", "device=/run/folder", "-o", "o=bind,ro", "door")
    docker("run", "-d", "--name", "one", "--network=none", "-v", "door:/d", "busybox", "sleep", "99")
    assert docker(*RUN, "-v", "door:/d", "busybox", "cat", "/d/file") == "host"
    assert docker("exec", "one", "cat", "/d/file") == "host"
    docker("exec", "one", "touch", "/d/new", code=1)
    docker("rm", "-f", "one")
    assert "volumes/door" not in stack.exec(["cat", "/proc/mounts"]).stdout


def test_a_device_that_is_not_there(docker, refused):
    docker("volume", "create", "-o", "type=ext4", "-o", "device=/dev/nope", "lost")
    docker("create", "--name", "box", "busybox")
    text = refused(127, "run", "-v", "lost:/x:nocopy", "--network=none", "busybox")
    assert "failed to mount local volume: mount /dev/nope" in text
    assert "no such file or directory" in text


# ---- binds


def test_propagation_asks_the_host(docker, stack, refused):
    stack.exec(["sh", "-c", "mkdir -p /run/plain /run/passes; mount -t tmpfs passes /run/passes && "
                            "mount --make-shared /run/passes"], check=True)
    text = refused(125, *RUN, "-v", "/run/plain:/b:rshared", "busybox", "true")
    assert "path /run/plain is mounted on /run but it is not a shared mount" in text
    text = refused(125, *RUN, "-v", "/run/plain:/b:rslave", "busybox", "true")
    assert "but it is not a shared or slave mount" in text
    docker(*RUN, "-v", "/run/passes:/b:rslave", "busybox", "true")
    docker("run", "-d", "--name", "box", "--network=none", "-v", "/run/passes:/b:rslave", "busybox",
           "sleep", "99")
    stack.exec(["sh", "-c", "mkdir /run/passes/late; mount -t tmpfs late /run/passes/late; "
                            "touch /run/passes/late/seen"], check=True)
    assert docker("exec", "box", "ls", "/b/late") == "seen"
    docker("rm", "-f", "box")
    stack.exec(["sh", "-c", "umount /run/passes/late /run/passes; rmdir /run/passes /run/plain"], check=True)


def test_a_missing_source(docker, stack, refused):
    """-v makes it, --mount does not, unless it is told to."""
    docker(*RUN, "-v", "/run/fresh/deep:/b", "busybox", "touch", "/b/x")
    assert stack.exec(["ls", "/run/fresh/deep"]).stdout == "x\n"
    stack.exec(["rm", "-r", "/run/fresh"], check=True)
    assert "bind source path does not exist" in refused(
        125, *RUN, "--mount", "type=bind,source=/run/fresh,target=/b", "busybox", "true")


@pytest.mark.ours                               # CreateMountpoint came with API 1.42
def test_a_mount_that_makes_its_source(stack):
    body = {"Image": "busybox", "Cmd": ["touch", "/b/x"], "HostConfig": {
        "NetworkMode": "none", "Mounts": [{"Type": "bind", "Source": "/run/made", "Target": "/b",
                                           "BindOptions": {"CreateMountpoint": True}}]}}
    box = stack.api("POST", "/v1.43/containers/create", body).json["Id"]
    assert stack.api("POST", f"/v1.43/containers/{box}/start").status == 204
    stack.api("POST", f"/v1.43/containers/{box}/wait")
    assert stack.exec(["ls", "/run/made"]).stdout == "x\n"
    stack.exec(["rm", "-r", "/run/made"], check=True)


def test_tmpfs(docker):
    line = docker(*RUN, "--mount", "type=tmpfs,target=/t,tmpfs-size=1m,tmpfs-mode=700", *SH,
                  "grep ' /t ' /proc/mounts; stat -c %a /t")
    assert "size=1024k" in line and line.endswith("700")
    line = docker(*RUN, "--tmpfs", "/t:exec,size=2m", "busybox", "grep", " /t ", "/proc/mounts")
    assert "size=2048k" in line and "noexec" not in line and "nosuid" in line


# ---- events


def test_events(docker, stack):
    since = str(time.time())
    docker("volume", "create", "seen")
    docker("run", "--name", "box", "--network=none", "-v", "seen:/x", "busybox", "true")
    docker("rm", "box")
    docker("volume", "rm", "seen")
    time.sleep(0.1)
    lines = docker("events", "--since", since, "--until", str(time.time()), "--filter", "type=volume",
                   "--format", "{{json .}}").splitlines()
    found = [(e["Action"], e["Actor"]["ID"], e["Actor"]["Attributes"]) for e in map(json.loads, lines)]
    kinds = [action for action, _, _ in found]
    assert [k for i, k in enumerate(kinds) if i == 0 or k != kinds[i - 1]] == [
        "create", "mount", "unmount", "destroy"]
    assert all(name == "seen" and attributes["driver"] == "local" for _, name, attributes in found)
    mount = next(a for action, _, a in found if action == "mount")
    assert mount["destination"] == "/x" and mount["read/write"] == "true" and mount["container"]


# ---- what survives


@pytest.mark.ours
def test_a_restart_keeps_them(fresh_stack):
    stack = fresh_stack

    def docker(*args):
        return stack.docker(*args, check=True).stdout.rstrip("\n")
    docker("volume", "create", "--label", "a=b", "-o", "type=tmpfs", "-o", "device=tmpfs", "mem")
    docker("run", "-d", "--name", "box", "--network=none", "-v", "mem:/m", "-v", "plain:/p", "-v",
           "/anon", *SH, "echo 1 > /m/x; echo 2 > /p/x; touch /done; sleep 999")
    stack.wait_for(lambda: stack.docker("exec", "box", "test", "-e", "/done").returncode == 0)
    stack.kill("dockerd")
    stack.start_dockerd()
    stack.wait_for(lambda: stack.docker("ps").returncode == 0)
    assert len(names(stack)) == 3
    assert json.loads(docker("volume", "inspect", "mem"))[0]["Labels"] == {"a": "b"}
    assert docker("exec", "box", "cat", "/m/x", "/p/x") == "1\n2"
    assert docker(*RUN, "-v", "mem:/m", "busybox", "cat", "/m/x") == "1"
    docker("rm", "-f", "-v", "box")
    assert names(stack) == ["mem", "plain"]
    assert "/volumes/mem" not in stack.exec(["cat", "/proc/mounts"]).stdout


@pytest.mark.ours
def test_a_folder_without_a_row_is_a_volume(fresh_stack):
    stack = fresh_stack
    root = json.loads(stack.docker("info", "-f", "{{json .DockerRootDir}}").stdout)
    stack.kill("dockerd")
    stack.exec(["sh", "-c", f"cd {root}/volumes; mkdir -p found/_data .new.half/_data "
                            f".gone.0123456789abcdef.dead/_data stray; echo x > found/_data/x"], check=True)
    stack.start_dockerd()
    assert names(stack) == ["found"]
    assert stack.docker(*RUN, "-v", "found:/f", "busybox", "cat", "/f/x").stdout == "x\n"
    left = stack.exec(["ls", "-A", f"{root}/volumes"]).stdout.split()
    assert sorted(left) == ["found", "stray"]


@pytest.mark.ours
def test_killed_in_the_middle(fresh_stack, request):
    """Before or after: no folder without a volume, none without a folder, no anonymous one left."""
    stack, stop, acknowledged = fresh_stack, threading.Event(), set()
    root = json.loads(stack.docker("info", "-f", "{{json .DockerRootDir}}").stdout)

    def work():
        n = 0
        while not stop.is_set():
            n += 1
            if stack.docker("volume", "create", f"made{n}").returncode == 0:
                acknowledged.add(f"made{n}")
            stack.docker("run", "--rm", "--network=none", "-v", f"auto{n}:/data", "keeper", "true")
            acknowledged.discard(f"made{n}")
            if stack.docker("volume", "rm", f"made{n}").returncode != 0:
                acknowledged.add(f"made{n}?")
    chance = random.Random(7)
    for _ in range(20 if request.config.getoption("--long") else 4):
        stop.clear()
        worker = threading.Thread(target=work)
        worker.start()
        time.sleep(chance.uniform(0.2, 0.8))
        stack.kill("dockerd")
        stop.set()
        worker.join()
        stack.start_dockerd()
        stack.wait_for(lambda: stack.docker("ps").returncode == 0)
        stack.wait_for(lambda: not stack.docker("ps", "-aq").stdout or
                       stack.docker("rm", "-f", "-v", *stack.docker("ps", "-aq").stdout.split()))
        found = names(stack)
        assert {name for name in acknowledged if not name.endswith("?")} <= set(found)
        assert not [name for name in found if len(name) == 64], "an anonymous volume is left"
        folders = stack.exec(["sh", "-c", f"cd {root}/volumes; ls -A"], check=True).stdout.split()
        assert sorted(folders) == found
        for name in found:
            if name.startswith("auto"):
                files = stack.exec(["ls", f"{root}/volumes/{name}/_data"]).stdout.split()
                assert files == ["again", "link", "plain", "sub", "suid"], f"{name} is half full"
