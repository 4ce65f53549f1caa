"""What is there, before and after: mounts, links, firewall rules, named network namespaces,
cgroups, processes and files. snapshot() lists it for the calling process's namespaces; run as a
program it prints that as JSON, which is how a stack is looked at from inside.

Where other people's work goes on at the same time (other stacks, a busy machine) only what bears
the mark of a stack counts: its cgroup's name, or LIGHTER_STACK=ID in a process's environment.
"""

import hashlib
import json
import os
import re
import socket
import struct
import sys

NETLINK_NETFILTER, NLM_F_REQUEST, NLM_F_DUMP, NLMSG_DONE, NLMSG_ERROR = 12, 1, 0x300, 3, 2
NFNL_NFTABLES, GETTABLE, GETCHAIN, GETRULE = 10, 1, 4, 7
NFTA_TABLE, NFTA_CHAIN_NAME, NFTA_RULE_CHAIN, NFTA_RULE_EXPRESSIONS = 1, 3, 2, 4
FAMILIES = {1: "inet", 2: "ip", 5: "netdev", 3: "arp", 7: "bridge", 10: "ip6"}

# Folders where engines keep things outside of their roots: (folder, how deep to look).
FILES = [("/run", 3), ("/var/lib", 1), ("/etc/docker", 2), ("/etc/cni", 2), ("/opt", 1),
         ("/tmp", 1)]
TEMPORARY = re.compile(r"/tmp/(docker|containerd|runc|shim|checkpoint|buildkit)")
# Made by the tests' own tools, or by the kernel's iptables front end; not a leak of an engine.
OWN_FILES = ("/run/stack", "/run/xtables.lock", "/run/lock", "/run/mount")


def mounts():
    found = []
    for line in open("/proc/self/mountinfo", encoding="utf-8"):
        left, right = line.split(" - ", 1)
        found.append(f"{left.split()[4]} ({right.split()[0]})")
    return found


def links():
    return [name for _, name in socket.if_nameindex()]


def _attributes(data):
    found = {}
    while len(data) >= 4:
        size, kind = struct.unpack_from("HH", data)
        found[kind & 0x3fff] = data[4:size]
        data = data[(size + 3) & ~3:]
    return found


def _nft_dump(message):
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_NETFILTER) as s:
        s.sendall(struct.pack("IHHIIBBH", 20, NFNL_NFTABLES << 8 | message,
                              NLM_F_REQUEST | NLM_F_DUMP, 1, 0, 0, 0, 0))
        while True:
            data = s.recv(1 << 18)
            while len(data) >= 16:
                size, kind = struct.unpack_from("IH", data)
                if kind in (NLMSG_DONE, NLMSG_ERROR):
                    return
                yield FAMILIES.get(data[16], data[16]), _attributes(data[20:size])
                data = data[(size + 3) & ~3:]


def _text(value):
    return value.rstrip(b"\0").decode()


def _rule_digest(expressions):
    """Of what a rule does; its counters, which change all the time, are left out."""
    digest = hashlib.sha256()
    while len(expressions) >= 4:
        size = struct.unpack_from("H", expressions)[0]
        if b"counter\0" not in expressions[:size]:
            digest.update(expressions[:size])
        expressions = expressions[(size + 3) & ~3:]
    return digest.hexdigest()[:12]


def rules():
    """Tables, chains and rules of nf_tables (iptables-nft keeps its rules there as well)."""
    found = []
    try:
        for family, a in _nft_dump(GETTABLE):
            found.append(f"{family} {_text(a[NFTA_TABLE])}")
        for family, a in _nft_dump(GETCHAIN):
            found.append(f"{family} {_text(a[NFTA_TABLE])} {_text(a[NFTA_CHAIN_NAME])}")
        for family, a in _nft_dump(GETRULE):
            found.append(f"{family} {_text(a[NFTA_TABLE])} {_text(a[NFTA_RULE_CHAIN])} rule "
                         + _rule_digest(a.get(NFTA_RULE_EXPRESSIONS, b"")))
    except OSError as error:
        found.append(f"nf_tables: {error.strerror}")
    for name in ("ip_tables_names", "ip6_tables_names"):
        if os.path.exists("/proc/net/" + name):
            found += [f"legacy {t.strip()}" for t in open("/proc/net/" + name, encoding="ascii")]
    return found


def netns():
    found = []
    for folder in ("/run/netns", "/run/docker/netns"):
        if os.path.isdir(folder):
            found += [os.path.join(folder, name) for name in os.listdir(folder)]
    return found


def cgroups(mark=""):
    found = []
    for top, dirs, _ in os.walk("/sys/fs/cgroup"):
        for name in dirs:
            path = os.path.join(top, name)
            if os.path.exists(os.path.join(path, "cgroup.procs")) and mark in path:
                found.append(path)
    return found


def processes(mark=""):
    """comm of each process; with a mark, only of those which bear it."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        if int(pid) == os.getpid():
            continue
        try:
            if not os.readlink(f"/proc/{pid}/exe"):
                continue
            comm = open(f"/proc/{pid}/comm", encoding="utf-8").read().strip()
            if mark:
                environment = open(f"/proc/{pid}/environ", "rb").read()
                cgroup = open(f"/proc/{pid}/cgroup", encoding="utf-8").read()
                if f"LIGHTER_STACK={mark}".encode() not in environment and mark not in cgroup:
                    continue
        except OSError:
            continue        # gone meanwhile, a kernel thread, or a zombie
        found.append(comm)
    return found


def _walk(folder, depth):
    try:
        entries = list(os.scandir(folder))
    except OSError:
        return
    for entry in entries:
        if entry.path.startswith(OWN_FILES):
            continue
        if folder == "/tmp" and not TEMPORARY.match(entry.path):
            continue
        yield entry.path
        if depth > 1 and entry.is_dir(follow_symlinks=False):
            yield from _walk(entry.path, depth - 1)


def files(more=()):
    return [path for folder, depth in [*FILES, *more] for path in _walk(folder, depth)]


def snapshot(mark="", more_files=()):
    """Everything, as {kind: sorted list}. more_files: further (folder, depth) pairs."""
    found = {"mounts": mounts(), "links": links(), "rules": rules(), "netns": netns(),
             "cgroups": cgroups("lighter-" + mark if mark else ""), "processes": processes(mark),
             "files": files(more_files)}
    return {kind: sorted(values) for kind, values in found.items()}


def diff(before, after, ignore=()):
    """Lines such as `+ mounts: /x (tmpfs)`; what is equal on both sides is not mentioned."""
    lines = []
    for kind in before:
        gone, new = list(before[kind]), []
        for value in after[kind]:
            if value in gone:
                gone.remove(value)
            else:
                new.append(value)
        for sign, values in (("-", gone), ("+", new)):
            lines += [f"{sign} {kind}: {value}" for value in values
                      if not any(re.search(pattern, f"{kind}: {value}") for pattern in ignore)]
    return lines


if __name__ == "__main__":
    json.dump(snapshot(more_files=[(f, 4) for f in sys.argv[1:]]), sys.stdout)
