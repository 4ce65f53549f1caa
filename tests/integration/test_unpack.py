"""The unpack helper: layers of every shape become directories, and nothing escapes from them."""

import gzip
import hashlib
import io
import os
import stat
import subprocess
import tarfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("LIGHTER_BUILD", ROOT / "build"))
UNPACK = BUILD / "libexec/lighter/unpack"
OPAQUE = "trusted.overlay.opaque"


class Layer:
    """A tar in the making."""

    def __init__(self):
        self.file = io.BytesIO()
        self.tar = tarfile.open(fileobj=self.file, mode="w", format=tarfile.PAX_FORMAT)

    def add(self, name, data=b"", kind=tarfile.REGTYPE, mode=0o644, **fields):
        info = tarfile.TarInfo(name)
        info.type, info.mode, info.size, info.mtime = kind, mode, len(data), 1000
        for key, value in fields.items():
            setattr(info, key, value)
        self.tar.addfile(info, io.BytesIO(data))
        return self

    def dir(self, name, mode=0o755, **fields):
        return self.add(name, kind=tarfile.DIRTYPE, mode=mode, **fields)

    def link(self, name, target, kind=tarfile.SYMTYPE):
        return self.add(name, kind=kind, linkname=target)

    def bytes(self):
        self.tar.close()
        return self.file.getvalue()


def run(data, target, *options):
    target.mkdir(exist_ok=True)
    return subprocess.run(
        [UNPACK, "--target", target, *options], input=data, capture_output=True, timeout=60, check=False
    )


def unpack(layer, target, *options):
    """Unpacks what must work and checks the line that is printed."""
    data = layer.bytes() if isinstance(layer, Layer) else layer
    done = run(data, target, *options)
    assert (done.returncode, done.stderr) == (0, b"")
    plain = gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data
    assert done.stdout.decode() == f"sha256:{hashlib.sha256(plain).hexdigest()} {len(plain)}\n"
    return target


def refuse(layer, target, *options):
    data = layer.bytes() if isinstance(layer, Layer) else layer
    done = run(data, target, *options)
    assert done.returncode == 1
    assert done.stdout == b""
    assert done.stderr.count(b"\n") == 1
    return done.stderr.decode().strip()


def is_whiteout(path):
    st = path.lstat()
    return stat.S_ISCHR(st.st_mode) and st.st_rdev == 0


def is_opaque(path):
    return OPAQUE in os.listxattr(path) and os.getxattr(path, OPAQUE) == b"y"


def test_kinds_of_files(tmp_path):
    layer = Layer().dir("d", 0o2750, uid=5, gid=6, mtime=1234)
    layer.add("d/f", b"text", mode=0o4755, uid=7, gid=8, mtime=99)
    layer.link("d/s", "../nowhere").link("d/h", "d/f", tarfile.LNKTYPE)
    layer.add("d/p", kind=tarfile.FIFOTYPE, mode=0o600)
    layer.add("d/c", kind=tarfile.CHRTYPE, devmajor=1, devminor=3, mode=0o666)
    layer.add("empty", mode=0)
    out = unpack(layer, tmp_path / "t")
    st = (out / "d").stat()
    assert (st.st_mode & 0o7777, st.st_uid, st.st_gid, st.st_mtime) == (0o2750, 5, 6, 1234)
    st = (out / "d/f").stat()
    assert (st.st_mode & 0o7777, st.st_uid, st.st_gid, st.st_mtime) == (0o4755, 7, 8, 99)
    assert (out / "d/h").stat().st_ino == st.st_ino
    assert (out / "d/f").read_bytes() == b"text"
    assert os.readlink(out / "d/s") == "../nowhere"
    assert stat.S_ISFIFO((out / "d/p").stat().st_mode)
    assert (out / "d/c").stat().st_rdev == os.makedev(1, 3)
    assert (out / "empty").stat().st_mode & 0o7777 == 0


