#!/usr/bin/python3
"""make_image.py PROGRAM NAME REFERENCE CPU OUTPUT: an OCI image archive around one static program.

The archive (OCI image layout 1.0, as a tar) has an index, a manifest, a config and one gzip layer
that holds the program as /NAME. The same program gives the same bytes: times, owners and order are
fixed. Run by the build; dockerd loads the result from its preload folder.
"""

import gzip
import hashlib
import io
import json
import sys
import tarfile
from pathlib import Path

CREATED = "2026-11-01T00:00:00Z"
MTIME = 1793491200
ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64", "riscv64": "riscv64"}
MEDIA = "application/vnd.oci.image."


def tar(files):
    """(path, bytes, mode) in this order; no folders but what the paths need."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for path, data, mode in files:
            info = tarfile.TarInfo(path)
            info.size, info.mode, info.mtime = len(data), mode, MTIME
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


def text(document):
    return json.dumps(document, separators=(",", ":")).encode()


def digest(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


def descriptor(kind, data, **more):
    return {"mediaType": MEDIA + kind, "digest": digest(data), "size": len(data), **more}


def blob(data):
    return ("blobs/" + digest(data).replace(":", "/"), data, 0o644)


def image(program, name, reference, cpu):
    platform = {"architecture": ARCHITECTURES[cpu], "os": "linux"}
    layer = tar([(name, program, 0o755)])
    packed = gzip.compress(layer, 9, mtime=0)
    config = text({
        "created": CREATED, **platform,
        "config": {"Env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],
                   "Cmd": ["/" + name], "WorkingDir": "/"},
        "rootfs": {"type": "layers", "diff_ids": [digest(layer)]},
        "history": [{"created": CREATED, "created_by": f"COPY {name} / # lighter"},
                    {"created": CREATED, "created_by": f"CMD [\"/{name}\"]", "empty_layer": True}],
    })
    manifest = text({
        "schemaVersion": 2, "mediaType": MEDIA + "manifest.v1+json",
        "config": descriptor("config.v1+json", config),
        "layers": [descriptor("layer.v1.tar+gzip", packed)],
    })
    index = text({
        "schemaVersion": 2, "mediaType": MEDIA + "index.v1+json",
        "manifests": [descriptor("manifest.v1+json", manifest, platform=platform, annotations={
            "io.containerd.image.name": reference,
            "org.opencontainers.image.ref.name": reference.rpartition(":")[2]})],
    })
    return tar([("oci-layout", text({"imageLayoutVersion": "1.0.0"}), 0o644),
                ("index.json", index, 0o644), blob(manifest), blob(config), blob(packed)])


def main(program, name, reference, cpu, output):
    Path(output).write_bytes(image(Path(program).read_bytes(), name, reference, cpu))


if __name__ == "__main__":
    main(*sys.argv[1:])
