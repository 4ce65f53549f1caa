"""Fields of the create body and parameters of the API, one row each: what is asked for is what a
program in the container finds, or what inspect says."""

import json
import re
import time
from pathlib import Path

import pytest
from stack.images import Layer

V = "/v1.41"


def cgroup(stack, name, file, controller):
    """A file of the container's cgroup (v1), as the host sees it."""
    pid = stack.api("GET", f"{V}/containers/{name}/json").json["State"]["Pid"]
    lines = stack.exec(["cat", f"/proc/{pid}/cgroup"], check=True).stdout.splitlines()
    path = [line.split(":", 2)[2] for line in lines if controller in line.split(":")[1].split(",")][0]
    return stack.exec(["cat", f"/sys/fs/cgroup/{controller}{path}/{file}"], check=True).stdout.strip()


INSIDE = [  # field, value, command, what it prints (a regular expression)
    ("Domainname", "lab.test", "cat /proc/sys/kernel/domainname", r"lab\.test"),
    ("Hostname", "box1", "hostname", "box1"), ("User", "1000:2000", "id -u; id -g", "1000\n2000"),
    ("WorkingDir", "/made/here", "pwd", "/made/here"), ("Env", ["A=1", "PATH=/bin"], "echo $A-$PATH", "1-/bin"),
    ("Tty", True, "test -t 1 && echo tty", "tty"), ("NetworkDisabled", True, "ls /sys/class/net", "lo"),
    ("Labels", {"a": "b"}, "true", ""), ("StopSignal", "SIGUSR1", "true", ""), ("StopTimeout", 3, "true", ""),
    ("HostConfig.CapAdd", ["NET_ADMIN"], "grep CapEff /proc/self/status", "00000000a80435fb"),
    ("HostConfig.CapDrop", ["ALL"], "grep CapEff /proc/self/status", "0000000000000000"),
    ("HostConfig.CgroupnsMode", "private", "cat /proc/1/cgroup | head -1", ":/$"),
    ("HostConfig.Dns", ["192.0.2.5"], "cat /etc/resolv.conf", r"nameserver 192\.0\.2\.5"),
    ("HostConfig.DnsOptions", ["ndots:9"], "cat /etc/resolv.conf", "options ndots:9"),
    ("HostConfig.DnsSearch", ["lab.test"], "cat /etc/resolv.conf", r"search lab\.test"),
    ("HostConfig.ExtraHosts", ["other:192.0.2.6"], "cat /etc/hosts", r"192\.0\.2\.6\s+other"),
    ("HostConfig.GroupAdd", ["777", "daemon"], "id -G", r"\b1\b.*\b777\b|\b777\b.*\b1\b"),
    ("HostConfig.OomScoreAdj", 321, "cat /proc/self/oom_score_adj", "321"),
    ("HostConfig.Privileged", True, "grep CapEff /proc/self/status; grep Seccomp: /proc/self/status",
     r"00000[01][0-9a-f]{10}\n.*0"),
    ("HostConfig.SecurityOpt", ["seccomp=unconfined"], "grep Seccomp: /proc/self/status", r"Seccomp:\s+0"),
    ("HostConfig.SecurityOpt", ["no-new-privileges"], "grep NoNewPrivs /proc/self/status", r"\s1"),
    ("HostConfig.UTSMode", "host", "hostname", "^stack$"), ("HostConfig.PidMode", "host", "echo $$", r"\d\d+|[2-9]"),
    ("HostConfig.UsernsMode", "host", "echo ok", "ok"), ("HostConfig.Isolation", "default", "echo ok", "ok"),
    ("HostConfig.Sysctls", {"net.ipv4.ip_forward": "0", "kernel.shm_rmid_forced": "1"},
     "cat /proc/sys/kernel/shm_rmid_forced", "1"),
    ("HostConfig.ReadonlyRootfs", True, "touch /x || echo readonly", "readonly"),
    ("HostConfig.ShmSize", 8 << 20, "df -k /dev/shm | tail -1", r"\b8192\b"),
    ("HostConfig.Tmpfs", {"/t": "size=4m,mode=700"}, "df -k /t | tail -1; stat -c %a /t", r"\b4096\b(.|\n)*700"),
    ("HostConfig.MaskedPaths", ["/etc/hosts"], "wc -c < /etc/hosts", "^0$"),
    ("HostConfig.ReadonlyPaths", ["/etc"], "touch /etc/x || echo readonly", "readonly"),
    ("HostConfig.Ulimits", [{"Name": "nofile", "Soft": 77, "Hard": 88}], "ulimit -Sn; ulimit -Hn", "77\n88"),
    ("HostConfig.Init", True, "cat /proc/1/comm", "docker-init"), ("HostConfig.PidsLimit", 50, "echo ok", "ok"),
    ("HostConfig.IpcMode", "none", "test -d /dev/shm || echo none", "none"),
    ("HostConfig.Devices", [{"PathOnHost": "/dev/null", "PathInContainer": "/dev/mine", "CgroupPermissions": "rw"}],
     "echo x > /dev/mine && test -c /dev/mine && echo ok", "ok"),
    ("HostConfig.DeviceCgroupRules", ["c 1:7 r"], "cat /sys/fs/cgroup/devices/devices.list; echo ok", "ok"),
    ("HostConfig.Annotations", {"org.test": "1"}, "echo ok", "ok"),
    ("Shell", ["/bin/ash", "-c"], "echo ok", "ok"), ("AttachStderr", True, "echo ok", "ok"),
]


