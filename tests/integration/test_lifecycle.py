"""The life of a container as the runtime specification has it, by our runc (docs/lifecycle.md)."""

import array
import contextlib
import json
import os
import signal
import socket
import subprocess
import time

import pytest
from stack import leaks
from stack.runtime import Runtime
from stack.stack import build_dir

pytestmark = [pytest.mark.ours, pytest.mark.needs("runc")]
KINDS = ("prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop")
# The seccomp cache stays; /tmp is everybody's.
NOT_OURS = [r"^files: /run/runc", r"^files: /tmp/"]


@pytest.fixture(scope="module")
def shared_runtime():
    with Runtime(build_dir() / "bin/runc") as made:
        yield made


@pytest.fixture
def runc(shared_runtime):
    """The module's runtime, without containers, and with nothing left behind by the test."""
    shared_runtime("list")      # whatever a first command makes is no leak
    before = shared_runtime.snapshot()
    yield shared_runtime
    for name in shared_runtime("list", "-q").stdout.split():
        shared_runtime("delete", "--force", name)
    deadline = time.monotonic() + 5
    while left := leaks.diff(before, shared_runtime.snapshot(), NOT_OURS):
        assert time.monotonic() < deadline, "left behind:\n" + "\n".join(left)
        time.sleep(0.1)


@pytest.fixture
def bundle(runc):
    return runc.bundle()


def wait_for(what, patience=5):
    end = time.monotonic() + patience
    while not what():
        assert time.monotonic() < end, "did not happen"
        time.sleep(0.01)


# ---- states and hooks ----

HOOK = """cat > {0}/{1}.json; echo {1} >> {0}/order
readlink /proc/self/ns/mnt > {0}/{1}.mnt; test -e /sentinel && echo inside > {0}/{1}.root
{2}
true"""


def add_hooks(bundle, folder, also=""):
    """All six kinds: each notes its turn, its stdin, and where it runs."""
    bundle.config["hooks"] = {
        kind: [{"path": "/bin/sh", "args": ["sh", "-c", HOOK.format(folder, kind, also)],
                "env": ["PATH=/usr/bin:/bin"]}] for kind in KINDS}
    bundle.bind(folder, str(folder), "rw")


def test_all_states_and_all_hooks(runc, bundle):
    notes = bundle.path / "notes"
    notes.mkdir()
    (bundle.rootfs / "sentinel").touch()
    add_hooks(bundle, notes)
    asks = f"\n{runc.program} state box > {notes}/asked.json"
    bundle.config["hooks"]["createRuntime"][0]["args"][2] += asks
    bundle.config["annotations"] = {"org.example.key": "value"}
    bundle.process["args"] = ["sh", "-c", f"echo program >> {notes}/order; exec sleep 100"]

    def order():
        return (notes / "order").read_text().split()

    def seen(kind):
        return json.loads((notes / f"{kind}.json").read_text())

    # creating: the hooks before pivot_root run now, the program does not.
    runc.create(bundle)
    assert json.loads((notes / "asked.json").read_text())["status"] == "creating"
    assert order() == ["prestart", "createRuntime", "createContainer"]
    assert runc.status() == "created"
    pid = runc.state()["pid"]

    # created -> running
    runc("start", "box")
    assert runc.status() == "running"
    wait_for(lambda: "program" in order())
    assert order()[3:5] == ["startContainer", "program"] or order()[3] == "startContainer"
    assert sorted(order()[4:]) == ["poststart", "program"]
    assert runc("start", "box", code=1).stderr.count("cannot start an already running container")
    assert runc("delete", "box", code=1).stderr.count(
        "cannot delete container box that is not stopped: running")

    # running -> stopped -> gone
    runc("kill", "box", "KILL")
    wait_for(lambda: runc.status() == "stopped")
    assert "poststop" not in order()
    runc("delete", "box")
    assert order()[6] == "poststop"
    assert runc("state", "box", code=1).stderr.count("container does not exist")

    # The state on stdin.
    status = {"prestart": "creating", "createRuntime": "creating", "createContainer": "creating",
              "startContainer": "created", "poststart": "running", "poststop": "stopped"}
    for kind in KINDS:
        state = seen(kind)
        assert state["status"] == status[kind]
        assert state["id"] == "box" and state["ociVersion"] == "1.0.2"
        assert state["bundle"] == str(bundle.path)
        assert state["annotations"] == {"org.example.key": "value"}
        inside = kind in ("createContainer", "startContainer")
        assert state.get("pid") == (None if kind == "poststop" else 1 if inside else pid)

    # Where they ran: namespaces of the runtime or of the container; root of one or the other.
    mnt = {kind: (notes / f"{kind}.mnt").read_text() for kind in KINDS}
    outside = {"prestart", "createRuntime", "poststart", "poststop"}
    assert len({mnt[kind] for kind in outside}) == 1
    assert mnt["createContainer"] == mnt["startContainer"] != mnt["prestart"]
    assert not (notes / "createContainer.root").exists()
    assert (notes / "startContainer.root").exists()


