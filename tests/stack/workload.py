"""A seeded random workload: clients that use an engine through its API and keep a ledger.

Each client owns its objects, so that what they ask for does not depend on each other. Objects are
known by a label or a tag of the workload's, names change. A request whose answer never came, or
which failed after something was broken on purpose (`broken`), leaves both states in the ledger,
and the client leaves that object alone until `Workload.settle`.
"""

import http.client
import io
import json
import random
import tarfile
import threading
from collections import namedtuple

from .images import Layer
from .ledger import ANY, Ledger
from .stack import UnixHTTP, SOCKET

LABEL = "workload"
STOPPABLE = ["sh", "-c", "trap 'exit 3' TERM; while :; do sleep 0.05; done"]
LEAVER = ["sh", "-c", "sleep 0.3; exit 7"]
WEB = ["sh", "-c", "echo alive > /tmp/index.html; exec httpd -f -p 80 -h /tmp"]
HEALTH = {"Test": ["CMD-SHELL", "wget -q -O /dev/null 127.0.0.1"], "Interval": 400_000_000,
          "Timeout": 10_000_000_000, "Retries": 3}
# Fails twice before it stays, and is started again each time.
STUBBORN = ["sh", "-c", "[ -e /second ] && exec sleep 1000; [ -e /first ] && touch /second;"
            " touch /first; sleep 0.1; exit 7"]
PROGRAMS = {"stoppable": STOPPABLE, "leaver": LEAVER, "web": WEB, "stubborn": STUBBORN}
MARK = "/mark"

# A thing that is there or is not: networks and volumes.
HERE = "here"
# How a container looks from outside; code counts once it has exited (a stubborn one's does not), mark
# is what was copied into it last.
Box = namedtuple("Box", "name status code memory mark", defaults=[None])


def kind(key):
    return key.rpartition("-")[2]


def unpack(data):
    """{name: text} of a tar archive's files."""
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        return {m.name: tar.extractfile(m).read() for m in tar if m.isfile()}


class Broken(Exception):
    """No certain answer."""


