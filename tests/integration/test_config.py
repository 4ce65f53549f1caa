"""daemon.json and dockerd's flags: every key is refused by name or has an effect, shown here."""

import json
import os
import re
import signal
import subprocess
import time
from pathlib import Path

import pytest
from stack.images import Image, Layer

SOURCE = Path(__file__).resolve().parents[2] / "src" / "engine" / "daemon" / "flags.def"
SH = ("busybox", "sh", "-c")

OPTIONS = {"daemon_json": {
    "debug": True, "labels": ["tier=test", "rack=7"], "shutdown-timeout": 20,
    "insecure-registries": ["example.test:5000", "10.0.0.0/8"],
    "registry-mirrors": ["http://127.0.0.1:5000/"],
    "max-concurrent-downloads": 1, "max-concurrent-uploads": 2, "max-download-attempts": 2,
    "default-ulimits": {"nofile": {"Name": "nofile", "Hard": 600, "Soft": 500}},
    "default-shm-size": "16M", "default-ipc-mode": "shareable", "init": True,
    "no-new-privileges": True, "cgroup-parent": "/boxes",
    "log-driver": "json-file", "log-opts": {"max-size": "10m", "max-file": "3"},
    "dns": ["192.0.2.53"], "dns-opts": ["timeout:3"], "dns-search": ["lab.test"],
    "runtimes": {"marked": {"path": "/tmp/marked", "runtimeArgs": ["--log-format", "json"]}},
    "bip": "172.29.0.1/16", "fixed-cidr": "172.29.5.0/24", "mtu": 1400, "ip": "127.0.0.1",
    "icc": False, "experimental": True, "exec-opts": ["native.cgroupdriver=cgroupfs"],
    "features": {"buildkit": False},
}}


# ---- what is wrong is said, and nothing starts

def judge(stack, config, *flags, name="bad.json"):
    """dockerd with this daemon.json (text or a dict): its exit code and what it says."""
    path = stack.scratch / name
    path.write_text(config if isinstance(config, str) else json.dumps(config))
    done = stack.exec(["timeout", "10", "dockerd", "--config-file", path, "--data-root",
                       stack.scratch / "x", "--exec-root", "/run/x", "--pidfile", "/run/x.pid",
                       "--host", "unix:///run/x.sock", *flags])
    assert not (stack.scratch / "x").exists() or "Starting up" in done.stderr
    return done.returncode, done.stdout + done.stderr


WRONG = [   # daemon.json, flags, what is said (by the original too)
    ({"bogus": 1}, [], "the following directives don't match any configuration option: bogus"),
    ({"labels": ["a=b"], "debug": False}, ["-D", "--label", "c=d"],
     "the following directives are specified both as a flag and in the configuration file"),
    ({"debug": False}, ["-D"], "debug: (from flag: true, from file: false)"),
    ({"labels": ["a=b"]}, ["--label", "c=d"], "labels: (from flag: [c=d], from file: [a=b])"),
    ({"hosts": ["fd://"]}, [], "hosts: (from flag: [unix:///run/x.sock], from file: [fd://])"),
    ({"mtu": "big"}, [], "mtu"),
    ({"debug": "yes"}, [], "debug"),
    ({"dns": ["x"]}, [], "x is not an ip address"),
    ({"dns-search": [".."]}, [], ".. is not a valid domain"),
    ({"labels": ["ab"]}, [], "bad attribute format: ab"),
    ({"labels": ["a=1", "a=2"]}, [], "conflict labels for a"),
    ({"default-runtime": "nope"}, [], "specified default runtime 'nope' does not exist"),
    ({"runtimes": {"runc": {"path": "x"}}}, [], "runtime name 'runc' is reserved"),
    ({"default-ipc-mode": "x"}, [],
     'default IPC mode setting (x) is invalid; use "shareable" or "private"'),
    ({"default-cgroupns-mode": "x"}, [],
     'default cgroup namespace mode (x) is invalid; use "host" or "private"'),
    ({"default-shm-size": "xx"}, [], "invalid"),
    ({"max-concurrent-downloads": -1}, [], "-1"),
    ({"max-download-attempts": 0}, [], "0"),
    ("{", [], "unable to configure the Docker daemon with file"),
    ({}, ["--nope"], "unknown flag: --nope"),
    ({}, ["--mtu=abc"], 'invalid argument "abc" for "--mtu" flag'),
    ({}, ["--debug=maybe"], 'invalid argument "maybe" for "-D, --debug" flag'),
    ({}, ["extra"], '"dockerd" accepts no argument(s)'),
    ({}, ["--mtu"], "flag needs an argument: --mtu"),
]