def test_config_changed_after_create_has_no_effect(runc, bundle):
    notes = bundle.path / "notes"
    notes.mkdir()
    add_hooks(bundle, notes)
    bundle.process["env"].append("WHICH=old")
    output = runc.create(bundle.shell("echo $WHICH; exec sleep 100"))
    bundle.process["env"][-1] = "WHICH=new"
    bundle.process["args"] = ["false"]
    bundle.config["hooks"] = {"poststop": [{"path": "/bin/false"}]}
    bundle.write()
    runc("start", "box")
    wait_for(lambda: output.read_text() == "old\n")
    assert runc("exec", "box", "sh", "-c", "echo $WHICH").stdout == "old\n"
    (bundle.path / "config.json").unlink()
    runc("delete", "--force", "box")
    assert "poststop" in (notes / "order").read_text()


def test_delete_undoes_a_create_that_was_never_started(runc, bundle):
    bundle.linux["cgroupsPath"] = "/made/for/box"
    runc.create(bundle)
    runc("delete", "box")
    assert runc.status() == "gone"
    # Parents may be shared with others: they stay, the container's own do not.
    runc.sandbox.run(["sh", "-c", "for d in /sys/fs/cgroup/*/made; do test ! -e $d/for/box || "
                      "echo $d; rmdir $d/for $d; done"], check=True)


@pytest.mark.parametrize("kind", KINDS[:5])
def test_a_hook_that_fails_ends_the_container(runc, bundle, kind):
    bundle.config["hooks"] = {kind: [{"path": "/bin/sh", "args": [
        "sh", "-c", "echo to out; echo to err >&2; exit 5"]}]}
    bundle.process["args"] = ["sleep", "100"]
    done = runc.run(bundle, code=1)
    assert f"error running {kind} hook #0: exit status 5, stdout: to out" in done.stderr
    assert "stderr: to err" in done.stderr
    assert runc.status() == "gone"


def test_a_hook_has_a_timeout(runc, bundle):
    bundle.config["hooks"] = {"createRuntime": [{"path": "/bin/sleep", "args": ["sleep", "100"],
                                                 "timeout": 1}]}
    assert "hook ran past specified timeout of 1.0s" in runc.run(bundle, code=1).stderr


def test_a_hook_inherits_nothing(runc, bundle):
    """Of what the caller of `create` left open, here the lock of a shim."""
    notes = bundle.path / "fds"
    bundle.config["hooks"] = {"createRuntime": [{"path": "/bin/sh", "args": [
        "sh", "-c", f"readlink /proc/$$/fd/* > {notes}; true"]}]}
    with open("/etc/passwd", encoding="utf-8") as file:
        runc.run(bundle, pass_fds=[file.fileno()])
    assert "pipe" in notes.read_text() and "passwd" not in notes.read_text()