def test_root_metadata(tmp_path):
    out = unpack(Layer().dir("./", 0o711, mtime=77).add("./f"), tmp_path / "t")
    assert (out.stat().st_mode & 0o7777, out.stat().st_mtime) == (0o711, 77)


def test_xattrs(tmp_path):
    caps = bytes.fromhex("0100000200040000000000000000000000000000")
    layer = Layer().dir("d", pax_headers={"SCHILY.xattr.user.a": "dir"})
    layer.add("d/f", b"x", pax_headers={"SCHILY.xattr.security.capability": caps.decode("latin-1")}, uid=3)
    layer.link("d/h", "d/f", tarfile.LNKTYPE)
    layer.dir("e", pax_headers={"SCHILY.xattr.trusted.overlay.opaque": "y"})
    out = unpack(layer, tmp_path / "t")
    assert os.getxattr(out / "d", "user.a") == b"dir"
    assert os.getxattr(out / "d/f", "security.capability") == caps
    assert os.listxattr(out / "e") == []


def test_whiteouts(tmp_path):
    layer = Layer().dir("a").add("a/.wh.gone").add("a/.wh..wh..opq").add(".wh.top")
    layer.add(".wh..wh.plnk").add("n/.wh.x")
    out = unpack(layer, tmp_path / "t")
    assert is_whiteout(out / "a/gone") and is_whiteout(out / "top") and is_whiteout(out / "n/x")
    assert is_opaque(out / "a") and not is_opaque(out / "n")
    assert sorted(os.listdir(out)) == ["a", "n", "top"]


def test_whiteouts_and_the_same_layer(tmp_path):
    """A whiteout hides what lower layers have, never what its own layer brings."""
    layer = Layer().add(".wh.f").add("f", b"new").add("g", b"new").add(".wh.g")
    layer.add(".wh.d").dir("d").add("d/x").dir("e").add("e/x").add(".wh.e")
    out = unpack(layer, tmp_path / "t")
    assert (out / "f").read_bytes() == b"new" and (out / "g").read_bytes() == b"new"
    assert is_opaque(out / "d") and (out / "d/x").exists()
    assert is_opaque(out / "e") and (out / "e/x").exists()


def test_an_opaque_root(tmp_path):
    """overlayfs merges the roots of layers in any case: each name below is hidden by itself."""
    for n in (1, 2):
        (tmp_path / f"lower{n}/d{n}").mkdir(parents=True)
        (tmp_path / f"lower{n}/kept").touch()
    layer = Layer().add("kept", b"ours").add(".wh..wh..opq").dir("d1").add("d1/x")
    out = unpack(layer, tmp_path / "t", "--parent", tmp_path / "lower2", "--parent", tmp_path / "lower1")
    assert (out / "kept").read_bytes() == b"ours" and is_whiteout(out / "d2")
    assert is_opaque(out / "d1") and (out / "d1/x").exists() and not is_opaque(out)


def test_lowest_layer_has_no_whiteouts(tmp_path):
    layer = Layer().dir("a").add("a/.wh.x").add("a/.wh..wh..opq")
    out = unpack(layer, tmp_path / "t", "--lowest")
    assert os.listdir(out / "a") == [] and not is_opaque(out / "a")


def test_parents_give_implicit_directories(tmp_path):
    lower = tmp_path / "lower"
    (lower / "tmp/sub").mkdir(parents=True)
    os.chmod(lower / "tmp", 0o1777)
    os.chown(lower / "tmp/sub", 9, 10)
    os.setxattr(lower / "tmp/sub", "user.k", b"v")
    os.utime(lower / "tmp", (5, 5))
    out = unpack(Layer().add("tmp/sub/f"), tmp_path / "t", "--parent", lower)
    assert (out / "tmp").stat().st_mode & 0o7777 == 0o1777 and (out / "tmp").stat().st_mtime == 5
    assert (out / "tmp/sub").stat().st_uid == 9 and os.getxattr(out / "tmp/sub", "user.k") == b"v"
    out = unpack(Layer().add("tmp/f"), tmp_path / "u")
    assert (out / "tmp").stat().st_mode & 0o7777 == 0o755


