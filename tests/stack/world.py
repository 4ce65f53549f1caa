"""The world of a stack, as its engine tells it and as the kernel and the disk have it.

tell()    {key: state} in the words of workload.py: what the engine lists
strays()  what belongs to no container, and what a container lacks: links, rules, mounts, network
          namespaces, cgroups, shims, bundles, folders, snapshots
"""

import re

from .workload import UNSTEADY, Api, Box, Broken, HERE, LABEL, MARK, kind, unpack

ID = re.compile(r"[0-9a-f]{64}")
# Bridge addresses in rules; the network's own (.0 and the gateway's .1) are nobody's.
ADDRESS = re.compile(r"\b172\.17\.\d+\.\d+\b")
SOCKETS = "/run/containerd/s/"     # of shims; their names are digests, not ids
NOBODYS = ("172.17.0.0", "172.17.0.1")


class World:
    """One look. Attributes: boxes {label: inspect document}, tags {reference: id}."""

    def __init__(self, stack):
        self.stack, self.api = stack, Api(stack)
        self.boxes = {}
        for line in self.api.json("GET", "/containers/json?all=1"):
            found = self.api.json("GET", f"/containers/{line['Id']}/json")
            found["Mark"] = self._mark(line["Id"])
            self.boxes[found["Config"]["Labels"].get(LABEL, "?" + found["Id"])] = found
        self.tags = {}
        for image in self.api.json("GET", "/images/json"):
            for tag in image["RepoTags"] or ():
                self.tags[tag] = image["Id"]
        self.networks = {n["Name"]: n for n in self.api.json("GET", "/networks")
                         if n["Name"] not in ("bridge", "host", "none")}
        self.volumes = [v["Name"] for v in self.api.json("GET", "/volumes")["Volumes"] or ()]

    def tell(self, ignore=("busybox:latest", "hello-world:latest")):
        told = {f"box {label}": self._box(box) for label, box in self.boxes.items()}
        told |= {f"tag {tag}": ident for tag, ident in self.tags.items() if tag not in ignore}
        return told | {f"network {name}": HERE for name in self.networks} | {
            f"volume {name}": HERE for name in self.volumes}

    @staticmethod
    def _box(found):
        state, label = found["State"], found["Config"]["Labels"].get(LABEL, "")
        status = state["Status"]
        code = state["ExitCode"] if status == "exited" and kind(label) != "stubborn" else 0
        if status == "restarting" and kind(label) == "stubborn":
            status = "running"
        return Box(found["Name"].lstrip("/"), status, code, found["HostConfig"]["Memory"],
                   found["Mark"])

    def _mark(self, ident):
        try:
            data = self.api.bytes("GET", f"/containers/{ident}/archive?path={MARK}")
        except Broken as error:
            if ": 404 " in str(error):
                return None
            raise
        return unpack(data)["mark"].decode()

    def running(self):
        return {label: box for label, box in self.boxes.items()
                if box["State"]["Status"] in ("running", "paused")}

    # ---- what is on the machine

    def strays(self):
        seen = self.stack.snapshot()
        alive = {box["Id"] for box in self.running().values()}
        known = {box["Id"] for box in self.boxes.values()}
        return [*self._ids("mounts", seen["mounts"], alive, known),
                *self._ids("cgroups", seen["cgroups"], alive, alive),
                *self._ids("files", self._run_files(seen), alive, known),
                *self._links(seen), *self._netns(seen), *self._shims(seen), *self._rules(),
                *self._containerd(alive, known), *self._folders(known)]

    @staticmethod
    def _ids(what, paths, needed, allowed):
        """Ids of containers in paths; each of `needed` must be there, others are strays."""
        found = [(ident, path) for path in paths for ident in ID.findall(path)]
        yield from (f"{what}: {path} is nobody's" for ident, path in found if ident not in allowed)
        yield from (f"{what}: nothing of {ident}" for ident in needed - {ident for ident, _ in found}
                    if what != "files")

    @staticmethod
    def _run_files(seen):
        return [path for path in seen["files"] if not path.startswith(SOCKETS)]

    def _on_bridge(self):
        return {label: box for label, box in self.running().items()
                if box["HostConfig"]["NetworkMode"] in ("bridge", "default")}

    def _links(self, seen):
        veths = [name for name in seen["links"] if name.startswith("veth")]
        if len(veths) != len(self._on_bridge()):
            yield f"links: {len(veths)} for {len(self._on_bridge())} containers on a bridge"
        bridges = {name for name in seen["links"] if name.startswith("br-")}
        wanted = {"br-" + network["Id"][:12] for network in self.networks.values()}
        yield from (f"links: {name} is nobody's" for name in bridges - wanted)
        yield from (f"links: {name} is missing" for name in wanted - bridges)

    def _netns(self, seen):
        keys = {box["NetworkSettings"]["SandboxKey"] for box in self.running().values()}
        keys = {key.replace("/var/run/", "/run/") for key in keys if key} - {"/run/docker/netns/default"}
        there = set(seen["netns"]) - {"/run/docker/netns/default"}
        yield from (f"netns: {path} is nobody's" for path in there - keys)
        yield from (f"netns: {path} is missing" for path in keys - there)

    def _shims(self, seen):
        shims = seen["processes"].count("containerd-shim")
        sockets = len([path for path in seen["files"] if path.startswith(SOCKETS)])
        if not shims == sockets == len(self.running()):
            yield f"{shims} shims, {sockets} sockets for {len(self.running())} running containers"
        yield from (f"processes: {name}" for name in seen["processes"]
                    if name in ("runc", "fetch", "unpack", "runc:[2:INIT]", "runc:[1:CHILD]"))

    def _rules(self):
        text = self.stack.exec(["iptables-save"], check=True).stdout
        there = set(ADDRESS.findall(text)) - set(NOBODYS)
        for name in set(re.findall(r"\bbr-[0-9a-f]{12}\b", text)):
            if name not in {"br-" + network["Id"][:12] for network in self.networks.values()}:
                yield f"rules: {name} is nobody's"
        mine = {box["NetworkSettings"]["IPAddress"] for box in self._on_bridge().values()}
        yield from (f"rules: {address} is nobody's" for address in there - mine)
        taken = [box["NetworkSettings"]["IPAddress"] for box in self._on_bridge().values()]
        yield from (f"address: {address} is given twice" for address in set(taken)
                    if taken.count(address) > 1)

    def _containerd(self, alive, known):
        tasks, boxes = set(self._ctr("tasks", "ls", "-q")), set(self._ctr("containers", "ls", "-q"))
        snapshots = {line.split()[0] for line in self._ctr("snapshots", "ls")[1:]}
        for what, there, wanted in (("task", tasks, alive), ("container", boxes, alive)):
            yield from (f"containerd: {what} {ident} is nobody's" for ident in there - wanted)
            yield from (f"containerd: {what} {ident} is missing" for ident in wanted - there)
        yield from (f"containerd: snapshot {key}" for key in snapshots - known
                    if not key.startswith("sha256:"))
        yield from (f"containerd: no snapshot {key}" for key in known - snapshots)

    def _ctr(self, *words):
        lines = self.stack.ctr("--namespace", "moby", *words, check=True).stdout.splitlines()
        return [line for line in lines if line.strip()]

    def content(self):
        """What containerd keeps: blobs and leases. Of a pull that was killed they stay for the
        next one; once that has succeeded they go."""
        return sorted([*self._ctr("content", "ls", "-q"), *self._ctr("leases", "ls", "-q")])

    def _folders(self, known):
        """Below the data root: one folder a container."""
        folder = self.stack.data / "docker" / "containers"
        there = set(self.stack.exec(["ls", folder], check=True).stdout.split())
        yield from (f"folder of {ident} is nobody's" for ident in there - known)
        yield from (f"no folder of {ident}" for ident in known - there)
        listed = self.stack.exec(["ls", self.stack.data / "docker" / "volumes"]).stdout.split()
        yield from (f"volume {name} is nobody's" for name in set(listed) - set(self.volumes))
        yield from (f"volume {name} has no folder" for name in set(self.volumes) - set(listed))

    # ---- does what runs work?

    def failures(self, pids):
        """pids: {"box LABEL": pid} from before."""
        for label, box in self.running().items():
            pid = pids.get(f"box {label}")
            if pid and box["State"]["Pid"] != pid and kind(label) not in UNSTEADY:
                yield f"{label}: process {box['State']['Pid']}, was {pid}"
            if box["State"]["Status"] == "running" and kind(label) == "web":
                yield from self._web(label, box)
                if box["State"]["Health"]["Status"] != "healthy":
                    yield f"{label}: {box['State']['Health']}"

    def _web(self, label, box):
        for binding in box["NetworkSettings"]["Ports"]["80/tcp"] or ():
            if binding["HostIp"] not in ("0.0.0.0", ""):
                continue
            port = int(binding["HostPort"])
            try:
                with self.stack.sandbox.connect("127.0.0.1", port, timeout=5) as connection:
                    connection.sendall(b"GET / HTTP/1.0\r\n\r\n")
                    answer = b""
                    while more := connection.recv(4096):
                        answer += more
                if not answer.endswith(b"alive\n"):
                    yield f"{label}: port {port} says {answer!r}"
            except OSError as error:
                yield f"{label}: port {port}: {error}"