def test_a_hook_that_fails_at_poststop_is_a_warning(runc, bundle):
    bundle.config["hooks"] = {"poststop": [{"path": "/bin/false"}]}
    assert "level=warning" in runc.run(bundle).stderr
    assert runc.status() == "gone"


def test_a_killed_create_leaves_nothing_that_delete_does_not_find(runc, bundle):
    """SIGKILL at many moments: delete --force always brings the world back."""
    bundle.write()
    for step in range(24):
        with runc.popen("create", "--bundle", bundle.path, "box", stdin=subprocess.DEVNULL,
                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            time.sleep(0.004 + step * 0.0005)
            with contextlib.suppress(ProcessLookupError):
                process.kill()
        runc("delete", "--force", "box")
        assert runc.status() == "gone"
    # and the name is free
    assert runc.run(bundle.shell("echo fine")).stdout == "fine\n"


# ---- run ----

@pytest.mark.parametrize("script, code", [("exit 0", 0), ("exit 42", 42),
                                          ("sh -c 'kill -9 $$'; exit $?", 137),
                                          ("sh -c 'kill -TERM $$'; exit $?", 143)])
def test_the_exit_code_is_the_programs(runc, bundle, script, code):
    assert runc.run(bundle.shell(script), code=code)


def test_orphans_of_the_container_end_with_it(runc, bundle):
    runc.run(bundle.shell("sleep 1000 & sleep 1000 & exit 3"), code=3)


def test_signals_are_passed_on(runc, bundle):
    bundle.shell("trap 'echo got it; exit 9' USR1; echo ready; while :; do sleep 0.05; done").write()
    with runc.popen("run", "--bundle", bundle.path, "box", stdout=subprocess.PIPE, text=True,
                    stdin=subprocess.DEVNULL) as process:
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGUSR1)
        assert process.stdout.read() == "got it\n"
    assert process.returncode == 9


def test_what_the_program_sees(runc, bundle):
    bundle.process["user"] = {"uid": 1000, "gid": 1001, "additionalGids": [7, 8], "umask": 0o077}
    bundle.process["cwd"] = "/made/on/the/way"
    bundle.process["rlimits"] = [{"type": "RLIMIT_NOFILE", "soft": 100, "hard": 200}]
    bundle.process["oomScoreAdj"] = 321
    out = runc.run(bundle.shell(
        "id; pwd; umask; hostname; env; ulimit -n; ulimit -Hn; cat /proc/self/oom_score_adj; "
        "ls /proc/self/fd; grep -E 'NoNew|CapBnd|CapInh|Seccomp:' /proc/self/status")).stdout
    assert out.split("\n")[:4] == ["uid=1000(user) gid=1001 groups=7,8", "/made/on/the/way", "0077",
                                   "contained"]
    assert "HOME=/home/user\n" in out and "PATH=/bin\n" in out
    assert "\n100\n200\n321\n0\n1\n2\n3\n" in out       # 3 is what ls itself opens
    assert "NoNewPrivs:\t1" in out and "CapBnd:\t0000000020000420" in out
    assert "CapInh:\t0000000000000000" in out


def test_scheduling_and_execution_domain(runc, bundle):
    bundle.process["scheduler"] = {"policy": "SCHED_BATCH", "nice": 5}
    bundle.process["ioPriority"] = {"class": "IOPRIO_CLASS_IDLE", "priority": 0}
    bundle.linux["personality"] = {"domain": "LINUX32"}
    bundle.linux["memoryPolicy"] = {"mode": "MPOL_BIND", "nodes": "0"}
    out = runc.run(bundle.shell("uname -m; ionice; grep ^policy /proc/self/sched | tr -d ' '; "
                                "grep Mems_allowed_list /proc/self/status")).stdout
    assert out.startswith("i686\n") or not os.uname().machine == "x86_64"
    assert "\nidle\npolicy:3\n" in out       # SCHED_BATCH
    bundle.process["scheduler"]["policy"] = "SCHED_NONE"
    assert 'scheduler policy: "SCHED_NONE" is not known' in runc.message(runc.run(bundle, code=1))


