"""The Docker SDK for Python (PyPI `docker`) before the engine: what programs do, not people."""

import io
import sys
import tarfile
import time

import pytest
from stack import images, pypi
from stack.stack import SOCKET

if pypi.have():
    sys.path.insert(0, str(pypi.site_packages()))
    import docker
    from docker import errors
    from docker.types import Healthcheck, IPAMConfig, IPAMPool, Mount, Ulimit
else:
    pytestmark = pytest.mark.skip(reason="the Docker SDK could not be had from PyPI")

SLEEP = ["sleep", "1000"]


@pytest.fixture
def sdk(stack):
    client = docker.DockerClient(base_url="unix:/" + stack.sandbox.path(SOCKET), timeout=30)
    yield client
    for container in client.containers.list(all=True):
        container.remove(force=True, v=True)
    client.close()


@pytest.fixture
def up(sdk):
    """up(...): a running container without a network."""
    def call(command=None, **options):
        options.setdefault("network_mode", "none")
        return sdk.containers.run("busybox", command or SLEEP, detach=True, **options)
    return call


def until(what, patience=10):
    end = time.monotonic() + patience
    while not what():
        assert time.monotonic() < end, "did not happen"
        time.sleep(0.02)


# ---- the engine ----

def test_ping_version_info(sdk):
    assert sdk.ping()
    assert sdk.version()["Os"] == "linux"
    assert sdk.info()["OSType"] == "linux"


def test_data_usage(sdk, up):
    up(name="counted")
    usage = sdk.df()
    assert [c["Names"] for c in usage["Containers"]] == [["/counted"]]
    assert usage["Images"] and "Volumes" in usage


# ---- containers ----

def test_run_returns_the_output(sdk):
    assert sdk.containers.run("busybox", ["echo", "hello"], remove=True) == b"hello\n"
    assert sdk.containers.run("busybox", "sh -c 'echo no; echo yes >&2'", stdout=False, stderr=True,
                              remove=True, network_mode="none") == b"yes\n"


def test_run_raises_what_went_wrong(sdk):
    with pytest.raises(errors.ContainerError) as failed:
        sdk.containers.run("busybox", ["sh", "-c", "echo bad >&2; exit 3"], remove=True)
    assert failed.value.exit_status == 3 and failed.value.stderr == b"bad\n"
    with pytest.raises(errors.APIError) as refused:
        sdk.containers.run("busybox", ["/nothing/here"], remove=True)
    assert refused.value.status_code == 400
    with pytest.raises(errors.NotFound):
        sdk.containers.get("nobody")


def test_life(sdk, up):
    container = up(["sh", "-c", "trap 'exit 7' TERM; while sleep 0.02; do :; done"], name="life",
                   labels={"part": "one"}, environment={"A": "b"}, hostname="inner")
    assert container.status == "created"
    container.reload()
    assert container.status == "running" and container.labels == {"part": "one"}
    assert container.attrs["Config"]["Hostname"] == "inner"
    assert sdk.containers.list(filters={"label": "part=one"}) == [container]
    assert sdk.containers.list(filters={"name": "other"}) == []
    container.pause()
    container.reload()
    assert container.status == "paused"
    container.unpause()
    container.rename("renamed")
    assert sdk.containers.get("renamed").id == container.id
    assert len(container.top()["Processes"]) >= 1
    container.stop(timeout=5)
    assert container.wait()["StatusCode"] == 7
    container.start()
    container.restart(timeout=0)
    container.kill("KILL")
    assert container.wait(timeout=10)["StatusCode"] == 137
    container.remove()
    with pytest.raises(errors.NotFound):
        container.reload()


def test_options_reach_the_container(sdk):
    out = sdk.containers.run(
        "busybox", ["sh", "-c", "id -u; pwd; ulimit -n; cat /proc/sys/net/core/somaxconn; "
                    "cat /sys/fs/cgroup/memory/memory.limit_in_bytes; cat /etc/hosts | grep other; "
                    "touch /x 2>/dev/null || echo readonly; "
                    "mount | grep -c 'on /scratch type tmpfs'"],
        user="12", working_dir="/tmp", ulimits=[Ulimit(name="nofile", soft=99, hard=100)],
        sysctls={"net.core.somaxconn": "77"}, mem_limit="32m", extra_hosts={"other": "192.0.2.7"},
        read_only=True, tmpfs={"/scratch": "size=1m"}, cap_drop=["ALL"], init=True, remove=True)
    assert out.decode().splitlines() == [
        "12", "/tmp", "99", "77", str(32 << 20), "192.0.2.7\tother", "readonly", "1"]


