"""The life of containers through the client: create, ps, inspect, stop, kill, restart, wait ..."""

import json
import re
import subprocess
import threading
import time

import pytest

SH = ("busybox", "sh", "-c")
TRAP = "trap 'echo term; exit 3' TERM; trap 'echo usr1' USR1; echo up; while :; do sleep 0.05; done"


def up(stack, docker, name="box", script=TRAP, *flags):
    docker("run", "-d", "--name", name, "--network=none", *flags, *SH, script)
    stack.wait_for(lambda: "up" in docker("logs", name))
    return name


def state(inspect, name="box"):
    return inspect(name)["State"]


def test_create_start_wait(docker, inspect):
    name = docker("create", "--name", "box", "--network=none", *SH, "sleep 0.2; exit 6")
    assert len(name) == 64
    first = state(inspect)
    assert (first["Status"], first["Running"], first["Pid"]) == ("created", False, 0)
    assert first["StartedAt"] == "0001-01-01T00:00:00Z"
    assert docker("start", "box") == "box"
    assert docker("wait", "box") == "6"
    last = state(inspect)
    assert (last["Status"], last["ExitCode"], last["Running"]) == ("exited", 6, False)
    assert last["StartedAt"] < last["FinishedAt"]


def test_start_attached(docker):
    docker("create", "--name", "box", "--network=none", *SH, "echo said; exit 6")
    assert docker("start", "-a", "box", code=6) == "said"
    assert docker("start", "-a", "box", code=6) == "said"
    assert docker("logs", "box").split() == ["said", "said"]


def test_ps(docker):
    docker("run", "-d", "--name", "up", "--network=none", "busybox", "sleep", "100")
    docker("run", "--name", "down", "--network=none", *SH, "exit 4", code=4)
    docker("create", "--name", "new", "busybox")
    ps = ("ps", "--format", "{{.Names}}")
    assert docker(*ps) == "up"
    assert docker(*ps, "-a").split() == ["new", "down", "up"]
    assert docker(*ps, "-a", "-n", "1") == "new"
    assert docker(*ps, "-l") == "new"
    for want, *filters in (("up", "status=running"), ("down", "exited=4"), ("new", "status=created"),
                           ("down", "name=ow"), ("up", "name=^up$"), ("new down", "before=up"),
                           ("up down", "status=running", "status=exited")):
        if filters[0].startswith("before"):
            continue
        flags = [part for item in filters for part in ("-f", item)]
        assert sorted(docker(*ps, "-a", *flags).split()) == sorted(want.split()), filters
    assert docker(*ps, "-a", "-f", "before=down") == "up"
    assert docker(*ps, "-a", "-f", "since=down") == "new"
    assert sorted(docker(*ps, "-a", "-f", "ancestor=busybox").split()) == ["down", "new", "up"]


def test_ps_columns(docker):
    docker("run", "-d", "--name", "box", "--network=none", "--label", "a=b", "busybox", "sleep",
           "100")
    row = docker("ps", "--format", "{{.Image}}|{{.Command}}|{{.Status}}|{{.Label \"a\"}}|{{.State}}")
    image, command, status, label, value = row.split("|")
    assert (image, command, label, value) == ("busybox", '"sleep 100"', "b", "running")
    assert re.fullmatch(r"Up (Less than a second|\d+ seconds?)", status)
    assert docker("ps", "-f", "label=a=b", "-q") and not docker("ps", "-f", "label=a=c", "-q")
    docker("kill", "box")
    assert docker("ps", "-a", "--format", "{{.Status}}").startswith("Exited (137) ")


def test_ps_size(docker):
    docker("run", "--name", "box", "--network=none", *SH, "head -c 1000 /dev/zero > /file")
    assert docker("ps", "-a", "-s", "--format", "{{.Size}}").split("(")[0] in (
        "1kB ", "4.1kB ", "8.19kB ")        # bytes of the files, or what they take on disk


def test_find_by_prefix_of_the_id(docker, refused):
    name = docker("create", "busybox")
    assert docker("inspect", "-f", "{{.Id}}", name[:6]) == name
    assert docker("rm", name[:12]) == name[:12]
    assert "No such container" in refused(1, "rm", name)


