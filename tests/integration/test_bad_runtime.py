"""Configurations that runc must refuse, and what ctr and its containerd refuse: each with a sentence
that names the field or thing, a failing exit code, and nothing left."""

import json
import socket
import time

import pytest
from stack import Stack, leaks
from stack.images import preload_folder
from stack.runtime import Runtime
from stack.stack import build_dir

pytestmark = [pytest.mark.ours, pytest.mark.needs("runc")]
NOT_OURS = [r"^files: /run/runc", r"^files: /tmp/"]
IMAGE = "docker.io/library/busybox:latest"


@pytest.fixture(scope="module")
def runc():
    with Runtime(build_dir() / "bin/runc") as made:
        made("list")
        before = made.snapshot()
        yield made
        end = time.monotonic() + 5
        while left := leaks.diff(before, made.snapshot(), NOT_OURS):
            assert time.monotonic() < end, "left behind:\n" + "\n".join(left)
            time.sleep(0.1)


@pytest.fixture(scope="module")
def bundle(runc):
    return runc.bundle()


def put(path, value):
    """A change of the configuration at "process.cwd", "mounts.0.type" ..."""
    def change(config):
        *way, last = path.split(".")
        at = config
        for word in way:
            at = at[int(word)] if isinstance(at, list) else at.setdefault(word, {})
        if isinstance(at, list):
            at[int(last)] = value
        else:
            at[last] = value
    return change


def both(one, other):
    def change(config):
        one(config)
        other(config)
    return change


TEXTS = {   # config.json as a whole
    "missing": None, "empty": b"", "cut": b"{", "array": b"[]", "null": b"null", "number": b"7", "words": b"what",
    "nul": b'{"ociVersion":"1.0.2\\u0000"}', "utf8": b'{"ociVersion":"\xff"}', "twice": b'{"root":{},"root":{}}',
    "deep": b'{"a":' * 5000 + b"1" + b"}" * 5000, "trailing": b"{} {}", "large": b'{"x":"' + b"y" * (17 << 20) + b'"}',
}

CONFIGS = [     # change, words
    (put("ociVersion", ""), "version"), (put("ociVersion", "9.0.0"), "version"), (put("ociVersion", 1), "ociVersion"),
    (put("ociVersion", "x.y"), "version"), (put("process", None), "process"), (put("process", []), "process"),
    (put("process.args", "sh"), "process.args"), (put("process.args", [1]), "process.args"), (put("process.args", []), "args"),
    (put("process.cwd", "rel"), "absolute"), (put("process.cwd", ""), "Cwd"), (put("process.env", {"A": "b"}), "process.env"),
    (put("process.user.uid", -1), "process.user.uid"), (put("process.user.uid", 1 << 40), "uids"),
    (put("process.terminal", "yes"), "process.terminal"), (put("process.rlimits", [{"type": "RLIMIT_X", "hard": 1, "soft": 1}]), "RLIMIT_X"),
    (put("process.capabilities.bounding", ["CAP_X"]), None),    # a warning, as in runc
    (put("process.oomScoreAdj", "x"), "oomScoreAdj"), (put("process.oomScoreAdj", 5000), "oom"),
    (put("root", None), "root"), (put("root.path", "/no/such/root"), "/no/such/root"), (put("root.path", 7), "root.path"),
    (put("mounts", {}), "mounts"), (put("mounts.0.destination", 5), "destination"), (put("mounts.0.type", "nosuchfs"), "nosuchfs"),
    (put("mounts.0.source", "\0"), "NUL"), (put("mounts.6.options", "ro"), "options"),
    (put("linux", "x"), "linux"), (both(put("hostname", ""), put("linux.namespaces", [{"type": "mount"}, {"type": "wat"}])), "wat"), (put("linux.namespaces.0", {"type": "pid", "path": "/no/ns"}), "/no/ns"),
    (both(put("hostname", ""), put("linux.namespaces", [{"type": "pid"}, {"type": "pid"}, {"type": "mount"}])), "pid"),
    (put("linux.devices", [{"path": "/dev/x", "type": "q", "major": 1, "minor": 1}]), "q"),
    (put("linux.resources.memory", {"limit": "x"}), "linux.resources.memory.limit"), (put("linux.resources.cpu", {"cpus": "z"}), "cpus"),
    (put("linux.resources.devices", [{"allow": True, "type": "q", "access": "rwm"}]), "q"),
    (put("linux.resources.devices", [{"allow": True, "type": "c", "access": "xyz"}]), "devices.allow"),
    (put("linux.cgroupsPath", "../../../escape"), None),       # cleaned: stays below the root
    (put("linux.sysctl", {"kernel.panic": "1"}), "kernel.panic"), (put("linux.sysctl", {"a b": "1"}), "a b"),
    (put("linux.rootfsPropagation", "wat"), "wat"), (put("linux.maskedPaths", "x"), "maskedPaths"),
    (put("linux.seccomp", {"defaultAction": "X"}), "X"), (put("linux.seccomp", {"defaultAction": "SCMP_ACT_ALLOW", "architectures": ["ARCH_X"]}), "ARCH_X"),
    (put("linux.uidMappings", [{"containerID": 0, "hostID": 0, "size": 1}]), "user"),
    (put("hooks", {"prestart": [{"path": "/no/such/hook"}]}), "/no/such/hook"), (put("hooks", {"prestart": [{"path": "rel"}]}), "rel"),
    (put("hooks", {"prestart": [{"path": "/bin/false"}]}), "hook"), (put("hooks", {"prestart": "x"}), "hooks.prestart"),
    (put("hostname", 5), "hostname"), (put("annotations", ["x"]), "annotations"),
]


