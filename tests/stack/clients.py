"""One set of verbs over the clients that people have: docker, podman, ctr.

A scenario that is written with these runs before every engine and every containerd. Containers
get no network (which is not what a scenario of the runtime is about), and stay until remove().
"""

import itertools
import subprocess

from . import peers
from .terminal import Terminal

IMAGE = "docker.io/library/busybox:latest"


class Client:
    """What the clients have in common. `flags`: more flags for `run`."""

    missing, forbidden = 127, 126       # exit codes of a program that is not there, or no program

    def __init__(self, stack, argv, env=None, flags=()):
        self.stack, self.argv, self.env, self.flags = stack, list(argv), env, list(flags)

    def call(self, *args, **how):
        return self.stack.exec([*self.argv, *args], env=self.env, **how)

    def ok(self, *args, **how):
        return self.call(*args, check=True, **how).stdout

    def terminal(self, *args):
        return Terminal(self.stack.sandbox, [*self.argv, *args], rows=30, columns=100, env=self.env)

    def run(self, *command, **how):
        """In the foreground; removed at the end."""
        return self.call(*self.run_words(), *command, **how)

    def start(self, name, *command):
        """In the foreground: a Popen with pipes to the streams, and a name for other commands."""
        return self.stack.popen([*self.argv, *self.run_words(name=name), *command], env=self.env,
                                stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True)

    def run_on_terminal(self, *command):
        return self.terminal(*self.run_words("-t"), *command)

    def exec(self, name, *command, **how):
        return self.call(*self.exec_words(name), *command, **how)

    def exec_on_terminal(self, name, *command):
        return self.terminal(*self.exec_words(name, "-t"), *command)

    def wait_for(self, name, status):
        self.stack.wait_for(lambda: self.status(name) == status)


class Docker(Client):
    """The docker command line, and podman's, which is the same."""

    def run_words(self, *more, name=None):
        named = ["--name", name] if name else []
        return ["run", "--rm", "-i", "--network=none", *named, *self.flags, *more, IMAGE]

    def exec_words(self, name, *more):
        return ["exec", "-i", *more, name]

    def up(self, name, *command):
        self.ok("run", "-d", "--name", name, "--network=none", *self.flags, IMAGE, *command)

    def logs(self, name):
        done = self.call("logs", name)
        return done.stdout, done.stderr

    def kill(self, name, sig):
        self.ok("kill", "-s", sig, name)

    def pause(self, name):
        self.ok("pause", name)

    def resume(self, name):
        self.ok("unpause", name)

    def status(self, name):
        return self.call("inspect", "-f", "{{.State.Status}}", name).stdout.strip()

    def limit_memory(self, name, size):
        self.ok("update", "--memory", size, "--memory-swap", size, name)

    def processes(self, name):
        """How many processes `top` shows."""
        return len(self.ok("top", name).splitlines()) - 1

    def names(self):
        return self.ok("ps", "-a", "--format", "{{.Names}}").split()

    def remove(self, name, force=False):
        return self.call("rm", *(["-f"] if force else []), name)


class Podman(Docker):
    """podman with its files in the stack, conmon, and the stack's runc."""

    def __init__(self, stack, archives):
        settings = stack.scratch / "containers.conf"
        settings.write_text(
            f'[engine]\nruntime = "{stack.bin}/runc"\ncgroup_manager = "cgroupfs"\n'
            f'events_logger = "file"\nconmon_path = ["{peers.program("conmon")}"]\n'
            '[containers]\ndefault_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]\n'
            'netns = "none"\nlog_driver = "k8s-file"\n')
        policy = stack.scratch / "policy.json"
        policy.write_text('{"default":[{"type":"insecureAcceptAnything"}]}')
        stack.exec(["sh", "-c", "mkdir -p /etc/containers; "
                    f"cp {policy} /etc/containers/policy.json"], check=True)
        super().__init__(stack, [
            peers.program("podman"), "--root", str(stack.data / "podman"), "--runroot",
            "/run/podman", "--storage-driver", "overlay"], {"CONTAINERS_CONF": str(settings)})
        for archive in archives:
            self.ok("load", "-i", archive)

    def remove(self, name, force=False):
        return self.call("rm", *(["-f", "-t", "0"] if force else []), name)


class Ctr(Client):
    """containerd's ctr. Its containers have names only; its processes too."""

    missing = forbidden = 1

    def __init__(self, stack, archives, flags=(), program=None):
        super().__init__(stack, [program or peers.program("ctr"), "--address", stack.address],
                         flags=flags)
        self._unique = map("unique{}".format, itertools.count())
        for archive in archives:
            stack.ctr("image", "import", archive, check=True)

    def run_words(self, *more, name=None):
        return ["run", "--rm", *self.flags, *more, IMAGE, name or next(self._unique)]

    def exec_words(self, name, *more):
        return ["task", "exec", "--exec-id", next(self._unique), *more, name]

    def _log(self, name):
        return self.stack.scratch / f"{name}.log"

    def up(self, name, *command):
        self.ok("run", "-d", "--log-uri", f"file://{self._log(name)}", *self.flags, IMAGE, name,
                *command)

    def logs(self, name):
        """Both streams are in one file, in no order that anybody promised."""
        lines = self._log(name).read_text().splitlines(keepends=True)
        return ("".join(line for line in lines if "err" not in line),
                "".join(line for line in lines if "err" in line))

    def kill(self, name, sig):
        self.ok("task", "kill", "-s", sig, name)

    def pause(self, name):
        self.ok("task", "pause", name)

    def resume(self, name):
        self.ok("task", "resume", name)

    def status(self, name):
        rows = (line.split() for line in self.ok("task", "ls").splitlines()[1:])
        found = {row[0]: row[2].lower() for row in rows}.get(name, "")
        return "exited" if found == "stopped" else found

    def processes(self, name):
        return len(self.ok("task", "ps", name).splitlines()) - 1

    def names(self):
        return self.ok("container", "ls", "-q").split()

    def remove(self, name, force=False):
        self.call("task", "rm", *(["-f"] if force else []), name)
        return self.call("container", "rm", name)
