"""Our ctr beside Debian's, before Debian's containerd: words, tables, messages, exit codes."""

import difflib
import re

import pytest
from stack import PROGRAMS, Stack, peers
from stack.stack import CONTAINERD_ALONE, build_dir

from conftest import busybox_archives, require

pytestmark = pytest.mark.ours
IMAGE = "docker.io/library/busybox:latest"
NO_DIGEST = "sha256:" + "0" * 64

# Each program tells all of it to a containerd of its own.
STORY = [
    "ns create extra k=v", "ns create extra", "ns create", "ns ls", "ns ls -q", "namespaces list",
    "ns label default q=r", "ns ls", "ns label default q=", "ns rm extra nobody", "ns ls",
    f"image label {IMAGE} foo=bar", f"image tag {IMAGE} other:1", f"image tag {IMAGE} other:1",
    f"image tag --force {IMAGE} other:1", "image tag nothing other:2", "image tag nothing",
    "image ls", "i ls -q", "images list name==other:1", "image rm other:1 nothing", "image ls",
    "c ls", "c ls -q", "c ls labels.a==b", "containers list name==", "c info two",
    "c info --spec two", "c info nobody", "c info", "c label one x=y", "c label one x=",
    "c label nobody x=y", "c rm two", "c rm nobody", "c rm",
    "t ls", "t ps one", "t ps nobody", "t ps", "t pause one", "t ls", "t pause one", "t resume one",
    "t resume one", "t kill -s NOSUCH one", "t kill nobody", "t kill",
    "t kill --all --exec-id x one", "t rm two", "t rm nobody", "tasks kill -s KILL one", "t ls",
    "t rm one", "t rm -f two", "t ls -q", "c rm one two", "c ls",
    "snapshot ls", "snapshots list", "snapshot usage", "snapshot usage -b", "snapshot usage third",
    "snapshot tree", "snapshot info third", "snapshot info nobody", "snapshot mounts /m third",
    "snapshot mounts /m", "snapshot rm third", "snapshot rm third",
    "content ls", "content ls -q", "content active", f"content get {NO_DIGEST}",
    f"content rm {NO_DIGEST}", "leases create --id L a=b", "leases create --id L", "leases ls",
    "leases ls -q", "leases rm L", "leases rm L", "leases ls",
    "plugin ls", "plugins ls -q", "plugin ls id==overlayfs",
    "nonsense", "c nonsense", f"image rm {IMAGE}", "image ls",
]


def tell(program):
    """[(command, code, stdout, stderr)] with what differs from run to run replaced."""
    told = []
    with Stack({name: "debian" for name in PROGRAMS}, tmpfs=True, start=False) as stack:
        stack.address = CONTAINERD_ALONE
        stack.start_containerd()
        stack.ctr("image", "import", busybox_archives()[0], check=True)
        stack.ctr("run", "-d", IMAGE, "one", "sleep", "1000", check=True)
        stack.ctr("run", "-d", "--label", "a=b", IMAGE, "two", "sleep", "1000", check=True)
        stack.ctr("snapshot", "prepare", "third", check=True)
        for command in STORY:
            if command.startswith("t rm one"):
                stack.wait_for(lambda: "STOPPED" in stack.ctr("task", "ls").stdout)
            done = stack.exec([program, "--address", stack.address, *command.split()])
            told.append((command, done.returncode, plain(stack, command, done.stdout),
                         plain(stack, command, done.stderr)))
    return told


def plain(stack, command, text):
    text = text.replace(stack.sandbox.id, "ID")
    text = re.sub(r"\d{4}-\d\d-\d\dT[\d:.]+Z", "TIME", text)
    text = re.sub(r"(Less than a|\d+) seconds?", "AGE", text).replace("\t\t\tLABELS", "\t\tLABELS")
    # Go's maps have no order: labels, and the list of tasks.
    text = re.sub(r"\S+=\S*,\S+=\S*", lambda m: ",".join(sorted(m[0].split(","))), text)
    if command.split()[0] in ("t", "tasks"):
        text = re.sub(r"^(one|two)? *\d+ +", r"\1 PID ", text, flags=re.M)
        text = "\n".join(sorted(text.splitlines()))
    return text


@pytest.fixture(scope="module")
def both():
    require("ctr")
    return tell(peers.program("ctr")), tell(build_dir() / "bin" / "ctr")


@pytest.mark.parametrize("number", range(len(STORY)),
                         ids=[command.replace(NO_DIGEST, "0") for command in STORY])
def test_as_the_original(both, number):
    theirs, ours = (told[number] for told in both)
    for one, other in zip(theirs[2:], ours[2:]):
        assert one == other, "\n" + "\n".join(difflib.unified_diff(
            one.splitlines(), other.splitlines(), "original", "ours", lineterm=""))
    assert theirs[1] == ours[1]


def events_of(text):
    """Lines with their labels in one order: Go's maps have none."""
    return [re.sub(r"\{[^{}]*\}", lambda m: ",".join(sorted(m[0][1:-1].split(","))), line)
            for line in text.splitlines()]


def test_events_as_the_original():
    """Both listen to the same containerd."""
    require("ctr")
    programs = peers.program("ctr"), build_dir() / "bin" / "ctr"
    with Stack({name: "debian" for name in PROGRAMS}, tmpfs=True, start=False) as stack:
        stack.address = CONTAINERD_ALONE
        stack.start_containerd()
        logs = [stack.scratch / f"events{n}" for n in range(2)]
        listeners = []
        for program, log in zip(programs, logs):
            with open(log, "w", encoding="utf-8") as out:
                listeners.append(stack.popen([program, "--address", stack.address, "events"],
                                             stdout=out))
        number = iter(range(1000))

        def both_listen():
            stack.ctr("ns", "create", f"probe{next(number)}", check=True)
            return all("probe" in log.read_text() for log in logs)
        stack.wait_for(both_listen, every=0.1)
        stack.ctr("image", "import", busybox_archives()[0], check=True)
        stack.ctr("run", "-d", "--label", "a=b", IMAGE, "up", "sleep", "1000", check=True)
        stack.ctr("task", "exec", "--exec-id", "e", "up", "true", check=True)
        for command in ("task pause up", "task resume up", "task rm -f up", "c label up x=y",
                        "c rm up", f"image rm {IMAGE}", "ns create last k=v", "ns rm last"):
            stack.ctr(*command.split())
        stack.wait_for(lambda: all("/namespaces/delete" in log.read_text() for log in logs))
        for listener in listeners:
            listener.terminate()
            listener.wait()
        theirs, ours = (events_of(log.read_text()) for log in logs)
        start = next(i for i, line in enumerate(theirs) if "/images/create" in line)
        assert "\n".join(theirs[start:]) == "\n".join(ours[-len(theirs[start:]):])
        assert len(theirs[start:]) > 15