@pytest.mark.parametrize("config, flags, words", WRONG)
def test_wrong_configuration(stack, engine, config, flags, words):
    if engine == "debian" and config in ({"labels": ["a=1", "a=2"]},
                                         {"max-download-attempts": 0}):
        pytest.skip("the original finds out later")
    code, said = judge(stack, config, *flags)
    assert code not in (0, 124), said
    assert words in said, said


REFUSED = [ # what would have no effect is refused by name
    ({"metrics-addr": "127.0.0.1:9323"}, "metrics-addr"), ({"userns-remap": "default"}, "userns-remap"),
    ({"authorization-plugins": ["x"]}, "authorization-plugin"), ({"ipv6": True}, "ipv6"),
    ({"storage-opts": ["size=10G"]}, "storage-opt"), ({"features": {"buildkit": True}}, "buildkit"),
    ({"features": {"what": True}}, "unknown feature: what"),
    ({"exec-opts": ["native.cgroupdriver=systemd"]}, "exec-opt"),
    ({"seccomp-profile": "/etc/p.json"}, "seccomp-profile"), ({"builder": {"gc": {}}}, "builder"),
    ({"default-network-opts": {"bridge": {"a": "b"}}}, "default-network-opt"),
    ({"allow-direct-routing": False}, "allow-direct-routing"),
    ({"firewall-backend": "nftables"}, "firewall-backend"),
    ({"runtimes": {"k": {"runtimeType": "io.containerd.kata.v2"}}}, "runtimeType"),
    ({"registry-mirrors": ["ftp://x"]}, "unsupported scheme"),
    ({"insecure-registries": ["ftp://x"]}, "should not contain '://'"),
    ({"default-ulimits": {"nofile": {"Name": "nofile", "Hard": 1, "Soft": 2}}},
     "ulimit soft limit must be less than or equal to hard limit: 2 > 1"),
    ({"default-ulimits": {"cheese": {"Name": "cheese", "Hard": 1, "Soft": 1}}},
     "invalid ulimit type: cheese"),
    ({"log-level": "loud"}, "invalid logging level: loud"),
    ({"log-format": "xml"}, "invalid log format: xml"),
    ({"min-api-version": "1.12"}, "1.12"), ({"bip": "300.0.0.1/8"}, "invalid CIDR address"),
    ({"data-root": "var"}, "data-root"), ({"tlsverify": True}, "TLS needs a certificate"),
    ({"debug": True, "x": {"y": 1}}, "option: x"), ([1], "expected an object"),
    ('{"debug": true} trailing', "unable to configure"), ('{"debug": true, "debug": false}', "duplicate name"),
    ({"proxies": {"http-proxy": ""}}, "proxies.http-proxy"), ({"proxies": {"x": "y"}}, "proxies.x"),
]


@pytest.mark.ours
@pytest.mark.parametrize("config, words", REFUSED)
def test_refused_by_name(stack, config, words):
    path = stack.scratch / "validate.json"
    path.write_text(config if isinstance(config, str) else json.dumps(config))
    done = stack.exec(["dockerd", "--validate", "--config-file", path])
    assert done.returncode == 1 and words in done.stderr, done.stderr


