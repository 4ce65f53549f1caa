"""docker run: what reaches the program, what comes back from it."""

import subprocess
import time

import pytest

SH = ("busybox", "sh", "-c")


@pytest.mark.parametrize("network", ["none", "host", "bridge"])
def test_output_and_exit_code(docker, network):
    run = ("run", "--rm", "--network", network)
    assert docker(*run, "busybox", "echo", "hello") == "hello"
    docker(*run, *SH, "exit 42", code=42)


def test_streams_are_kept_apart(stack):
    done = stack.docker("run", "--rm", "--network=none", *SH, "echo out; echo err >&2")
    assert (done.stdout, done.stderr, done.returncode) == ("out\n", "err\n", 0)


def test_ended_by_a_signal(docker, stack):
    process = stack.docker_popen("run", "--name", "one", "--network=none", "busybox", "sleep", "99")
    stack.wait_for(lambda: docker("ps", "-q"))
    docker("kill", "one")
    assert process.wait(10) == 137


def test_no_such_program_is_127(refused):
    text = refused(127, "run", "--rm", "--network=none", "busybox", "nothing-here")
    assert "nothing-here" in text and "executable file not found in $PATH" in text


def test_a_missing_path_is_127(refused):
    assert "no such file or directory" in refused(
        127, "run", "--rm", "--network=none", "busybox", "/nothing/here")


def test_not_executable_is_126(refused):
    assert "permission denied" in refused(
        126, "run", "--rm", "--network=none", "busybox", "/etc/passwd")


def test_an_error_of_the_engine_is_125(refused):
    refused(125, "run", "--rm", "--network", "nowhere", "busybox", "true")
    refused(125, "run", "--rm", "--network=none", "-v", "relative/../../x:/x", "busybox", "true")
    refused(125, "run", "--no-such-flag", "busybox")


def test_a_failed_run_leaves_no_container(docker, refused):
    refused(127, "run", "--rm", "--network=none", "busybox", "nothing-here")
    assert docker("ps", "-aq") == ""


def test_environment(docker, inspect):
    out = docker("run", "--rm", "--network=none", "--hostname", "box", "-e", "A=1",
                 "-e", "SPACES=a b  c", "-e", "EMPTY=", "-e", "PATH_LIKE=/x:/y", "busybox", "env")
    lines = out.splitlines()
    for line in ("A=1", "SPACES=a b  c", "EMPTY=", "PATH_LIKE=/x:/y", "HOSTNAME=box", "HOME=/root",
                 "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"):
        assert line in lines


def test_environment_from_the_client(docker):
    out = docker("run", "--rm", "--network=none", "-e", "GIVEN", "-e", "ABSENT", "busybox", "env",
                 env={"GIVEN": "yes"})
    assert "GIVEN=yes" in out.splitlines() and "ABSENT" not in out


def test_working_directory(docker):
    assert docker("run", "--rm", "--network=none", "-w", "/made/up", "busybox", "pwd") == "/made/up"


@pytest.mark.parametrize("user, ids", [
    ("1000", "uid=1000(user) gid=1000(users)"),
    ("1234", "uid=1234 gid=0(root)"),
    ("user", "uid=1000(user) gid=1000(users)"),
    ("1000:29", "uid=1000(user) gid=29(audio)"),
    ("nobody:audio", "uid=65534(nobody) gid=29(audio)"),
])
def test_user(docker, user, ids):
    assert docker("run", "--rm", "--network=none", "-u", user, "busybox", "id").startswith(ids)


def test_additional_groups_come_from_the_image(docker):
    out = docker("run", "--rm", "--network=none", "-u", "user", "busybox", "id")
    assert "29(audio)" in out


def test_unknown_user(refused):
    text = refused(125, "run", "--rm", "--network=none", "-u", "stranger", "busybox", "id")
    assert "unable to find user stranger" in text


def test_entrypoint(docker):
    run = ("run", "--rm", "--network=none")
    assert docker(*run, "--entrypoint", "echo", "busybox", "a", "b") == "a b"
    assert docker(*run, "--entrypoint", "/bin/echo", "busybox") == ""


def test_hostname(docker):
    run = ("run", "--rm", "--network=none")
    assert docker(*run, "--hostname", "box.example", "busybox", "hostname") == "box.example"
    name = docker(*run, "busybox", "hostname")
    assert len(name) == 12 and int(name, 16)


def test_bind_mount(docker, tmp_path):
    (tmp_path / "in").write_text("from the host\n")
    run = ("run", "--rm", "--network=none", "-v")
    assert docker(*run, f"{tmp_path}:/mnt", *SH, "cat /mnt/in; echo back > /mnt/out") \
        == "from the host"
    assert (tmp_path / "out").read_text() == "back\n"
    docker(*run, f"{tmp_path}:/mnt:ro", *SH, "echo x > /mnt/x", code=1)
    assert not (tmp_path / "x").exists()