def test_mounts_have_their_options(runc, bundle):
    (bundle.path / "data").mkdir()
    (bundle.path / "file").write_text("content")
    (bundle.rootfs / "filled").mkdir()
    (bundle.rootfs / "filled/from-image").write_text("kept")
    bundle.bind(bundle.path / "data", "/data", "ro", "nosuid", "rprivate")
    bundle.bind(bundle.path / "file", "/new/dir/file", "rw")
    bundle.config["mounts"].append({"destination": "/filled", "type": "tmpfs", "source": "tmpfs",
                                    "options": ["tmpcopyup", "ro", "noexec", "size=1m"]})
    bundle.config["root"]["readonly"] = True
    out = runc.run(bundle.shell("cat /new/dir/file /filled/from-image; echo; "
                                "touch /x /data/x /filled/x; grep -E ' (/|/data|/filled) ' "
                                "/proc/self/mounts")).stdout.splitlines()
    assert out[0] == "contentkept"
    options = {line.split()[1]: line.split()[3].split(",") for line in out[1:]}
    assert "ro" in options["/"]
    assert {"ro", "nosuid"} <= set(options["/data"])
    assert {"ro", "noexec", "size=1024k"} <= set(options["/filled"])


def test_masked_and_readonly_paths(runc, bundle):
    (bundle.rootfs / "tmp/secrets").mkdir()
    (bundle.rootfs / "tmp/secrets/key").touch()
    bundle.linux["maskedPaths"] = ["/etc/passwd", "/tmp/secrets", "/not/there"]
    bundle.linux["readonlyPaths"] = ["/proc/sys", "/bin", "/not/there/either"]
    out = runc.run(bundle.shell("wc -c < /etc/passwd; ls /tmp/secrets; touch /tmp/secrets/x /bin/x; "
                                "echo 1 > /proc/sys/kernel/panic"), code=1)
    assert out.stdout == "0\n"
    assert out.stderr.count("Read-only file system") == 3


def test_devices(runc, bundle):
    bundle.linux["devices"] = [{"path": "/dev/deep/fuse", "type": "c", "major": 10, "minor": 229,
                                "fileMode": 0o640, "uid": 5, "gid": 6}]
    bundle.linux["resources"]["devices"].append(
        {"allow": True, "type": "c", "major": 10, "minor": 229, "access": "r"})
    bundle.process["capabilities"] = {key: ["CAP_MKNOD", "CAP_DAC_OVERRIDE"] for key in
                                      ("bounding", "effective", "permitted")}
    out = runc.run(bundle.shell(
        "stat -c '%n %A %t:%T %u:%g' /dev/null /dev/deep/fuse; head -c 1 /dev/zero | wc -c; "
        "for l in fd ptmx stdin; do readlink /dev/$l; done; : > /dev/null")).stdout
    assert "/dev/null crw-rw-rw- 1:3 0:0" in out
    assert "/dev/deep/fuse crw-r----- a:e5 5:6" in out
    assert "1\n/proc/self/fd\npts/ptmx\n/proc/self/fd/0\n" in out


def test_sysctls_of_own_namespaces_only(runc, bundle):
    bundle.linux["sysctl"] = {"net.ipv4.ip_forward": "1", "kernel.shm_rmid_forced": "1"}
    bundle.linux["readonlyPaths"] = []
    assert runc.run(bundle.shell("cat /proc/sys/net/ipv4/ip_forward "
                                 "/proc/sys/kernel/shm_rmid_forced")).stdout == "1\n1\n"
    bundle.linux["sysctl"] = {"kernel.panic": "1"}
    assert 'sysctl "kernel.panic" is not in a separate kernel namespace' in \
        runc.message(runc.run(bundle, code=1))