@pytest.mark.ours
def test_validate(stack):
    path = stack.scratch / "validate.json"
    path.write_text(json.dumps(OPTIONS["daemon_json"]))
    done = stack.exec(["dockerd", "--validate", "--config-file", path])
    assert done.returncode == 0 and done.stderr == "configuration OK\n"
    path.write_text("")
    assert stack.exec(["dockerd", "--validate", "--config-file", path]).returncode == 0
    missing = stack.exec(["dockerd", "--validate", "--config-file", "/nowhere.json"])
    assert missing.returncode == 1 and "/nowhere.json" in missing.stderr


def rows(kind):
    """The rows of flags.def, split at commas outside quotes."""
    for body in re.findall(rf"^{kind}\((.*)\)$", SOURCE.read_text(), re.MULTILINE):
        yield [word.strip().strip('"') for word in re.findall(r'"[^"]*"|[^,]+', body)]


def test_every_flag_of_the_original_is_in_the_table(peer):
    """What Debian's dockerd lists, ours knows: obeyed or refused."""
    text = subprocess.run([peer("dockerd"), "--help"], capture_output=True, text=True).stdout
    theirs = set(re.findall(r"^  .{4}--([a-z0-9-]+)", text, re.MULTILINE))
    ours = {row[2] for row in rows("FLAG")} | {row[0] for row in rows("REFUSED")}
    assert len(theirs) > 60 and theirs - ours == set()


@pytest.mark.ours
def test_every_refused_key_is_refused(stack):
    """Each by its own name and with its reason; the value that changes nothing is accepted."""
    path = stack.scratch / "refused.json"

    def validate(document):
        path.write_text(json.dumps(document))
        return stack.exec(["dockerd", "--validate", "--config-file", path])
    for flag, key, harmless, why in rows("REFUSED"):
        done = validate({key: "something"})
        assert done.returncode == 1 and why in done.stderr, key
        assert f'"{flag if flag != "NULL" else key}" is not supported' in done.stderr
        if harmless not in ("NULL", '""'):
            word = {"true": True, "false": False}.get(harmless, harmless)
            assert validate({key: word}).returncode == 0, key


# ---- what is obeyed shows

def test_info_shows_it(stack, docker):
    info = json.loads(docker("info", "--format", "{{json .}}"))
    assert info["Labels"] == ["tier=test", "rack=7"] and info["Debug"] is True
    assert info["RegistryConfig"]["Mirrors"] == ["http://127.0.0.1:5000/"]
    assert "example.test:5000" in info["RegistryConfig"]["IndexConfigs"]
    assert "10.0.0.0/8" in info["RegistryConfig"]["InsecureRegistryCIDRs"]
    assert info["Runtimes"]["marked"]["path"] == "/tmp/marked"
    assert info["ExperimentalBuild"] is True
    assert stack.api("GET", "/_ping").headers["Docker-Experimental"] == "true"


def test_containers_get_the_defaults(stack, docker, inspect):
    docker("run", "-d", "--name", "one", "busybox", "sleep", "100")
    it = inspect("one")
    host = it["HostConfig"]
    assert host["ShmSize"] == 16 << 20 and host["IpcMode"] == "shareable"
    assert host["LogConfig"] == {"Type": "json-file", "Config": {"max-size": "10m", "max-file": "3"}}
    assert host["CgroupParent"] == "/boxes" or host["CgroupParent"] == ""
    limits = docker("exec", "one", "sh", "-c", "ulimit -Sn; ulimit -Hn").split()
    assert limits == ["500", "600"]
    assert docker("exec", "one", "grep", "NoNewPrivs", "/proc/1/status").split()[1] == "1"
    assert docker("exec", "one", "cat", "/proc/1/comm") == "docker-init"
    assert "16.0M" in docker("exec", "one", "df", "-h", "/dev/shm")
    resolv = docker("exec", "one", "cat", "/etc/resolv.conf")
    assert "nameserver 192.0.2.53" in resolv and "search lab.test" in resolv
    assert "options timeout:3" in resolv
    assert "/boxes/" in docker("exec", "one", "cat", "/proc/1/cgroup")
    assert it["NetworkSettings"]["IPAddress"].startswith("172.29.5.")
    assert docker("exec", "one", "cat", "/sys/class/net/eth0/mtu") == "1400"