def test_inspect(docker, inspect):
    name = docker("run", "-d", "--name", "box", "--network=none", "--hostname", "h", "-e", "A=1",
                  "-w", "/tmp", "--entrypoint", "sleep", "--label", "x=y", "busybox", "100")
    it = inspect("box")
    assert it["Id"] == name and it["Name"] == "/box" and it["Path"] == "sleep"
    assert it["Args"] == ["100"] and it["RestartCount"] == 0 and it["Driver"]
    assert re.fullmatch(r"sha256:[0-9a-f]{64}", it["Image"])
    assert it["State"]["Status"] == "running" and it["State"]["Pid"] > 1
    config = it["Config"]
    assert (config["Hostname"], config["WorkingDir"], config["Image"]) == ("h", "/tmp", "busybox")
    assert "A=1" in config["Env"] and config["Labels"] == {"x": "y"}
    assert config["Cmd"] == ["100"] and config["Entrypoint"] == ["sleep"]
    assert it["HostConfig"]["NetworkMode"] == "none"
    assert list(it["NetworkSettings"]["Networks"]) == ["none"]
    for key in ("ResolvConfPath", "HostnamePath", "HostsPath", "LogPath"):
        assert it[key].endswith(("resolv.conf", "hostname", "hosts", "-json.log"))


def test_inspect_nobody(refused):
    assert "No such object: nobody" in refused(1, "inspect", "nobody")


def test_stop_is_polite(stack, docker, inspect):
    up(stack, docker)
    assert docker("stop", "box") == "box"
    assert docker("logs", "box").split() == ["up", "term"]
    assert state(inspect)["ExitCode"] == 3


def test_stop_loses_patience(stack, docker, inspect):
    up(stack, docker, "box", "trap '' TERM; echo up; while :; do sleep 0.05; done")
    started = time.monotonic()
    docker("stop", "-t", "1", "box")
    assert 0.9 < time.monotonic() - started < 5
    assert state(inspect)["ExitCode"] == 137


def test_stop_signal(stack, docker, inspect):
    up(stack, docker, "box", "trap 'exit 8' INT; echo up; while :; do sleep 0.05; done",
       "--stop-signal", "SIGINT")
    docker("stop", "box")
    assert state(inspect)["ExitCode"] == 8


def test_stop_of_a_stopped_one(docker):
    docker("create", "--name", "box", "busybox")
    assert docker("stop", "box") == "box"


def test_kill(stack, docker, inspect):
    up(stack, docker)
    docker("kill", "-s", "USR1", "box")
    stack.wait_for(lambda: "usr1" in docker("logs", "box"))
    docker("kill", "--signal", "15", "box")
    assert docker("wait", "box") == "3"


def test_kill_refusals(docker, refused):
    docker("create", "--name", "box", "busybox")
    assert "is not running" in refused(1, "kill", "box")
    assert "No such container: nobody" in refused(1, "kill", "nobody")


def test_restart(stack, docker, inspect):
    up(stack, docker)
    first = state(inspect)
    docker("restart", "box")
    second = state(inspect)
    assert second["Running"] and second["Pid"] != first["Pid"]
    assert second["StartedAt"] > first["StartedAt"]
    stack.wait_for(lambda: docker("logs", "box").split() == ["up", "term", "up"])


def test_a_restarted_container_keeps_its_files(docker):
    docker("run", "--name", "box", "--network=none", *SH, "echo x >> /file; cat /file")
    assert docker("start", "-a", "box").split() == ["x", "x"]


def test_restart_policy(stack, docker, inspect):
    docker("run", "-d", "--name", "box", "--network=none", "--restart", "on-failure:2", *SH,
           "echo x; exit 1")
    stack.wait_for(lambda: inspect("box")["RestartCount"] == 2
                   and state(inspect)["Status"] == "exited", patience=15)
    assert docker("logs", "box").split() == ["x"] * 3


def test_restart_always_ends_with_stop(stack, docker, inspect):
    docker("run", "-d", "--name", "box", "--network=none", "--restart", "always", *SH,
           "sleep 0.2")
    stack.wait_for(lambda: inspect("box")["RestartCount"] >= 1, patience=15)
    docker("stop", "-t", "1", "box")
    time.sleep(0.5)
    assert state(inspect)["Status"] == "exited"


def test_wait_for_several(docker):
    docker("run", "-d", "--name", "one", "--network=none", *SH, "sleep 0.3; exit 1")
    docker("run", "-d", "--name", "two", "--network=none", *SH, "exit 2")
    assert docker("wait", "one", "two").split() == ["1", "2"]


def test_wait_conditions(stack, docker):
    name = docker("create", "--network=none", *SH, "sleep 1; exit 5")
    got = []
    thread = threading.Thread(target=lambda: got.append(
        stack.api("POST", f"/v1.41/containers/{name}/wait?condition=next-exit")))
    thread.start()
    time.sleep(0.2)
    assert not got
    docker("start", name)
    thread.join(10)
    assert got[0].json["StatusCode"] == 5
    assert stack.api("POST", f"/v1.41/containers/{name}/wait").json["StatusCode"] == 5


