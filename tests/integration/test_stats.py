"""docker stats: what containers use, as numbers that can be believed."""

import json
import subprocess
import time

import pytest

from stack.stack import UnixHTTP, SOCKET

BUSY = ("busybox", "sh", "-c", "while :; do :; done")


def start(docker, *flags, name="box", command=("busybox", "sleep", "1000")):
    return docker("run", "-d", "--name", name, *flags, *command)


def stats(stack, name="box", query="stream=0"):
    answer = stack.api("GET", f"/v1.41/containers/{name}/stats?{query}")
    assert answer.status == 200, answer
    return answer.json


def test_shape(stack, docker, inspect):
    """The fields that Docker has for cgroup v1, in its order."""
    start(docker, "-m", "64m")
    got = stats(stack)
    assert list(got) == ["read", "preread", "pids_stats", "blkio_stats", "num_procs", "storage_stats",
                         "cpu_stats", "precpu_stats", "memory_stats", "name", "id", "networks"]
    assert got["name"] == "/box" and got["id"] == inspect("box")["Id"]
    assert got["preread"] < got["read"]
    assert got["pids_stats"]["current"] == 1
    assert sorted(got["blkio_stats"]) == [
        "io_merged_recursive", "io_queue_recursive", "io_service_bytes_recursive",
        "io_service_time_recursive", "io_serviced_recursive", "io_time_recursive",
        "io_wait_time_recursive", "sectors_recursive"]
    cpu = got["cpu_stats"]
    assert list(cpu) == ["cpu_usage", "system_cpu_usage", "online_cpus", "throttling_data"]
    assert list(cpu["cpu_usage"]) == ["total_usage", "percpu_usage", "usage_in_kernelmode",
                                      "usage_in_usermode"]
    assert cpu["online_cpus"] == len(cpu["cpu_usage"]["percpu_usage"])
    assert sum(cpu["cpu_usage"]["percpu_usage"]) == cpu["cpu_usage"]["total_usage"]
    memory = got["memory_stats"]
    assert memory["limit"] == 64 << 20
    assert 0 < memory["usage"] <= memory["max_usage"] < 64 << 20
    assert {"active_anon", "cache", "hierarchical_memory_limit", "pgfault", "rss", "total_cache",
            "total_inactive_file", "total_rss", "unevictable"} <= set(memory["stats"])
    assert list(got["networks"]) == ["eth0"]
    assert list(got["networks"]["eth0"]) == [
        "rx_bytes", "rx_packets", "rx_errors", "rx_dropped",
        "tx_bytes", "tx_packets", "tx_errors", "tx_dropped"]


def test_cpu(stack, docker):
    """A container that only computes uses about one CPU, less what others take."""
    start(docker, "--network=none", command=BUSY)
    got = stats(stack)
    cpu, before = got["cpu_stats"], got["precpu_stats"]
    used = cpu["cpu_usage"]["total_usage"] - before["cpu_usage"]["total_usage"]
    host = cpu["system_cpu_usage"] - before["system_cpu_usage"]
    assert 0.05 < used / host * cpu["online_cpus"] < 1.3


def test_limits_and_pids(stack, docker):
    start(docker, "--network=none", "--pids-limit", "50", command=("busybox", "sh", "-c",
                                                                  "sleep 100 & sleep 100 & wait"))
    stack.wait_for(lambda: stats(stack, query="stream=0&one-shot=1")["pids_stats"]["current"] == 3)
    got = stats(stack, query="stream=0&one-shot=1")
    assert got["pids_stats"]["limit"] == 50
    # Without a limit it is what the machine has.
    total = int(next(line for line in open("/proc/meminfo") if line.startswith("MemTotal")).split()[1])
    assert got["memory_stats"]["limit"] == total * 1024


def test_network_counts(stack, docker):
    start(docker)
    before = stats(stack)["networks"]["eth0"]
    docker("exec", "box", "ping", "-c", "3", "-i", "0.2", "-s", "1000", "172.17.0.1")
    after = stats(stack)["networks"]["eth0"]
    assert after["tx_bytes"] - before["tx_bytes"] >= 3000
    assert after["rx_packets"] - before["rx_packets"] >= 3


@pytest.mark.parametrize("network", ["none", "host"])
def test_no_interface_of_its_own(stack, docker, network):
    start(docker, f"--network={network}")
    assert "networks" not in stats(stack, query="stream=0&one-shot=1")


