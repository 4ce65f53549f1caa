"""Makes the private world of a stack. Two processes, both started by sandbox.py:

keeper  own mount and network namespace. It mounts every cgroup hierarchy privately at VIEW (so it
        does not matter what the host has mounted), makes the stack's cgroup in each, starts init,
        and waits until its stdin closes; then it kills init, removes the cgroups and the scratch
        folder. Whoever started it may die in any way: the kernel closes that pipe. Its network
        namespace doubles as "outside": a second machine, joined by a veth pair on request.
init    pid 1 of the stack: own mount, network, PID, cgroup, UTS and IPC namespaces. It mounts
        /proc, /sys, the cgroups, a tmpfs on /run, throw-away overlays on /etc, /opt and /var/lib,
        and then reaps what is left to it.

The host sees none of these mounts, links or rules.
"""

import ctypes
import fcntl
import json
import os
import shutil
import signal
import socket
import struct
import sys
import time

CLONE_NEWNS, CLONE_NEWCGROUP, CLONE_NEWUTS = 0x00020000, 0x02000000, 0x04000000
CLONE_NEWIPC, CLONE_NEWPID, CLONE_NEWNET = 0x08000000, 0x20000000, 0x40000000
MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_BIND, MS_REC, MS_PRIVATE = 2, 4, 8, 4096, 16384, 1 << 18
MNT_DETACH = 2
PR_SET_PDEATHSIG, PR_SET_NAME = 1, 15
SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8913, 0x8914, 1

VIEW = "view"                       # below the scratch folder: the keeper's private mounts
OVERLAID = ("/etc", "/opt", "/var/lib")

libc = ctypes.CDLL(None, use_errno=True)


def _check(result, what):
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def unshare(flags):
    _check(libc.unshare(flags), "unshare")


def mount(source, target, kind=None, flags=0, data=None):
    def c(text):
        return text.encode() if text is not None else None
    _check(libc.mount(c(source), c(target), c(kind), ctypes.c_ulong(flags), c(data)),
           f"mount {kind or source} on {target}")


def umount(target):
    _check(libc.umount2(target.encode(), MNT_DETACH), f"umount {target}")


def write(path, text):
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)


def hierarchies():
    """Each cgroup hierarchy of this kernel: (folder name, mount type, mount data, own cgroup)."""
    lines = open("/proc/self/cgroup").read().splitlines()
    found = []
    for line in lines:
        _, controllers, own = line.split(":", 2)
        if controllers == "":
            found.append(("unified" if len(lines) > 1 else "", "cgroup2", None, "/"))
        elif controllers.startswith("name="):
            found.append((controllers[5:], "cgroup", "none," + controllers, own))
        else:
            found.append((controllers, "cgroup", controllers, own))
    return found


class Cgroups:
    """The stack's cgroup in every hierarchy, through the keeper's private view of them."""

    def __init__(self, view, name):
        self.name, self.view = name, view
        self.dirs = {}              # folder of a hierarchy -> the stack's cgroup
        self.kinds = {}             # folder of a hierarchy -> (mount type, mount data)

    def make(self):
        for folder, kind, data, own in hierarchies():
            top = os.path.join(self.view, folder or "v2")
            os.mkdir(top)
            try:
                mount("cgroup", top, kind, MS_NOSUID | MS_NODEV | MS_NOEXEC, data)
            except OSError:
                os.rmdir(top)
                continue
            parent = top + own.rstrip("/")
            mine = os.path.join(parent, self.name)
            self._sweep(parent)
            if kind == "cgroup2":
                self._delegate(parent)
            os.mkdir(mine)
            for key in ("cpuset.cpus", "cpuset.mems"):
                if os.path.exists(os.path.join(mine, key)) and kind == "cgroup":
                    write(os.path.join(mine, key), open(os.path.join(parent, key)).read())
            self.dirs[folder], self.kinds[folder] = mine, (kind, data)

    def _delegate(self, folder):
        """cgroup v2: hand every controller that can be handed down."""
        for controller in open(os.path.join(folder, "cgroup.controllers")).read().split():
            try:
                write(os.path.join(folder, "cgroup.subtree_control"), "+" + controller)
            except OSError:
                pass

    def _sweep(self, parent):
        """Remove what a stack left whose keeper was killed (the name ends in the keeper's pid)."""
        for entry in os.listdir(parent):
            stem, _, pid = entry.rpartition("-")
            if stem.startswith("lighter-") and pid.isdigit() and not os.path.exists("/proc/" + pid):
                remove_tree(os.path.join(parent, entry))

    def join(self):
        for mine in self.dirs.values():
            write(os.path.join(mine, "cgroup.procs"), "0")

    def settle(self):
        """cgroup v2 wants processes in leaves: init's leaf; then the controllers for the rest."""
        for folder, (kind, _) in self.kinds.items():
            if kind == "cgroup2":
                leaf = os.path.join(self.dirs[folder], "init")
                os.mkdir(leaf)
                write(os.path.join(leaf, "cgroup.procs"), "0")

    def entrances(self):
        """The cgroup.procs files which a process that enters the stack writes itself to."""
        return [os.path.join(mine, "init" if self.kinds[folder][0] == "cgroup2" else "",
                             "cgroup.procs") for folder, mine in self.dirs.items()]

    def delegate(self):
        for folder, (kind, _) in self.kinds.items():
            if kind == "cgroup2":
                self._delegate(self.dirs[folder])

    def thaw(self):
        """A frozen process (of a paused container) does not die, not even of SIGKILL."""
        for mine in self.dirs.values():
            for top, _, files in os.walk(mine):
                for name, word in (("freezer.state", "THAWED"), ("cgroup.freeze", "0")):
                    if name in files:
                        try:
                            write(os.path.join(top, name), word)
                        except OSError:
                            pass        # it has just gone

    def remove(self):
        for mine in self.dirs.values():
            remove_tree(mine)


