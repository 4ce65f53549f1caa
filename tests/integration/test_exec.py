"""docker exec: a second program in a running container."""

import subprocess
import time

import pytest

SH = ("sh", "-c")


@pytest.fixture
def box(docker):
    docker("run", "-d", "--name", "box", "--network=none", "-e", "FROM_RUN=1", "busybox", "sleep",
           "1000")
    return "box"


def test_output_and_exit_code(stack, docker, box):
    assert docker("exec", box, "echo", "hello") == "hello"
    docker("exec", box, *SH, "exit 42", code=42)
    done = stack.docker("exec", box, *SH, "echo out; echo err >&2")
    assert (done.stdout, done.stderr) == ("out\n", "err\n")


def test_no_such_program(refused, stack, box):
    done = stack.docker("exec", box, "nothing-here")
    assert done.returncode in (126, 127)     # 126 until Docker 26
    assert "nothing-here" in done.stdout + done.stderr


def test_not_executable(stack, box):
    assert stack.docker("exec", box, "/etc/passwd").returncode == 126


def test_environment(docker, box):
    lines = docker("exec", "-e", "A=1", box, "env").splitlines()
    assert {"A=1", "FROM_RUN=1", "HOME=/root"} <= set(lines)


def test_user(docker, box):
    assert docker("exec", "-u", "user", box, "id").startswith("uid=1000(user) gid=1000(users)")


def test_working_directory(docker, refused, box):
    assert docker("exec", "-w", "/tmp", box, "pwd") == "/tmp"


def test_interactive(docker, box):
    assert docker("exec", "-i", box, "cat", input="through\n") == "through"


def test_half_closed_stdin(docker, box):
    assert docker("exec", "-i", box, *SH, "wc -c; sleep 0.2; echo later", input="123").split() \
        == ["3", "later"]


def test_a_lot_both_ways(stack, box):
    data = bytes(range(256)) * (4 << 12)
    assert stack.docker("exec", "-i", box, "cat", input=data, text=False).stdout == data


def test_terminal(terminal, box):
    with terminal("exec", "-it", box, "sh", rows=33, columns=99) as t:
        t.expect("# ")
        t.type("stty size; tty\n")
        t.expect("33 99")
        t.expect("/dev/pts/")
        t.type("exit 4\n")
        assert t.wait() == 4


def test_detached(docker, stack, box):
    assert docker("exec", "-d", box, *SH, "echo done > /tmp/flag") == ""
    stack.wait_for(lambda: stack.docker("exec", box, "cat", "/tmp/flag").stdout == "done\n")


def test_sees_the_containers_world(docker, box):
    assert "sleep 1000" in docker("exec", box, "ps")
    inside = docker("exec", box, "readlink", "/proc/self/ns/mnt")
    assert inside == docker("exec", box, "readlink", "/proc/1/ns/mnt")
    assert docker("exec", box, *SH, "grep CapEff /proc/self/status").split()[1] \
        == "00000000a80425fb"


def test_not_running(docker, refused):
    docker("create", "--name", "box", "busybox")
    assert "is not running" in refused(1, "exec", "box", "true")


def test_nobody(refused):
    assert "No such container: nobody" in refused(1, "exec", "nobody", "true")


def test_ends_with_the_container(stack, docker, box):
    process = stack.docker_popen("exec", box, "sleep", "1000")
    stack.wait_for(lambda: docker("exec", box, "ps").count("sleep 1000") == 2)
    docker("kill", box)
    assert process.wait(10) == 137


def test_inspect_of_an_exec(stack, docker, box):
    made = stack.api("POST", f"/v1.41/containers/{box}/exec",
                     {"Cmd": ["sh", "-c", "exit 3"], "AttachStdout": True})
    assert made.status == 201
    name = made.json["Id"]
    first = stack.api("GET", f"/v1.41/exec/{name}/json").json
    assert (first["Running"], first["ExitCode"]) == (False, None)
    assert first["ProcessConfig"]["entrypoint"] == "sh"
    assert stack.api("POST", f"/v1.41/exec/{name}/start", {"Detach": True}).status == 200
    stack.wait_for(
        lambda: stack.api("GET", f"/v1.41/exec/{name}/json").json["ExitCode"] == 3)
    assert stack.api("POST", f"/v1.41/exec/{name}/start", {"Detach": True}).status == 409
    assert stack.api("GET", "/v1.41/exec/nobody/json").status == 404


def test_many_at_once(stack, docker, box):
    processes = [stack.docker_popen("exec", box, *SH, f"echo {n}; exit {n}",
                                    stdout=subprocess.PIPE, text=True) for n in range(12)]
    got = [(p.communicate(timeout=30)[0], p.returncode) for p in processes]
    assert got == [(f"{n}\n", n) for n in range(12)]


def test_leaves_nothing(stack, docker, box):
    docker("exec", box, "true")
    before = stack.snapshot()
    for _ in range(3):
        docker("exec", box, "true")
    docker("exec", "-d", box, "true")
    stack.expect_clean(before)


def test_a_running_exec_does_not_hold_the_exit(stack, docker, box):
    docker("exec", "-d", box, *SH, "trap '' TERM; sleep 1000")
    started = time.monotonic()
    docker("kill", box)
    stack.wait_for(lambda: docker("ps", "-q") == "")
    assert time.monotonic() - started < 5