def test_bind_mount_of_a_file(docker, tmp_path):
    (tmp_path / "one").write_text("1\n")
    assert docker("run", "--rm", "--network=none", "-v", f"{tmp_path}/one:/etc/one:ro",
                  "busybox", "cat", "/etc/one") == "1"


def test_missing_bind_source_is_made(docker, tmp_path):
    docker("run", "--rm", "--network=none", "-v", f"{tmp_path}/new/deep:/x", "busybox", "true")
    assert (tmp_path / "new/deep").is_dir()


def test_memory_limit(docker, inspect, stack):
    docker("run", "-d", "--name", "mem", "--network=none", "--memory", "64m", "--cpus", "0.5",
           "busybox", "sleep", "100")
    host = inspect("mem")["HostConfig"]
    assert host["Memory"] == 64 << 20 and host["NanoCpus"] == 500_000_000
    found = stack.exec(["sh", "-c", "cat $(find /sys/fs/cgroup -path '*docker/*' "
                        "-name memory.limit_in_bytes -o -path '*docker/*' -name memory.max "
                        "-o -path '*docker/*' -name cpu.cfs_quota_us "
                        "-o -path '*docker/*' -name cpu.max)"]).stdout
    assert str(64 << 20) in found and "50000" in found


def test_memory_limit_is_enforced(docker, inspect):
    docker("run", "--name", "mem", "--network=none", "--memory", "16m", "--memory-swap", "16m", *SH,
           "dd if=/dev/zero of=/dev/null bs=64M count=1", code=137)
    assert inspect("mem")["State"]["OOMKilled"] is True


def test_too_little_memory_is_refused(refused):
    assert "Minimum memory limit" in refused(125, "run", "--memory", "1m", "busybox", "true")


def test_host_pid_namespace(docker):
    out = docker("run", "--rm", "--network=none", "--pid", "host", "busybox", "ps")
    assert "dockerd" in out
    out = docker("run", "--rm", "--network=none", "busybox", "ps")
    assert "dockerd" not in out and "    1 root" in out


def test_labels(docker, inspect):
    docker("create", "--name", "lab", "--label", "a=1", "--label", "b", "busybox")
    assert inspect("lab")["Config"]["Labels"] == {"a": "1", "b": ""}


def test_names(docker, refused):
    docker("create", "--name", "one", "busybox")
    assert 'Conflict. The container name "/one" is already in use' in refused(
        125, "run", "--name", "one", "busybox")
    assert "Invalid container name" in refused(125, "run", "--name", "a/b", "busybox")
    name = docker("inspect", "-f", "{{.Name}}", docker("create", "busybox"))
    assert "_" in name          # made up by the engine: adjective_surname


def test_detached(docker):
    name = docker("run", "-d", "--network=none", "busybox", "sleep", "100")
    assert len(name) == 64 and docker("ps", "-q", "--no-trunc") == name


def test_interactive_stdin(docker):
    assert docker("run", "-i", "--rm", "--network=none", "busybox", "cat", input="through\n") \
        == "through"


def test_half_closed_stdin(docker):
    """The client's stdin ends; the program sees that and still has its say."""
    out = docker("run", "-i", "--rm", "--network=none", *SH, "wc -c; sleep 0.3; echo later",
                 input="12345")
    assert out.split() == ["5", "later"]


def test_stdin_is_not_open_without_i(docker):
    assert docker("run", "--rm", "--network=none", "busybox", "wc", "-c", input="abc") == "0"


def test_a_lot_of_output(stack):
    done = stack.docker("run", "--rm", "--network=none", *SH,
                        "dd if=/dev/zero bs=1M count=32 2>/dev/null", text=False)
    assert done.returncode == 0 and done.stdout == bytes(32 << 20)


def test_a_lot_through_both_ways(stack):
    data = bytes(range(256)) * (4 << 12)
    done = stack.docker("run", "-i", "--rm", "--network=none", "busybox", "cat", input=data,
                        text=False)
    assert done.stdout == data


def test_terminal(terminal):
    with terminal("run", "-it", "--rm", "--network=none", "busybox", rows=40, columns=100) as t:
        t.expect("# ")
        t.type("tty; stty size; echo $TERM\n")
        t.expect("/dev/pts/0")
        t.expect("40 100")
        t.expect("xterm")
        t.type("exit 3\n")
        assert t.wait() == 3


def test_terminal_resize(terminal):
    with terminal("run", "-it", "--rm", "--network=none", "busybox") as t:
        t.expect("# ")
        for rows in range(50, 80):      # the client may not listen for it yet the first time
            t.resize(rows, 132)
            time.sleep(0.1)
            t.type("stty size\n")
            if t.expect(r"(\d+) (\d+)\r").groups() == (str(rows), "132"):
                break
        else:
            raise AssertionError("the size never changed")


def test_ctrl_c_reaches_the_program(terminal):
    with terminal("run", "-it", "--rm", "--network=none", *SH,
                  "trap 'echo got it; exit 7' INT; echo ready; while :; do sleep 0.1; done") as t:
        t.expect("ready")
        t.type("\x03")
        t.expect("got it")
        assert t.wait() == 7


