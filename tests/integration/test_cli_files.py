"""Our docker beside the official one, byte for byte: cp, export, diff, commit, history, save, load,
import, push. Helpers: test_cli_parity.py."""

import re

import pytest
from stack import official_cli

from test_cli_parity import (NOT_OURS, SH, compare, engine, plain, result, shape)

pytestmark = [pytest.mark.ours,
              pytest.mark.skipif(not official_cli(), reason="needs the official docker 28")]

LONG = "n" * 90
INSIDE = (f"mkdir -p /d/sub /d/{LONG}; echo A >/d/a; ln /d/a /d/hard; ln -s a /d/l; ln -s /d /dl;"
          f"echo x >/file; echo 1 >/d/{LONG}/{LONG}; mkfifo /d/fifo; chmod 4755 /d/a;"
          "touch -d 2001-01-01 /d/sub; ln -s /nowhere /d/broken; exec sleep 100000")
OUTSIDE = (f"rm -rf work; mkdir -p work/src/sub work/src/{LONG}; cd work; echo one >src/f;"
           f"echo two >src/sub/g; ln -s f src/l; ln -s src sl; ln src/f src/hard;"
           f"echo long >src/{LONG}/{LONG}; tar cf tarball src; echo junk >junk")

# A command, then what is looked at (here or in the container).
COPIES = [
    ("cc:/d out", "here out"), ("cc:/d out", "here out"), ("cc:/d/. out2", "here out2"),
    ("cc:/d/a outf", "here outf"), ("cc:/d/a out/", "here out"), ("cc:/d/a nodir/", ""),
    ("cc:/d/a nodir/x", ""), ("cc:/nothing x", ""), ("nothing:/x x", ""), ("cc:/d/l l1", "here l1"),
    ("-L cc:/d/l l2", "here l2"), ("cc:/dl dl1", "here dl1"), ("-L cc:/dl dl2", "here dl2"),
    ("cc:/dl/ dl3", "here dl3"), ("cc:/d outf", ""), ("cc:/d out/d/a", ""), ("cc:/d/sub new/", "here new"),
    ("cc:/d/a sl", "here src"), ("cc:d rel", "here rel"), ("cc:/etc/passwd /dev/null", ""),
    ("cc: x", ""), ("cc:/d src/f/x", ""), ("-q=false cc:/d/a qf", "here qf"),
    ("src cc:/", "there /src"), ("src cc:/src", "there /src"), ("src/. cc:/new", "there /new"),
    ("src/f cc:/", "there /f"), ("src/f cc:/nodir/", ""), ("src/f cc:/nodir/x", ""), ("src cc:/file", ""),
    ("src/f cc:/file/", ""), ("src/f cc:/file/x", ""), ("nothing cc:/", ""), ("sl cc:/sl1", "there /sl1"),
    ("-L sl cc:/sl2", "there /sl2"), ("src/l cc:/", "there /l"), ("-L src/l cc:/l2", "there /l2"),
    ("src/f cc:/dl", "there /d"), ("src/f/ cc:/zz", ""), ("src/f/. cc:/zz", ""), ("sl/ cc:/sl3", "there /sl3"),
    ("src/sub/. cc:/", "there /g"), ("src/sub cc:/named", "there /named"), ("src cc:", "there /src"),
    ("-q src cc:/q", "there /q"), ("-a src cc:/a", "there /a"), ("-q=false src cc:/qf", "there /qf"),
    ("src/nothing/x cc:/", ""), ("./a:b cc:/", ""), ("/abs:x cc:/", ""), ("- -", ""), ("cc:/d cc:/e", ""),
    ("src x", ""), ("src", ""), ("a b c", ""), ("'' cc:/", ""), ("src ''", ""), ("- x", ""), ("src -", ""),
    (":/x y", ""), ("x :/y", ""), ("--foo a b", ""), ("nc:c: /x", ""),
    ("- cc:/tmp <tarball", "there /tmp"), ("- cc:/file <tarball", ""), ("- cc:/nodir <tarball", ""),
    ("- cc:/tmp <junk", ""),
]


@pytest.fixture(scope="module")
def parity():
    with engine() as made:
        yield made


def test_copies(parity, tmp_path):
    """All in one story with each program: the later ones see what the earlier ones did."""
    told = {}
    for cli in ("official", "ours"):
        parity.docker("run", "-d", "--name", "cc", *SH, INSIDE, check=True)
        here = f"/tmp/{tmp_path.name}"
        parity.exec(["sh", "-c", f"mkdir -p {here}; cd {here}; {OUTSIDE}"], check=True)
        parity.wait_for(lambda: parity.docker("exec", "cc", "test", "-L", "/d/broken").returncode == 0)
        told[cli] = [(args, *copy(parity, cli, f"{here}/work", args, look)) for args, look in COPIES]
        parity.docker("rm", "-f", "cc", check=True)
    differences = [f"cp {one[0]}\n  ours     {one[1:]}\n  official {other[1:]}"
                   for one, other in zip(told["ours"], told["official"]) if one != other]
    assert not differences, "\n".join(differences)