def test_joining_namespaces(runc):
    first, second = runc.bundle(), runc.bundle()
    first.process["args"] = ["sleep", "100"]
    runc.up(first, "first")
    pid = runc.state("first")["pid"]
    for entry in second.linux["namespaces"]:
        if entry["type"] in ("network", "ipc", "pid"):
            kind = {"network": "net"}.get(entry["type"], entry["type"])
            entry["path"] = f"/proc/{pid}/ns/{kind}"
    out = runc.run(second.shell("readlink /proc/self/ns/net; readlink /proc/self/ns/ipc; "
                                "ps -o comm"), "second").stdout
    same = runc("exec", "first", "sh", "-c",
                "readlink /proc/self/ns/net; readlink /proc/self/ns/ipc").stdout
    assert out.startswith(same) and "sleep" in out      # it sees the first one's processes


def test_user_namespace(runc, bundle):
    bundle.linux["namespaces"].append({"type": "user"})
    bundle.linux["uidMappings"] = [{"containerID": 0, "hostID": 100000, "size": 65536}]
    bundle.linux["gidMappings"] = [{"containerID": 0, "hostID": 100000, "size": 65536}]
    for folder, names, files in os.walk(bundle.rootfs):
        for name in [".", *names, *files]:
            os.chown(os.path.join(folder, name), 100000, 100000, follow_symlinks=False)
    (bundle.path / "private").mkdir(mode=0o700)
    (bundle.path / "private/file").write_text("reached\n")
    bundle.bind(bundle.path / "private/file", "/file")
    output = runc.up(bundle.shell("id; cat /proc/self/uid_map /file; echo x > /dev/null; "
                                  "touch /mine; ls -ln /mine; exec sleep 100"))
    wait_for(lambda: "mine" in output.read_text())
    out = output.read_text()
    assert out.startswith("uid=0(root) gid=0")
    assert "100000" in out and "reached" in out
    assert (bundle.rootfs / "mine").stat().st_uid == 100000
    assert runc("exec", "box", "id", "-u").stdout == "0\n"


# ---- cgroups ----

def test_limits_and_update(runc, bundle):
    bundle.linux["cgroupsPath"] = "/limited"
    bundle.linux["resources"].update({"memory": {"limit": 64 << 20, "swap": 96 << 20},
                                      "cpu": {"shares": 512, "quota": 50000, "period": 100000},
                                      "pids": {"limit": 33}})
    bundle.process["args"] = ["sleep", "100"]
    runc.up(bundle)

    def read(*files):
        done = runc.sandbox.run(["cat", *(f"/sys/fs/cgroup/{f}" for f in files)], check=True)
        return done.stdout.split()
    files = ("memory/limited/memory.limit_in_bytes", "memory/limited/memory.memsw.limit_in_bytes",
             "cpu/limited/cpu.shares", "cpu/limited/cpu.cfs_quota_us", "pids/limited/pids.max")
    if not os.path.exists(runc.sandbox.path("/sys/fs/cgroup/memory")):
        pytest.skip("cgroup v1 hierarchies are not mounted here")
    assert read(*files) == [str(64 << 20), str(96 << 20), "512", "50000", "33"]
    runc("update", "--memory", "128m", "--memory-swap", "256m", "--pids-limit", "-1", "box")
    assert read(*files) == [str(128 << 20), str(256 << 20), "512", "50000", "max"]
    runc("update", "--resources", "-", "box", input=json.dumps(
        {"memory": {"limit": 32 << 20, "swap": 32 << 20}, "cpu": {"shares": 100}}))
    assert read(*files)[:3] == [str(32 << 20), str(32 << 20), "100"]
    assert "not running" not in runc("update", "--cpu-share", "nope", "box", code=1).stderr


def test_a_cgroup_with_processes_is_not_taken(runc, bundle):
    """Nor are its processes killed when that fails."""
    other = runc.bundle()
    bundle.linux["cgroupsPath"] = other.linux["cgroupsPath"] = "/taken"
    bundle.process["args"] = ["sleep", "100"]
    runc.up(bundle)
    assert "cgroup is not empty" in runc.message(runc.run(other, "other", code=1))
    runc("delete", "--force", "other")
    assert runc.status() == "running"