def body(field, value, command):
    made = {"Image": "busybox", "Cmd": ["sh", "-c", command], "HostConfig": {}}
    if field.startswith("HostConfig."):
        made["HostConfig"][field.split(".")[1]] = value
    else:
        made[field] = value
    return made


@pytest.mark.parametrize("field, value, command, prints", INSIDE)
def test_fields_inside(stack, engine, field, value, command, prints):
    if engine == "debian" and "Annotations" in field:
        pytest.skip("of API 1.43")
    made = stack.api("POST", "/containers/create?name=field", body(field, value, command))
    assert made.status == 201, made
    assert stack.api("POST", f"{V}/containers/field/start").status == 204
    stack.api("POST", f"{V}/containers/field/wait")
    text = stack.api("GET", f"{V}/containers/field/logs?stdout=1&stderr=1").body
    if field != "Tty":
        text = re.sub(rb"[\x01\x02]\0\0\0....", b"", text, flags=re.DOTALL)
    assert re.search(prints, text.decode().strip()), text
    it = stack.api("GET", "/containers/field/json").json
    section, name = ("HostConfig", field.split(".")[1]) if "." in field else ("Config", field)
    if name not in ("Isolation", "SecurityOpt"):
        assert it[section][name] == value, it[section][name]


GROUPS = [  # field, value, controller, file, content
    ("CpuShares", 512, "cpu", "cpu.shares", "512"), ("CpuPeriod", 50000, "cpu", "cpu.cfs_period_us", "50000"),
    ("CpuQuota", 20000, "cpu", "cpu.cfs_quota_us", "20000"), ("NanoCpus", 500000000, "cpu", "cpu.cfs_quota_us", "50000"),
    ("CpusetCpus", "0", "cpuset", "cpuset.cpus", "0"), ("CpusetMems", "0", "cpuset", "cpuset.mems", "0"),
    ("Memory", 64 << 20, "memory", "memory.limit_in_bytes", str(64 << 20)),
    ("MemoryReservation", 32 << 20, "memory", "memory.soft_limit_in_bytes", str(32 << 20)),
    ("PidsLimit", 44, "pids", "pids.max", "44"), ("MemorySwappiness", 7, "memory", "memory.swappiness", "7"),
    ("OomKillDisable", True, "memory", "memory.oom_control", "oom_kill_disable 1"),
]


@pytest.mark.parametrize("field, value, controller, file, content", GROUPS)
def test_fields_of_cgroups(stack, engine, field, value, controller, file, content):
    made = body(f"HostConfig.{field}", value, "sleep 100")
    if field == "OomKillDisable":
        made["HostConfig"]["Memory"] = 64 << 20
    assert stack.api("POST", f"{V}/containers/create?name=field", made).status == 201
    started = stack.api("POST", f"{V}/containers/field/start")
    if engine == "debian" and started.status == 500 and field == "MemorySwappiness":
        pytest.skip("not with its runc on this kernel")
    assert started.status == 204, started
    assert content in cgroup(stack, "field", file, controller)
    assert stack.api("GET", f"{V}/containers/field/json").json["HostConfig"][field] == value


UPDATES = [row for row in GROUPS if row[0] not in ("OomKillDisable", "MemorySwappiness")]


@pytest.mark.parametrize("field, value, controller, file, content", UPDATES)
def test_updates(stack, field, value, controller, file, content):
    """The same limits, given to a container that runs."""
    stack.api("POST", f"{V}/containers/create?name=field", body("Labels", {}, "sleep 100"))
    assert stack.api("POST", f"{V}/containers/field/start").status == 204
    changed = stack.api("POST", f"{V}/containers/field/update", {
        field: value, **({"MemorySwap": -1} if field == "Memory" else {})})
    assert changed.status == 200, changed
    assert content in cgroup(stack, "field", file, controller)