@pytest.mark.parametrize("name", sorted(TEXTS))
def test_files_that_are_no_configuration(runc, name):
    bundle = runc.bundle()
    if TEXTS[name] is not None:
        (bundle.path / "config.json").write_bytes(TEXTS[name])
    done = runc("run", "--bundle", bundle.path, "box", code=None, timeout=10)
    assert done.returncode == 1 and done.stderr, done
    assert runc("list", "-q").stdout == ""


@pytest.mark.parametrize("index", range(len(CONFIGS)))
def test_configurations_that_cannot_be(runc, bundle, index):
    change, words = CONFIGS[index]
    kept = json.dumps(bundle.config)
    try:
        change(bundle.config)
        done = runc.run(bundle, code=None, timeout=20)
    finally:
        bundle.config = json.loads(kept)
    if words is not None:
        assert done.returncode == 1, done
        assert words.lower() in done.stderr.lower(), done.stderr
    assert runc("list", "-q").stdout == ""
    assert runc.sandbox.run(["test", "-e", "/sys/fs/cgroup/pids/box"]).returncode == 1


IDS = ["", ".", "..", "a/b", "../x", "a b", "a\tb", "ü", "x" * 1100, "a\nb", "-x"]


@pytest.mark.parametrize("name", IDS)
def test_names_of_containers(runc, bundle, name):
    bundle.write()
    for command in (("create", "--bundle", bundle.path), ("state",), ("start",), ("kill",), ("delete",),
                    ("pause",), ("resume",), ("events", "--stats"), ("ps",), ("update",)):
        done = runc(*command, name, code=None, timeout=10)
        assert done.returncode != 0 and done.stderr, (command, done)
    assert runc("list", "-q").stdout == ""


def test_words_of_the_command_line(runc, bundle):
    runc.create(bundle)
    for words, said in (
            (("kill", "box", "NOSUCH"), "NOSUCH"), (("kill", "box", "999"), "999"), (("kill", "box", "-1"), ""),
            (("--root", "/proc/none", "list"), ""), (("--log", "/no/dir/log", "list"), "/no/dir/log"),
            (("--log-format", "xml", "list"), "xml"), (("list", "--format", "xml"), "format"), (("run", "--nosuch", "x"), "nosuch"),
            (("exec", "--process", "/no/file", "box"), "/no/file"), (("exec", "box"), ""), (("exec", "--user", "x:y", "box", "true"), "x"),
            (("exec", "--cwd", "rel", "box", "true"), ""), (("update", "--memory", "x", "box"), "x"), (("update", "-r", "/no/file", "box"), "/no/file"),
            (("create", "--pid-file", "/no/dir/pid", "--bundle", bundle.path, "pidbox"), "/no/dir"),
            (("create", "--console-socket", "/no/sock", "--bundle", bundle.path, "sockbox"), "")):
        done = runc(*words, code=None, timeout=10)
        assert done.returncode != 0 and done.stderr and said in done.stderr, (words, done)
        assert runc("list", "-q").stdout == "box\n", words
    runc("delete", "--force", "box")


# ---- containerd, by ctr

