"""The API as older and newer clients see it."""

import json
import socket
import threading
import time

import pytest
from stack.stack import SOCKET, UnixHTTP

VERSIONS = ["1.24", "1.30", "1.41"]


def test_ping(stack):
    for method in ("GET", "HEAD"):
        reply = stack.api(method, "/_ping")
        assert reply.status == 200 and reply.headers["Api-Version"]
        assert reply.headers["Cache-Control"] == "no-cache, no-store, must-revalidate"
        assert reply.headers["OSType"] == "linux"
    assert stack.api("GET", "/_ping").text == "OK"


def test_version(stack, engine):
    it = stack.api("GET", "/version").json
    assert {"Version", "ApiVersion", "MinAPIVersion", "Os", "Arch", "KernelVersion",
            "Components"} <= set(it)
    assert it["ApiVersion"] == stack.api("GET", "/_ping").headers["Api-Version"]
    minimum = tuple(map(int, it["MinAPIVersion"].split(".")))
    assert minimum <= (1, 24)


def test_versions_out_of_range(stack):
    high = stack.api("GET", "/v9.99/version")
    assert high.status == 400 and "is too new. Maximum supported API version is" \
        in high.json["message"]
    low = stack.api("GET", "/v1.0/version")
    assert low.status == 400 and "is too old" in low.text


def test_no_such_page(stack):
    reply = stack.api("GET", "/v1.41/nothing/here")
    assert reply.status == 404 and reply.json == {"message": "page not found"}


@pytest.mark.parametrize("version", VERSIONS)
def test_a_container_by_hand(stack, version):
    """create, attach, start, wait, logs, inspect, delete: as a client of that version does."""
    at = f"/v{version}"
    made = stack.api("POST", f"{at}/containers/create?name=hand", {
        "Image": "busybox", "Cmd": ["sh", "-c", "echo out; exit 3"],
        "HostConfig": {"NetworkMode": "none"}})
    assert made.status == 201, made
    name = made.json["Id"]
    assert "Warnings" in made.json
    assert stack.api("POST", f"{at}/containers/{name}/start").status == 204
    wait = stack.api("POST", f"{at}/containers/{name}/wait")
    assert wait.status == 200 and wait.json["StatusCode"] == 3
    logs = stack.api("GET", f"{at}/containers/{name}/logs?stdout=1")
    assert logs.body == b"\x01\0\0\0\0\0\0\x04out\n"
    it = stack.api("GET", f"{at}/containers/{name}/json").json
    assert it["State"]["ExitCode"] == 3 and it["Name"] == "/hand"
    listed = stack.api("GET", f"{at}/containers/json?all=1").json
    assert [c["Id"] for c in listed] == [name] and listed[0]["State"] == "exited"
    assert stack.api("POST", f"{at}/containers/{name}/start").status == 204
    stack.api("POST", f"{at}/containers/{name}/wait")
    assert stack.api("DELETE", f"{at}/containers/{name}").status == 204
    assert stack.api("DELETE", f"{at}/containers/{name}").status == 404


def test_statuses(stack):
    at = "/v1.41/containers"
    assert stack.api("POST", f"{at}/create?name=a/b", {"Image": "busybox"}).status == 400
    missing = stack.api("POST", f"{at}/create", {"Image": "nobody/has:this"})
    assert missing.status == 404 and missing.json["message"] == "No such image: nobody/has:this"
    assert stack.api("POST", f"{at}/create?name=first", {"Image": "busybox", "Cmd": ["sleep", "9"],
                     "HostConfig": {"NetworkMode": "none"}}).status == 201
    conflict = stack.api("POST", f"{at}/create?name=first", {"Image": "busybox"})
    assert conflict.status == 409
    assert stack.api("POST", f"{at}/first/start").status == 204
    assert stack.api("POST", f"{at}/first/start").status == 304
    assert stack.api("DELETE", f"{at}/first").status == 409
    assert stack.api("POST", f"{at}/first/kill?signal=NOSUCH").status in (400, 500)
    assert stack.api("POST", f"{at}/first/stop?t=0").status == 204
    assert stack.api("POST", f"{at}/first/stop").status == 304
    assert stack.api("POST", f"{at}/first/kill").status == 409
    assert stack.api("POST", f"{at}/nobody/start").status == 404


def test_bad_bodies(stack, engine):
    bad = (400,) if engine == "ours" else (400, 500)     # 20.10 says 500 to what ends too early
    path = "/v1.41/containers/create"
    json_type = {"Content-Type": "application/json"}
    assert stack.api("POST", path, b"{", json_type).status in bad
    assert stack.api("POST", path, b"", json_type).status in bad
    wrong = stack.api("POST", path, b'{"Image": 5}', json_type)
    assert wrong.status in bad and "message" in wrong.json
    assert stack.api("POST", path, b"{}", {"Content-Type": "text/plain"}).status in (*bad, 415)


def test_keys_match_as_go_does(stack):
    made = stack.api("POST", "/v1.41/containers/create?name=lower", {
        "image": "busybox", "CMD": ["echo", "x"], "hostconfig": {"networkmode": "none"}})
    assert made.status == 201
    it = stack.api("GET", "/v1.41/containers/lower/json").json
    assert it["Config"]["Cmd"] == ["echo", "x"] and it["HostConfig"]["NetworkMode"] == "none"


