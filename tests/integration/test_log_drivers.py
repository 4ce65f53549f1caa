"""Log drivers and their options: json-file with rotation and attributes, local, none, and what is refused."""

import json
import re
import subprocess
import threading
import time
from pathlib import Path

import pytest

SH = ("busybox", "sh", "-c")
COUNT = "i=0; while [ $i -lt {n} ]; do echo line $i; i=$((i+1)); done"


def finished(docker, script, *flags, name="log"):
    docker("run", "-d", "--name", name, "--network=none", *flags, *SH, script)
    docker("wait", name)


def opts(**given):
    return [word for key, value in given.items()
            for word in ("--log-opt", f"{key.replace('_', '-')}={value}")]


def log_files(stack, docker, name="log"):
    """Names of the log's files without the id, sorted."""
    folder = Path(stack.sandbox.path(docker("inspect", "-f", "{{.LogPath}}", name))).parent
    return sorted(re.sub("^[0-9a-f]{64}-", "", p.name) for p in folder.iterdir() if "json.log" in p.name)


def numbers(text):
    return [int(line.split()[1]) for line in text.splitlines()]


def test_info_names_the_drivers(docker):
    names = json.loads(docker("info", "--format", "{{json .Plugins.Log}}"))
    for name in ("json-file", "local"):
        assert name in names
        docker("create", "--log-driver", name, "busybox")


# ---- rotation ----

def test_rotation_keeps_so_many_files(stack, docker):
    finished(docker, COUNT.format(n=300), *opts(max_size="4k", max_file=3))
    assert log_files(stack, docker) == ["json.log", "json.log.1", "json.log.2"]
    shown = numbers(docker("logs", "log"))
    assert shown == list(range(shown[0], 300)) and 60 < len(shown) < 200


def test_tail_and_since_reach_into_older_files(stack, docker):
    finished(docker, COUNT.format(n=100), *opts(max_size="2k", max_file=9))
    assert numbers(docker("logs", "--tail", "70", "log")) == list(range(30, 100))
    lines = docker("logs", "-t", "log").splitlines()
    assert numbers("\n".join(line.split(" ", 1)[1] for line in lines)) == list(range(100))
    since = lines[30].split()[0]
    until = lines[60].split()[0]
    times = [line.split()[0] for line in lines]
    expected = [i for i, t in enumerate(times) if since <= t <= until]
    assert numbers(docker("logs", "--since", since, "--until", until, "log")) == expected


def test_one_file_is_emptied(stack, docker, engine):
    finished(docker, COUNT.format(n=200), *opts(max_size="4k"))
    if engine == "ours":    # the original keeps a second one, and does not show it
        assert log_files(stack, docker) == ["json.log"]
    shown = numbers(docker("logs", "log"))
    assert shown == list(range(shown[0], 200)) and len(shown) < 100


def test_compressed_files(stack, docker):
    finished(docker, COUNT.format(n=30) + "; sleep 0.3; " + COUNT.format(n=30),
             *opts(max_size="2k", max_file=5, compress="true"))
    stack.wait_for(lambda: "json.log.1.gz" in log_files(stack, docker))
    assert numbers(docker("logs", "log")) == list(range(30)) * 2
    assert len(docker("logs", "--tail", "55", "log").splitlines()) == 55


@pytest.mark.ours
def test_follow_through_rotation(stack, docker):
    """The original shows some lines twice."""
    script = "i=0; while [ $i -lt 200 ]; do echo line $i; i=$((i+1)); usleep 2000; done"
    docker("run", "-d", "--name", "log", "--network=none", *opts(max_size="2k", max_file=3), *SH, script)
    assert numbers(docker("logs", "-f", "log", timeout=30)) == list(range(200))


def test_removal_takes_all_files(stack, docker):
    finished(docker, COUNT.format(n=200), *opts(max_size="2k", max_file=5))
    folder = Path(stack.sandbox.path(docker("inspect", "-f", "{{.LogPath}}", "log"))).parent
    docker("rm", "log")
    assert not folder.exists()


@pytest.mark.ours
@pytest.mark.parametrize("driver", ["json-file", "local"])
def test_engine_killed_while_it_rotates(stack, docker, driver):
    """Every line once and in order, whatever the moment of the kill."""
    docker("run", "-d", "--name", "log", "--network=none", "--log-driver", driver,
           *opts(max_size="64k", max_file=500, compress="false"),
           *SH, "i=0; while [ ! -e /stop ]; do echo line $i; i=$((i+1)); [ $((i%50)) = 0 ] && usleep 1000; done; exit 0")
    for _ in range(8):
        time.sleep(0.25)
        stack.kill("dockerd")
        stack.start_dockerd()
    docker("exec", "log", "touch", "/stop")
    docker("wait", "log")
    shown = numbers(docker("logs", "log"))
    assert shown == list(range(len(shown))) and len(shown) > 1000


