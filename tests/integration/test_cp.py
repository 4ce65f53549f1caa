"""docker cp and export: what goes in and out, and what must not reach beyond the container."""

import base64
import io
import json
import socket
import tarfile
import time

import pytest

SH = ("busybox", "sh", "-c")
MAKE = ("mkdir -p /d/sub; echo hi >/d/f; ln -s /d /dl; ln -s f /d/lf; ln -s /etc/nope /dangling;"
        "ln -s ../../../../.. /up; echo inside >/vol/v; mkfifo /d/p; chown 12:34 /d/f; chmod 640 /d/f;"
        "ln /d/f /d/hard; sleep 999")


@pytest.fixture(params=["running", "stopped"])
def box(request, docker, stack):
    """A container with a few files and a volume; running, or stopped."""
    docker("run", "-d", "--name", "box", "--network=none", "-v", "cpvol:/vol", "-v", "/run:/host:ro",
           *SH, MAKE)
    stack.wait_for(lambda: stack.docker("exec", "box", "test", "-e", "/d/hard").returncode == 0)
    if request.param == "stopped":
        docker("kill", "box")
        docker("wait", "box")
    yield "box"
    docker("rm", "-f", "box")
    docker("volume", "rm", "cpvol")


def stat(stack, name, path):
    answer = stack.api("HEAD", f"/v1.41/containers/{name}/archive?path={path}")
    if answer.status != 200:
        return answer.status
    return json.loads(base64.b64decode(answer.headers["X-Docker-Container-Path-Stat"]))


def read(stack, name, path):
    answer = stack.api("GET", f"/v1.41/containers/{name}/archive?path={path}")
    assert answer.status == 200, answer
    assert answer.headers["Content-Type"] == "application/x-tar"
    return tarfile.open(fileobj=io.BytesIO(answer.body))


def entry(name, data=b"", kind=tarfile.REGTYPE, link="", mode=0o644, uid=0, gid=0):
    info = tarfile.TarInfo(name)
    info.type, info.size, info.linkname, info.mode = kind, len(data), link, mode
    info.uid, info.gid, info.mtime = uid, gid, 1700000000
    return info, io.BytesIO(data)


def tar_of(*entries):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for info, data in entries:
            tar.addfile(info, data)
    return out.getvalue()


def write(stack, name, path, tar, more=""):
    return stack.api("PUT", f"/v1.41/containers/{name}/archive?path={path}{more}", tar,
                     {"Content-Type": "application/x-tar"})


# ---- looking


PATHS = [
    ("/d", "d", 1 << 31, ""), ("/d/", "d", 1 << 31, ""), ("/d/.", ".", 1 << 31, ""),
    ("/d/f", "f", 0, ""), ("d/f", "f", 0, ""), ("/dl", "dl", 1 << 27, "/d"),
    ("/dl/", "dl", 1 << 31, ""), ("/dl/f", "f", 0, ""), ("/d/lf", "lf", 1 << 27, "/d/f"),
    ("/dangling", "dangling", 1 << 27, "/etc/nope"), ("/up", "up", 1 << 27, "/"),
    ("/up/", "up", 1 << 31, ""), ("/", "/", 1 << 31, ""), ("../../d", "d", 1 << 31, ""),
    ("/d/p", "p", 1 << 25, ""), ("/vol/v", "v", 0, ""),
]


def test_what_a_path_is(stack, box):
    for path, name, kind, link in PATHS:
        found = stat(stack, box, path)
        assert (path, found["name"], found["mode"] & ~0o7777, found["linkTarget"]) == (
            path, name, kind, link)
        assert found["mtime"].endswith("Z")


def test_sizes_and_modes(stack, box):
    assert stat(stack, box, "/d/f")["size"] == 3
    assert stat(stack, box, "/d/f")["mode"] == 0o640


def test_what_is_not_there(stack, box):
    for method in ("HEAD", "GET"):
        assert stack.api(method, f"/v1.41/containers/{box}/archive?path=/nope").status == 404
    answer = stack.api("GET", f"/v1.41/containers/{box}/archive?path=/nope")
    assert answer.json["message"] == f"Could not find the file /nope in container {box}"
    assert stack.api("GET", f"/v1.41/containers/{box}/archive").status == 400
    assert stack.api("GET", "/v1.41/containers/nobody/archive?path=/").status == 404


# ---- out