def test_pause_ps_list_and_events(runc, bundle):
    runc.up(bundle.shell("sleep 100 & exec sleep 100"))
    wait_for(lambda: len(json.loads(runc("ps", "--format", "json", "box").stdout)) == 2)
    assert "sleep" in runc("ps", "box").stdout
    runc("pause", "box")
    assert runc.status() == "paused"
    assert "paused" in runc("exec", "box", "true", code=255).stderr
    runc("resume", "box")
    assert runc.status() == "running"
    assert "container not paused" in runc("resume", "box", code=1).stderr
    listed = json.loads(runc("list", "--format", "json").stdout)
    assert [c["id"] for c in listed] == ["box"] and listed[0]["status"] == "running"
    table = runc("list").stdout.splitlines()
    assert table[0].split() == ["ID", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER"]
    event = json.loads(runc("events", "--stats", "box").stdout)
    assert event["type"] == "stats" and event["data"]["pids"]["current"] == 2
    runc("pause", "box")
    runc("kill", "box", "KILL")         # a frozen process dies as well
    wait_for(lambda: runc.status() == "stopped")


def test_kill_all_reaches_every_process(runc, bundle):
    bundle.linux["namespaces"] = [n for n in bundle.linux["namespaces"] if n["type"] != "pid"]
    runc.up(bundle.shell("sleep 100 & sleep 100 & exec sleep 100"))
    wait_for(lambda: len(json.loads(runc("ps", "--format", "json", "box").stdout)) == 3)
    runc("kill", "--all", "box", "KILL")
    wait_for(lambda: runc.status() == "stopped")
    assert runc("kill", "box", "TERM", code=1).stderr.count("container not running")
    runc("kill", "--all", "box", "KILL")        # nobody is left: done


@pytest.mark.parametrize("limit, written", [(0, "1"), (-1, "max"), (7, "7")])
def test_pids_limit(runc, bundle, limit, written):
    bundle.linux["resources"]["pids"] = {"limit": limit}
    assert runc.run(bundle.shell("exec cat /sys/fs/cgroup/pids/pids.max")).stdout.split() == [written]


def test_no_pivot_hides_the_hosts_procfs(runc, bundle):
    """The host's tree stays below the container's: a bare procfs there would let a user namespace
    mount one without our masks."""
    bundle.process["user"] = {"uid": 1000, "gid": 1000}
    bundle.shell("busybox unshare -Urmpf mount -t proc proc /tmp").write()
    for how in ([], ["--no-pivot"]):
        done = runc("run", *how, "--bundle", bundle.path, "box", code=None)
        assert (done.returncode, done.stderr) == (1, "mount: permission denied (are you root?)\n")


# ---- exec ----

def test_exec(runc, bundle):
    bundle.process["args"] = ["sleep", "100"]
    runc.up(bundle)
    out = runc("exec", "--user", "1000:1001", "--additional-gids", "9", "--cwd", "/tmp", "--env",
               "A=b", "--cap", "CAP_CHOWN", "box", "sh", "-c",
               "id; pwd; echo $A; ls /proc/self/fd; grep Cap /proc/self/status; exit 7",
               code=7).stdout
    assert out.startswith("uid=1000(user) gid=1001 groups=9\n/tmp\nb\n0\n1\n2\n3\n")
    assert "CapInh:\t0000000000000000" in out           # CVE-2022-29162
    process = bundle.path / "process.json"
    process.write_text(json.dumps({**bundle.process, "args": ["sh", "-c", "echo $0 $B"],
                                   "env": ["PATH=/bin", "B=c"]}))
    assert runc("exec", "--process", process, "box").stdout == "sh c\n"
    pid_file = bundle.path / "pid"
    runc("exec", "--detach", "--pid-file", pid_file, "box", "sleep", "100", stdout=subprocess.DEVNULL,
         stderr=subprocess.DEVNULL)
    assert int(pid_file.read_text()) in json.loads(runc("ps", "--format", "json", "box").stdout)


def receive_terminal(listener):
    with listener.accept()[0] as connection:
        fds = array.array("i")
        text, control, _, _ = connection.recvmsg(256, socket.CMSG_SPACE(4))
        fds.frombytes(control[0][2][:4])
        assert text
        return fds[0]


def test_a_terminal_goes_to_the_console_socket(runc, bundle):
    path = bundle.path / "console"
    bundle.process["terminal"] = True
    bundle.process["consoleSize"] = {"height": 33, "width": 77}
    bundle.shell("tty; stty size; readlink /proc/self/fd/0; echo typed: $(head -n 1); exit 3")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        runc.create(bundle, "box", "--console-socket", path)
        master = receive_terminal(listener)
        runc("start", "box")
        os.write(master, b"hello\n")
        text = b""
        try:
            while data := os.read(master, 4096):
                text += data
        except OSError:
            pass                # EIO: nobody has the other end any more
        os.close(master)
    lines = text.decode().split("\r\n")
    assert {"/dev/pts/0", "33 77", "typed: hello"} <= set(lines)
    bundle.process["terminal"] = False
    assert "console socket" in runc("create", "--bundle", bundle.write().path, "--console-socket",
                                    path, "other", code=1).stderr


# ---- what callers rely on ----

CREATE = "unable to start container process: "
INIT = CREATE + "error during container init: "


def process(**changes):
    return lambda c: c["process"].update(changes)


def mounted(**mount):
    return lambda c: c["mounts"].append(mount)


# Texts that our runc and runc 1.1.5 have in common; Docker, containerd and Podman read them.
ERRORS = {
    "no such program": (process(args=["nope"]),
                        CREATE + 'exec: "nope": executable file not found in $PATH'),
    "no such path": (process(args=["/nope"]),
                     CREATE + 'exec: "/nope": stat /nope: no such file or directory'),
    "no program": (process(args=["/etc/passwd"]),
                   CREATE + 'exec: "/etc/passwd": permission denied'),
    "no args": (process(args=[]), None),
    "relative cwd": (process(cwd="tmp"), "Cwd must be an absolute path"),
    "no root": (lambda c: c.pop("root"), "root must be specified"),
    "hostname of the host": (lambda c: c["linux"].update(namespaces=[
        n for n in c["linux"]["namespaces"] if n["type"] != "uts"]), None),
    "missing source": (mounted(destination="/x", type="bind", source="/nonexist",
                               options=["bind"]),
                       INIT + 'error mounting "/nonexist" to rootfs at "/x": stat /nonexist: '
                       "no such file or directory"),
    "sysctl of the host": (lambda c: c["linux"].update(sysctl={"kernel.panic": "1"}), None),
    "unknown seccomp action": (lambda c: c["linux"].update(
        seccomp={"defaultAction": "SCMP_ACT_FOO"}),
        "string SCMP_ACT_FOO is not a valid action for seccomp"),
}


@pytest.mark.parametrize("name", ERRORS)
def test_errors_are_worded_as_runc_words_them(runc, bundle, peer, name):
    change, text = ERRORS[name]
    change(bundle.config)
    ours = runc.message(runc.run(bundle, code=1))
    theirs = runc.message(runc.sandbox.run([peer("runc"), "run", "--bundle", bundle.path, "box"]))

    assert ours == theirs
    if text:
        assert ours == "runc run failed: " + text


def test_other_errors_have_the_words_that_callers_look_for(runc, bundle):
    bundle.process["args"] = ["/etc"]
    assert 'exec: "/etc": is a directory' in runc.message(runc.run(bundle, code=1))
    bundle.bind("/etc/passwd", "/tmp")
    assert "not a directory" in runc.run(bundle, code=1).stderr
    for args, code, text in (
            (("state", "none"), 1, "container does not exist"),
            (("kill", "none"), 1, "container does not exist"),
            (("delete", "none"), 1, "container does not exist"),
            (("delete", "--force", "none"), 0, ""),
            (("create", "--bundle", bundle.path, "in/valid"), 1, "invalid container ID format"),
            (("exec", "none", "true"), 255, "exec failed: container does not exist"),
            (("checkpoint", "--image-path", "x", "none"), 1, "checkpoint is not there yet"),
            (("--systemd-cgroup", "create", "--bundle", bundle.path, "x"), 1, "systemd"),
            (("create",), 1, 'requires exactly 1 argument'),
            (("nonsense",), 3, "No help topic for 'nonsense'")):
        assert text in runc(*args, code=code).stderr


def test_a_name_is_used_once(runc, bundle):
    runc.create(bundle)
    assert "container with given ID already exists" in runc.run(bundle, code=1).stderr
    assert runc.status() == "created"


def test_the_json_log_is_what_go_runc_reads(runc, bundle):
    log = bundle.path / "log.json"
    bundle.process["args"] = ["nope"]
    bundle.write()
    runc("--log", log, "--log-format", "json", "create", "--bundle", bundle.path, "box", code=1)
    last = json.loads(log.read_text().splitlines()[-1])
    assert last["level"] == "error" and last["time"]
    assert last["msg"] == ("runc create failed: unable to start container process: "
                           'exec: "nope": executable file not found in $PATH')


def test_features_and_spec(runc, bundle):
    features = json.loads(runc("features").stdout)
    assert features["ociVersionMin"] == "1.0.0" and features["hooks"] == list(KINDS)
    assert features["linux"]["seccomp"]["enabled"]
    made = bundle.path / "made"
    made.mkdir()
    runc("spec", "--bundle", made)
    spec = json.loads((made / "config.json").read_text())
    spec["process"]["terminal"] = False
    spec["process"]["args"] = ["echo", "works"]
    bundle.config = spec
    assert runc.run(bundle).stdout == "works\n"


def test_seccomp(runc, bundle):
    bundle.linux["seccomp"] = {
        "defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86"],
        "syscalls": [{"names": ["mkdir", "mkdirat", "no_such_call"], "action": "SCMP_ACT_ERRNO",
                      "errnoRet": 95}]}
    for _ in range(2):          # compiled, then from the cache
        done = runc.run(bundle.shell("grep Seccomp: /proc/self/status; mkdir /tmp/new"), code=1)
        assert done.stdout == "Seccomp:\t2\n"
        assert "Operation not supported" in done.stderr
    bundle.process["noNewPrivileges"] = False
    assert "Operation not supported" in runc.run(bundle, code=1).stderr