def test_one_shot_has_no_time_before(stack, docker):
    start(docker, "--network=none")
    got = stats(stack, query="stream=0&one-shot=1")
    assert got["preread"] == "0001-01-01T00:00:00Z"
    assert got["precpu_stats"]["cpu_usage"] == {
        "total_usage": 0, "usage_in_kernelmode": 0, "usage_in_usermode": 0}


def test_not_running(stack, docker):
    start(docker, "--network=none", command=("busybox", "true"))
    docker("wait", "box")
    for query in ("stream=0", "stream=0&one-shot=1"):
        got = stats(stack, query=query)
        assert got["name"] == "/box" and got["memory_stats"] == {} and got["pids_stats"] == {}
        assert got["read"] == "0001-01-01T00:00:00Z"
    row = docker("stats", "--no-stream", "--format", "{{.Name}} {{.CPUPerc}} {{.MemUsage}} {{.PIDs}}", "box")
    assert row == "box 0.00% 0B / 0B 0"


def test_unknown_container(stack):
    answer = stack.api("GET", "/v1.41/containers/nosuch/stats")
    assert (answer.status, answer.json["message"]) == (404, "No such container: nosuch")


def test_stream_and_one_shot(stack, docker):
    start(docker, "--network=none")
    answer = stack.api("GET", "/v1.41/containers/box/stats?stream=1&one-shot=1")
    assert answer.status == 400
    assert answer.json["message"] == "cannot have stream=true and one-shot=true"


class Stream:
    """Documents of a stream, one a line."""

    def __init__(self, stack, name):
        self.connection = UnixHTTP(stack.sandbox.path(SOCKET), 15)
        self.connection.request("GET", f"/v1.41/containers/{name}/stats")
        self.answer = self.connection.getresponse()

    def next(self):
        line = self.answer.readline()
        return json.loads(line) if line else None

    def close(self):
        self.answer.close()
        self.connection.close()


def test_stream(stack, docker):
    """About one document a second; each says what the one before it was."""
    start(docker, "--network=none")
    stream = Stream(stack, "box")
    first, second, third = stream.next(), stream.next(), stream.next()
    assert first["preread"] == "0001-01-01T00:00:00Z"
    assert second["preread"] == first["read"] and third["preread"] == second["read"]
    assert third["precpu_stats"] == second["cpu_stats"]
    stream.close()


def test_stream_over_stop_start_and_removal(stack, docker):
    start(docker, "--network=none")
    stream = Stream(stack, "box")
    assert stream.next()["pids_stats"]
    docker("stop", "-t", "0", "box")
    while (got := stream.next())["pids_stats"]:
        pass
    assert got["name"] == "/box"
    docker("start", "box")
    while not stream.next()["pids_stats"]:
        pass
    docker("rm", "-f", "box")
    end = time.monotonic() + 10
    while stream.next():
        assert time.monotonic() < end
    stream.close()


def test_client_shows_all(stack, docker):
    for name in ("one", "two"):
        start(docker, "--network=none", name=name)
    rows = docker("stats", "--no-stream", "--format", "{{.Name}} {{.PIDs}}").splitlines()
    assert sorted(rows) == ["one 1", "two 1"]


@pytest.mark.ours
def test_clients_that_vanish_leave_nothing(stack, docker, no_leaks):
    start(docker)
    fds = ["sh", "-c", "ls /proc/$(pidof dockerd)/fd"]
    before = len(stack.exec(fds).stdout.split())
    streams = [Stream(stack, "box") for _ in range(30)]
    assert all(stream.next() for stream in streams)
    for stream in streams:
        stream.close()
    stack.wait_for(lambda: len(stack.exec(fds).stdout.split()) < before + 4)
    assert stats(stack)["pids_stats"]["current"] == 1


@pytest.mark.ours
def test_many_containers_in_one_interval(stack, docker):
    """Twenty at once take no longer than one."""
    names = [f"box{i}" for i in range(20)]
    for name in names:
        start(docker, "--network=none", name=name)
    began = time.monotonic()
    rows = docker("stats", "--no-stream", "--format", "{{.Name}} {{.PIDs}}", *names).splitlines()
    assert rows == [f"{name} 1" for name in names]
    assert time.monotonic() - began < 4