def test_later_entries_replace_earlier(tmp_path):
    layer = Layer().dir("d").add("d/f", b"1").add("d", b"file now").dir("x").add("x/k").link("x", "d")
    layer.add("twice", b"first, longer").add("twice", b"second")
    layer.dir("m").add("m/k").dir("m", 0o700)
    out = unpack(layer, tmp_path / "t")
    assert (out / "d").read_bytes() == b"file now" and (out / "x").is_symlink()
    assert (out / "twice").read_bytes() == b"second"
    assert (out / "m/k").exists() and (out / "m").stat().st_mode & 0o7777 == 0o700


def test_nothing_escapes(tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "f").write_text("old")
    layer = Layer().add("../up", b"1").add("/abs", b"2").add("a/../../b", b"3")
    layer.link("l", str(outside)).add("l/f", b"4").link("m", "../outside").add("m/g", b"5")
    layer.link("root", "/").add("root/../r", b"6").link("dangling", "not/there").add("dangling/f", b"7")
    layer.link("file", str(outside / "f")).add("file", b"8")
    out = unpack(layer, tmp_path / "t")
    assert (outside / "f").read_text() == "old" and os.listdir(outside) == ["f"]
    assert sorted(os.listdir(tmp_path)) == ["outside", "t"]
    inside = out / str(outside)[1:]
    assert (out / "up").read_bytes() == b"1" and (out / "abs").read_bytes() == b"2"
    assert (out / "b").read_bytes() == b"3" and (inside / "f").read_bytes() == b"4"
    assert (out / "outside/g").read_bytes() == b"5" and (out / "r").read_bytes() == b"6"
    assert (out / "not/there/f").read_bytes() == b"7"
    assert (out / "file").read_bytes() == b"8" and not (out / "file").is_symlink()


@pytest.mark.parametrize("target", ["../outside", "/../outside", "s/outside", "s/../../outside"])
def test_hard_links_stay_inside(tmp_path, target):
    (tmp_path / "outside").write_text("secret")
    layer = Layer().link("s", "..").link("h", target, tarfile.LNKTYPE)
    assert refuse(layer, tmp_path / "t").startswith('entry "h": link to')
    assert os.stat(tmp_path / "outside").st_nlink == 1


def test_hard_link_to_a_symlink_is_the_symlink(tmp_path):
    (tmp_path / "outside").write_text("secret")
    layer = Layer().link("s", str(tmp_path / "outside")).link("h", "s", tarfile.LNKTYPE)
    out = unpack(layer, tmp_path / "t")
    assert (out / "h").is_symlink() and os.stat(tmp_path / "outside").st_nlink == 1


def test_names(tmp_path):
    long = "/".join(["d" * 100] * 10)
    out = unpack(Layer().add(long + "/f", b"x").add("ünï", b"y"), tmp_path / "t")
    assert (out / long / "f").read_bytes() == b"x" and (out / "ünï").read_bytes() == b"y"


def test_names_that_are_not_utf8(tmp_path):
    out = tmp_path / "t"
    for fmt in (tarfile.GNU_FORMAT, tarfile.PAX_FORMAT):
        file = io.BytesIO()
        with tarfile.open(fileobj=file, mode="w", format=fmt) as tar:
            tar.addfile(tarfile.TarInfo(os.fsdecode(b"caf\xe9" + b"-" * 150)))
        unpack(file.getvalue(), out)
        assert os.listdir(os.fsencode(out)) == [b"caf\xe9" + b"-" * 150]


def test_sparse(tmp_path):
    src = tmp_path / "src"
    src.mkdir()
    with open(src / "holes", "wb") as f:
        f.truncate(5 << 20)
        f.seek(1 << 20)
        f.write(b"middle")
    data = subprocess.run(["tar", "-SC", src, "-cf", "-", "."], check=True, capture_output=True).stdout
    out = unpack(data, tmp_path / "t")
    assert (out / "holes").read_bytes() == (src / "holes").read_bytes()
    assert (out / "holes").stat().st_blocks < 100