def test_parameters_of_the_list(stack):
    """limit, all, size; what a platform means; the size in inspect."""
    for i in range(3):
        made = stack.api("POST", f"{V}/containers/create?name=list{i}&platform=linux", {
            "Image": "busybox", "Cmd": ["sh", "-c", "echo 12345 > /file"]})
        assert made.status == 201, made
    newest = stack.api("GET", f"{V}/containers/json?limit=2").json
    assert [c["Names"] for c in newest] == [["/list2"], ["/list1"]]
    assert stack.api("GET", f"{V}/containers/json").json == []
    stack.api("POST", f"{V}/containers/list0/start")
    stack.api("POST", f"{V}/containers/list0/wait")
    rows = {c["Names"][0]: c for c in stack.api("GET", f"{V}/containers/json?all=1&size=1").json}
    assert rows["/list0"]["SizeRw"] > 0 and rows["/list0"]["SizeRootFs"] > 100000
    assert stack.api("GET", f"{V}/containers/list0/json?size=1").json["SizeRw"] > 0
    assert "SizeRw" not in stack.api("GET", f"{V}/containers/list0/json").json


def test_signals_of_stop_and_restart(stack, engine):
    """signal (later engines have it), t, and the signal that the container asks for."""
    stack.api("POST", f"{V}/containers/create?name=sig", {
        "Image": "busybox", "StopSignal": "SIGUSR1", "StopTimeout": 1, "Cmd": [
            "sh", "-c", "trap 'exit 3' USR1; trap 'exit 4' TERM; echo up; while :; do sleep 0.05; done"]})

    def start():
        stack.api("POST", f"{V}/containers/sig/start")
        stack.wait_for(lambda: b"up" in stack.api("GET", f"{V}/containers/sig/logs?stdout=1&tail=1").body)
        time.sleep(0.1)

    def code():
        return stack.api("GET", f"{V}/containers/sig/json").json["State"]["ExitCode"]
    start()
    assert stack.api("POST", f"{V}/containers/sig/stop?t=5").status == 204
    assert code() == 3
    if engine == "ours":
        start()
        assert stack.api("POST", "/v1.43/containers/sig/stop?signal=TERM&t=5").status == 204
        assert code() == 4
        start()
        assert stack.api("POST", "/v1.43/containers/sig/restart?signal=TERM&t=5").status == 204
        assert stack.api("GET", f"{V}/containers/sig/json").json["State"]["Running"]


def test_resize(stack):
    stack.api("POST", f"{V}/containers/create?name=tty", {
        "Image": "busybox", "Tty": True, "Cmd": ["sh", "-c", "while :; do stty size; sleep 0.05; done"],
        "HostConfig": {"ConsoleSize": [20, 60]}})
    assert stack.api("POST", f"{V}/containers/tty/start").status == 204
    assert stack.api("POST", f"{V}/containers/tty/resize?h=33&w=77").status == 200
    stack.wait_for(lambda: b"33 77" in stack.api("GET", f"{V}/containers/tty/logs?stdout=1&tail=3").body)
    made = stack.api("POST", f"{V}/containers/tty/exec", {"Cmd": ["sleep", "5"], "Tty": True, "AttachStdin": False,
                                                         "Privileged": False, "WorkingDir": "/tmp"})
    assert stack.api("POST", f"{V}/exec/{made.json['Id']}/start", {"Detach": True, "Tty": True}).status == 200
    assert stack.api("POST", f"{V}/exec/{made.json['Id']}/resize?h=20&w=50").status in (200, 201)
    assert json.loads(stack.api("GET", f"{V}/exec/{made.json['Id']}/json").body)["Running"] is True


THROTTLES = [("BlkioDeviceReadBps", "read_bps"), ("BlkioDeviceWriteBps", "write_bps"),
             ("BlkioDeviceReadIOps", "read_iops"), ("BlkioDeviceWriteIOps", "write_iops")]