def test_own_limits_win(docker):
    words = ("run", "--rm", "--ulimit", "nofile=50:60", *SH, "ulimit -Sn; ulimit -Hn; ulimit -c")
    assert docker(*words).split()[:2] == ["50", "60"]
    assert docker("run", "--rm", "--init=false", "busybox", "cat", "/proc/1/comm") == "cat"


def test_ports_and_neighbours(stack, docker, inspect):
    """ip and icc."""
    docker("run", "-d", "--name", "web", "-p", "8080:80", *SH, "httpd -f -p 80 -h /etc")
    ports = inspect("web")["NetworkSettings"]["Ports"]["80/tcp"]
    assert [p["HostIp"] for p in ports] == ["127.0.0.1"]
    address = inspect("web")["NetworkSettings"]["IPAddress"]
    asked = stack.docker("run", "--rm", "busybox", "timeout", "2", "nc", address, "80", input="")
    assert asked.returncode == 143, asked       # no answer and no refusal: dropped
    assert "localhost" in docker("exec", "web", "wget", "-q", "-O", "-", "http://127.0.0.1/hosts")


def test_a_runtime_of_ones_own(stack, docker, inspect):
    script = stack.scratch / "marked"
    script.write_text("#!/bin/sh\necho \"$@\" >> /tmp/marked.log\nexec runc \"$@\"\n")
    script.chmod(0o755)
    stack.exec(["cp", "-a", script, "/tmp/marked"], check=True)
    assert docker("run", "--rm", "--runtime", "marked", "busybox", "echo", "hi") == "hi"
    log = stack.exec(["cat", "/tmp/marked.log"]).stdout
    assert "--log-format json" in log and " create " in log
    stack.exec(["rm", "/tmp/marked.log"], check=True)
    docker("run", "--rm", "busybox", "true")
    assert stack.exec(["test", "-e", "/tmp/marked.log"]).returncode == 1
    done = stack.api("POST", "/v1.41/containers/create", {
        "Image": "busybox", "HostConfig": {"Runtime": "nosuch"}})
    assert done.status == 400 and "nosuch" in done.json["message"]


def test_a_mirror_is_asked_first(stack, registry, docker):
    Image([Layer().file("file", b"from the mirror")]).push(registry, "library/mirrored", "latest")
    docker("pull", "mirrored:latest")
    assert docker("image", "inspect", "-f", "{{index .RepoTags 0}}", "mirrored") == "mirrored:latest"
    docker("rmi", "mirrored")


@pytest.mark.ours
def test_downloads_are_tried_so_often(stack, faulty, refused):
    """max-download-attempts is 2, max-concurrent-downloads 1: of two bad layers one is asked for."""
    layers = [Layer().file(name, os.urandom(3000)) for name in ("one", "two")]
    image = Image(layers)
    image.push(faulty, "flaky")
    blobs = [d for d in faulty.blobs if d != image.id]
    faulty.faults.update({blob: "error" for blob in blobs})
    refused(1, "pull", faulty.name("flaky"), timeout=60)
    asked = [line for line in faulty.seen if any(blob in line for blob in blobs)]
    assert asked[0] == asked[1] and all(asked.count(line) <= 2 for line in asked), asked


# ---- where things are

def own_daemon(make, engine, config, *flags):
    """A stack whose dockerd has nothing but a config file (and --containerd, --preload of ours)."""
    stack = make(start=False)
    path = stack.scratch / "own.json"
    path.write_text(json.dumps({"log-level": "debug", **config}))
    argv = ["--config-file", path]
    if stack.alone:
        stack.start_containerd()
        argv += ["--containerd", "/run/containerd/containerd.sock"]
    if engine == "ours":
        argv += ["--preload", stack.preload]
    stack._daemon("dockerd", [*argv, *flags])
    stack.own = path
    stack.wait_for(stack.answers, 30)
    if engine == "debian":
        stack.load(stack.archives)
    return stack