def test_detach_keys(terminal, docker):
    with terminal("run", "-it", "--name", "det", "--network=none", "busybox") as t:
        t.expect("# ")
        t.type("\x10\x11")
        assert t.wait() == 0
    assert docker("ps", "--format", "{{.Names}}") == "det"
    with terminal("attach", "det") as t:
        t.type("echo still $((40+2))\n")
        t.expect("still 42")
        t.type("exit\n")
        assert t.wait() == 0


def test_attach_sees_what_comes_and_the_exit_code(stack, docker):
    docker("run", "-d", "--name", "att", "--network=none", "-i", *SH, "read x; echo got $x; exit 9")
    process = stack.docker_popen("attach", "att", stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    process.stdin.write(b"word\n")
    process.stdin.flush()
    assert (process.stdout.read(), process.wait(10)) == (b"got word\n", 9)


def test_signals_are_passed_on(stack, docker):
    process = stack.docker_popen("run", "--rm", "--network=none", *SH,
                                 "trap 'echo term; exit 5' TERM; echo up; "
                                 "while :; do sleep 0.1; done", stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "up\n"
    process.terminate()
    assert process.stdout.read() == "term\n" and process.wait(10) == 5


@pytest.mark.parametrize("words", [["kill", "-s", "USR1"], ["top"], ["exec"]])
def test_who_hears_the_program_may_ask_for_more(make, words):
    """Its start is recorded a little later than it starts: with this runtime a second later."""
    stack = make(start=False)
    slow = stack.scratch / "slow"
    slow.write_text('#!/bin/sh\nrunc "$@" || exit\ncase "$*" in *start*) sleep 1;; esac\n')
    slow.chmod(0o755)
    stack.dockerd_args += ["--add-runtime", f"slow={slow}"]
    stack.start()
    process = stack.docker_popen("run", "--name", "box", "--runtime", "slow", "--network=none", *SH,
                                 "trap 'exit 5' TERM; echo up; while :; do sleep 0.1; done",
                                 stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "up\n"
    command, *options = words
    more = ["echo", "hi"] if command == "exec" else []
    stack.docker(command, *options, "box", *more, check=True)
    process.terminate()
    assert process.wait(20) == 5


def test_rm_removes_when_it_ends(docker, stack):
    docker("run", "-d", "--rm", "--name", "gone", "--network=none", "busybox", "sleep", "0.3")
    stack.wait_for(lambda: docker("ps", "-aq") == "")


def test_read_only(docker):
    docker("run", "--rm", "--network=none", "--read-only", *SH, "echo x > /x", code=1)


def test_zombies_are_reaped_with_init(docker):
    out = docker("run", "--rm", "--network=none", "--init", *SH, "ps -o pid,comm | head -3")
    assert "init" in out


def test_default_limits_of_what_a_container_sees(docker):
    """Masked and read-only paths, capabilities, no new devices: Docker's defaults."""
    run = ("run", "--rm", "--network=none")
    assert docker(*run, *SH, "grep CapEff /proc/self/status").split()[1] == "00000000a80425fb"
    assert docker(*run, *SH, "grep Seccomp: /proc/self/status").split()[1] == "2"
    assert docker(*run, *SH, "cat /proc/kcore | wc -c") == "0"
    docker(*run, *SH, "echo 1 > /proc/sys/kernel/panic", code=1)
    docker(*run, "busybox", "mount", "-t", "tmpfs", "x", "/mnt", code=1)
    assert docker(*run, *SH, "ls /dev | sort | tr '\\n' ' '").split() == [
        "fd", "full", "mqueue", "null", "ptmx", "pts", "random", "shm", "stderr", "stdin",
        "stdout", "tty", "urandom", "zero"]


def test_nothing_left_behind(docker, no_leaks):
    for network in ("none", "host", "bridge"):
        docker("run", "--rm", "--network", network, "busybox", "true")
    docker("run", "-d", "--network=none", "busybox", "sleep", "100")


@pytest.mark.ours
def test_a_removal_that_fails_is_told(stack):
    """Nobody waits for ever for a container that cannot be removed."""
    client = stack.docker_popen("run", "--rm", "--name", "stuck", "--network", "none", "busybox",
                                "sleep", "2", stderr=-1, text=True)
    stack.wait_for(lambda: stack.docker("inspect", "-f", "{{.State.Running}}",
                                        "stuck").stdout == "true\n")
    name = stack.docker("inspect", "-f", "{{.Id}}", "stuck", check=True).stdout.strip()
    held = stack.data / "docker" / "containers" / name / "held"
    stack.exec(["mkdir", held], check=True)
    stack.exec(["mount", "-t", "tmpfs", "held", held], check=True)
    try:
        _, error = client.communicate(timeout=30)
    finally:
        stack.exec(["umount", held], check=True)
    assert client.returncode == 125 and "unable to remove container" in error
    assert stack.docker("rm", "-f", "stuck").returncode == 0