@pytest.mark.parametrize("field, file", THROTTLES)
def test_throttles(stack, field, file):
    stack.exec(["sh", "-c", "test -b /run/disk || mknod /run/disk b 7 0"], check=True)
    made = body(f"HostConfig.{field}", [{"Path": "/run/disk", "Rate": 12345}], "sleep 100")
    assert stack.api("POST", f"{V}/containers/create?name=field", made).status == 201
    assert stack.api("POST", f"{V}/containers/field/start").status == 204
    assert "7:0 12345" in cgroup(stack, "field", f"blkio.throttle.{file}_device", "blkio")
    changed = stack.api("POST", f"{V}/containers/field/update", {field: [{"Path": "/run/disk", "Rate": 54321}]})
    assert changed.status == 200, changed


def test_attach_with_logs(stack):
    """logs=1 without stream=1: what was written so far, and the end."""
    stack.api("POST", f"{V}/containers/create?name=said", body("Labels", {}, "echo before; sleep 100"))
    stack.api("POST", f"{V}/containers/said/start")
    stack.wait_for(lambda: b"before" in stack.api("GET", f"{V}/containers/said/logs?stdout=1").body)
    reply = stack.api("POST", f"{V}/containers/said/attach?logs=1&stdout=1")
    assert reply.status == 200 and b"before\n" in reply.body


def test_networks_by_hand(stack, engine):
    """Attachable and Internal are shown; Force lets go of a container that is gone from its network."""
    made = stack.api("POST", f"{V}/networks/create", {
        "Name": "byhand", "Attachable": True, "Internal": True, "CheckDuplicate": True, "EnableIPv6": False,
        **({"EnableIPv4": True} if engine == "ours" else {})})
    assert made.status == 201, made
    try:
        it = stack.api("GET", f"{V}/networks/byhand").json
        assert it["Attachable"] is True and it["Internal"] is True
        stack.api("POST", f"{V}/containers/create?name=member", {
            **body("Labels", {}, "sleep 100"), "HostConfig": {"NetworkMode": "byhand"}})
        assert stack.api("POST", f"{V}/containers/member/start").status == 204
        gone = stack.api("POST", f"{V}/networks/byhand/disconnect", {"Container": "member", "Force": True})
        assert gone.status == 200, gone
        assert stack.api("GET", f"{V}/networks/byhand").json["Containers"] == {}
    finally:
        stack.api("DELETE", f"{V}/containers/member?force=1")
        assert stack.api("DELETE", f"{V}/networks/byhand").status == 204


def test_prunes_by_hand(stack):
    """Nothing fits the filters, nothing goes; what a prune does not know is refused."""
    for path, key in (("/containers/prune", "ContainersDeleted"), ("/images/prune", "ImagesDeleted"),
                      ("/networks/prune", "NetworksDeleted"), ("/volumes/prune", "VolumesDeleted")):
        reply = stack.api("POST", V + path + "?filters=%7B%22label%22%3A%5B%22nobody%3Dhas%22%5D%7D")
        assert reply.status == 200 and not reply.json[key], reply
        assert stack.api("POST", V + path + "?filters=%7B%22nosuch%22%3A%5B%221%22%5D%7D").status in (400, 500)
    assert stack.api("POST", f"{V}/volumes/prune?filters=%7B%22label%22%3A%5B%22a%22%5D%7D").status == 200
    assert stack.api("POST", "/v1.41/images/prune?filters=%7B%22dangling%22%3A%5B%221%22%5D%7D").status == 200
    assert len(stack.api("GET", f"{V}/images/json").json) >= 1


def test_plugins_by_hand(stack):
    assert stack.api("GET", "/v1.41/plugins").json == []
    for reply in (stack.api("POST", f"{V}/plugins/no/such/upgrade?remote=x", []), stack.api("GET", f"{V}/plugins/no/such/json"), stack.api("DELETE", f"{V}/plugins/no/such"),
                  stack.api("POST", f"{V}/plugins/no/such/enable?timeout=0"), stack.api("POST", f"{V}/plugins/no/such/disable"),
                  stack.api("POST", f"{V}/plugins/no/such/push"), stack.api("POST", f"{V}/plugins/no/such/set", [])):
        assert reply.status == 404, reply


def test_volumes_by_hand(stack):
    told = {"Name": "byhand", "Driver": "local",
            "DriverOpts": {"type": "tmpfs", "device": "tmpfs", "o": "size=1m,mode=1750"}}
    assert stack.api("POST", f"{V}/volumes/create", told).status == 201
    wanted = body("HostConfig.Binds", ["byhand:/v"], "stat -c %a /v")
    stack.api("POST", f"{V}/containers/create?name=fill", wanted)
    stack.api("POST", f"{V}/containers/fill/start")
    assert stack.api("POST", f"{V}/containers/fill/wait").json["StatusCode"] == 0
    assert "1750" in stack.api("GET", f"{V}/containers/fill/logs?stdout=1").text
    stack.api("DELETE", f"{V}/containers/fill")
    assert stack.api("DELETE", f"{V}/volumes/byhand").status == 204