@pytest.mark.ours
def test_followers_that_vanish_leave_nothing(stack, docker, no_leaks):
    docker("run", "-d", "--name", "log", "-p", "998:998", *opts(max_size="2k", max_file=3), *SH,
           "while :; do echo x; usleep 5000; done")
    fds = ["sh", "-c", "ls /proc/$(pidof dockerd)/fd"]
    before = len(stack.exec(fds).stdout.split())
    clients = [stack.docker_popen("logs", "-f", "log", stdout=subprocess.PIPE) for _ in range(10)]
    clients += [stack.docker_popen("events", stdout=subprocess.PIPE) for _ in range(5)]
    for client in clients[:10]:
        client.stdout.readline()
    for client in clients:
        client.kill()
        client.wait(10)
        client.stdout.close()
    stack.wait_for(lambda: len(stack.exec(fds).stdout.split()) < before + 4)


# ---- attributes ----

def test_labels_variables_and_tag(stack, docker, inspect):
    finished(docker, "echo hi", "--label", "a=b", "--label", "c=d", "--label", "com.x=y/z", "-e", "X=1 2",
             "-e", "Y=2", *opts(labels="a,zz", labels_regex="^com", env="X", env_regex="^Y",
                                tag="{{.Name}}/{{.ID}}/{{ .ImageName }}"))
    full = inspect("log")["Id"]
    entry = json.loads(Path(stack.sandbox.path(inspect("log")["LogPath"])).read_text())
    assert entry["attrs"] == {"X": "1 2", "Y": "2", "a": "b", "com.x": "y/z",
                              "tag": f"log/{full[:12]}/busybox"}
    assert docker("logs", "--details", "log") == (
        f"X=1+2,Y=2,a=b,com.x=y%2Fz,tag=log%2F{full[:12]}%2Fbusybox hi")


# ---- local ----

def test_local(stack, docker, inspect):
    docker("run", "--name", "log", "--network=none", "--log-driver", "local", *SH,
           "echo out; echo err >&2; echo; head -c 20000 /dev/zero | tr '\\0' x; echo; echo end")
    done = stack.docker("logs", "log")
    # The original forgets the newline behind a line that it had to split.
    assert re.fullmatch("out\n\nx{20000}\n?end\n", done.stdout)
    assert done.stderr == "err\n"
    assert inspect("log")["LogPath"] == ""
    assert "end" in docker("logs", "--tail", "2", "log")
    assert re.match(r"\d{4}-\d\d-\d\dT[\d:.]{18}Z out\n", docker("logs", "-t", "log"))
    assert inspect("log")["HostConfig"]["LogConfig"] == {"Type": "local", "Config": {}}


def test_local_rotates_and_compresses(stack, docker):
    finished(docker, COUNT.format(n=2000), "--log-driver", "local", *opts(max_size="8k", max_file=4))
    shown = numbers(docker("logs", "log"))
    assert shown == list(range(shown[0], 2000)) and 200 < len(shown)
    assert numbers(docker("logs", "--tail", "300", "log")) == list(range(1700, 2000))


def test_local_follow(stack, docker):
    docker("run", "-d", "--name", "log", "--network=none", "--log-driver", "local", *SH,
           "for i in 1 2 3; do echo line $i; sleep 0.2; done")
    assert numbers(docker("logs", "-f", "log", timeout=20)) == [1, 2, 3]


def test_local_is_kept_over_a_restart_of_the_container(docker):
    finished(docker, "echo line 1", "--log-driver", "local")
    docker("start", "log")
    docker("wait", "log")
    assert numbers(docker("logs", "log")) == [1, 1]


def test_original_reads_what_we_wrote(make, engine):
    """The files of the local driver have the original's format: its reader shows them."""
    if engine != "ours":
        pytest.skip("both engines are started")
    ours, original = make("ours"), make("debian")
    for stack in (ours, original):
        stack.docker("run", "--name", "log", "--network=none", "--log-driver", "local", *SH,
                     "echo theirs", check=True)

    def file(stack):
        full = stack.docker("inspect", "-f", "{{.Id}}", "log").stdout.strip()
        root = stack.docker("info", "-f", "{{.DockerRootDir}}").stdout.strip()
        return Path(stack.sandbox.path(f"{root}/containers/{full}/local-logs/container.log"))
    original.docker("rm", "log")
    original.docker("create", "--name", "log", "--log-driver", "local", "busybox", "true", check=True)
    ours.docker("rm", "log")
    ours.docker("run", "--name", "log", "--network=none", "--log-driver", "local", *SH,
                "echo one; echo two >&2; echo; echo three", check=True)
    file(original).parent.mkdir(exist_ok=True)
    file(original).write_bytes(file(ours).read_bytes())
    done = original.docker("logs", "log")
    assert (done.stdout, done.stderr) == ("one\n\nthree\n", "two\n")


# ---- none, and what is refused ----

def test_none(stack, docker, refused):
    docker("run", "--name", "log", "--network=none", "--log-driver", "none", "busybox", "echo", "hi")
    assert "configured logging driver does not support reading" in refused(1, "logs", "log")