TARS = {
    "/d": ["d", "d/f", "d/hard", "d/lf", "d/p", "d/sub"],
    "/d/.": [".", "./f", "./hard", "./lf", "./p", "./sub"],
    "/dl/": ["dl", "dl/f", "dl/hard", "dl/lf", "dl/p", "dl/sub"],
    "/dl": ["dl"], "/d/f": ["f"], "/up/d/f": ["f"], "/vol": ["vol", "vol/v"],
}


def test_a_tar_of_it(stack, box):
    assert {path: read(stack, box, path).getnames() for path in TARS} == TARS


def test_the_tar_keeps_what_files_are(stack, box):
    tar = read(stack, box, "/d")
    f = tar.getmember("d/f")
    assert (f.mode & 0o7777, f.uid, f.gid, tar.extractfile(f).read()) == (0o640, 12, 34, b"hi\n")
    assert tar.getmember("d/hard").islnk() and tar.getmember("d/hard").linkname == "d/f"
    assert tar.getmember("d/lf").linkname == "f" and tar.getmember("d/p").isfifo()


def test_out_with_the_client(docker, stack, box):
    docker("cp", f"{box}:/d", "/run/out")
    assert stack.exec(["cat", "/run/out/f"]).stdout == "hi\n"
    docker("cp", f"{box}:/vol/v", "/run/v")
    assert stack.exec(["cat", "/run/v"]).stdout == "inside\n"
    docker("cp", "-L", f"{box}:/d/lf", "/run/followed")
    assert stack.exec(["cat", "/run/followed"]).stdout == "hi\n"
    stack.exec(["rm", "-rf", "/run/out", "/run/v", "/run/followed"], check=True)


def test_the_whole_of_it(stack, box):
    """Volumes and binds are seen, what the kernel shows is not."""
    names = read(stack, box, "/").getnames()
    assert {"/d/f", "/vol/v", "/proc", "/sys", "/dev"} <= {"/" + n.lstrip("/") for n in names}
    assert not [n for n in names if n.lstrip("/").startswith(("proc/", "sys/"))]
    assert read(stack, box, "/proc").getnames() == ["proc"]
    assert "dev/null" not in read(stack, box, "/dev/.").getnames() + [n.lstrip("/") for n in names]


# ---- in


def test_in_with_the_client(docker, stack, box):
    stack.exec(["sh", "-c", "mkdir -p /run/in/deep; echo one >/run/in/deep/x; echo two >/run/two"], check=True)
    docker("cp", "/run/in", f"{box}:/d/sub")
    docker("cp", "/run/in/.", f"{box}:/dl")
    docker("cp", "/run/two", f"{box}:/vol/renamed")
    for path, text in (("/d/sub/in/deep/x", "one\n"), ("/d/deep/x", "one\n"), ("/vol/renamed", "two\n")):
        tar = read(stack, box, path)
        assert tar.extractfile(tar.getnames()[0]).read().decode() == text
    stack.exec(["rm", "-rf", "/run/in", "/run/two"], check=True)


def test_what_is_written_is_what_was_sent(stack, box):
    sent = tar_of(entry("t", kind=tarfile.DIRTYPE, mode=0o1777, uid=3, gid=4),
                  entry("t/file", b"x" * 100000, mode=0o755, uid=5, gid=6),
                  entry("t/link", kind=tarfile.SYMTYPE, link="/etc/passwd"),
                  entry("t/hard", kind=tarfile.LNKTYPE, link="t/file", mode=0o755, uid=5, gid=6),
                  entry("t/.wh.name", b"a name like others"))
    assert write(stack, box, "/d", sent).status == 200
    tar = read(stack, box, "/d/t")
    assert tar.getnames() == ["t", "t/.wh.name", "t/file", "t/hard", "t/link"]
    top, f = tar.getmember("t"), tar.getmember("t/file")
    assert (top.mode & 0o7777, top.uid, top.gid) == (0o1777, 3, 4)
    assert (f.mode & 0o7777, f.uid, f.gid, f.mtime, f.size) == (0o755, 5, 6, 1700000000, 100000)
    assert tar.getmember("t/hard").linkname == "t/file"


def test_where_nothing_can_be_written(stack, box):
    for path, statuses, words in (
            ("/nope", [404], "Could not find the file /nope in container"),
            ("/etc/passwd", [400, 500], "extraction point is not a directory"),
            ("/host", [403, 500], "mounted volume is marked read-only")):
        answer = write(stack, box, path, tar_of(entry("x", b"x")))
        assert words in answer.json["message"] and answer.status in statuses