@pytest.mark.parametrize("privileges", [True, False])
def test_seccomp_notifications_go_to_the_listener(runc, bundle, privileges):
    path = bundle.path / "agent"
    bundle.process["noNewPrivileges"] = not privileges
    bundle.linux["seccomp"] = {
        "defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_X86_64"],
        "listenerPath": str(path), "listenerMetadata": "some words",
        "syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_NOTIFY"}]}
    with socket.socket(socket.AF_UNIX) as agent:
        agent.bind(str(path))
        agent.listen()
        runc.create(bundle.shell("mkdir /tmp/new; exec sleep 100"))
        with agent.accept()[0] as connection:
            text, control, _, _ = connection.recvmsg(65536, socket.CMSG_SPACE(4))
        told = json.loads(text)
        assert told["fds"] == ["seccompFd"] and told["metadata"] == "some words"
        assert told["state"]["id"] == "box" and told["state"]["status"] == "creating"
        assert told["pid"] == runc.state()["pid"]
        listener = array.array("i", control[0][2][:4])[0]
        assert "seccomp notify" in os.readlink(f"/proc/self/fd/{listener}")
        os.close(listener)
    bundle.linux["seccomp"]["syscalls"][0]["names"] = ["write"]
    assert "cannot be used for the write syscall" in runc.message(runc.run(bundle, "other", code=1))