def test_wait_until_removed(sdk, up):
    container = up(["sh", "-c", "sleep 0.5; exit 4"], auto_remove=True)
    assert container.wait(condition="removed")["StatusCode"] == 4
    with pytest.raises(errors.NotFound):
        sdk.containers.get(container.id)


def test_update(up):
    container = up()
    container.update(mem_limit=32 << 20, memswap_limit=32 << 20, restart_policy={
        "Name": "on-failure", "MaximumRetryCount": 3})
    container.reload()
    assert container.attrs["HostConfig"]["Memory"] == 32 << 20
    assert container.attrs["HostConfig"]["RestartPolicy"] == {
        "Name": "on-failure", "MaximumRetryCount": 3}


def test_logs(up):
    container = up(["sh", "-c", "echo bad >&2; sleep 0.1; for i in 1 2 3; do echo line $i; done"])
    container.wait()
    assert container.logs(stderr=False) == b"line 1\nline 2\nline 3\n"
    assert container.logs(stdout=False) == b"bad\n"
    assert container.logs(stderr=False, tail=1) == b"line 3\n"
    stamped = container.logs(stderr=False, timestamps=True, tail=1).decode()
    assert stamped.endswith("Z line 3\n") and stamped.startswith("20")
    assert container.logs(since=int(time.time()) + 100) == b""


def test_logs_as_a_stream(up):
    container = up(["sh", "-c", "echo one; sleep 0.3; echo two; sleep 0.3; echo three"])
    assert b"".join(container.logs(stream=True, follow=True)) == b"one\ntwo\nthree\n"


def test_attach(up):
    container = up(["sh", "-c", "sleep 0.5; echo said; echo wrong >&2"])
    assert sorted(b"".join(container.attach(stream=True, logs=False)).splitlines()) == [
        b"said", b"wrong"]


def test_attach_socket(sdk, up):
    container = sdk.containers.create("busybox", ["sh", "-c", "read word; echo got $word"],
                                      stdin_open=True, tty=True, network_mode="none")
    connection = container.attach_socket(params={"stdin": 1, "stdout": 1, "stream": 1})
    container.start()
    connection._sock.sendall(b"something\n")
    said = b""
    while chunk := connection._sock.recv(4096):
        said += chunk
    connection.close()
    assert said.endswith(b"got something\r\n")
    assert container.wait()["StatusCode"] == 0


def test_stats(up):
    container = up()
    once = container.stats(stream=False)
    assert once["pids_stats"]["current"] == 1 and once["memory_stats"]["usage"] > 0
    assert once["cpu_stats"]["cpu_usage"]["total_usage"] > 0
    stream = container.stats(decode=True)
    first, second = next(stream), next(stream)
    assert second["read"] > first["read"] and second["preread"] == first["read"]
    stream.close()


def test_stats_of_the_network(sdk):
    container = sdk.containers.run("busybox", SLEEP, detach=True)
    assert container.stats(stream=False)["networks"]["eth0"]["rx_bytes"] >= 0


def test_prune_of_containers(sdk, up):
    up(["true"], name="ended").wait()
    up(name="lives")
    pruned = sdk.containers.prune()
    assert len(pruned["ContainersDeleted"]) == 1
    assert [c.name for c in sdk.containers.list(all=True)] == ["lives"]


def test_diff_and_export(up):
    container = up(["sh", "-c", "echo new > /tmp/new; rm /etc/passwd; exec sleep 1000"])
    until(lambda: {"Path": "/tmp/new", "Kind": 1} in (container.diff() or []))
    assert {"Path": "/etc/passwd", "Kind": 2} in container.diff()
    archive = io.BytesIO(b"".join(container.export()))
    with tarfile.open(fileobj=archive) as tar:
        assert tar.extractfile("tmp/new").read() == b"new\n"


def test_health(sdk, up):
    container = up(healthcheck=Healthcheck(test=["CMD-SHELL", "test -e /well"],
                                           interval=200_000_000, retries=2))

    def health():
        container.reload()
        return container.health
    assert health() == "starting"
    until(lambda: health() == "unhealthy")
    assert container.exec_run(["touch", "/well"]).exit_code == 0
    until(lambda: health() == "healthy")
    assert sdk.containers.list(filters={"health": "healthy"}) == [container]


# ---- exec ----