def remove_tree(folder):
    """rmdir of a cgroup and all below it; a process that is just dying is waited for."""
    for top, dirs, _ in os.walk(folder, topdown=False):
        for _ in range(100):
            try:
                os.rmdir(top)
                break
            except FileNotFoundError:
                break
            except OSError:
                time.sleep(0.02)


def keeper(options):
    scratch, name = options["scratch"], f"lighter-{options['id']}-{os.getpid()}"
    view = os.path.join(scratch, VIEW)
    os.makedirs(view, exist_ok=True)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    unshare(CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWUTS | CLONE_NEWIPC)
    mount(None, "/", None, MS_REC | MS_PRIVATE)
    mount("view", view, "tmpfs", 0, "mode=700")
    loopback_up()
    cgroups = Cgroups(view, name)
    pid, keep = 0, False
    try:
        cgroups.make()
        unshare(CLONE_NEWPID)
        ready, told = os.pipe()
        pid = os.fork()
        if pid == 0:
            init(options, cgroups, view, told)
        os.close(told)
        if os.read(ready, 1) != b"1":
            raise RuntimeError("init did not start")
        print(json.dumps({"init": pid, "entrances": cgroups.entrances(), "name": name}), flush=True)
        keep = sys.stdin.read() == "keep"
    finally:
        cgroups.thaw()
        if pid > 0:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
        cgroups.remove()
        if not keep:
            umount(view)
            shutil.rmtree(scratch, ignore_errors=True)


def loopback_up():
    with socket.socket() as s:
        request = struct.pack("16sH14x", b"lo", 0)
        flags = struct.unpack("16sH14x", fcntl.ioctl(s, SIOCGIFFLAGS, request))[1]
        fcntl.ioctl(s, SIOCSIFFLAGS, struct.pack("16sH14x", b"lo", flags | IFF_UP))


def uncover(target):
    """Unmounts all that lies on a folder: programs believe the first line in mountinfo."""
    try:
        while True:
            umount(target)
    except OSError:
        pass


def mount_cgroups(cgroups):
    pure_v2 = list(cgroups.kinds) == [""]
    if not pure_v2:
        mount("tmpfs", "/sys/fs/cgroup", "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=755")
    for folder, (kind, data) in cgroups.kinds.items():
        target = os.path.join("/sys/fs/cgroup", folder)
        os.makedirs(target, exist_ok=True)
        mount("cgroup", target, kind, MS_NOSUID | MS_NODEV | MS_NOEXEC, data)
        for alias in folder.split(",") if "," in folder else ():
            os.symlink(folder, os.path.join("/sys/fs/cgroup", alias))


def mount_overlays(scratch):
    """Throw-away copies of the folders that engines write to outside of their roots."""
    os.makedirs("/run/stack/scratch")
    mount(scratch, "/run/stack/scratch", None, MS_BIND | MS_REC)
    for folder in OVERLAID:
        if not os.path.isdir(folder):
            continue
        base = "/run/stack/changed" + folder
        os.makedirs(base + "/upper")
        os.makedirs(base + "/work")
        mount("stack", folder, "overlay", 0,
              f"lowerdir={folder},upperdir={base}/upper,workdir={base}/work")
        if (scratch + "/").startswith(folder + "/"):
            mount("/run/stack/scratch", scratch, None, MS_BIND | MS_REC)
    umount("/run/stack/scratch")
    os.rmdir("/run/stack/scratch")
    for name in ("docker", "containerd"):
        hidden = "/var/lib/" + name
        if os.path.isdir(hidden):
            mount("hidden", hidden, "tmpfs", 0, "mode=711")
    if os.path.islink("/etc/resolv.conf"):
        os.unlink("/etc/resolv.conf")
        write("/etc/resolv.conf", "nameserver 192.0.2.53\n")


def init(options, cgroups, view, told):
    try:
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        libc.prctl(PR_SET_NAME, b"init")
        os.setsid()
        cgroups.join()
        unshare(CLONE_NEWCGROUP | CLONE_NEWNET | CLONE_NEWNS)
        mount(None, "/", None, MS_REC | MS_PRIVATE)
        cgroups.settle()
        cgroups.delegate()
        umount(view)
        uncover("/proc")
        uncover("/sys")
        mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC)
        mount("sysfs", "/sys", "sysfs", MS_NOSUID | MS_NODEV | MS_NOEXEC)
        mount_cgroups(cgroups)
        data = os.path.join(options["scratch"], "data")
        os.makedirs(data, exist_ok=True)
        if options["tmpfs"]:
            mount("data", data, "tmpfs", 0, "mode=711")
        mount("run", "/run", "tmpfs", MS_NOSUID | MS_NODEV, "mode=755")
        os.mkdir("/run/lock")
        mount_overlays(options["scratch"])
        socket.sethostname("stack")
        loopback_up()
        null = os.open("/dev/null", os.O_RDWR)
        os.dup2(null, 0)
        os.dup2(null, 1)
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})
        os.write(told, b"1")
        os.close(told)
        while True:
            reap()
            signal.sigwait({signal.SIGCHLD})
    except BaseException as error:  # pid 1 has nobody to raise to
        print(f"stack init: {error}", file=sys.stderr, flush=True)
        os._exit(1)


def reap():
    try:
        while os.waitpid(-1, os.WNOHANG)[0] != 0:
            pass
    except ChildProcessError:
        pass


if __name__ == "__main__":
    keeper(json.loads(sys.argv[1]))
