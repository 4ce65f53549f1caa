"""docker logs: every byte once, in order, to the right stream, as json-file stores it."""

import json
import re
import signal
import subprocess

SH = ("busybox", "sh", "-c")


def run(docker, script, *flags):
    docker("run", "-d", "--name", "log", "--network=none", *flags, *SH, script)


def finished(docker, script, *flags):
    run(docker, script, *flags)
    docker("wait", "log")


def log_file(stack, docker):
    return stack.sandbox.path(docker("inspect", "-f", "{{.LogPath}}", "log"))


def test_both_streams(stack, docker):
    finished(docker, "echo out; echo err >&2")
    done = stack.docker("logs", "log")
    assert (done.stdout, done.stderr) == ("out\n", "err\n")


def test_after_run_in_the_foreground(docker):
    docker("run", "--name", "log", "--network=none", "busybox", "echo", "seen")
    assert docker("logs", "log") == "seen"


def test_order_within_a_stream(docker):
    finished(docker, "i=0; while [ $i -lt 5000 ]; do echo line $i; i=$((i+1)); done")
    assert docker("logs", "log").splitlines() == [f"line {i}" for i in range(5000)]


def test_tail(docker):
    finished(docker, "for i in 1 2 3 4 5; do echo $i; done")
    assert docker("logs", "--tail", "2", "log").split() == ["4", "5"]
    assert docker("logs", "--tail", "0", "log") == ""
    assert docker("logs", "--tail", "99", "log").split() == list("12345")
    assert docker("logs", "-n", "all", "log").split() == list("12345")


def test_follow_until_the_end(stack, docker):
    run(docker, "for i in 1 2 3 4; do echo $i; sleep 0.2; done")
    assert docker("logs", "-f", "log", timeout=20).split() == list("1234")


def test_follow_shows_a_line_at_once(stack, docker):
    run(docker, "echo first; read x", "-i")
    process = stack.docker_popen("logs", "-f", "log", stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "first\n"
    docker("exec", "log", "sh", "-c", "echo second > /proc/1/fd/1")
    assert process.stdout.readline() == "second\n"
    docker("kill", "log")
    assert process.stdout.read() == "" and process.wait(10) == 0


def test_follow_with_tail(stack, docker):
    run(docker, "echo 1; echo 2; echo 3; sleep 0.5; echo 4")
    stack.wait_for(lambda: "3" in docker("logs", "log"))
    assert docker("logs", "-f", "--tail", "1", "log").split() == ["3", "4"]


def test_following_client_may_go_away(stack, docker):
    run(docker, "while :; do echo x; sleep 0.01; done")
    process = stack.docker_popen("logs", "-f", "log", stdout=subprocess.PIPE)
    process.stdout.readline()
    process.send_signal(signal.SIGKILL)
    process.wait(10)
    process.stdout.close()
    before = len(docker("logs", "log").splitlines())
    stack.wait_for(lambda: len(docker("logs", "log").splitlines()) > before)


def test_timestamps_since_until(docker):
    finished(docker, "echo a; sleep 1.1; echo b")
    lines = docker("logs", "-t", "log").splitlines()
    times = [line.split()[0] for line in lines]
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z", t) for t in times)
    assert [line.split()[1] for line in lines] == ["a", "b"]
    assert docker("logs", "--since", times[1], "log") == "b"
    assert docker("logs", "--until", times[0], "log") == "a"


def test_a_line_without_an_end(docker):
    finished(docker, "printf 'a\\nno newline'")
    assert docker("logs", "log") == "a\nno newline"


def test_a_very_long_line(stack, docker):
    """Longer than a piece of a line in json-file (16 KiB): one line again for the reader."""
    finished(docker, "head -c 100000 /dev/zero | tr '\\0' x; echo; echo short")
    long, short = docker("logs", "log").splitlines()
    assert long == "x" * 100000 and short == "short"
    with open(log_file(stack, docker), encoding="utf-8") as text:
        sizes = [len(json.loads(line)["log"]) for line in text]
    assert max(sizes) == 16384


def test_bytes_that_are_no_text(stack, docker):
    """json-file keeps text: what is not UTF-8 becomes the replacement character."""
    finished(docker, r"""printf 'ok \303\244 \377 \000 \033[1m <&> "q" \\ end\n'""")
    out = stack.docker("logs", "log", text=False).stdout
    assert out == b'ok \xc3\xa4 \xef\xbf\xbd \x00 \x1b[1m <&> "q" \\ end\n'


def test_json_file_format(stack, docker):
    finished(docker, r"""printf 'a<b>&"\\\t\001\n'; sleep 0.1; echo err >&2""")
    with open(log_file(stack, docker), encoding="utf-8") as text:
        first, second = text.read().splitlines()
    assert re.fullmatch(r'\{"log":"a\\u003cb\\u003e\\u0026\\"\\\\\\u0009\\u0001\\n","stream":"stdout",'
                        r'"time":"[-\dT:.]+Z"\}', first)
    assert json.loads(second)["stream"] == "stderr"


def test_with_a_terminal(docker):
    finished(docker, "echo one; echo two >&2", "-t")
    assert docker("logs", "log").splitlines() == ["one", "two"]


def test_log_driver_none(stack, docker):
    docker("run", "-d", "--name", "log", "--network=none", "--log-driver", "none", "busybox", "echo")
    done = stack.docker("logs", "log")
    assert done.returncode == 1 and "configured logging driver does not support reading" \
        in done.stderr


def test_logs_of_nobody(refused):
    assert "No such container: nobody" in refused(1, "logs", "nobody")


def test_many_lines_are_all_there(docker):
    """200,000 lines in blocks, through the pump at full speed."""
    finished(docker, "seq 1 200000")
    lines = docker("logs", "log", timeout=120).splitlines()
    assert len(lines) == 200000 and lines[0] == "1" and lines[-1] == "200000"
    assert lines == [str(i) for i in range(1, 200001)]
