"""Test images, made from nothing but busybox-static.

An Image is a list of layers and a config; it can be written as an OCI layout folder, as one
archive that is both an OCI layout and what `docker save` writes, and pushed to a registry over
HTTP with OCI or Docker media types. Same input, same digests: times are fixed.
"""

import gzip
import hashlib
import io
import json
import os
import platform
import random
import subprocess
import tarfile
from pathlib import Path

BUSYBOX = "/usr/bin/busybox"
ARCH = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
EPOCH = "2024-01-01T00:00:00Z"
MTIME = 1704067200

OCI = {
    "index": "application/vnd.oci.image.index.v1+json",
    "manifest": "application/vnd.oci.image.manifest.v1+json",
    "config": "application/vnd.oci.image.config.v1+json",
    "layer": "application/vnd.oci.image.layer.v1.tar",
    "layer+gzip": "application/vnd.oci.image.layer.v1.tar+gzip",
    "layer+zstd": "application/vnd.oci.image.layer.v1.tar+zstd",
}
DOCKER = {
    "index": "application/vnd.docker.distribution.manifest.list.v2+json",
    "manifest": "application/vnd.docker.distribution.manifest.v2+json",
    "config": "application/vnd.docker.container.image.v1+json",
    "layer": "application/vnd.docker.image.rootfs.diff.tar",
    "layer+gzip": "application/vnd.docker.image.rootfs.diff.tar.gzip",
}


def zstd(data):
    """As zstd:chunked has it: a frame, and skippable ones with what only its friends understand."""
    packed = subprocess.run(["zstd", "-qc"], input=data, capture_output=True, check=True).stdout
    return packed + b"\x50\x2a\x4d\x18" + (6).to_bytes(4, "little") + b"chunks"


PACKERS = {"gzip": lambda data: gzip.compress(data, 6, mtime=0), "zstd": zstd, "none": bytes}


def digest(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


class Layer:
    """A tar in the making. Paths have no leading slash; parents are made by hand (or not)."""

    def __init__(self):
        self._buffer = io.BytesIO()
        self._tar = tarfile.open(fileobj=self._buffer, mode="w", format=tarfile.PAX_FORMAT)

    def add(self, path, data=b"", kind=tarfile.REGTYPE, mode=0o644, link="", uid=0, gid=0,
            xattrs=None, device=(0, 0), mtime=MTIME):
        info = tarfile.TarInfo(path)
        info.type, info.mode, info.linkname = kind, mode, link
        info.uid, info.gid, info.mtime = uid, gid, mtime
        info.devmajor, info.devminor = device
        info.size = len(data) if kind == tarfile.REGTYPE else 0
        info.pax_headers = {f"SCHILY.xattr.{name}": value.decode("utf-8", "surrogateescape")
                            for name, value in (xattrs or {}).items()}
        self._tar.addfile(info, io.BytesIO(data) if info.size else None)
        return self

    def folder(self, path, mode=0o755, **more):
        return self.add(path, kind=tarfile.DIRTYPE, mode=mode, **more)

    def file(self, path, data, mode=0o644, **more):
        return self.add(path, data.encode() if isinstance(data, str) else data, mode=mode, **more)

    def symlink(self, path, target, **more):
        return self.add(path, kind=tarfile.SYMTYPE, link=target, mode=0o777, **more)

    def hardlink(self, path, target, **more):
        return self.add(path, kind=tarfile.LNKTYPE, link=target, **more)

    def whiteout(self, path):
        """Hides what a lower layer has at that path."""
        folder, name = os.path.split(path)
        return self.add(os.path.join(folder, ".wh." + name))

    def opaque(self, path):
        """Hides all that lower layers have in that folder."""
        return self.add(os.path.join(path, ".wh..wh..opq"))

    def tar(self):
        """The finished tar; nothing can be added afterwards."""
        if self._tar is not None:
            self._tar.close()
            self._tar = None
        return self._buffer.getvalue()


class Image:
    """Layers (Layer or bytes of a tar) and a config."""

    def __init__(self, layers, config=None, media=None, compress="gzip", arch=ARCH, variant=None,
                 os_name="linux"):
        self.media = media or OCI
        self.platform = {"architecture": arch, "os": os_name}
        if variant:
            self.platform["variant"] = variant
        self.blobs = {}                     # digest -> bytes
        self.tars = [layer.tar() if isinstance(layer, Layer) else layer for layer in layers]
        descriptors = []
        for tar in self.tars:
            blob = PACKERS[compress](tar)
            kind = "layer" if compress == "none" else f"layer+{compress}"
            descriptors.append(self._blob(blob, self.media[kind]))
        self.config = json.dumps({
            "created": EPOCH, **self.platform, "config": config or {},
            "rootfs": {"type": "layers", "diff_ids": [digest(tar) for tar in self.tars]},
            "history": [{"created": EPOCH, "created_by": "images.py"} for _ in self.tars],
        }).encode()
        self.config_descriptor = self._blob(self.config, self.media["config"])
        self.layers = descriptors
        self.manifest = json.dumps({
            "schemaVersion": 2, "mediaType": self.media["manifest"],
            "config": self.config_descriptor, "layers": descriptors}).encode()
        self.descriptor = {"mediaType": self.media["manifest"], "digest": digest(self.manifest),
                           "size": len(self.manifest)}
        self.id = self.config_descriptor["digest"]

    def _blob(self, data, kind):
        self.blobs[digest(data)] = data
        return {"mediaType": kind, "digest": digest(data), "size": len(data)}

    def _layout(self, reference):
        """{path: bytes} of the layout, with a manifest.json for `docker load`."""
        index = {"schemaVersion": 2, "mediaType": OCI["index"], "manifests": [{
            **self.descriptor, "platform": self.platform, "annotations": {
                "io.containerd.image.name": full_reference(reference),
                "org.opencontainers.image.ref.name": full_reference(reference)}}]}
        files = {"oci-layout": b'{"imageLayoutVersion":"1.0.0"}',
                 "index.json": json.dumps(index).encode(),
                 "manifest.json": json.dumps([{
                     "Config": blob_path(self.id), "RepoTags": [reference],
                     "Layers": [blob_path(layer["digest"]) for layer in self.layers],
                 }]).encode(),
                 blob_path(self.descriptor["digest"]): self.manifest}
        files |= {blob_path(name): data for name, data in self.blobs.items()}
        return files

    def write_layout(self, folder, reference):
        for path, data in self._layout(reference).items():
            target = Path(folder) / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)

    def write_archive(self, path, reference):
        archive = Layer()
        for folder in ("blobs", "blobs/sha256"):
            archive.folder(folder)
        for name, data in sorted(self._layout(reference).items()):
            archive.file(name, data)
        Path(path).write_bytes(archive.tar())

    def push(self, registry, name, tag="latest"):
        """registry: something with blob(name, data) and manifest(name, tag, kind, data)."""
        for data in self.blobs.values():
            registry.put_blob(name, data)
        registry.put_manifest(name, tag, self.media["manifest"], self.manifest)
        return self.descriptor