def test_info(stack):
    it = stack.api("GET", "/v1.41/info").json
    assert it["Images"] >= 1 and it["OSType"] == "linux" and it["NCPU"] >= 1
    assert it["CgroupVersion"] in ("1", "2") and it["DefaultRuntime"] == "runc"
    assert it["MemTotal"] > 0 and it["DockerRootDir"]
    stack.api("POST", "/v1.41/containers/create", {"Image": "busybox"})
    assert stack.api("GET", "/v1.41/info").json["Containers"] == it["Containers"] + 1


def test_output_of_an_exec_comes_apart_from_the_head(stack):
    """docker-py, and so docker-compose, loses what it reads together with the head."""
    stack.docker("run", "-d", "--name", "box", "--network=none", "busybox", "sleep", "100",
                 check=True)
    made = stack.api("POST", "/v1.41/containers/box/exec",
                     {"Cmd": ["echo", "said"], "AttachStdout": True}).json
    body = b'{"Detach":false,"Tty":false}'
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(10)
        s.connect(stack.sandbox.path(SOCKET))
        s.sendall(f"POST /v1.41/exec/{made['Id']}/start HTTP/1.1\r\nHost: x\r\n"
                  "Connection: Upgrade\r\nUpgrade: tcp\r\nContent-Type: application/json\r\n"
                  f"Content-Length: {len(body)}\r\n\r\n".encode() + body)
        time.sleep(0.04)                # a slow client
        assert s.recv(65536).endswith(b"\r\n\r\n")
        assert s.recv(65536).endswith(b"said\n")


def test_the_size_of_a_terminal_waits_for_its_exec(stack):
    """Clients send it while the process starts, and try for a moment only."""
    stack.docker("run", "-d", "--name", "box", "--network=none", "busybox", "sleep", "100",
                 check=True)
    made = stack.api("POST", "/v1.41/containers/box/exec", {
        "Cmd": ["sh", "-c", "sleep 0.5; stty size > /size"], "Tty": True, "AttachStdin": True}).json
    answer = []
    resize = threading.Thread(target=lambda: answer.append(
        stack.api("POST", f"/v1.41/exec/{made['Id']}/resize?h=31&w=101").status))
    resize.start()
    time.sleep(0.2)
    start = {"Detach": True, "Tty": True}
    assert stack.api("POST", f"/v1.41/exec/{made['Id']}/start", start).status == 200
    resize.join()
    assert answer == [200]
    stack.wait_for(lambda: stack.docker("exec", "box", "cat", "/size").stdout == "31 101\n")


def test_attach_by_upgrade(stack):
    """The hijack: 101 with Upgrade: tcp, 200 without; frames on the raw stream."""
    for headers, status in (({"Connection": "Upgrade", "Upgrade": "tcp"}, b"101 UPGRADED"),
                            ({}, b"200 OK")):
        stack.api("POST", "/v1.41/containers/create?name=hijack", {
            "Image": "busybox", "Cmd": ["echo", "x"], "HostConfig": {"NetworkMode": "none"}})
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(10)
            s.connect(stack.sandbox.path("/run/docker.sock"))
            lines = "".join(f"{k}: {v}\r\n" for k, v in headers.items())
            s.sendall(b"POST /v1.41/containers/hijack/attach?stream=1&stdout=1 HTTP/1.1\r\n"
                      b"Host: d\r\n" + lines.encode() + b"Content-Length: 0\r\n\r\n")
            data = s.recv(4096)
            assert data.startswith(b"HTTP/1.1 " + status)
            assert b"application/vnd.docker.raw-stream" in data
            stack.api("POST", "/v1.41/containers/hijack/start")
            data = data.split(b"\r\n\r\n", 1)[1]
            while True:
                more = s.recv(4096)
                if not more:
                    break
                data += more
            assert data == b"\x01\0\0\0\0\0\0\x02x\n"
        stack.api("DELETE", "/v1.41/containers/hijack?force=1")


def test_several_requests_on_one_connection(stack):
    connection = UnixHTTP(stack.sandbox.path("/run/docker.sock"))
    for _ in range(5):
        connection.request("GET", "/_ping")
        answer = connection.getresponse()
        assert answer.read() == b"OK"
    connection.close()


def test_chunked_body(stack):
    connection = UnixHTTP(stack.sandbox.path("/run/docker.sock"))
    body = json.dumps({"Image": "busybox", "Cmd": ["true"]}).encode()
    connection.request("POST", "/v1.41/containers/create?name=chunked", iter([body[:5], body[5:]]),
                       {"Content-Type": "application/json"}, encode_chunked=True)
    assert connection.getresponse().status == 201
    connection.close()


@pytest.mark.ours
def test_what_is_not_there_says_so(stack):
    for method, path in (("POST", "/v1.41/swarm/init"), ("GET", "/v1.41/services"),
                         ("POST", "/v1.41/build")):
        reply = stack.api(method, path)
        assert reply.status in (501, 503), reply
        assert reply.json["message"]


def test_the_python_sdk(stack):
    docker = pytest.importorskip("docker")
    client = docker.APIClient(base_url="unix://" + stack.sandbox.path("/run/docker.sock"),
                              version="1.41")
    assert client.ping()
    made = client.create_container("busybox", ["sh", "-c", "echo sdk; exit 2"],
                                   host_config=client.create_host_config(network_mode="none"))
    client.start(made)
    assert client.wait(made)["StatusCode"] == 2
    assert client.logs(made) == b"sdk\n"
    client.remove_container(made)