def test_folders_hosts_pidfile_and_group(make, engine):
    stack = own_daemon(make, engine, {
        "hosts": ["unix:///run/docker.sock", "unix:///run/second.sock", "tcp://127.0.0.1:2375"],
        "data-root": "/run/lib", "exec-root": "/run/exec", "pidfile": "/run/that.pid",
        "group": "nogroup"})
    look = stack.exec(["stat", "-c", "%a %U %G", "/run/docker.sock", "/run/second.sock"], check=True)
    assert look.stdout.split("\n")[:2] == ["660 root nogroup"] * 2
    pid = stack.exec(["cat", "/run/that.pid"], check=True).stdout
    assert int(pid) in stack.pids("dockerd")
    assert stack.docker("run", "--rm", "-d", "--name", "box", "busybox", "sleep", "9").returncode == 0
    assert stack.exec(["sh", "-c", "test -d /run/lib/containers/*"]).returncode == 0
    assert stack.exec(["sh", "-c", "ls /run/exec/netns/*"]).returncode == 0
    for host in ("unix:///run/second.sock", "tcp://127.0.0.1:2375"):
        assert stack.docker("-H", host, "ps", "-q", cli="debian").stdout.strip()
    assert stack.api("GET", "/info").json["DockerRootDir"] == "/run/lib"


def test_network_switches(make):
    stack = make(daemon_json={"iptables": False, "ip-forward": False, "default-gateway": "172.17.0.9"})
    assert "DOCKER" not in stack.exec(["iptables-save"]).stdout
    stack.docker("run", "-d", "--name", "box", "busybox", "sleep", "100", check=True)
    route = stack.docker("exec", "box", "ip", "route", check=True).stdout
    assert "default via 172.17.0.9" in route
    assert stack.exec(["cat", "/proc/sys/net/ipv4/ip_forward"]).stdout.strip() == "0"


def test_no_masquerading_and_no_proxy(make):
    stack = make(daemon_json={"ip-masq": False, "userland-proxy": False})
    stack.docker("run", "-d", "-p", "8080:80", "busybox", "sleep", "100", check=True)
    rules = stack.exec(["iptables-save", "-t", "nat"]).stdout
    assert "-A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE" not in rules
    assert "--dport 80 -j MASQUERADE" in rules and "! -i docker0" not in rules.replace(
        "-A OUTPUT", "")


@pytest.mark.ours
def test_pools_and_programs(make):
    """default-address-pools, init-path, userland-proxy-path, storage-driver; what is so anyway."""
    stack = make(daemon_json={
        "default-address-pools": [{"base": "10.77.0.0/16", "size": 26}, {"base": "10.78.0.0/16", "size": 24}],
        "init-path": "/run/my-init", "userland-proxy-path": "/run/my-proxy", "storage-driver": "overlayfs",
        "raw-logs": True, "ip-forward-no-drop": True, "allow-direct-routing": True}, start=False)
    for name in ("init", "proxy"):
        stack.exec(["sh", "-c", f"printf '#!/bin/sh\\nexec docker-{name} \"$@\"\\n' > /run/my-{name}; chmod +x "
                    f"/run/my-{name}; cp $(command -v docker-init) /run/my-init"], check=True)
    stack.start()
    assert stack.api("GET", "/info").json["Driver"] == "overlayfs"
    for n in range(2):
        made = stack.api("POST", "/networks/create", {"Name": f"pool{n}"})
        it = stack.api("GET", f"/networks/{made.json['Id']}").json
        assert re.match(r"10\.7[78]\..*/2[46]$", it["IPAM"]["Config"][0]["Subnet"]), it
    assert stack.docker("run", "--rm", "--init", "busybox", "cat", "/proc/1/comm").stdout == "docker-init\n"
    stack.docker("run", "-d", "-p", "8080:80", "busybox", "sleep", "100", check=True)
    assert stack.pids("my-proxy") or stack.pids("docker-proxy")
    assert stack.exec(["dockerd", "--version"]).stdout.startswith("Docker version ")
    assert "--graph" not in stack.exec(["dockerd", "--help"]).stdout
    refused = stack.exec(["dockerd", "--validate", "--config-file", "/dev/null", "-g", "relative"])
    assert refused.returncode != 0 and "not an absolute path" in refused.stderr


