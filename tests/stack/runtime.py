"""An OCI runtime driven by hand: bundles with busybox in them, commands, what is left behind."""

import copy
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from . import leaks
from .sandbox import Sandbox

APPLETS = ("sh", "cat", "echo", "sleep", "true", "false", "id", "env", "ls", "pwd", "touch", "mkdir",
           "mount", "tty", "stty", "kill", "grep", "readlink", "stat", "ip", "hostname", "ps", "wc",
           "ln", "mv", "rm", "dd", "date", "umount", "test", "uname", "ionice", "printf", "tr", "sed", "head")
PASSWD = "root:x:0:0:root:/root:/bin/sh\nuser:x:1000:1000::/home/user:/bin/sh\n"

CAPABILITIES = ["CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE"]
CONFIG = {
    "ociVersion": "1.0.2",
    "process": {
        "terminal": False, "user": {"uid": 0, "gid": 0}, "args": ["true"], "cwd": "/",
        "env": ["PATH=/bin"],
        "capabilities": {key: CAPABILITIES for key in ("bounding", "effective", "permitted")},
        "noNewPrivileges": True,
    },
    "root": {"path": "rootfs"},
    "hostname": "contained",
    "mounts": [
        {"destination": "/proc", "type": "proc", "source": "proc"},
        {"destination": "/dev", "type": "tmpfs", "source": "tmpfs",
         "options": ["nosuid", "strictatime", "mode=755", "size=65536k"]},
        {"destination": "/dev/pts", "type": "devpts", "source": "devpts",
         "options": ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"]},
        {"destination": "/dev/shm", "type": "tmpfs", "source": "shm",
         "options": ["nosuid", "noexec", "nodev", "mode=1777", "size=65536k"]},
        {"destination": "/dev/mqueue", "type": "mqueue", "source": "mqueue",
         "options": ["nosuid", "noexec", "nodev"]},
        {"destination": "/sys", "type": "sysfs", "source": "sysfs",
         "options": ["nosuid", "noexec", "nodev", "ro"]},
        {"destination": "/sys/fs/cgroup", "type": "cgroup", "source": "cgroup",
         "options": ["nosuid", "noexec", "nodev", "relatime", "ro"]},
    ],
    "linux": {
        "resources": {"devices": [{"allow": False, "access": "rwm"}]},
        "namespaces": [{"type": name} for name in ("pid", "network", "ipc", "uts", "mount",
                                                   "cgroup")],
        "maskedPaths": ["/proc/acpi", "/proc/kcore", "/proc/keys", "/sys/firmware"],
        "readonlyPaths": ["/proc/bus", "/proc/sys", "/proc/sysrq-trigger"],
    },
}


class Bundle:
    """A folder with config.json and a rootfs of its own."""

    def __init__(self, path):
        self.path = Path(path)
        self.rootfs = self.path / "rootfs"
        for name in ("bin", "etc", "proc", "sys", "dev", "tmp"):
            (self.rootfs / name).mkdir(parents=True)
        shutil.copy("/bin/busybox", self.rootfs / "bin/busybox")
        for name in APPLETS:
            (self.rootfs / "bin" / name).symlink_to("busybox")
        (self.rootfs / "etc/passwd").write_text(PASSWD)
        self.config = copy.deepcopy(CONFIG)

    @property
    def process(self):
        return self.config["process"]

    @property
    def linux(self):
        return self.config["linux"]

    def shell(self, script):
        self.process["args"] = ["sh", "-c", script]
        return self

    def bind(self, source, destination, *options):
        self.config["mounts"].append({"destination": destination, "type": "bind",
                                      "source": str(source), "options": ["rbind", *options]})

    def write(self):
        (self.path / "config.json").write_text(json.dumps(self.config))
        return self


class Runtime:
    """A runtime's program in a sandbox of its own."""

    def __init__(self, program, sandbox=None):
        self.program = str(program)
        self.sandbox = sandbox or Sandbox(tmpfs=True)
        self._bundles = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.sandbox.close()

    def bundle(self):
        self._bundles += 1
        # The scratch folder is the same file system inside and outside.
        return Bundle(self.sandbox.scratch / f"bundle{self._bundles}")

    def __call__(self, *args, code=0, **options):
        """Runs a command; checks the exit code unless code=None."""
        done = self.sandbox.run([self.program, *map(str, args)], **options)
        if code is not None:
            assert done.returncode == code, \
                f"{' '.join(map(str, args))}: exit {done.returncode}\n{done.stdout}{done.stderr}"
        return done

    @staticmethod
    def message(done):
        """What a command that failed says: the last message of its log on stderr."""
        return json.loads(done.stderr.strip().splitlines()[-1].split("msg=", 1)[1])

    def popen(self, *args, **options):
        return self.sandbox.popen([self.program, *map(str, args)], **options)

    def run(self, bundle, name="box", code=0, **options):
        """`run` in the foreground."""
        bundle.write()
        return self("run", "--bundle", bundle.path, name, code=code, **options)

    def create(self, bundle, name="box", *more, code=0):
        """`create`: the container keeps our descriptors, so its output goes to a file."""
        bundle.write()
        output = bundle.path / "output"
        with open(output, "w", encoding="utf-8") as file:
            done = self("--log", bundle.path / "log", "create", *more, "--bundle", bundle.path, name,
                        code=None, stdout=file, stderr=file)
        log = bundle.path / "log"
        assert done.returncode == code, log.read_text() if log.exists() else output.read_text()
        return output

    def up(self, bundle, name="box", *more):
        output = self.create(bundle, name, *more)
        self("start", name)
        return output

    def state(self, name="box"):
        done = self("state", name, code=None)
        return json.loads(done.stdout) if done.returncode == 0 else None

    def status(self, name="box"):
        state = self.state(name)
        return state["status"] if state else "gone"

    def snapshot(self):
        """What leaks.snapshot() sees inside, with the host's view of processes."""
        script = str(Path(leaks.__file__))
        done = self.sandbox.run([sys.executable, "-I", "-S", script], check=True)
        found = json.loads(done.stdout)
        found["processes"] = sorted(name for _, name in self.sandbox.processes().values())
        return found


def sealed_hash(path):
    """What a program's file is now, to see that nobody has written to it."""
    return subprocess.run(["sha256sum", os.fspath(path)], capture_output=True, text=True,
                          check=True).stdout.split()[0]
