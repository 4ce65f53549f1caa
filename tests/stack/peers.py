"""Other people's programs for the tests: downloaded with apt, unpacked, never installed.

Everything lands in build/peers/root; build/peers/bin has one small launcher per program, which
finds the shared libraries that came along. Nothing here starts anything.
`python3 -m stack peers` fetches what is missing (quick when nothing is).
"""

import os
import re
import shutil
import subprocess
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
PEERS = Path(os.environ.get("LIGHTER_PEERS", TOP / "build" / "peers"))
ROOT = PEERS / "root"
BIN = PEERS / "bin"

PACKAGES = ["docker.io", "containerd", "runc", "crun", "conmon", "podman", "skopeo",
            "docker-registry", "tini", "golang-github-containers-common",
            "golang-github-containers-image", "docker-compose"]

LAYOUT = "v2"                       # of what lies in build/peers; another one starts afresh

# Where Debian's packages put what the tests call, and under which name.
PROGRAMS = {
    "docker": "usr/bin/docker",
    "dockerd": "usr/sbin/dockerd",
    "docker-proxy": "usr/sbin/docker-proxy",
    "docker-init": "usr/bin/tini-static",
    "containerd": "usr/bin/containerd",
    "containerd-shim-runc-v2": "usr/bin/containerd-shim-runc-v2",
    "ctr": "usr/bin/ctr",
    "runc": "usr/sbin/runc",
    "crun": "usr/bin/crun",
    "conmon": "usr/bin/conmon",
    "podman": "usr/bin/podman",
    "skopeo": "usr/bin/skopeo",
    "docker-registry": "usr/bin/docker-registry",
    "docker-compose": "usr/bin/docker-compose",
}

# Programs in Python: run by this machine's own, with the modules that came along.
PYTHON = {"docker-compose"}

# Programs that go into a container as they are.
STATIC = {"docker-init"}

# Packages which a simulation may name and which are the machine's own business.
NOT_OURS = {"iptables", "nftables", "adduser", "passwd", "login", "systemd", "dbus", "init"}


class PeersMissing(Exception):
    """A peer was asked for which is neither unpacked nor on this machine."""


def program(name):
    """Path of a peer's program; the machine's own copy when it was not fetched."""
    path = BIN / name
    if path.exists():
        return str(path)
    found = shutil.which(name, path="/usr/sbin:/usr/bin:/sbin:/bin")
    if found:
        return found
    raise PeersMissing(f"{name}: no such peer; run `./dev deps --test`")


def missing():
    """The packages that are not unpacked yet."""
    stamp = PEERS / "stamp"
    there = stamp.read_text().split() if stamp.exists() else []
    return [name for name in PACKAGES if LAYOUT not in there or name not in there]


def _wanted(packages):
    """The packages, and whatever they need that this machine lacks."""
    out = subprocess.run(["apt-get", "-s", "install", "--no-install-recommends", *packages],
                         capture_output=True, text=True, env={**os.environ, "LC_ALL": "C"})
    new = re.findall(r"^Inst (\S+) \(", out.stdout, re.M)
    return sorted(set(packages) | (set(new) - NOT_OURS))


def _unpack(deb):
    """dpkg-deb -x, with /bin, /sbin and /lib merged into /usr as Debian itself is."""
    subprocess.run(["dpkg-deb", "-x", deb, ROOT], check=True)
    for name in ("bin", "sbin", "lib"):
        split = ROOT / name
        if split.is_dir() and not split.is_symlink():
            subprocess.run(["cp", "-a", f"{split}/.", f"{ROOT}/usr/{name}/"], check=True)
            shutil.rmtree(split)


def _launcher(name, path):
    if name in PYTHON:
        return f'PYTHONPATH={ROOT}/usr/lib/python3/dist-packages exec /usr/bin/python3 {path} "$@"'
    libraries = f"{ROOT}/usr/lib/{os.uname().machine}-linux-gnu:{ROOT}/usr/lib"
    return f'LD_LIBRARY_PATH={libraries} exec {path} "$@"'


def _launchers():
    BIN.mkdir(parents=True, exist_ok=True)
    for name, path in PROGRAMS.items():
        if not (ROOT / path).exists():
            continue
        launcher = BIN / name
        launcher.unlink(missing_ok=True)
        if name in STATIC:
            launcher.symlink_to(ROOT / path)
            continue
        launcher.write_text(f"#!/bin/sh\n{_launcher(name, ROOT / path)}\n")
        launcher.chmod(0o755)


def download(packages, folder):
    """An old package index names files which are gone: refresh it once when the first try fails."""
    for attempt in ("as it is", "refreshed"):
        got = subprocess.run(["apt-get", "-q", "download", "-o", "APT::Sandbox::User=root",
                              *_wanted(packages)], cwd=folder, stdout=subprocess.DEVNULL,
                             stderr=None if attempt == "refreshed" else subprocess.DEVNULL)
        if got.returncode == 0:
            return
        if attempt == "refreshed":
            raise PeersMissing("apt-get download failed")
        subprocess.run(["apt-get", "-q", "update"], stdout=subprocess.DEVNULL, check=False)


def fetch():
    packages = missing()
    if not packages:
        return
    debs = PEERS / "debs"
    debs.mkdir(parents=True, exist_ok=True)
    for path in (ROOT / "usr/bin", ROOT / "usr/sbin", ROOT / "usr/lib"):
        path.mkdir(parents=True, exist_ok=True)
    download(packages, debs)
    for deb in sorted(debs.glob("*.deb")):
        _unpack(deb)
    shutil.rmtree(debs)
    _launchers()
    stamp = PEERS / "stamp"
    stamp.unlink(missing_ok=True)       # other trees may share the file
    stamp.write_text(" ".join([*PACKAGES, LAYOUT]))