REFUSED = [
    (opts(foo="1"), "unknown log opt 'foo' for json-file log driver"),
    (opts(max_size="foo"), "failed to initialize logging driver: invalid size: 'foo'"),
    (opts(max_size="-1"), "failed to initialize logging driver: invalid size: '-1'"),
    (opts(max_size="0"), "failed to initialize logging driver: max-size must be a positive number"),
    (opts(max_file="0"), "failed to initialize logging driver: max-file cannot be less than 1"),
    (opts(max_file="x"), 'failed to initialize logging driver: strconv.Atoi: parsing "x": invalid syntax'),
    (opts(compress="x"), 'strconv.ParseBool: parsing "x": invalid syntax'),
    (opts(compress="true"), "compress cannot be true when max-file is less than 2 or max-size is not set"),
    (opts(compress="true", max_size="1m"), "compress cannot be true when max-file is less than 2"),
    (opts(labels_regex="("), "failed to initialize logging driver: error parsing regexp"),
    (opts(tag="{{"), "template: log-tag:1: unclosed action"),
    (opts(tag="{{.Foo}}"), "failed to initialize logging driver: template: log-tag:1:"),
    (opts(mode="foo"), "logger: logging mode not supported: foo"),
    (opts(mode="non-blocking", max_buffer_size="foo"), "error parsing option max-buffer-size: invalid size: 'foo'"),
    (opts(max_buffer_size="1m"), "max-buffer-size option is only supported with 'mode=non-blocking'"),
    (["--log-driver", "local", *opts(foo="1")], "unknown log opt 'foo' for log driver local"),
    (["--log-driver", "local", *opts(tag="x")], "unknown log opt 'tag' for log driver local"),
    (["--log-driver", "local", *opts(max_size="foo")], "invalid value for max-size: foo: invalid size: 'foo'"),
    (["--log-driver", "local", *opts(compress="x")], 'strconv.ParseBool: parsing "x": invalid syntax'),
]


@pytest.mark.parametrize("flags, message", REFUSED, ids=[" ".join(flags) for flags, _ in REFUSED])
def test_refused(stack, flags, message):
    done = stack.docker("run", "--network=none", *flags, "busybox", "true")
    assert done.returncode and message in done.stderr


@pytest.mark.ours
def test_unknown_driver_is_refused_at_once(stack, docker):
    """The original looks for a plugin for a minute."""
    done = stack.docker("create", "--log-driver", "foo", "busybox", "true")
    assert 'error looking up logging plugin foo: plugin "foo" not found' in done.stderr


@pytest.mark.ours
@pytest.mark.parametrize("flags", [["--log-driver", "syslog"], opts(max_size="foo"),
                                   ["--log-driver", "nosuch"], opts(tag="{{.Foo}}")], ids=str)
def test_refused_when_it_is_created(stack, docker, flags):
    """Nothing is made."""
    done = stack.docker("create", *flags, "busybox", "true")
    assert done.returncode == 1 and docker("ps", "-aq") == ""


@pytest.mark.parametrize("size", ["10m", "10M", "1.5g", "100kb", "1 MiB"])
def test_sizes(docker, size):
    finished(docker, "echo hi", *opts(max_size=size))
    assert docker("logs", "log") == "hi"


def test_non_blocking(docker):
    finished(docker, COUNT.format(n=500), *opts(mode="non-blocking", max_buffer_size="4m"))
    assert numbers(docker("logs", "log")) == list(range(500))


# ---- of the daemon ----

def test_defaults_of_the_daemon(make, engine):
    stack = make(daemon_json={"log-driver": "json-file", "log-opts": {"max-size": "3k", "max-file": "2"}})

    def docker(*args):
        done = stack.docker(*args)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()
    docker("run", "--name", "log", "--network=none", *SH, COUNT.format(n=200))
    assert json.loads(docker("inspect", "-f", "{{json .HostConfig.LogConfig}}", "log")) == {
        "Type": "json-file", "Config": {"max-size": "3k", "max-file": "2"}}
    assert log_files(stack, docker) == ["json.log", "json.log.1"]
    docker("run", "--name", "other", "--network=none", "--log-driver", "local", "busybox", "true")
    assert json.loads(docker("inspect", "-f", "{{json .HostConfig.LogConfig}}", "other")) == {
        "Type": "local", "Config": {}}
    docker("run", "--name", "more", "--network=none", "--log-opt", "max-file=7", "busybox", "true")
    assert json.loads(docker("inspect", "-f", "{{json .HostConfig.LogConfig}}", "more")) == {
        "Type": "json-file", "Config": {"max-size": "3k", "max-file": "7"}}


@pytest.mark.ours
@pytest.mark.parametrize("flags, message", [
    (["--log-driver", "nosuch"], 'plugin "nosuch" not found'),
    (["--log-opt", "foo=1"], "unknown log opt 'foo' for json-file log driver"),
    (["--log-driver", "local", "--log-opt", "max-size=foo"], "invalid value for max-size"),
], ids=str)
def test_daemon_refuses_wrong_defaults(stack, flags, message):
    done = stack.exec(["dockerd", "--validate", *flags])
    assert done.returncode == 1 and "failed to set log opts: " in done.stderr and message in done.stderr
