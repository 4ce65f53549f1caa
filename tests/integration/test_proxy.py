"""docker-proxy as dockerd starts it: one process a port, a status pipe on descriptor 3."""
import os
import pathlib
import signal
import socket
import subprocess
import threading
import time

import pytest

BUILD = pathlib.Path(__file__).resolve().parents[2] / os.environ.get("LIGHTER_BUILD", "build")
PROXY = BUILD / "bin" / "docker-proxy"


def start(*args, listen_fd=None):
    """Starts docker-proxy; returns (process, what it said on descriptor 3)."""
    said, status = os.pipe()

    def descriptors():
        moved = os.dup(listen_fd) if listen_fd is not None else None
        os.dup2(status, 3)
        if moved is not None:
            os.dup2(moved, 4)

    process = subprocess.Popen([PROXY, *args], preexec_fn=descriptors, close_fds=False,
                               stderr=subprocess.PIPE)
    os.close(status)
    with os.fdopen(said, "rb") as pipe:
        text = pipe.read()
    return process, text


@pytest.fixture
def tcp_backend():
    server = socket.create_server(("127.0.0.1", 0))

    def serve():
        while True:
            try:
                peer, _ = server.accept()
            except OSError:
                return
            with peer:
                data = b""
                while block := peer.recv(65536):
                    data += block
                peer.sendall(data[::-1])

    threading.Thread(target=serve, daemon=True).start()
    yield server.getsockname()[1]
    server.close()


def free_port(kind):
    with socket.socket(socket.AF_INET, kind) as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def stop(process):
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=10) == 0


@pytest.mark.parametrize("size", [0, 5, 3_000_000])
def test_tcp_half_close_and_order(tcp_backend, size):
    port = free_port(socket.SOCK_STREAM)
    process, said = start("-proto", "tcp", "-host-ip", "127.0.0.1", "-host-port", str(port),
                          "-container-ip", "127.0.0.1", "-container-port", str(tcp_backend))
    assert said == b"0\n"
    data = os.urandom(size)
    with socket.create_connection(("127.0.0.1", port), timeout=20) as s:
        sender = threading.Thread(target=lambda: (s.sendall(data), s.shutdown(socket.SHUT_WR)))
        sender.start()
        answer = b""
        while block := s.recv(65536):
            answer += block
        sender.join()
    assert answer == data[::-1]
    stop(process)


def test_listening_socket_is_inherited(tcp_backend):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        process, said = start("-proto=tcp", "-host-ip=127.0.0.1", f"-host-port={port}",
                              "-container-ip=127.0.0.1", f"-container-port={tcp_backend}",
                              "-use-listen-fd", listen_fd=listener.fileno())
    assert said == b"0\n"
    with socket.create_connection(("127.0.0.1", port), timeout=20) as s:
        s.sendall(b"abc")
        s.shutdown(socket.SHUT_WR)
        assert s.recv(10) == b"cba"
    stop(process)


def test_udp_sessions_do_not_mix():
    backend = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    backend.bind(("127.0.0.1", 0))

    def serve():
        while True:
            try:
                data, peer = backend.recvfrom(65536)
            except OSError:
                return
            backend.sendto(data.upper(), peer)

    threading.Thread(target=serve, daemon=True).start()
    port = free_port(socket.SOCK_DGRAM)
    process, said = start("-proto", "udp", "-host-ip", "0.0.0.0", "-host-port", str(port),
                          "-container-ip", "127.0.0.1",
                          "-container-port", str(backend.getsockname()[1]))
    assert said == b"0\n"
    clients = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(20)]
    for i, c in enumerate(clients):
        c.settimeout(10)
        c.connect(("127.0.0.2", port))  # connected: only answers from that address are heard
        c.send(b"client %d" % i)
    assert [c.recv(100) for c in clients] == [b"CLIENT %d" % i for i in range(20)]
    for c in clients:
        c.close()
    backend.close()
    stop(process)


def test_port_in_use_is_said_on_the_status_pipe():
    with socket.create_server(("127.0.0.1", 0)) as holder:
        process, said = start("-proto", "tcp", "-host-ip", "127.0.0.1",
                              "-host-port", str(holder.getsockname()[1]),
                              "-container-ip", "127.0.0.1", "-container-port", "80")
        assert said.startswith(b"1\n") and b"address already in use" in said
        assert process.wait(timeout=10) == 1


@pytest.mark.parametrize("args, words", [
    (["-proto", "ipx"], "unsupported protocol ipx"),
    (["-fly"], "unknown argument -fly"),
    (["-proto"], "flag needs an argument: -proto"),
    (["-container-port", "99999", "-container-ip", "::1"], 'invalid port "99999"'),
    (["-container-port", "80", "-container-ip", "1.2.3"], 'invalid IP address "1.2.3"'),
])
def test_bad_arguments_are_named(args, words):
    process = subprocess.run([PROXY, *args], capture_output=True, text=True, timeout=20)
    assert process.returncode == 1
    assert words in process.stderr


def test_a_port_server_that_nobody_comes_to_ends(tmp_path):
    """Its engine was killed when it had just started it."""
    path = tmp_path / "socket"
    process, said = start("--serve", path)
    assert said == b"0\n" and process.wait(5) == 0
    assert path.exists()
    end = time.monotonic() + 10
    while path.exists() and time.monotonic() < end:
        time.sleep(0.05)
    assert not path.exists()
