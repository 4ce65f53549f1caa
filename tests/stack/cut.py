"""Power cuts: a data root on a disk of which a copy at one instant can be had.

    xfs.img (tmpfs)   a loop device with XFS and reflink, mounted at /run/disk/xfs
      disk.img        a loop device with ext4, mounted at /run/disk/data: the data root
      cut-N.img       FICLONE of disk.img: atomic, a few milliseconds

A cut has what the file system had handed to its disk at that instant, and nothing that was in
memory only. All mounts are in a stack's own namespace; loop devices go with the last mount.
"""

import errno
import fcntl
import os
import shutil
import struct
import subprocess
from pathlib import Path

LOOP_CTL_GET_FREE, LOOP_CONFIGURE, LO_FLAGS_AUTOCLEAR = 0x4C82, 0x4C0A, 4
FICLONE = 0x40049409
PLACE = "/run/disk"
DATA = Path(PLACE, "data")
XFS_SIZE, DISK_SIZE = 3 << 30, 1 << 30


def why_not():
    """Why this machine cannot do it, or None."""
    if not shutil.which("mkfs.xfs"):
        return "no mkfs.xfs (./dev deps --test)"
    if not os.path.exists("/dev/loop-control"):
        return "no loop devices"
    if "\txfs\n" not in Path("/proc/filesystems").read_text():
        return "a kernel without XFS"
    return None


def loop_device(path):
    """(descriptor, name) of a loop device of the file; it ends with its last user."""
    file = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    try:
        while True:
            control = os.open("/dev/loop-control", os.O_RDWR | os.O_CLOEXEC)
            number = fcntl.ioctl(control, LOOP_CTL_GET_FREE)
            os.close(control)
            name = f"/dev/loop{number}"
            device = os.open(name, os.O_RDWR | os.O_CLOEXEC)
            info = struct.pack("5Q4I160s2Q", 0, 0, 0, 0, 0, 0, 0, 0, LO_FLAGS_AUTOCLEAR, b"", 0, 0)
            try:
                fcntl.ioctl(device, LOOP_CONFIGURE, struct.pack("II", file, 0) + info + bytes(64))
                return device, name
            except OSError as error:
                os.close(device)
                if error.errno != errno.EBUSY:
                    raise
    finally:
        os.close(file)


def mount(stack, image, kind, target):
    """Mounts a file of the host's view inside a stack."""
    device, name = loop_device(image)
    try:
        stack.exec(["mkdir", "-p", target], check=True)
        stack.exec(["mount", "-t", kind, "-o", "noatime", name, target], check=True)
    finally:
        os.close(device)


def sparse(path, size):
    with open(path, "wb") as file:
        file.truncate(size)


class Disk:
    """Becomes the data root of a stack that was not started yet."""

    def __init__(self, stack):
        self.folder, self.cuts = Path(stack.sandbox.path(PLACE)), 0
        self.folder.mkdir()
        sparse(self.folder / "xfs.img", XFS_SIZE)
        subprocess.run(["mkfs.xfs", "-q", "-m", "reflink=1", self.folder / "xfs.img"], check=True)
        mount(stack, self.folder / "xfs.img", "xfs", f"{PLACE}/xfs")
        sparse(self.image, DISK_SIZE)
        subprocess.run(["mkfs.ext4", "-q", "-E", "lazy_itable_init=1", self.image], check=True)
        plug_in(stack, self.image)

    @property
    def image(self):
        return self.folder / "xfs" / "disk.img"

    def cut(self):
        """The disk as it is now: the path of a copy."""
        self.cuts += 1
        path = self.folder / "xfs" / f"cut-{self.cuts}.img"
        with open(self.image, "rb") as source, open(path, "wb") as copy:
            fcntl.ioctl(copy, FICLONE, source.fileno())
        return path


def plug_in(stack, image):
    """Makes a disk the data root of a stack that was not started yet: the same path in each."""
    mount(stack, image, "ext4", str(DATA))
    stack.data = DATA