def test_exec(up):
    container = up()
    assert container.exec_run(["echo", "inside"]) == (0, b"inside\n")
    assert container.exec_run("sh -c 'exit 9'").exit_code == 9
    assert container.exec_run(["sh", "-c", "echo out; echo err >&2"], demux=True).output == (
        b"out\n", b"err\n")
    assert container.exec_run(["sh", "-c", "id -u; pwd; echo $A"], user="33", workdir="/tmp",
                              environment={"A": "b"}).output == b"33\n/tmp\nb\n"
    assert container.exec_run(["tty"], tty=True, stdin=True).output == b"/dev/pts/0\r\n"
    container.exec_run(["touch", "/mark"], detach=True)
    until(lambda: container.exec_run(["test", "-e", "/mark"]).exit_code == 0)


def test_exec_as_a_stream(up):
    stream = up().exec_run(["sh", "-c", "echo one; sleep 0.2; echo two"], stream=True).output
    assert b"".join(stream) == b"one\ntwo\n"


def test_exec_by_socket(sdk, up):
    container = up()
    made = sdk.api.exec_create(container.id, ["sh", "-c", "read word; echo got $word; exit 2"],
                               stdin=True, tty=True)
    connection = sdk.api.exec_start(made, tty=True, socket=True)
    connection._sock.sendall(b"it\n")
    said = b""
    while chunk := connection._sock.recv(4096):
        said += chunk
    connection.close()
    assert said.endswith(b"got it\r\n")
    assert sdk.api.exec_inspect(made)["ExitCode"] == 2


# ---- events ----

def test_events(sdk, up):
    listener = sdk.events(decode=True, filters={"type": "container", "label": "watched"})
    container = up(["true"], labels=["watched"])
    container.wait()
    seen = []
    for event in listener:
        seen.append(event["Action"])
        if event["Action"] == "die":
            assert event["Actor"]["Attributes"]["exitCode"] == "0"
            break
    listener.close()
    assert seen == ["create", "start", "die"]


def test_events_of_the_past(sdk, up):
    start = int(time.time())
    container = up(["true"])
    container.wait()
    until(lambda: "die" in [e["Action"] for e in sdk.events(
        decode=True, since=start, until=int(time.time()) + 1, filters={"container": container.id})])


# ---- files ----

def tar_of(name, data, mode=0o640):
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as tar:
        entry = tarfile.TarInfo(name)
        entry.size, entry.mode, entry.uid = len(data), mode, 7
        tar.addfile(entry, io.BytesIO(data))
    return made.getvalue()


@pytest.mark.parametrize("running", [True, False])
def test_archives(sdk, up, running):
    container = up() if running else sdk.containers.create("busybox", SLEEP, network_mode="none")
    assert container.put_archive("/tmp", tar_of("file", b"content"))
    stream, stat = container.get_archive("/tmp/file")
    assert (stat["name"], stat["size"]) == ("file", 7)
    with tarfile.open(fileobj=io.BytesIO(b"".join(stream))) as tar:
        entry = tar.getmember("file")
        assert (entry.mode & 0o777, entry.uid) == (0o640, 7)
        assert tar.extractfile(entry).read() == b"content"
    with pytest.raises(errors.NotFound):
        container.get_archive("/not/there")
    with pytest.raises(errors.NotFound):
        container.put_archive("/not/there", tar_of("file", b""))


# ---- images ----

def test_images(sdk):
    image = sdk.images.get("busybox")
    assert "busybox:latest" in image.tags and image.id.startswith("sha256:")
    assert image in sdk.images.list() and image in sdk.images.list(name="busybox")
    assert image.tag("other/name", "v1")
    image.reload()
    assert "other/name:v1" in image.tags
    assert sdk.images.list(filters={"reference": "other/*"}) == [image]
    sdk.images.remove("other/name:v1")
    with pytest.raises(errors.ImageNotFound):
        sdk.images.get("other/name:v1")
    assert image.history()[0]["Id"]
    with pytest.raises(errors.ImageNotFound):
        sdk.containers.create("not/there:ever", ["true"])


def test_pull(sdk, registry):
    images.Image([images.busybox_layer(), images.Layer().file("mark", "small\n")],
                 media=images.DOCKER).push(registry, "small", "v1")
    image = sdk.images.pull("127.0.0.1:5000/small", tag="v1")
    assert image.tags == ["127.0.0.1:5000/small:v1"]
    progress = list(sdk.api.pull("127.0.0.1:5000/small", tag="v1", stream=True, decode=True))
    assert progress[-1]["status"].startswith("Status: Image is up to date")
    assert sdk.containers.run(image, ["/bin/cat", "/mark"], remove=True) == b"small\n"
    sdk.images.remove(image.id, force=True)
    with pytest.raises(errors.NotFound):
        sdk.images.pull("127.0.0.1:5000/small", tag="no")