class Api:
    """Requests on the engine's socket. Answers 4xx and 5xx raise Broken, with `status`."""

    def __init__(self, stack, timeout=40):
        self.path, self.timeout = stack.sandbox.path(SOCKET), timeout

    def __call__(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        return self.bytes(method, path, data, "application/json").decode(errors="replace")

    def bytes(self, method, path, data=None, kind="application/x-tar"):
        connection = UnixHTTP(self.path, self.timeout)
        try:
            connection.request(method, "/v1.43" + path, data, {"Content-Type": kind} if data else {})
            answer = connection.getresponse()
            found = answer.read()
        except TimeoutError:
            raise AssertionError(f"{method} {path}: no answer in {self.timeout} s") from None
        except (OSError, http.client.HTTPException) as error:
            raise Broken(f"{method} {path}: {error!r}") from None
        finally:
            connection.close()
        if answer.status >= 400:
            raise Broken(f"{method} {path}: {answer.status} {found[:300].decode(errors='replace')}")
        return found

    def json(self, *request):
        return json.loads(self(*request))


class Client:
    """One client, in a thread. STEPS is its table: method name -> weight."""

    STEPS = {}

    def __init__(self, load, name, seed):
        self.name, self.thread = name, threading.Thread(target=self.run, name=name, daemon=True)
        self.load, self.ledger, self.api, self.stack = load, load.ledger, load.api, load.stack
        self.rand, self.count = random.Random(seed), 0

    def run(self):
        try:
            while not self.load.ending:
                self.step()
        except BaseException as error:      # reported by Workload.stop, in the test's thread
            self.load.failures.append(f"{self.name}: {error!r}")

    def step(self):
        steps = {name: weight for name, weight in self.STEPS.items() if name not in self.load.without}
        name = self.rand.choices(list(steps), steps.values())[0]
        try:
            getattr(self, name)()
        except Broken as error:
            self.ledger.note(self.name, name, error)
            if not self.load.broken:
                raise
            if "refused" in str(error) or "No such file" in str(error):
                self.load.ending = True     # the engine is gone, nobody can ask for more

    def mine(self, *wanted, but=()):
        """One of this client's objects that is certainly in one of these states, or None."""
        found = []
        for key, states in self.ledger.copy().items():
            if key.startswith(self.prefix) and len(states) == 1 and states[0] not in (None, ANY):
                if (not wanted or states[0].status in wanted) and kind(key) not in but:
                    found.append(key)
        return self.rand.choice(sorted(found)) if found else None

    def ask(self, key, after, *request, instead=(), failed=(), api=None):
        """A request that brings an object into another state (or, unasked, into `instead`; or,
        when it fails, into `failed`)."""
        self.ledger.begin(key, after, *instead, *failed)
        text = (api or self.api)(*request)
        self.ledger.done(key, after, *instead)
        return text


# They come and go by themselves.
UNSTEADY = ("leaver", "stubborn")


class Containers(Client):
    """Makes, uses and ends containers; at most SOME at a time."""

    SOME = 4
    STEPS = {"create": 5, "start": 6, "run_rm": 3, "execute": 3, "stop": 2, "kill": 2, "remove": 3,
             "rename": 2, "update": 2, "pause": 1, "copy": 3}

    def __init__(self, load, name, seed):
        super().__init__(load, name, seed)
        self.prefix = f"box {name}-"

    def path(self, key, what, query=""):
        return f"/containers/{self.ledger.certain(key).name}{what}{query}"

    def certain(self, key, **changes):
        return self.ledger.certain(key)._replace(**changes)

    def create(self):
        mine = [k for k, states in self.ledger.copy().items()
                if k.startswith(self.prefix) and states != [None]]
        if len(mine) >= self.SOME:
            return self.remove()
        self.count += 1
        kind = self.rand.choice(sorted(set(PROGRAMS) - set(self.load.without)))
        name = f"{self.name}-{self.load.epoch}-{self.count}-{kind}"
        body = {"Image": "busybox", "Labels": {LABEL: name},
                "HostConfig": {"NetworkMode": self.rand.choice(["none", "bridge", "host"]),
                               "Memory": 64 << 20, "MemorySwap": -1}}
        body["Cmd"] = PROGRAMS[kind]
        if kind == "stubborn":
            body["HostConfig"]["RestartPolicy"] = {"Name": "unless-stopped"}
        if kind == "web":
            body["Healthcheck"] = HEALTH
            body["HostConfig"]["NetworkMode"] = "bridge"
            body["ExposedPorts"] = {"80/tcp": {}}
            body["HostConfig"]["PortBindings"] = {"80/tcp": [{"HostPort": ""}]}
        return self.ask(f"box {name}", Box(name, "created", 0, 64 << 20, None), "POST",
                        f"/containers/create?name={name}", body)

    def start(self):
        key = self.mine("created", "exited")
        if not key:
            return
        running = self.certain(key, status="running", code=0)
        leaves = [running._replace(status="exited", code=7)] if kind(key) == "leaver" else []
        self.ledger.pids.pop(key, None)
        failed = [self.certain(key, code=128)] if self.certain(key).status == "exited" else []
        self.ask(key, running, "POST", self.path(key, "/start"), instead=leaves, failed=failed)
        if kind(key) not in UNSTEADY:
            state = self.api.json("GET", self.path(key, "/json"))["State"]
            self.ledger.pids[key] = state["Pid"]

    def execute(self):
        key = self.mine("running", but=["stubborn"])
        if not key:
            return
        made = self.api.json("POST", self.path(key, "/exec"),
                             {"Cmd": ["true"], "AttachStdout": True})
        self.api("POST", f"/exec/{made['Id']}/start", {"Detach": False})
        code = self.api.json("GET", f"/exec/{made['Id']}/json")["ExitCode"]
        if code != 0 and not self.load.broken:
            raise AssertionError(f"exec in {key}: exit code {code}")

    def stop(self):
        """With no patience for what does not hear SIGTERM."""
        key = self.mine("running")
        if not key:
            return
        code = {"web": 137, "stubborn": 0}.get(kind(key), 3)
        after = self.certain(key, status="exited", code=code)
        # SIGTERM may have ended it, and the request been lost; or SIGKILL ends it, asked too late.
        also = [after._replace(code=137)] if code == 3 else []
        self.ask(key, after, "POST", self.path(key, "/stop", f"?t={5 if code == 3 else 0}"),
                 instead=also)

    def kill(self):
        key = self.mine("running", but=["stubborn"])
        if not key:
            return
        self.ask(key, self.certain(key, status="exited", code=137), "POST",
                 self.path(key, "/kill"))

    def pause(self):
        key = self.mine("running", "paused", but=["stubborn"])
        if not key:
            return
        frozen = self.ledger.certain(key).status == "paused"
        self.ask(key, self.certain(key, status="running" if frozen else "paused"), "POST",
                 self.path(key, "/unpause" if frozen else "/pause"))

    def remove(self):
        key = self.mine()
        if not key:
            return
        path = self.path(key, "")
        if self.ledger.certain(key).status in ("running", "paused"):
            path += "?force=1"      # it is killed first, and removed then
            code = 0 if kind(key) == "stubborn" else 137
            self.ledger.begin(key, self.certain(key, status="exited", code=code))
        self.ask(key, None, "DELETE", path)

    def rename(self):
        key = self.mine()
        if not key:
            return
        self.count += 1
        name = f"{self.name}-{self.load.epoch}-r{self.count}"
        self.ask(key, self.certain(key, name=name), "POST",
                 self.path(key, "/rename", f"?name={name}"))

    def update(self):
        key = self.mine()
        if not key:
            return
        memory = self.rand.randrange(32, 256) << 20
        self.ask(key, self.certain(key, memory=memory), "POST", self.path(key, "/update"),
                 {"Memory": memory, "MemorySwap": -1})

    def copy(self):
        """docker cp into it. A copy that is cut short may have made the file and not filled it."""
        key = self.mine(but=["leaver"])
        if not key:
            return
        self.count += 1
        mark = f"{self.load.epoch}-{self.count}"
        self.ask(key, self.certain(key, mark=mark), "PUT", self.path(key, "/archive", "?path=/"),
                 Layer().file(MARK.lstrip("/"), mark).tar(), failed=[self.certain(key, mark="")], api=self.api.bytes)

    def run_rm(self):
        """docker run --rm, with the real client."""
        self.count += 1
        name = f"{self.name}-{self.load.epoch}-{self.count}-once"
        key = f"box {name}"
        self.ledger.begin(key, ANY)
        network = self.rand.choice(["none", "bridge", "host"])
        done = self.stack.docker("run", "--rm", "--name", name, "--label", f"{LABEL}={name}",
                                 f"--network={network}", "busybox", "echo", name)
        if done.returncode != 0 or done.stdout != name + "\n":
            raise Broken(f"run --rm: {done.returncode} {done.stdout!r} {done.stderr!r}")
        self.ledger.done(key, None)


class Images(Client):
    """Pulls, tags and removes names of images. Needs Workload.images: {repository: id}."""

    prefix = "tag "
    STEPS = {"pull": 4, "tag": 2, "remove": 3, "save": 2}

    def pull(self):
        repository = self.rand.choice(sorted(self.load.images))
        key = f"tag {repository}:latest"
        if len(self.ledger.states(key)) > 1:
            return
        name, _, tag = key.removeprefix("tag ").rpartition(":")
        self.ledger.begin(key, self.load.images[repository])
        text = self.api("POST", f"/images/create?fromImage={name}&tag={tag}")
        if '"error"' in text or "Status:" not in text:
            raise Broken(f"pull: {text[-300:]}")
        self.ledger.done(key, self.load.images[repository])

    def mine(self, *_):
        found = [key for key, states in self.ledger.copy().items()
                 if key.startswith(self.prefix) and len(states) == 1 and states[0]]
        return self.rand.choice(sorted(found)) if found else None

    def tag(self):
        key = self.mine()
        if not key:
            return
        self.count += 1
        new = f"tagged{self.load.epoch}:{self.count}"
        self.ask(f"tag {new}", self.ledger.certain(key), "POST",
                 f"/images/{key.removeprefix('tag ')}/tag?repo={new.split(':')[0]}&tag={self.count}")

    def save(self):
        key = self.mine()
        if not key:
            return
        name = key.removeprefix("tag ")
        try:
            files = unpack(self.api.bytes("GET", f"/images/{name}/get"))
        except tarfile.TarError as error:
            raise Broken(f"save {name}: {error!r}") from None
        if json.loads(files["manifest.json"])[0]["RepoTags"] != [name]:
            raise AssertionError(f"save {name}: {files['manifest.json']}")

    def remove(self):
        key = self.mine()
        if key:
            self.ask(key, None, "DELETE", f"/images/{key.removeprefix('tag ')}")


class Places(Client):
    """Makes and removes networks and volumes, and runs containers on one of each."""

    SOME = 3
    STEPS = {"create_network": 2, "create_volume": 2, "connect": 3, "remove": 3}

    def mine(self, what, *_):
        found = [key for key, states in self.ledger.copy().items()
                 if key.startswith(f"{what} {self.name}-") and states == [HERE]]
        return self.rand.choice(sorted(found)) if found else None

    def create(self, what, path, body):
        there = [key for key, states in self.ledger.copy().items()
                 if key.startswith(f"{what} {self.name}-") and states != [None]]
        if len(there) >= self.SOME:
            return
        self.count += 1
        name = f"{self.name}-{self.load.epoch}-{self.count}"
        self.ask(f"{what} {name}", HERE, "POST", path, {"Name": name, **body})

    def create_network(self):
        self.create("network", "/networks/create", {"CheckDuplicate": True})

    def create_volume(self):
        self.create("volume", "/volumes/create", {})

    def connect(self):
        """A container that writes to a volume, on a network; it is gone at its end."""
        network, volume = self.mine("network"), self.mine("volume")
        if not network or not volume:
            return
        self.count += 1
        name = f"{self.name}-{self.load.epoch}-{self.count}-once"
        self.ledger.begin(f"box {name}", ANY)
        done = self.stack.docker("run", "--rm", "--name", name, "--label", f"{LABEL}={name}",
                                 f"--network={network.split()[1]}", "-v",
                                 f"{volume.split()[1]}:/v", "busybox", "sh", "-c",
                                 "echo here >> /v/file && head -1 /v/file")
        if done.returncode != 0 or done.stdout != "here\n":
            raise Broken(f"run: {done.returncode} {done.stdout!r} {done.stderr!r}")
        self.ledger.done(f"box {name}", None)

    def remove(self):
        what = self.rand.choice(["network", "volume"])
        key = self.mine(what)
        if key:
            self.ask(key, None, "DELETE", f"/{what}s/{key.split()[1]}")


class Workload:
    """Clients on one stack. images: {repository: id} of what Images may pull.

    epoch names this burst: objects of different bursts never share a name. without: steps and kinds
    of containers to leave out."""

    def __init__(self, stack, seed, images=None, ledger=None, epoch=0, boxes=2, without=()):
        self.stack, self.images, self.epoch, self.without = stack, images or {}, epoch, without
        self.ledger, self.api = ledger or Ledger(), Api(stack)
        self.failures = []
        self.broken = self.ending = False
        self.clients = [Containers(self, f"c{n}", f"{seed} c{n}") for n in range(boxes)]
        self.clients.append(Places(self, "places", f"{seed} places"))
        if self.images:
            self.clients.append(Images(self, "images", f"{seed} images"))

    def start(self):
        for client in self.clients:
            client.thread.start()
        return self

    def break_(self):
        """From now on requests may fail: somebody is about to be killed."""
        self.broken = True

    def stop(self, patience=60):
        self.ending = True
        for client in self.clients:
            client.thread.join(patience)
            if client.thread.is_alive():
                self.failures.append(f"{client.name}: hangs")
        if self.failures:
            raise AssertionError("\n".join(self.failures + self.ledger.history[-40:]))