def test_bridge_none(make):
    stack = make(daemon_json={"bridge": "none"})
    assert "bridge" not in stack.docker("network", "ls", "--format", "{{.Name}}").stdout.split()
    assert stack.docker("run", "--rm", "busybox", "ls", "/sys/class/net", check=True).stdout == "lo\n"
    assert stack.exec(["ip", "link", "show", "docker0"]).returncode == 1


@pytest.mark.ours
def test_small_things_of_the_engine(make):
    """min-api-version, log-format, containerd-namespace, proxies, host-gateway-ip, resolv-conf,
    seccomp-profile, oom-score-adjust."""
    stack = make(start=False)
    stack.exec(["sh", "-c", "echo nameserver 192.0.2.99 > /run/resolv"], check=True)
    (stack.scratch / "daemon.json").write_text(json.dumps({
        "min-api-version": "1.40", "log-format": "json", "containerd-namespace": "elsewhere",
        "proxies": {"http-proxy": "http://u:secret@127.0.0.1:1",
                    "https-proxy": "http://127.0.0.1:1", "no-proxy": "example.test"},
        "host-gateway-ip": "192.0.2.7", "resolv-conf": "/run/resolv", "oom-score-adjust": 10,
        "seccomp-profile": "unconfined", "experimental": False, "default-cgroupns-mode": "private"}))
    stack.start()
    assert stack.api("GET", "/v1.39/info").status == 400
    assert stack.api("GET", "/v1.40/version").json["MinAPIVersion"] == "1.40"
    assert json.loads((stack.logdir / "dockerd.log").read_text().splitlines()[-1])
    info = stack.api("GET", "/info").json
    assert info["HttpProxy"] == "http://xxxxx:xxxxx@127.0.0.1:1" and info["NoProxy"] == "example.test"
    pid = stack.pids("dockerd")[0]
    assert stack.exec(["cat", f"/proc/{pid}/oom_score_adj"]).stdout == "10\n"
    stack.docker("run", "-d", "--name", "box", "--add-host", "gate:host-gateway", "busybox", "sleep",
                 "100", check=True)
    assert "192.0.2.7\tgate" in stack.docker("exec", "box", "cat", "/etc/hosts").stdout
    assert "192.0.2.99" in stack.docker("exec", "box", "cat", "/etc/resolv.conf").stdout
    assert stack.docker("exec", "box", "head", "-1", "/proc/1/cgroup").stdout.endswith(":/\n")
    assert "Seccomp:\t0" in stack.docker("exec", "box", "cat", "/proc/1/status").stdout
    assert stack.ctr("-n", "elsewhere", "tasks", "ls").stdout.count("RUNNING") == 1
    pull = stack.docker("pull", "registry.test:5000/x")
    assert pull.returncode == 1 and "connection refused" in pull.stderr, pull.stderr


# ---- SIGHUP

def reload(stack, config):
    """Writes the file and sends SIGHUP; returns when the engine has said that it is done."""
    log = stack.logdir / "dockerd.log"
    seen = len(log.read_text())
    text = config if isinstance(config, str) else json.dumps({"log-level": "info", **config})
    (stack.scratch / "daemon.json").write_text(text)
    stack.kill("dockerd", signal.SIGHUP)
    stack.wait_for(lambda: re.search("was read again|stays as it was|[Gg]ot signal to reload|"
                                     "Reloaded configuration|unable to", log.read_text()[seen:]))
    return log.read_text()[seen:]