@pytest.fixture(scope="module")
def world():
    with Stack(tmpfs=True, start=False, containerd_alone=True) as made:
        made.start_containerd()
        made.ctr("images", "import", preload_folder(build_dir()) / "busybox.tar", check=True)
        made.ctr("run", "--rm", IMAGE, "warm", "true", check=True)
        before = made.snapshot()
        yield made
        made.expect_clean(before)


DIGEST = "sha256:" + "0" * 64
REFUSALS = [    # ctr's words, what is said
    (["images", "tag", "nobody", "x"], "not found"), (["images", "label", "nobody", "a=b"], "not found"),
    (["images", "mount", "nobody", "/tmp"], "not found"), (["images", "export", "/tmp/x.tar", "nobody"], "not found"),
    (["containers", "info", "nobody"], "not found"), (["containers", "rm", "nobody"], "not found"), (["containers", "label", "nobody", "a=b"], "not found"),
    (["containers", "create", "nobody", "c1"], "not found"), 
    (["containers", "create", "--snapshotter", "nosuch", IMAGE, "c1"], "nosuch"),
    (["tasks", "start", "nobody"], "not found"), (["tasks", "kill", "nobody"], "not found"), (["tasks", "pause", "nobody"], "not found"),
    (["tasks", "exec", "--exec-id", "x", "nobody", "true"], "not found"), (["tasks", "ps", "nobody"], "not found"), (["tasks", "metrics", "nobody"], "not found"),
    (["run", "--rm", "--runtime", "io.containerd.nosuch.v9", IMAGE, "r1", "true"], "nosuch"), (["run", "--rm", "--snapshotter", "nosuch", IMAGE, "r1", "true"], "nosuch"),
    (["run", "--rm", IMAGE, "r1", "/no/such/program"], "no such file"), (["run", "--rm", "--runc-binary", "/no/runc", IMAGE, "r1", "true"], "/no/runc"),
    (["run", "--rm", "--memory-limit", "1", IMAGE, "r1", "true"], ""), (["run", "--rm", "--cwd", "rel", IMAGE, "r1", "true"], "absolute"),
    (["content", "get", DIGEST], "not found"), (["content", "get", "nonsense"], "invalid"),
    (["content", "label", DIGEST, "a=b"], "not found"), (["content", "fetch", "--plain-http", "127.0.0.1:1/x:y"], "refused"),
    (["snapshots", "info", "nobody"], "not found"), (["snapshots", "rm", "nobody"], "not found"), (["snapshots", "prepare", "k", "nobody"], "not found"),
    (["snapshots", "commit", "a", "nobody"], "not found"), (["snapshots", "--snapshotter", "nosuch", "ls"], "nosuch"), (["snapshots", "mounts", "/x", "nobody"], "not found"),
    (["leases", "rm", "nobody"], "not found"), (["namespaces", "create", "bad/name"], "invalid argument"),
    (["namespaces", "create", "default"], "already exists"), (["namespaces", "label", "nobody", "a=b"], "not found"), (["-n", "bad/name", "containers", "ls"], "invalid argument"),
    (["-n", "", "containers", "ls"], "namespace"), (["images", "import", "/etc/passwd"], ""), (["plugins", "ls", "id==nosuch,,"], ""),
    (["containers", "ls", "wat=="], "invalid"), (["images", "ls", "name~=("], "invalid"),
]


@pytest.mark.parametrize("words, said", REFUSALS)
def test_what_containerd_refuses(world, words, said):
    def seen():
        return [world.ctr(what, "ls", "-q").stdout for what in ("images", "containers", "tasks")] + [
            world.ctr("snapshots", "ls").stdout, world.ctr("namespaces", "ls").stdout]
    before = seen()
    done = world.ctr(*words, timeout=20)
    if said or done.returncode:
        assert done.returncode != 0 and said in done.stderr, done
    assert seen() == before


def test_bytes_that_are_no_grpc(world):
    """Garbage, half frames and silence on containerd's socket do not disturb the others."""
    junk = (b"GET / HTTP/1.1\r\n\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"\0" * 5000, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\xff" * 9000)
    held = []
    for n in range(200):
        s = socket.socket(socket.AF_UNIX)
        s.connect(world.sandbox.path("/run/containerd/containerd.sock"))
        s.sendall(junk[n % len(junk)])
        held.append(s)
    assert world.ctr("images", "ls", "-q", timeout=10).stdout == IMAGE + "\n"
    for s in held:
        s.close()
    assert world.ctr("version", timeout=10).returncode == 0