def copy(stack, cli, folder, args, look):
    done = stack.exec(["sh", "-c", f"cd {folder}; {stack.cli_path(cli)} cp {args}"])
    where, _, path = look.partition(" ")
    listing = "find %s -printf '%%p %%y %%m %%U %%s %%l\\n' | sort" % path
    if where == "here":
        seen = stack.exec(["sh", "-c", f"cd {folder}; {listing}"]).stdout
    elif where == "there":
        seen = stack.docker("exec", "cc", "sh", "-c", f"find {path} -exec stat -c '%n %F %a %u %N' "
                            "{} + | sort").stdout
    else:
        seen = ""
    # The original logs that nobody wants what it packs.
    err = re.sub(r"^time=.*\n", "", done.stderr, flags=re.M)
    return done.returncode, done.stdout, plain(err), seen


def test_archives_of_both_are_alike(parity):
    """What goes to stdout is the daemon's bytes."""
    parity.docker("create", "--name", "one", "busybox", check=True)
    for args in (["cp", "one:/etc", "-"], ["export", "one"], ["save", "busybox"]):
        theirs, ours = (parity.docker(*args, cli=cli, text=False).stdout
                        for cli in ("official", "ours"))
        assert len(ours) > 1000 and len(ours) == len(theirs), args
    parity.docker("rm", "one", check=True)


STORY = [
    ["run", "--name", "one", *SH, "echo 1 >/x"], ["diff", "one"],
    ["export", "-o", "/tmp/exported.tar", "one"], ["export", "-o", "/nowhere/x", "one"],
    ["export", "-o", "/tmp", "one"], ["export", "-o", "/dev/null", "one"], ["export", "nothing"],
    ["commit", "one", "img:1"], ["commit", "-m", "msg", "-a", "me", "-c", 'CMD ["x"]', "one", "img:2"],
    ["commit", "-p=false", "one"], ["commit", "-c", "FOO x", "one", "img:3"], ["commit", "one", "A"],
    ["commit", "one", "img@sha256:" + "0" * 64], ["commit", "nothing", "x"],
    ["inspect", "-f", "{{.Author}} {{.Comment}} {{.Config.Cmd}}", "img:2"],
    ["history", "img:2"], ["history", "-q", "img:2"], ["history", "--no-trunc", "img:2"],
    ["history", "-H=false", "img:2"], ["history", "--format", "json", "img:2"],
    ["history", "--format", "{{.ID}}|{{.CreatedSince}}|{{.CreatedBy}}|{{.Size}}|{{.Comment}}", "img:2"],
    ["history", "--format", "{{.Foo}}", "img:2"], ["history", "nothing"],
    ["save", "-o", "/tmp/saved.tar", "busybox", "img:1"], ["save", "nothing"],
    ["save", "-o", "/nowhere/x", "busybox"], ["save", "-o", "/tmp", "busybox"],
    ["save", "--platform", "x", "busybox"], ["rmi", "img:1"],
    ["load", "-i", "/tmp/saved.tar"], ["load", "-q", "-i", "/tmp/saved.tar"], ["load", "-i", "/nothing"],
    ["load", "-i", "/etc/passwd"], ["images", "img"],
    ["import", "/tmp/exported.tar", "imp:1"], ["import", "-m", "msg", "-c", "CMD x", "/tmp/exported.tar"],
    ["import", "/nothing", "imp:2"], ["import", "/tmp/exported.tar", "A"],
    ["import", "-c", "FOO x", "/tmp/exported.tar", "imp:2"], ["import", "http://127.0.0.1:1/x", "imp:2"],
    ["run", "--rm", "imp:1", "cat", "/x"], ["images", "imp"],
    ["push", "nothing"], ["push", "-a", "nothing"], ["push", "-a", "busybox:x"], ["push", "A"],
    ["push", "busybox@sha256:" + "0" * 64], ["tag", "busybox", "127.0.0.1:1/x"],
    ["push", "127.0.0.1:1/x"], ["push", "-q", "127.0.0.1:1/x"], ["push", "--platform", "x", "busybox"],
    ["rmi", "127.0.0.1:1/x"],
    *[[command] for command in ("cp", "diff", "export", "commit", "history", "save", "import", "push")],
    *[[command, "a", "b", "c"] for command in ("diff", "export", "commit", "history", "load", "push")],
    ["diff", ""], ["diff", "nothing"], ["image", "history", "-q", "img:2"], ["container", "diff", "one"],
]


def settled(told):
    """Columns are as wide as the ages in them; the original loads images in an order drawn at random."""
    out = re.sub(r" {2,}", "  ", told[1])
    if out.startswith("Loaded image"):
        out = "".join(sorted(out.splitlines(keepends=True)))
    return told[0], out, told[2]


def test_story(parity):
    told = []
    for cli in ("official", "ours"):
        told.append([(args, *settled(result(parity.docker(*args, cli=cli)))) for args in STORY])
        parity.docker("rm", "one", check=True)
        parity.docker("rmi", "-f", *parity.docker("images", "-q", "--filter", "since=busybox").stdout.split(),
                      check=True)
    for one, other in zip(told[1], told[0]):
        compare(one[0], one[1:], other[1:])


COMMANDS = ["cp", "container cp", "diff", "export", "commit", "history", "save", "load", "import", "push",
            "image history", "image save", "image load", "image import", "image push", "container diff",
            "container export", "container commit"]


def test_help(parity):
    for command in COMMANDS:
        ours, theirs = (shape(parity.docker(*command.split(), "--help", cli=cli, check=True).stdout)
                        for cli in ("ours", "official"))
        theirs[2].pop("platform", None)
        ours[2].pop("platform", None)
        assert ours == (*theirs[:2], {k: v for k, v in theirs[2].items() if k not in NOT_OURS}), command