def test_a_read_only_container(docker, stack):
    docker("create", "--name", "ro", "--read-only", "-v", "/v", "busybox")
    answer = write(stack, "ro", "/tmp", tar_of(entry("x", b"x")))
    assert "container rootfs is marked read-only" in answer.json["message"]
    assert write(stack, "ro", "/v", tar_of(entry("x", b"x"))).status == 200


def test_directories_and_files_in_each_others_place(stack, box):
    folder, file = tar_of(entry("f", kind=tarfile.DIRTYPE, mode=0o755)), tar_of(entry("sub", b"x"))
    for one in (folder, file):
        answer = write(stack, box, "/d", one, "&noOverwriteDirNonDir=1")
        assert answer.status in (400, 500) and "cannot overwrite" in answer.json["message"]
    assert write(stack, box, "/d", file).status == 200
    assert stat(stack, box, "/d/sub")["mode"] == 0o644


@pytest.mark.ours                       # the original asks the host who "user" is
def test_everything_belongs_to_the_containers_user(docker, stack):
    docker("create", "--name", "owned", "-u", "user", "busybox")
    tar = tar_of(entry("mine", b"x", uid=7, gid=8))
    assert write(stack, "owned", "/tmp", tar, "&copyUIDGID=1").status == 200
    mine = read(stack, "owned", "/tmp/mine").getmember("mine")
    assert (mine.uid, mine.gid) == (1000, 1000)


@pytest.mark.ours
def test_what_is_no_tar(stack, box):
    for body in (b"garbage" * 200, b"\x1f\x8b\x08" + b"x" * 100,
                 tar_of(entry("x", b"x" * 5000))[:3000]):
        assert write(stack, box, "/d", body).status == 400


# ---- what must not get out


def test_names_that_lead_out(stack, box):
    """What lies above the target is not written, by whatever name."""
    write(stack, box, "/d/sub", tar_of(entry("../../escaped", b"x")))
    write(stack, box, "/d/sub", tar_of(entry("/absolute", b"x")))
    assert stat(stack, box, "/escaped") == 404 and stat(stack, box, "/absolute") == 404
    assert stat(stack, box, "/d/escaped") == 404


def test_links_that_lead_out(stack, box):
    """A symlink of the tar, then a file through it: it stays inside the container."""
    sent = tar_of(entry("door", kind=tarfile.SYMTYPE, link="../../../../../run"),
                  entry("door/planted", b"x"))
    write(stack, box, "/d", sent)
    assert stack.exec(["ls", "/run/planted"]).returncode != 0
    write(stack, box, "/d", tar_of(entry("shadow", kind=tarfile.LNKTYPE, link="../../../etc/passwd")))
    assert stat(stack, box, "/d/shadow") == 404


def test_a_link_of_the_container_reads_its_own_files(docker, stack):
    """/etc/shadow by way of links is the container's, which has none."""
    docker("run", "--name", "sly", "--network=none", *SH,
           "ln -s / /root-link; ln -s ../../../../../../etc/shadow /shadow")
    assert stat(stack, "sly", "/root-link/etc/shadow") == 404
    assert stat(stack, "sly", "/shadow")["linkTarget"] == "/etc/shadow"
    assert read(stack, "sly", "/shadow").getmember("shadow").issym()
    assert read(stack, "sly", "/root-link/etc/passwd").extractfile("passwd").read().startswith(b"root:")


def test_a_path_that_changes_meanwhile(docker, stack):
    """CVE-2018-15664: a symlink is swapped with a directory all the time."""
    stack.exec(["sh", "-c", "mkdir -p /run/stash; echo HOST >/run/stash/secret"], check=True)
    docker("run", "-d", "--name", "racer", "--network=none", *SH,
           "mkdir /a /run; mkdir /run/stash; echo BOX >/run/stash/secret; mkdir /b; echo BOX >/b/secret;"
           "while :; do mv /b /keep; ln -s /run/stash /b; rm /b; mv /keep /b; done")
    stack.wait_for(lambda: stack.docker("exec", "racer", "ls", "/run/stash").returncode == 0)
    seen = set()
    for _ in range(25):
        answer = stack.api("GET", "/v1.41/containers/racer/archive?path=/b/secret")
        if answer.status == 200:
            try:
                seen.add(tarfile.open(fileobj=io.BytesIO(answer.body)).extractfile("secret").read())
            except (tarfile.TarError, KeyError):
                pass
        write(stack, "racer", "/b", tar_of(entry("planted", b"x")))
    assert seen == {b"BOX\n"}
    assert stack.exec(["ls", "/run/stash"]).stdout.split() == ["secret"]
    stack.exec(["rm", "-r", "/run/stash"], check=True)


