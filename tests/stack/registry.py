"""Registries for the tests, on loopback inside a stack.

Registry is Debian's docker-registry. FaultyRegistry is a small one of our own which serves what
it was given and can be told to lie: cut an answer short, change a byte, answer 500 ...
"""

import http.client
import http.server
import json
import socket
import subprocess
import threading
import time

from . import peers
from .images import digest


class Client:
    """What images.py pushes through, and what tests look with."""

    def __init__(self, sandbox, port):
        self.sandbox, self.port = sandbox, port
        self.address = f"127.0.0.1:{port}"

    def request(self, method, path, body=None, headers=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port)
        connection.sock = self.sandbox.connect("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            connection.close()

    def _want(self, status, *request):
        got = self.request(*request)
        if got[0] != status:
            raise AssertionError(f"{request[0]} {request[1]}: {got[0]} {got[2][:300]!r}")
        return got

    def put_blob(self, name, data):
        if self.request("HEAD", f"/v2/{name}/blobs/{digest(data)}")[0] == 200:
            return
        _, headers, _ = self._want(202, "POST", f"/v2/{name}/blobs/uploads/")
        where = headers["Location"].split(self.address, 1)[-1]
        where += ("&" if "?" in where else "?") + "digest=" + digest(data)
        self._want(201, "PUT", where, data, {"Content-Type": "application/octet-stream"})

    def put_manifest(self, name, tag, kind, data):
        self._want(201, "PUT", f"/v2/{name}/manifests/{tag}", data, {"Content-Type": kind})

    def name(self, name):
        """The reference that `docker pull` takes."""
        return f"{self.address}/{name}"


class Registry(Client):
    """Debian's docker-registry, in a folder of the stack's."""

    def __init__(self, sandbox, port=5000):
        super().__init__(sandbox, port)
        folder = sandbox.scratch / f"registry-{port}"
        folder.mkdir()
        config = folder / "config.yml"
        config.write_text(json.dumps(self.configuration(folder)))
        with open(folder / "log", "wb") as log:
            self._process = sandbox.popen([peers.program("docker-registry"), "serve", config],
                                          stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        for _ in range(500):
            try:
                if self.request("GET", "/v2/")[0] == 200:
                    return
            except OSError:
                pass
            if self._process.poll() is not None:
                break
            time.sleep(0.01)
        raise AssertionError("docker-registry: " + (folder / "log").read_text())

    def configuration(self, folder):
        return {"version": 0.1, "log": {"level": "warn"},
                "storage": {"filesystem": {"rootdirectory": str(folder)}, "delete": {"enabled": True}},
                "http": {"addr": self.address}}

    def close(self):
        self._process.terminate()
        self._process.wait()


class FaultyRegistry(Client):
    """Serves blobs and manifests; `faults` maps a digest (or tag) to what goes wrong with it:

    "cut"      the connection ends in the middle of the answer
    "flip"     one byte differs
    "missing"  404
    "error"    500
    "slow"     stops in the middle until stop_being_slow() is called
    `seen` lists the requests, as "GET /v2/..." strings. With `tls` (an SSLContext) it speaks TLS.
    """

    def __init__(self, sandbox, port=5001, tls=None):
        super().__init__(sandbox, port)
        self.blobs, self.manifests, self.faults, self.seen = {}, {}, {}, []
        self._go_on = threading.Event()
        registry = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                registry.seen.append(f"{self.command} {self.path}")
                registry.answer(self)
            do_HEAD = do_GET

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer(("", 0), Handler, bind_and_activate=False)
        self._server.socket.close()
        self._server.socket = sandbox.socket()
        self._server.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._server.server_address = ("127.0.0.1", port)
        self._server.socket.bind(("127.0.0.1", port))
        self._server.server_activate()
        if tls:         # each connection's own thread shakes hands
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True,
                                                  do_handshake_on_connect=False)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def put_blob(self, name, data):
        self.blobs[digest(data)] = data

    def put_manifest(self, name, tag, kind, data):
        self.manifests[name, tag] = self.manifests[name, digest(data)] = kind, data

    def stop_being_slow(self):
        self._go_on.set()

    def answer(self, handler):
        parts = handler.path.strip("/").split("/")
        if parts == ["v2"]:
            return self._send(handler, 200, b"{}", "application/json")
        name, kind, reference = "/".join(parts[1:-2]), parts[-2], parts[-1].split("?")[0]
        media, data = "application/octet-stream", self.blobs.get(reference)
        if kind == "manifests":
            media, data = self.manifests.get((name, reference), (None, None))
        fault = self.faults.get(reference)
        if data is None or fault == "missing":
            return self._send(handler, 404, b'{"errors":[{"code":"NOT_FOUND","message":"gone"}]}',
                              "application/json")
        if fault == "error":
            return self._send(handler, 500, b'{"errors":[{"code":"UNKNOWN","message":"ouch"}]}',
                              "application/json")
        if fault == "flip":
            middle = len(data) // 2
            data = data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1:]
        self._send(handler, 200, data, media, fault)

    def _send(self, handler, status, data, media, fault=None):
        handler.send_response(status)
        handler.send_header("Content-Type", media)
        handler.send_header("Content-Length", str(len(data)))
        handler.send_header("Docker-Distribution-Api-Version", "registry/2.0")
        if status == 200 and data != b"{}":
            handler.send_header("Docker-Content-Digest", digest(data))
        handler.end_headers()
        if handler.command == "HEAD":
            return
        try:
            if fault in ("cut", "slow"):
                handler.wfile.write(data[:len(data) // 2])
                handler.wfile.flush()
                if fault == "cut":
                    handler.close_connection = True
                    return
                self._go_on.wait(60)
                data = data[len(data) // 2:]
            handler.wfile.write(data)
        except OSError:
            pass                    # the client went away, as some tests want it to

    def close(self):
        self._go_on.set()
        self._server.shutdown()
        self._server.server_close()