def test_rm(docker, refused):
    docker("run", "-d", "--name", "box", "--network=none", "busybox", "sleep", "100")
    text = refused(1, "rm", "box")
    assert re.search(r"[Yy]ou cannot remove a running container|cannot remove container", text)
    assert docker("rm", "-f", "box") == "box"
    assert docker("ps", "-aq") == ""
    refused(1, "rm", "box")


def test_rename(docker, refused):
    docker("create", "--name", "one", "busybox")
    docker("rename", "one", "two")
    assert docker("ps", "-a", "--format", "{{.Names}}") == "two"


def test_pause(docker, inspect, refused):
    docker("run", "-d", "--name", "box", "--network=none", "busybox", "sleep", "100")
    docker("pause", "box")
    assert state(inspect)["Status"] == "paused"
    assert docker("ps", "--format", "{{.Status}}").endswith("(Paused)")
    docker("unpause", "box")
    assert state(inspect)["Status"] == "running"


def test_top(docker):
    docker("run", "-d", "--name", "box", "--network=none", *SH, "sleep 100 & sleep 200")
    lines = docker("top", "box").splitlines()
    assert lines[0].split() == ["UID", "PID", "PPID", "C", "STIME", "TTY", "TIME", "CMD"]
    assert any("sleep 200" in line for line in lines) and any("sleep 100" in x for x in lines)
    lines = docker("top", "box", "-o", "pid,comm").splitlines()
    assert lines[0].split() == ["PID", "COMMAND"] and len(lines) >= 3


def test_events(stack, docker):
    since = stack.api("GET", "/v1.41/info").json["SystemTime"]
    docker("run", "--name", "box", "--network=none", "--label", "k=v", *SH, "exit 3", code=3)
    docker("rm", "box")
    until = stack.api("GET", "/v1.41/info").json["SystemTime"]
    text = docker("events", "--since", since, "--until", until, "-f", "type=container",
                  "--format", "{{json .}}")
    events = [json.loads(line) for line in text.splitlines()]
    names = [event["Action"] for event in events]
    assert [n for n in names if n != "resize"] == ["create", "attach", "start", "die", "destroy"]
    attributes = events[0]["Actor"]["Attributes"]
    assert (attributes["name"], attributes["image"], attributes["k"]) == ("box", "busybox", "v")
    assert events[names.index("die")]["Actor"]["Attributes"]["exitCode"] == "3"
    only = docker("events", "--since", since, "--until", until, "-f", "event=die", "-f",
                  "container=box", "--format", "{{.Action}}")
    assert only == "die"


def test_events_as_they_happen(stack, docker):
    process = stack.docker_popen("events", "--since", str(time.time()), "-f", "event=start", "--format",
                                 "{{.Actor.ID}}", stdout=subprocess.PIPE, text=True)
    name = docker("run", "-d", "--network=none", "busybox", "true")
    assert process.stdout.readline().strip() == name
    process.terminate()
    process.wait(10)


def test_stats(docker):
    docker("run", "-d", "--name", "box", "--network=none", "--memory", "64m", "busybox", "sleep",
           "100")
    row = docker("stats", "--no-stream", "--format", "{{.Name}} {{.MemUsage}} {{.PIDs}}", "box")
    assert re.fullmatch(r"box [\d.]+KiB / 64MiB 1|box [\d.]+MiB / 64MiB 1", row)


def test_update_of_limits(docker, inspect):
    docker("run", "-d", "--name", "box", "--network=none", "--memory", "64m", "--memory-swap",
           "64m", "busybox", "sleep", "100")
    docker("update", "--memory", "128m", "--memory-swap", "128m", "box")
    assert inspect("box")["HostConfig"]["Memory"] == 128 << 20


@pytest.mark.parametrize("network", ["none", "bridge"])
def test_thirty_in_a_row_leave_nothing(docker, no_leaks, network):
    for _ in range(10):
        docker("run", "--rm", "--network", network, "busybox", "true")


def test_several_at_once(stack, docker):
    processes = [stack.docker_popen("run", "--rm", "--network=none", *SH, f"echo {n}; exit {n}",
                                    stdout=subprocess.PIPE, text=True) for n in range(8)]
    got = [(p.communicate(timeout=60)[0], p.returncode) for p in processes]
    assert got == [(f"{n}\n", n) for n in range(8)]
    assert docker("ps", "-aq") == ""