def test_reload(make, engine):
    stack = make(daemon_json={"log-level": "info", "labels": ["a=1"]})
    reload(stack, {
        "debug": True, "labels": ["b=2"], "registry-mirrors": ["http://127.0.0.1:7777/"],
        "insecure-registries": ["reloaded.test"], "max-concurrent-downloads": 2,
        "runtimes": {"second": {"path": "/usr/bin/second"}}, "default-runtime": "second",
        "default-shm-size": "8M", "default-ipc-mode": "shareable", "shutdown-timeout": 33})
    info = stack.wait_for(lambda: (i := stack.api("GET", "/info").json)["Debug"] and i)
    assert info["Labels"] == ["b=2"] and info["DefaultRuntime"] == "second"
    assert info["RegistryConfig"]["Mirrors"] == ["http://127.0.0.1:7777/"]
    assert "reloaded.test" in info["RegistryConfig"]["IndexConfigs"]
    assert info["Runtimes"]["second"]["path"] == "/usr/bin/second"
    made = stack.api("POST", "/v1.41/containers/create?name=box", {"Image": "busybox", "Cmd": ["true"],
                     "HostConfig": {"Runtime": "runc"}})
    assert made.status == 201
    host = stack.api("GET", "/containers/box/json").json["HostConfig"]
    assert (host["ShmSize"], host["IpcMode"]) == (8 << 20, "shareable")
    events = stack.docker(
        "events", "--since", "1h", "--until", f"{time.time() + 0.2:.3f}", "--filter", "type=daemon", "--format",
        "{{json .}}")
    event = json.loads(events.stdout.splitlines()[-1])
    assert event["Type"] == "daemon" and event["Action"] == "reload"
    said = event["Actor"]["Attributes"]
    assert event["Actor"]["ID"] == info["ID"]
    assert said["debug"] == "true" and said["labels"] == '["b=2"]'
    assert said["shutdown-timeout"] == "33" and said["max-concurrent-downloads"] == "2"
    assert said["default-runtime"] == "second" and said["default-shm-size"] == str(8 << 20)


def test_a_bad_file_at_reload_changes_nothing(make, engine):
    stack = make(daemon_json={"log-level": "info", "labels": ["a=1"]})
    before = stack.api("GET", "/info").json
    for bad in ("{", '{"labels":["b=2"],"bogus":1}', '{"labels":["b=2"],"default-runtime":"no"}',
                '{"labels":["b=2"],"max-concurrent-downloads":-3}',
                '{"labels":["b=2"],"data-root":"/other"}'):
        reload(stack, bad)
        after = stack.api("GET", "/info").json
        assert (after["Labels"], after["Debug"], after["DefaultRuntime"]) == \
            (before["Labels"], before["Debug"], before["DefaultRuntime"]), bad
    reload(stack, {"labels": ["c=3"]})
    stack.wait_for(lambda: stack.api("GET", "/info").json["Labels"] == ["c=3"])


@pytest.mark.ours
def test_reload_says_what_needs_a_start(make):
    stack = make(daemon_json={"log-level": "info"})
    said = reload(stack, {"mtu": 1300, "dns": ["192.0.2.1"], "labels": ["c=3"]})
    assert '"mtu\\" has changed' in said or '"mtu" has changed' in said
    assert "dns" in said and "labels" not in said
    assert stack.api("GET", "/info").json["Labels"] == ["c=3"]


@pytest.mark.ours
def test_live_restore_is_reloadable(make):
    stack = make(daemon_json={"log-level": "info"})
    stack.docker("run", "-d", "--name", "box", *SH, "trap 'exit 5' TERM; while :; do sleep 0.1; done",
                 check=True)
    reload(stack, {"live-restore": False, "shutdown-timeout": 8})
    stack.stop("dockerd")
    stack.start_dockerd()
    assert stack.docker("inspect", "-f", "{{.State.ExitCode}}", "box").stdout == "5\n"