def test_bombs(tmp_path):
    """Small archives that claim to be huge: they cost what they are, or are refused."""
    (tmp_path / "src").mkdir()
    with open(tmp_path / "src/huge", "wb") as f:
        f.truncate(1 << 40)
    data = subprocess.run(["tar", "-SC", tmp_path / "src", "-cf", "-", "huge"], check=True, capture_output=True).stdout
    out = unpack(data, tmp_path / "sparse")
    assert (out / "huge").stat().st_size == 1 << 40 and (out / "huge").stat().st_blocks == 0
    deep = Layer().add("/".join(["a"] * 30_000)).bytes()
    assert refuse(deep, tmp_path / "deep").endswith("file name too long")
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as tar:
        info = tarfile.TarInfo("x")
        info.pax_headers = {"SCHILY.xattr.user.x": "a" * 5_000_000}
        tar.addfile(info)
    assert "too large" in refuse(file.getvalue(), tmp_path / "attribute")


def big_layer():
    return Layer().add("random", os.urandom(700_000)).add("zeros", bytes(700_000)).add("last", b"end").bytes()


def test_gzip_members(tmp_path):
    """Any number of members, with borders anywhere."""
    data = big_layer()
    for i, cuts in enumerate([[], [1], [512, 513, 700_001], list(range(0, len(data), 65_536))]):
        edges = [0, *cuts, len(data)]
        parts = [gzip.compress(data[a:b], 1 + i) for a, b in zip(edges, edges[1:])]
        unpack(b"".join(parts), tmp_path / f"t{i}")


def test_gzip_damage(tmp_path):
    whole = gzip.compress(big_layer())
    for cut in (1, 4, 9, 100, len(whole) // 2):
        assert refuse(whole[:-cut], tmp_path / "t").endswith("gzip: unexpected end of data")
    assert "gzip: invalid" in refuse(whole + b"trailing garbage", tmp_path / "t")
    bad = bytearray(whole)
    bad[-6] ^= 1
    assert "gzip: invalid" in refuse(bytes(bad), tmp_path / "t")
    assert "gzip: invalid" in refuse(b"plain text, no gzip", tmp_path / "t", "--compression", "gzip")


def test_zstd(tmp_path):
    data = big_layer()
    packed = subprocess.run(["zstd", "-c"], input=data, check=True, capture_output=True).stdout
    done = run(packed, tmp_path / "t")
    assert done.stdout.decode().split()[0] == "sha256:" + hashlib.sha256(data).hexdigest()
    assert refuse(packed[:-9], tmp_path / "t").endswith("zstd: unexpected end of data")
    assert "zstd: " in refuse(packed + b"gar", tmp_path / "t")


def test_truncated_tar(tmp_path):
    data = big_layer()
    assert "random" in refuse(data[:600_000], tmp_path / "t")
    last_header = 2 * (512 + 512 * -(-700_000 // 512))
    assert refuse(data[: last_header + 100], tmp_path / "t").startswith("tar: ")


def test_not_a_tar(tmp_path):
    assert refuse(b"hello" * 1000, tmp_path / "t").startswith("tar: ")


def test_bytes_after_the_end_count(tmp_path):
    unpack(Layer().add("f").bytes() + b"\0" * 100_000 + b"rest", tmp_path / "t")


def test_empty_layer(tmp_path):
    out = unpack(bytes(1024), tmp_path / "t")
    assert os.listdir(out) == []


def test_bad_whiteout_names(tmp_path):
    for name in (".wh.", ".wh..", ".wh..."):
        assert refuse(Layer().add("d/" + name), tmp_path / "t") == f'entry "d/{name}": invalid whiteout name'


def test_usage(tmp_path):
    assert refuse(b"", tmp_path / "t", "--what").startswith("usage: unpack")
    done = subprocess.run([UNPACK], capture_output=True, timeout=10, check=False)
    assert done.returncode == 1 and done.stderr.startswith(b"usage: unpack")