class Index:
    """Several images under one name, one a platform."""

    def __init__(self, images, media=None):
        self.images, self.media = images, media or OCI
        self.data = json.dumps({
            "schemaVersion": 2, "mediaType": self.media["index"],
            "manifests": [{**i.descriptor, "platform": i.platform} for i in images]}).encode()
        self.digest = digest(self.data)

    def push(self, registry, name, tag="latest"):
        for image in self.images:
            image.push(registry, name, image.descriptor["digest"])
        registry.put_manifest(name, tag, self.media["index"], self.data)


def blob_path(name):
    return "blobs/" + name.replace(":", "/")


def full_reference(reference):
    """busybox -> docker.io/library/busybox:latest, as clients do."""
    if ":" not in reference.rsplit("/", 1)[-1]:
        reference += ":latest"
    first, slash, _ = reference.partition("/")
    if slash and ("." in first or ":" in first or first == "localhost"):
        return reference
    return "docker.io/" + (reference if slash else "library/" + reference)


def busybox_layer():
    """A root file system of busybox and its applets."""
    layer = Layer()
    for folder in ("bin", "dev", "etc", "home", "proc", "root", "sys", "usr", "usr/bin", "var",
                   "var/tmp"):
        layer.folder(folder)
    layer.folder("tmp", mode=0o1777)
    layer.file("bin/busybox", Path(BUSYBOX).read_bytes(), mode=0o755)
    applets = subprocess.run([BUSYBOX, "--list"], capture_output=True, text=True, check=True)
    for applet in sorted(applets.stdout.split()):
        if applet != "busybox":
            layer.hardlink(f"bin/{applet}", "bin/busybox", mode=0o755)
    layer.file("etc/passwd", "root:x:0:0:root:/root:/bin/sh\n"
               "daemon:x:1:1:daemon:/usr/sbin:/bin/false\n"
               "user:x:1000:1000:A user:/home:/bin/sh\nnobody:x:65534:65534::/home:/bin/false\n")
    layer.file("etc/group", "root:x:0:\ndaemon:x:1:\naudio:x:29:user\nusers:x:1000:\n"
               "nobody:x:65534:\n")
    return layer


def busybox(**options):
    config = {"Cmd": ["sh"], "Env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:"
                                     "/sbin:/bin"]}
    return Image([busybox_layer()], config, **options)


def checked_image(seed, layers=4, files=100, size=8000):
    """An image of many files whose command compares all of them with their digests."""
    rand, made, sums = random.Random(seed), [busybox_layer()], []
    for n in range(layers):
        layer = Layer()
        layer.folder(f"l{n}")
        for i in range(files):
            data = rand.randbytes(rand.randrange(size))
            layer.file(f"l{n}/{i}", data)
            sums.append(f"{hashlib.sha256(data).hexdigest()}  l{n}/{i}")
        made.append(layer)
    made.append(Layer().file("sums", "\n".join(sums) + "\n"))
    return Image(made, {"Cmd": ["sha256sum", "-c", "-s", "/sums"], "WorkingDir": "/"})


def preload_folder(build):
    """build/test-images with busybox.tar in it, made when it is not there yet."""
    folder = Path(build) / "test-images"
    target = folder / "busybox.tar"
    if not target.exists() or target.stat().st_mtime < os.stat(__file__).st_mtime:
        folder.mkdir(parents=True, exist_ok=True)
        partial = folder / f".busybox.{os.getpid()}"
        busybox().write_archive(partial, "busybox:latest")
        os.replace(partial, target)
    return folder