def test_volume_driver(stack):
    """Of anonymous volumes and those that -v names."""
    for driver, name, states in (("local", "driven", (201,)), ("nosuch", "undriven", (400, 404))):
        wanted = body("HostConfig.VolumeDriver", driver, "true") | {"Volumes": {"/anonymous": {}}}
        reply = stack.api("POST", f"{V}/containers/create?name={name}", wanted)
        assert reply.status in states, reply
    assert re.match("create [0-9a-f]{64}: error looking up volume plugin nosuch", reply.json["message"])
    stack.api("DELETE", f"{V}/containers/driven?v=1")


def test_weights_of_devices(stack):
    """Weights of devices are left out with a warning where the kernel has none; so says an update too."""
    disk = next((f"/dev/{p.name}" for p in Path("/sys/block").iterdir() if Path("/dev", p.name).is_block_device()), None)
    if not disk:
        pytest.skip("no block device")
    weights = [{"Path": disk, "Weight": 100}]
    reply = stack.api("POST", f"{V}/containers/create?name=weighed", body("HostConfig.BlkioWeightDevice", weights, "true"))
    update = stack.api("POST", f"{V}/containers/weighed/update", {"BlkioWeightDevice": weights})
    can = stack.exec(["test", "-e", "/sys/fs/cgroup/blkio/blkio.weight_device"]).returncode == 0
    for told in (reply, update):
        assert bool(told.json["Warnings"]) != can, told
    if not can:
        assert "Weight-device discarded" in reply.json["Warnings"][0]
        assert not stack.api("GET", f"{V}/containers/weighed/json").json["HostConfig"]["BlkioWeightDevice"]
    stack.api("DELETE", f"{V}/containers/weighed")


def test_real_time(stack):
    """Where the parent group has no real-time budget the start says which file refused it."""
    limits = {"CpuRealtimePeriod": 1000000, "CpuRealtimeRuntime": 1000}
    wanted = body("HostConfig.CpuRealtimePeriod", limits["CpuRealtimePeriod"], "true")
    wanted["HostConfig"].update(limits)
    stack.api("POST", f"{V}/containers/create?name=rt", wanted)
    shown = stack.api("GET", f"{V}/containers/rt/json").json["HostConfig"]
    assert {key: shown[key] for key in limits} == limits
    reply = stack.api("POST", f"{V}/containers/rt/start")
    assert reply.status == 204 or "cpu.rt_runtime_us" in reply.json["message"], reply
    stack.api("DELETE", f"{V}/containers/rt?force=1")


def test_import_by_hand(stack):
    reply = stack.api("POST", f"{V}/images/create?fromSrc=-&repo=by/hand&tag=1&message=said&changes=CMD+x&platform=linux",
                      Layer().file("file", "").tar(), {"Content-Type": "application/x-tar"})
    assert reply.status == 200 and "sha256:" in reply.text, reply
    made = stack.api("GET", f"{V}/images/by/hand:1/json").json
    assert made["Comment"] == "said" and made["Config"]["Cmd"] and made["Os"] == "linux"
    assert stack.api("DELETE", f"{V}/images/by/hand:1").status == 200


def test_commit_by_hand(stack):
    stack.api("POST", f"{V}/containers/create?name=still", body("Labels", {}, "sleep 100"))
    stack.api("POST", f"{V}/containers/still/start")
    reply = stack.api("POST", f"{V}/commit?container=still&repo=by/hand&tag=2&pause=0", {})
    assert reply.status == 201 and reply.json["Id"].startswith("sha256:"), reply
    stack.api("DELETE", f"{V}/containers/still?force=1")
    assert stack.api("DELETE", f"{V}/images/by/hand:2").status == 200


def test_archives_by_hand(stack):
    """noOverwriteDirNonDir: a folder is not replaced by a file."""
    stack.api("POST", f"{V}/containers/create?name=files", body("Labels", {}, "sleep 100"))
    refused = stack.api("PUT", f"{V}/containers/files/archive?path=/&noOverwriteDirNonDir=1",
                        Layer().file("tmp", "").tar(), {"Content-Type": "application/x-tar"})
    assert refused.status in (400, 500), refused
    stat = stack.api("HEAD", f"{V}/containers/files/archive?path=/tmp")
    assert stat.status == 200 and stat.headers["X-Docker-Container-Path-Stat"]
