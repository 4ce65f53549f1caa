"""Published holes of container runtimes, each tried on ours. Named after the CVE; the fixtures are
images and configurations as an attacker would make them."""

import hashlib
import os
import shutil
import subprocess
import threading
import time

import pytest
from stack.runtime import Runtime
from stack.stack import build_dir

pytestmark = [pytest.mark.ours, pytest.mark.needs("runc")]
ALL_CAPS = ["CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER", "CAP_MKNOD", "CAP_SETUID", "CAP_SETGID",
            "CAP_SYS_ADMIN", "CAP_SYS_PTRACE", "CAP_DAC_READ_SEARCH"]


@pytest.fixture(scope="module")
def shared_runtime():
    with Runtime(build_dir() / "bin/runc") as made:
        yield made


@pytest.fixture
def runc(shared_runtime):
    yield shared_runtime
    for name in shared_runtime("list", "-q").stdout.split():
        shared_runtime("delete", "--force", name)


@pytest.fixture
def bundle(runc):
    return runc.bundle()


@pytest.fixture
def outside(runc):
    """A folder of the host's that must stay as it is: empty, mode 0755."""
    folder = runc.sandbox.scratch / f"outside{time.monotonic_ns()}"
    folder.mkdir()
    yield folder
    assert list(folder.iterdir()) == []


def without_dev(bundle):
    """An image may bring its own /dev: then no tmpfs hides it."""
    bundle.config["mounts"] = [m for m in bundle.config["mounts"]
                               if not m["destination"].startswith("/dev")]
    return bundle


def digest(path):
    return hashlib.sha256(open(path, "rb").read()).hexdigest()


def root_of_all(bundle):
    bundle.process["capabilities"] = {key: ALL_CAPS for key in ("bounding", "effective", "permitted")}
    bundle.process["noNewPrivileges"] = False
    bundle.linux["maskedPaths"] = bundle.linux["readonlyPaths"] = []
    return bundle


# Keeps the file of a process that is not busybox, and writes to it once nobody runs it any more.
ATTACK = """
while :; do
  for exe in /proc/[0-9]*/exe; do
    case $(readlink $exe) in
    ''|*/busybox) ;;
    *) exec 5< $exe; echo caught; cat /fifo > /dev/null; sleep 0.3
       echo gotcha > /proc/self/fd/5; echo tried; exec sleep 100;;
    esac
  done
done"""


@pytest.mark.parametrize("kind", [
    pytest.param("link", marks=pytest.mark.unsanitized("runc runs in the container, so it must be static")),
    "script"])
def test_cve_2019_5736_the_runtimes_binary_cannot_be_overwritten(runc, bundle, kind):
    before = digest(runc.program)
    evil = bundle.rootfs / "bin/evil"
    if kind == "link":
        evil.symlink_to("/proc/self/exe")
    else:
        evil.write_text("#!/proc/self/exe\n")
        evil.chmod(0o755)
    os.mkfifo(bundle.rootfs / "fifo")
    output = runc.up(root_of_all(bundle).shell(ATTACK))
    # Our own program in the container's hands; opening its log holds it there.
    args = ["--log", "/fifo", "list"] if kind == "link" else []
    with runc.popen("exec", "box", "/bin/evil", *args, stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL) as process:
        end = time.monotonic() + 5
        while kind == "link" and "tried" not in output.read_text() and time.monotonic() < end:
            time.sleep(0.05)
        process.kill()
    if kind == "link":
        assert "caught" in output.read_text() and "tried" in output.read_text()
        assert "Read-only file system" in output.read_text()
    assert digest(runc.program) == before


@pytest.mark.parametrize("fd", range(3, 16))
def test_cve_2024_21626_no_cwd_through_a_leaked_descriptor(runc, bundle, fd):
    bundle.process["cwd"] = f"/proc/self/fd/{fd}"
    bundle.shell("pwd; ls ../../../../..")
    done = runc.run(bundle, code=None)
    assert done.returncode != 0 or done.stdout.startswith("/\n")   # the container's own root
    assert "outside" not in done.stdout


def test_cve_2024_21626_nor_for_exec(runc, bundle):
    bundle.process["args"] = ["sleep", "100"]
    runc.up(bundle)
    for fd in range(3, 16):
        done = runc("exec", "--cwd", f"/proc/self/fd/{fd}", "box", "pwd", code=None)
        assert done.returncode == 255 or done.stdout == "/\n"


@pytest.mark.parametrize("name", ["proc", "sys"])
def test_cve_2019_19921_proc_and_sys_are_real_directories(runc, bundle, name):
    (bundle.rootfs / name).rmdir()
    (bundle.rootfs / name).symlink_to("tmp")
    bundle.process["apparmorProfile"] = ""
    assert f'filesystem "/{name}" must be mounted on ordinary directory' in \
        runc.message(runc.run(bundle, code=1))


def test_cve_2023_27561_nothing_is_bound_over_proc(runc, bundle):
    (bundle.path / "fake").mkdir()
    bundle.bind(bundle.path / "fake", "/proc")
    assert "not of type proc" in runc.message(runc.run(bundle, code=1))


@pytest.mark.parametrize("place", ["/proc/self/attr", "/proc/sys", "/proc/1"])
def test_cve_2025_52881_nothing_lies_where_labels_and_sysctls_are_written(runc, bundle, place):
    bundle.config["mounts"].append({"destination": place, "type": "tmpfs", "source": "tmpfs"})
    assert "inside /proc" in runc.message(runc.run(bundle, code=1))


