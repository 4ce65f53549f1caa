"""A small machine of its own: Debian's cloud kernel in QEMU, for what this host's kernel lacks.

The machine has an initramfs with busybox, the kernel's modules, the build and what it needs, and
tests/vm/init as its first program. One boot runs all scripts of tests/vm/*.sh, one after another,
and prints what they say on the serial line, between marks. QEMU and the kernel are unpacked from
Debian packages into build/peers/vm; where they cannot be had, the tests are skipped and say so.
Starting a program takes ten to twenty times as long as here (no KVM): few processes, no loops.
"""

import os
import re
import shutil
import stat
import subprocess
from pathlib import Path

from . import images, peers

TOP = peers.TOP
ROOT = peers.PEERS / "vm"
STAMP = ROOT / "stamp"
KERNEL_PACKAGE = "linux-image-cloud-amd64"
SCRIPTS = TOP / "tests" / "vm"
LIMIT = 240                         # seconds for the whole boot; half a minute on a quiet machine

# Modules that the kernel would load by itself when it could find modprobe's database.
MODULES = ["overlay", "veth", "bridge", "nf_tables", "nft_compat", "nft_chain_nat", "nf_nat",
           "xt_MASQUERADE", "xt_conntrack", "xt_addrtype", "xt_nat", "xt_tcpudp"]


def _kernel_package():
    out = subprocess.run(["apt-cache", "depends", KERNEL_PACKAGE], capture_output=True, text=True,
                         check=False).stdout
    found = re.search(r"Depends: (linux-image-\S+)", out)
    if not found:
        raise peers.PeersMissing(f"{KERNEL_PACKAGE}: no such package")
    return found[1]


def have():
    return STAMP.exists()


def fetch():
    """Unpacks QEMU and the kernel; False, when they are not to be had."""
    if have() or os.uname().machine != "x86_64":
        return have()
    debs = ROOT / "debs"
    debs.mkdir(parents=True, exist_ok=True)
    try:
        peers.download(["qemu-system-x86", _kernel_package()], debs)
    except peers.PeersMissing:
        return False
    for deb in sorted(debs.glob("*.deb")):
        subprocess.run(["dpkg-deb", "-x", deb, ROOT], check=True)
    shutil.rmtree(debs)
    STAMP.write_text("1")
    return True


# ---- the initramfs: cpio(5), "newc" ----

class Archive:
    """Files for the machine; parents are made as they are needed."""

    def __init__(self):
        self._parts, self._names = [], set()

    def _entry(self, name, mode, data=b"", device=(0, 0)):
        if name in self._names:
            return
        for parent in reversed(Path(name).parents):
            if str(parent) != ".":
                self._entry(str(parent), stat.S_IFDIR | 0o755)
        self._names.add(name)
        path = name.encode() + b"\0"
        fields = [len(self._names), mode, 0, 0, 1, 0, len(data), 0, 0, *device, len(path), 0]
        head = b"070701" + b"".join(b"%08x" % field for field in fields) + path
        self._parts += [head, b"\0" * (-len(head) % 4), data, b"\0" * (-len(data) % 4)]

    def add(self, source, name=None):
        """A file as it is; without a name, where it is here."""
        source = Path(source)
        mode = stat.S_IFREG | stat.S_IMODE(source.stat().st_mode)
        self._entry(name or str(source).lstrip("/"), mode, source.read_bytes())

    def symlink(self, target, name):
        self._entry(name, stat.S_IFLNK | 0o777, target.encode())

    def device(self, name, major, minor):
        self._entry(name, stat.S_IFCHR | 0o600, device=(major, minor))

    def write(self, path):
        self._entry("TRAILER!!!", 0)
        Path(path).write_bytes(b"".join(self._parts))


def _modules():
    """Files of MODULES and of what they need, in the order in which they can be loaded."""
    base = next((ROOT / "lib" / "modules").iterdir())
    if not (base / "modules.dep").exists():
        subprocess.run(["busybox", "depmod", "-b", ROOT, base.name], check=True)
    needs = {}
    for line in (base / "modules.dep").read_text().splitlines():
        path, _, rest = line.partition(":")
        needs[Path(path).name.split(".ko")[0].replace("-", "_")] = path, rest.split()
    wanted = []
    for name in MODULES:
        path, rest = needs[name]
        wanted += [p for p in [*reversed(rest), path] if p not in wanted]
    return [base / path for path in wanted]


def _libraries(programs):
    out = subprocess.run(["ldd", *programs], capture_output=True, text=True, check=False).stdout
    return sorted(set(re.findall(r"(?:=> )?(/\S+) \(0x", out)))


def _initramfs(path, build):
    archive = Archive()
    archive.device("dev/console", 5, 1)
    archive.add(images.BUSYBOX, "bin/busybox")
    archive.symlink("busybox", "bin/sh")
    archive.add(SCRIPTS / "init", "init")
    for script in scripts():
        archive.add(SCRIPTS / f"{script}.sh", f"tests/{script}.sh")
    modules = _modules()
    for module in modules:
        archive.add(module, f"modules/{module.name}")
    order = path.with_name("order")
    order.write_text("".join(f"{module.name}\n" for module in modules))
    archive.add(order, "modules/order")
    folders = build / "bin", build / "libexec" / "lighter"
    programs = [p for folder in folders for p in sorted(folder.iterdir()) if p.is_file()]
    for program in programs:
        archive.add(program, f"usr/{program.relative_to(build)}")
    for library in _libraries(programs):
        archive.add(library)
    made = build / "share" / "lighter" / "images"
    for image in sorted(made.rglob("*")):
        if image.is_file():
            archive.add(image, f"preload/{image.relative_to(made)}")
    archive.add(images.preload_folder(build) / "busybox.tar", "preload/busybox.tar")
    for path_here in ("/etc/passwd", "/etc/group", "/usr/lib/locale/C.utf8/LC_CTYPE"):
        archive.add(path_here)
    archive.write(path)


# ---- the boot ----

def scripts():
    return sorted(path.stem for path in SCRIPTS.glob("*.sh"))


def boot(folder, build):
    """{script: (exit code, output)} and the whole text of the serial line."""
    initramfs = Path(folder) / "initramfs"
    _initramfs(initramfs, Path(build))
    kernel = next((ROOT / "boot").glob("vmlinuz-*"))
    libraries = f"{ROOT}/usr/lib/x86_64-linux-gnu:{ROOT}/lib/x86_64-linux-gnu"
    argv = [ROOT / "usr/bin/qemu-system-x86_64", "-L", ROOT / "usr/share/qemu",
            "-L", ROOT / "usr/share/seabios", "-accel", "tcg", "-m", "1024",
            "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot", "-net", "none",
            "-serial", "stdio", "-kernel", kernel, "-initrd", initramfs,
            "-append", "console=ttyS0 quiet panic=-1 cgroup_no_v1=all"]
    try:
        text = subprocess.run(argv, capture_output=True, timeout=LIMIT, check=False,
                              stdin=subprocess.DEVNULL,
                              env={**os.environ, "LD_LIBRARY_PATH": libraries}).stdout
    except subprocess.TimeoutExpired as late:
        text = late.stdout or b""
    text = text.decode(errors="replace").replace("\r", "")
    found = re.findall(r"^@@ begin (\S+)\n(.*?)^@@ end \1 (\d+)$", text, re.M | re.S)
    return {name: (int(code), said) for name, said, code in found}, text