def test_push(sdk, registry):
    image = sdk.images.get("busybox")
    image.tag("127.0.0.1:5000/pushed", "v1")
    lines = list(sdk.images.push("127.0.0.1:5000/pushed", tag="v1", stream=True, decode=True))
    assert any("digest: sha256:" in line.get("status", "") for line in lines), lines
    sdk.images.remove("127.0.0.1:5000/pushed:v1")
    assert sdk.images.pull("127.0.0.1:5000/pushed", tag="v1")
    sdk.images.remove("127.0.0.1:5000/pushed:v1")


def test_save_and_load(sdk):
    sdk.images.get("busybox").tag("saved", "one")
    archive = b"".join(sdk.images.get("saved:one").save(named="saved:one"))
    sdk.images.remove("saved:one")
    assert ["saved:one" in image.tags for image in sdk.images.load(archive)] == [True]
    sdk.images.remove("saved:one")


# ---- networks ----

def test_networks(sdk):
    pool = IPAMConfig(pool_configs=[IPAMPool(subnet="10.77.0.0/24", gateway="10.77.0.9")])
    network = sdk.networks.create("sdk-net", driver="bridge", ipam=pool, labels={"a": "b"})
    try:
        assert network.attrs["IPAM"]["Config"][0]["Subnet"] == "10.77.0.0/24"
        assert network in sdk.networks.list(names=["sdk-net"])
        web = sdk.containers.run("busybox", SLEEP, detach=True, name="web", network="sdk-net")
        other = sdk.containers.run("busybox", SLEEP, detach=True, network_mode="none")
        with pytest.raises(errors.APIError):
            network.connect(other)                      # it has none
        other.remove(force=True)
        other = sdk.containers.run("busybox", SLEEP, detach=True)
        network.connect(other, aliases=["second"], ipv4_address="10.77.0.42")
        network.reload()
        assert {c.name for c in network.containers} == {"web", other.name}
        assert web.exec_run(["ping", "-c1", "-W2", "second"]).exit_code == 0
        assert b"10.77.0.42" in web.exec_run(["nslookup", "second"]).output
        with pytest.raises(errors.APIError):
            network.remove()                            # it is in use
        network.disconnect(other)
        web.remove(force=True)
        other.remove(force=True)
    finally:
        for container in sdk.containers.list(all=True):
            container.remove(force=True)
        network.remove()
    with pytest.raises(errors.NotFound):
        sdk.networks.get("sdk-net")


def test_prune_of_networks(sdk):
    sdk.networks.create("unused")
    assert sdk.networks.prune()["NetworksDeleted"] == ["unused"]


def test_ports(sdk, stack):
    container = sdk.containers.run(
        "busybox", ["sh", "-c", "echo page > /index.html; exec httpd -f -p 80 -h /"], detach=True,
        ports={"80/tcp": ("127.0.0.1", 8089), "81/udp": None})
    container.reload()
    assert container.ports["80/tcp"] == [{"HostIp": "127.0.0.1", "HostPort": "8089"}]
    assert int(container.ports["81/udp"][0]["HostPort"]) > 1024
    fetch = ["busybox", "wget", "-qO-", "http://127.0.0.1:8089/"]
    until(lambda: stack.exec(fetch).stdout == "page\n")


# ---- volumes ----

def test_volumes(sdk):
    volume = sdk.volumes.create("sdk-data", labels={"a": "b"})
    try:
        assert volume in sdk.volumes.list(filters={"label": "a=b"})
        assert volume.attrs["Driver"] == "local"
        sdk.containers.run("busybox", ["sh", "-c", "echo kept > /data/file"], remove=True,
                           volumes={"sdk-data": {"bind": "/data", "mode": "rw"}})
        out = sdk.containers.run("busybox", ["cat", "/data/file"], remove=True, mounts=[
            Mount("/data", "sdk-data", type="volume", read_only=True)])
        assert out == b"kept\n"
        user = sdk.containers.create("busybox", SLEEP, volumes=["sdk-data:/data"])
        with pytest.raises(errors.APIError) as refused:
            volume.remove()
        assert refused.value.status_code == 409
        user.remove()
    finally:
        volume.remove(force=True)
    with pytest.raises(errors.NotFound):
        sdk.volumes.get("sdk-data")
    sdk.volumes.create()                        # a name is made up
    assert len(sdk.volumes.prune()["VolumesDeleted"]) == 1