def test_libraries_of_the_container_are_not_loaded(docker, stack):
    """CVE-2019-14271: what looks names up would load the container's libnss."""
    docker("create", "--name", "trap", "busybox")
    libraries = tar_of(*[entry(f"{folder}/{name}", b"\x7fELF broken", mode=0o755)
                         for folder in ("lib", "lib64", "usr/lib", "lib/x86_64-linux-gnu")
                         for name in ("libnss_files.so.2", "libc.so.6", "libcrypto.so.3",
                                      "ld-linux-x86-64.so.2")],
                       entry("etc/nsswitch.conf", b"passwd: files\n"))
    assert write(stack, "trap", "/", libraries).status == 200
    assert "lib/libc.so.6" in read(stack, "trap", "/lib").getnames()
    assert write(stack, "trap", "/tmp", tar_of(entry("x", b"x"))).status == 200


@pytest.mark.ours
def test_nothing_stays_mounted(docker, stack, box):
    read(stack, box, "/d")
    write(stack, box, "/d", tar_of(entry("x", b"x")))
    mounts = stack.exec(["cat", "/proc/mounts"]).stdout
    assert "/tmp " not in [line.split()[1][-4:] + " " for line in mounts.splitlines()
                           if "/data/docker" in line]
    assert not stack.pids("files")


@pytest.mark.ours
def test_a_client_that_goes_away(docker, stack):
    """The helper ends, and the container can be started."""
    docker("create", "--name", "big", *SH, "true")
    for _ in range(3):
        with socket_of(stack) as s:
            s.sendall(b"GET /v1.41/containers/big/archive?path=/bin HTTP/1.1\r\nHost: x\r\n\r\n")
            assert s.recv(1000).startswith(b"HTTP/1.1 200")
    stack.wait_for(lambda: not stack.pids("files"))
    docker("start", "-a", "big")


def socket_of(stack):
    s = socket.socket(socket.AF_UNIX)
    s.settimeout(10)
    s.connect(str(stack.sandbox.path("/run/docker.sock")))
    return s


@pytest.mark.ours
def test_an_engine_that_is_killed_meanwhile(fresh_stack):
    stack = fresh_stack
    root = json.loads(stack.docker("info", "-f", "{{json .DockerRootDir}}").stdout)
    stack.docker("volume", "create", "-o", "type=tmpfs", "-o", "device=tmpfs", "mem", check=True)
    stack.docker("create", "--name", "big", "--network=none", "-v", "mem:/mem", *SH, "true", check=True)
    with socket_of(stack) as s:
        s.sendall(b"GET /v1.41/containers/big/archive?path=/bin HTTP/1.1\r\nHost: x\r\n\r\n")
        assert s.recv(1000).startswith(b"HTTP/1.1 200") and stack.pids("files")
        assert f"{root}/volumes/mem" in stack.exec(["cat", "/proc/mounts"]).stdout
        stack.kill("dockerd")
        stack.wait_for(lambda: not stack.pids("files"))
    stack.start_dockerd()
    assert f"{root}/volumes/mem" not in stack.exec(["cat", "/proc/mounts"]).stdout
    stack.docker("start", "-a", "big", check=True)
    assert stat(stack, "big", "/bin/busybox")["name"] == "busybox"


def test_events(docker, stack, box):
    since = str(time.time())
    read(stack, box, "/d/f")
    write(stack, box, "/d", tar_of(entry("x", b"x")))
    time.sleep(0.1)
    found = docker("events", "--since", since, "--until", str(time.time()), "--filter", "type=container",
                   "--filter", "event=archive-path", "--filter", "event=extract-to-dir",
                   "--format", "{{.Action}}").split()
    assert found == ["archive-path", "extract-to-dir"]


# ---- export


def test_export(docker, stack, box):
    answer = stack.api("GET", f"/v1.41/containers/{box}/export")
    assert answer.status == 200
    tar = tarfile.open(fileobj=io.BytesIO(answer.body))
    names = tar.getnames()
    assert "d/f" in names and "bin/busybox" in names and "." not in names
    assert "vol" in names and "vol/v" not in names, "what is mounted stays out"
    assert not [n for n in names if n.startswith(("proc/", "sys/"))]
    assert tar.extractfile("d/f").read() == b"hi\n"