def test_cve_2019_18837_mount_targets_stay_in_the_root(runc, bundle, outside):
    (bundle.rootfs / "escape").symlink_to(outside)
    (bundle.rootfs / "climb").symlink_to("../" * 30 + str(outside).lstrip("/"))
    (bundle.path / "data").mkdir()
    (bundle.path / "file").write_text("mounted\n")
    bundle.bind(bundle.path / "file", "/escape/made/file")
    bundle.bind(bundle.path / "data", "/climb/dir")
    bundle.process["cwd"] = "/escape/cwd"
    assert runc.run(bundle.shell("cat /escape/made/file; pwd")).stdout.startswith("mounted\n")


def test_cve_2021_30465_a_target_that_changes_while_it_is_mounted(runc, outside):
    """Also CVE-2024-45310: not even an empty file appears outside."""
    bundle = runc.bundle()
    shared = bundle.path / "shared"
    shared.mkdir()
    (bundle.path / "file").touch()
    bundle.bind(shared, "/shared")
    for n in range(4):
        bundle.bind(bundle.path / "file", f"/shared/target/file{n}")
    bundle.write()
    stop = threading.Event()

    def swap():
        os.mkdir(shared / "real")
        os.symlink(outside, shared / "link")
        while not stop.is_set():
            for name in ("real", "link"):
                try:
                    os.rename(shared / name, shared / "target")
                    os.rename(shared / "target", shared / name)
                except OSError:
                    shutil.rmtree(shared / "target", ignore_errors=True)
                    (shared / "real").mkdir(exist_ok=True)
    swapper = threading.Thread(target=swap)
    swapper.start()
    try:
        for _ in range(60):
            runc("run", "--bundle", bundle.path, "box", code=None)
    finally:
        stop.set()
        swapper.join()


def test_cve_2025_31133_only_the_null_device_masks(runc, bundle):
    without_dev(bundle)
    (bundle.rootfs / "dev/null").symlink_to("/proc/sys/kernel/core_pattern")
    bundle.linux["maskedPaths"] = ["/etc/passwd"]
    assert "another file is in its place" in runc.message(runc.run(bundle, code=1))


def test_cve_2025_52565_the_console_is_no_link(runc, bundle, outside):
    """Also CVE-2026-88264."""
    without_dev(bundle)
    (bundle.rootfs / "dev/pts").mkdir()
    bundle.config["mounts"].append({"destination": "/dev/pts", "type": "devpts", "source": "devpts",
                                    "options": ["newinstance", "ptmxmode=0666"]})
    (bundle.rootfs / "dev/console").symlink_to(outside / "console")
    bundle.process["terminal"] = True
    assert "/dev/console is a link" in runc.message(runc.run(bundle, code=1))


def test_cve_2025_52565_the_terminals_are_a_devpts(runc, bundle):
    without_dev(bundle)
    (bundle.rootfs / "dev/pts").mkdir()
    (bundle.rootfs / "dev/pts/ptmx").touch()
    bundle.process["terminal"] = True
    assert "not a pseudo-terminal" in runc.message(runc.run(bundle, code=1))


def test_cve_2026_41579_dev_that_is_a_link_makes_nothing_outside(runc, bundle, outside):
    without_dev(bundle)
    (bundle.rootfs / "dev").rmdir()
    (bundle.rootfs / "dev").symlink_to(outside)
    runc.run(bundle, code=None)


@pytest.mark.parametrize("user, answer", [
    ("1", "1:0"), ("1:2", "1:2"), ("0:7", "0:7"), (":2", None), ("x", None), ("1:x", None), ("-1", None),
    ("4294967295", None), ("4294967296", None), ("1 ", None), ("", "0:0"), ("0x10", None)])
def test_cve_2026_30892_who_an_exec_is(runc, bundle, user, answer):
    bundle.process["args"] = ["sleep", "100"]
    runc.up(bundle)
    done = runc("exec", "--user", user, "box", "sh", "-c", "echo $(id -u):$(id -g)", code=None)
    if answer:
        assert done.stdout == answer + "\n"
    else:
        assert done.returncode == 255 and done.stdout == ""


def test_cve_2026_88265_stdio_of_the_host_keeps_its_owner(runc, bundle):
    before = os.stat("/dev/null").st_uid
    bundle.process["user"] = {"uid": 1000, "gid": 1000}
    runc.run(bundle)
    assert os.stat("/dev/null").st_uid == before


def test_cve_2026_47262_a_huge_passwd_costs_nothing(runc, bundle):
    with open(bundle.rootfs / "etc/passwd", "wb") as file:
        file.truncate(1 << 30)
    start = time.monotonic()
    assert runc.run(bundle.shell("echo $HOME")).stdout == "/\n"
    assert time.monotonic() - start < 5


def test_cve_2021_43784_more_maps_than_the_kernel_takes_are_refused(runc, bundle):
    bundle.linux["namespaces"].append({"type": "user"})
    maps = [{"containerID": n, "hostID": 100000 + n, "size": 1} for n in range(5000)]
    bundle.linux["uidMappings"] = bundle.linux["gidMappings"] = maps
    assert "more than 340 id mappings" in runc.message(runc.run(bundle, code=1))


def test_cve_2016_9962_a_joining_process_cannot_be_looked_into(runc, bundle):
    """Inside, root with ptrace rights looks for descriptors that are not the container's."""
    look = """while :; do for fd in /proc/[0-9]*/fd/*; do case $(readlink $fd) in
        */exec.fifo|*/outside*|/run/runc*) echo found $fd;; esac; done; done 2>/dev/null"""
    bundle.process["capabilities"] = {key: ["CAP_DAC_OVERRIDE"] for key in
                                      ("bounding", "effective", "permitted")}
    output = runc.up(bundle.shell(look))
    for _ in range(60):
        runc("exec", "box", "true")
    assert output.read_text() == ""
