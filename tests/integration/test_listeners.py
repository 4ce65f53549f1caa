"""How clients reach dockerd: unix sockets, TCP, TLS, sockets handed over by systemd."""

import json
import os
import signal
import socket
import subprocess
import threading
import time

import pytest
from stack import official_cli
from stack.stack import build_dir

PORT = 2376


# ---- certificates

def openssl(folder, *argv):
    subprocess.run(["openssl", *argv], cwd=folder, check=True, capture_output=True)


def make_ca(folder, name):
    openssl(folder, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
            "-keyout", f"{name}.key", "-out", f"{name}.pem", "-subj", f"/CN={name}", "-days", "2")


def make_cert(folder, ca, name, usage, names=""):
    openssl(folder, "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
            "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", f"/CN={name}")
    (folder / "ext").write_text(f"extendedKeyUsage={usage}\n" +
                                (f"subjectAltName={names}\n" if names else ""))
    openssl(folder, "x509", "-req", "-in", f"{name}.csr", "-CA", f"{ca}.pem", "-CAkey", f"{ca}.key",
            "-CAcreateserial", "-out", f"{name}.pem", "-days", "2", "-extfile", "ext")


@pytest.fixture(scope="module")
def certs(tmp_path_factory):
    """ca.pem, server.{pem,key}, client.{pem,key}; stranger.* is signed by another CA."""
    folder = tmp_path_factory.mktemp("certs")
    make_ca(folder, "ca")
    make_ca(folder, "otherca")
    make_cert(folder, "ca", "server", "serverAuth", "DNS:localhost,IP:127.0.0.1")
    make_cert(folder, "ca", "client", "clientAuth")
    make_cert(folder, "otherca", "stranger", "clientAuth")
    return folder


def server_flags(certs, *more):
    return ["--tlscacert", certs / "ca.pem", "--tlscert", certs / "server.pem", "--tlskey",
            certs / "server.key", "--host", f"tcp://127.0.0.1:{PORT}", *more]


def client_flags(certs, name="client", host=f"tcp://127.0.0.1:{PORT}"):
    return ["-H", host, "--tlsverify", "--tlscacert", str(certs / "ca.pem"), "--tlscert",
            str(certs / f"{name}.pem"), "--tlskey", str(certs / f"{name}.key")]


@pytest.fixture
def tls_stack(make, certs):
    return make(dockerd_args=server_flags(certs, "--tlsverify"))


def clients():
    return ["ours", "debian"] + (["official"] if official_cli() else [])


# ---- TLS

def test_clients_speak_tls(tls_stack, certs):
    """The day's work through TLS: streams in both directions, half-closed stdin, exit codes."""
    for cli in clients():
        def docker(*args, **options):
            return tls_stack.docker(*client_flags(certs), *args, cli=cli, **options)
        assert docker("version", "--format", "{{.Server.Os}}", check=True).stdout == "linux\n"
        done = docker("run", "--rm", "-i", "busybox", "sh", "-c", "cat; exit 7", input="a\nb\n")
        assert (done.returncode, done.stdout) == (7, "a\nb\n"), (cli, done)
        big = docker("run", "--rm", "busybox", "sh", "-c", "yes 0123456789 | head -c 3000000")
        assert len(big.stdout) == 3000000
        docker("run", "-d", "--name", "later", "busybox", "sh", "-c", "sleep 0.2; echo end", check=True)
        assert docker("logs", "-f", "later").stdout == "end\n"
        docker("rm", "-f", "later", check=True)


def test_a_large_upload_through_tls(tls_stack, certs):
    done = tls_stack.docker(*client_flags(certs), "run", "--rm", "-i", "busybox", "wc", "-c",
                            input="x" * 3000000)
    assert done.stdout == "3000000\n"


def test_environment_of_the_client(tls_stack, certs):
    folder = tls_stack.scratch / "certs"
    folder.mkdir()
    for source, name in (("ca.pem", "ca.pem"), ("client.pem", "cert.pem"), ("client.key", "key.pem")):
        (folder / name).write_bytes((certs / source).read_bytes())
    env = {"DOCKER_HOST": f"tcp://localhost:{PORT}", "DOCKER_TLS_VERIFY": "1",
           "DOCKER_CERT_PATH": str(folder)}
    for cli in clients():
        done = tls_stack.docker("ps", "-q", cli=cli, env=env)
        assert done.returncode == 0, (cli, done.stderr)


def test_tls_alone_verifies_too(make, certs):
    stack = make(dockerd_args=server_flags(certs, "--tls"))
    assert stack.docker(*client_flags(certs), "ps", "-q").returncode == 0
    assert stack.docker(*client_flags(certs, "stranger"), "ps", "-q").returncode == 1


def test_a_context_with_certificates(tls_stack, certs):
    """What `docker context create` of the original stores, every client uses."""
    folder = tls_stack.scratch / "contexts"
    env = {"DOCKER_CONFIG": str(folder), "DOCKER_HOST": None}
    folder.mkdir()
    made = tls_stack.docker("context", "create", "far", "--docker",
                            f"host=tcp://127.0.0.1:{PORT},ca={certs}/ca.pem,cert={certs}/client.pem,"
                            f"key={certs}/client.key", cli="debian", env=env)
    assert made.returncode == 0, made.stderr
    for cli in clients():
        done = tls_stack.docker("--context", "far", "ps", "-q", cli=cli, env=env)
        assert done.returncode == 0, (cli, done.stderr)


def test_who_is_not_let_in(tls_stack, certs):
    """No certificate, a stranger's, plain HTTP: none reaches the engine."""
    for cli in clients():
        for flags in (["-H", f"tcp://127.0.0.1:{PORT}", "--tls"], client_flags(certs, "stranger")):
            done = tls_stack.docker(*flags, "ps", cli=cli)
            assert done.returncode == 1 and done.stderr and not done.stdout, (cli, done)
    with tls_stack.sandbox.connect("127.0.0.1", PORT) as s:
        s.sendall(b"GET /_ping HTTP/1.1\r\nHost: d\r\n\r\n")
        try:
            data = s.recv(4096)
        except ConnectionResetError:
            data = b""
        assert b"OK" not in data.split(b"\r\n\r\n")[-1]
    assert tls_stack.answers()


def test_a_client_checks_the_daemon(make, certs):
    """A server whose certificate another CA has signed, or that bears another name."""
    make_cert(certs, "otherca", "false", "serverAuth", "IP:127.0.0.1")
    make_cert(certs, "ca", "misnamed", "serverAuth", "DNS:example.test")
    for name in ("false", "misnamed"):
        flags = [f if f != certs / "server.pem" else certs / f"{name}.pem"
                 for f in server_flags(certs, "--tlsverify=false")]
        flags = [f if f != certs / "server.key" else certs / f"{name}.key" for f in flags]
        stack = make(dockerd_args=flags)
        for cli in clients():
            done = stack.docker(*client_flags(certs), "ps", cli=cli)
            assert done.returncode == 1 and "certificate" in done.stderr, (cli, name, done.stderr)
            done = stack.docker("-H", f"tcp://127.0.0.1:{PORT}", "--tls", "--tlscacert",
                                str(certs / "ca.pem"), "ps", "-q", cli=cli)
            assert done.returncode == 0, (cli, done.stderr)
        stack.close()


@pytest.mark.ours
def test_bad_certificates_stop_the_start(make, certs):
    for change, words in (({"--tlscert": certs / "nowhere.pem"}, "could not load X509 certificate"),
                          ({"--tlskey": certs / "client.key"}, "X509 key"),
                          ({"--tlscacert": certs / "ext"}, "could not load CA certificate")):
        flags = server_flags(certs, "--tlsverify")
        for name, path in change.items():
            flags[flags.index(name) + 1] = path
        stack = make(start=False)
        process = stack.start_dockerd(flags, wait=False)
        assert process.wait(20) == 1
        assert words in stack.logs("dockerd"), stack.logs("dockerd")
        stack.daemons.clear()


@pytest.mark.ours
def test_the_tls_helper_may_die(tls_stack, certs):
    """Its connections end; it comes back on the same socket; the engine never noticed."""
    (helper,) = tls_stack.pids("tls")
    tls_stack.exec(["kill", "-9", str(helper)], check=True)
    assert tls_stack.answers()

    def again():
        return tls_stack.docker(*client_flags(certs), "ps", "-q").returncode == 0
    tls_stack.wait_for(again)
    assert tls_stack.pids("tls") != [helper]


@pytest.mark.ours
def test_silent_clients_of_tls(tls_stack, certs):
    """300 that say nothing, and some that stop in the middle of the handshake."""
    before = tls_stack.snapshot()
    silent = [tls_stack.sandbox.connect("127.0.0.1", PORT) for _ in range(300)]
    for s in silent[:50]:
        s.sendall(b"\x16\x03\x01\x02\x00\x01")
    done = tls_stack.docker(*client_flags(certs), "ps", "-q")
    assert done.returncode == 0, done.stderr
    for s in silent:
        s.close()
    assert len(tls_stack.pids("tls")) == 1
    tls_stack.expect_clean(before)


@pytest.mark.ours
def test_the_key_is_in_no_memory_of_the_engine(tls_stack):
    """dockerd does not even load OpenSSL; the helper that does has no capabilities left."""
    (pid,) = tls_stack.pids("dockerd")
    assert "libssl" not in tls_stack.exec(["cat", f"/proc/{pid}/maps"]).stdout
    (helper,) = tls_stack.pids("tls")
    status = tls_stack.exec(["cat", f"/proc/{helper}/status"]).stdout
    assert "CapEff:\t0000000000000000" in status and "Seccomp:\t2" in status


# ---- systemd

class Manager:
    """Plays systemd: makes sockets, starts dockerd with them, hears what it notifies."""

    def __init__(self, stack):
        self.stack, self.heard = stack, []
        self.path = stack.scratch / "notify"
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(self.path))
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self):
        while True:
            try:
                self.heard.append(self.socket.recv(4096).decode())
            except OSError:
                return

    def start(self, sockets, argv, names=None, watchdog=None):
        """dockerd with these listening descriptors as 3, 4, ... and LISTEN_PID of its own."""
        script = ("import os, sys, json\n"
                  "env, argv = json.loads(sys.argv[1])\n"
                  "env['LISTEN_PID'] = env['WATCHDOG_PID'] = str(os.getpid())\n"
                  "os.execvpe('dockerd', ['dockerd', *argv], {**os.environ, **env})\n")
        env = {"LISTEN_FDS": str(len(sockets)), "NOTIFY_SOCKET": str(self.path)}
        if names:
            env["LISTEN_FDNAMES"] = ":".join(names)
        if watchdog:
            env["WATCHDOG_USEC"] = str(watchdog)
        fds = [s.fileno() for s in sockets]

        def arrange():
            for i, fd in enumerate(fds):
                os.dup2(fd, 100 + i)
            for i in range(len(fds)):
                os.dup2(100 + i, 3 + i)
        log = open(self.stack.logdir / "dockerd.log", "ab")
        self.stack.daemons["dockerd"] = self.stack.sandbox.popen(
            ["/usr/bin/python3", "-I", "-S", "-c", script, json.dumps([env, list(map(str, argv))])],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            pass_fds=tuple(range(3, 3 + len(fds))), preexec_fn=arrange, cwd="/")
        return self.stack.daemons["dockerd"]

    def wait(self, word):
        self.stack.wait_for(lambda: any(word in text.split("\n") for text in self.heard), 30)


def unix_listener(stack, inside):
    s = socket.socket(socket.AF_UNIX)
    s.bind(stack.sandbox.path(inside))
    s.listen(10)
    return s


@pytest.fixture
def manager(make):
    stack = make(start=False)
    if stack.alone:
        stack.start_containerd()
    made = Manager(stack)
    yield made
    made.socket.close()


def argv_of(stack, *hosts):
    argv = stack.dockerd_argv()[2:]
    for host in hosts:
        argv += ["--host", host]
    return argv


def test_socket_activation(manager, engine):
    """A client that came before the engine is answered by it; READY, RELOADING, STOPPING are told."""
    stack = manager.stack
    early, tcp = unix_listener(stack, "/run/docker.sock"), stack.sandbox.socket()
    tcp.bind(("127.0.0.1", 2375))
    tcp.listen(10)
    with socket.socket(socket.AF_UNIX) as first:
        first.connect(stack.sandbox.path("/run/docker.sock"))
        first.sendall(b"GET /_ping HTTP/1.1\r\nHost: d\r\n\r\n")
        manager.start([early, tcp], argv_of(stack, "fd://"))
        first.settimeout(30)
        assert first.recv(100).startswith(b"HTTP/1.1 200 OK")
    manager.wait("READY=1")
    assert stack.docker("-H", "tcp://127.0.0.1:2375", "ps", "-q", cli="debian").returncode == 0
    if engine == "ours":
        manager.heard.clear()
        stack.kill("dockerd", signal.SIGHUP)
        manager.wait("RELOADING=1")
        manager.wait("READY=1")
        assert any("MONOTONIC_USEC=" in text for text in manager.heard)
    assert stack.stop("dockerd") == 0
    manager.wait("STOPPING=1")
    assert stack.exec(["test", "-S", "/run/docker.sock"]).returncode == 0   # systemd's, not ours
    # The socket outlives the engine: the next one takes it again.
    manager.heard.clear()
    manager.start([early, tcp], argv_of(stack, "fd://"))
    manager.wait("READY=1")
    assert stack.answers()


@pytest.mark.ours
def test_activation_with_tls(manager, certs):
    """Of what systemd hands over, TCP sockets speak TLS, unix sockets do not."""
    stack = manager.stack
    tcp = stack.sandbox.socket()
    tcp.bind(("127.0.0.1", PORT))
    tcp.listen(10)
    manager.start([unix_listener(stack, "/run/docker.sock"), tcp],
                  argv_of(stack, "fd://") + [*server_flags(certs)[:6], "--tlsverify"])
    manager.wait("READY=1")
    assert stack.answers()
    assert stack.docker(*client_flags(certs), "ps", "-q").returncode == 0
    assert stack.docker("-H", f"tcp://127.0.0.1:{PORT}", "ps", "-q").returncode == 1


@pytest.mark.ours
def test_activation_by_number_and_name(manager):
    stack = manager.stack
    one, two = unix_listener(stack, "/run/docker.sock"), unix_listener(stack, "/run/two.sock")
    manager.start([one, two], argv_of(stack, "fd://two"), names=["docker.socket", "two"])
    manager.wait("READY=1")
    assert stack.docker("-H", "unix:///run/two.sock", "ps", "-q", cli="debian").returncode == 0
    stack.stop("dockerd")
    manager.start([one, two], argv_of(stack, "fd://3"))
    stack.wait_for(stack.answers, 30)


@pytest.mark.ours
def test_activation_that_fails(manager):
    stack = manager.stack
    for sockets, host, words in (
            ([], "fd://", "no sockets found via socket activation"),
            ([unix_listener(stack, "/run/a.sock")], "fd://9", "none of that number or name"),
            ([socket.socket(socket.AF_UNIX)], "fd://", "is no listening socket")):
        process = manager.start(sockets, argv_of(stack, host))
        assert process.wait(20) == 1
        assert words in stack.logs("dockerd")
        stack.daemons.clear()


@pytest.mark.ours
def test_the_watchdog_is_fed(manager):
    stack = manager.stack
    manager.start([unix_listener(stack, "/run/docker.sock")], argv_of(stack, "fd://"),
                  watchdog=400000)
    manager.wait("READY=1")
    time.sleep(1.2)
    fed = sum(text == "WATCHDOG=1" for text in manager.heard)
    assert 4 <= fed <= 12


@pytest.mark.ours
def test_children_do_not_speak_for_us(manager):
    stack = manager.stack
    manager.start([unix_listener(stack, "/run/docker.sock")], argv_of(stack, "fd://"))
    manager.wait("READY=1")
    (child,) = stack.pids("containerd")
    env = stack.exec(["cat", f"/proc/{child}/environ"]).stdout
    assert "NOTIFY_SOCKET" not in env and "LISTEN_" not in env
    assert manager.heard.count("READY=1") == 1


def unit(name):
    """A unit file that the build made: {key: [values]}."""
    found = {}
    for line in (build_dir() / "packaging" / "systemd" / name).read_text().splitlines():
        key, eq, value = line.partition("=")
        if eq and not line.startswith("#"):
            found.setdefault(key, []).append(value)
    return found


@pytest.mark.ours
def test_unit_files(stack):
    """The originals' names and promises; the command line that the unit has is one we take."""
    service, listener, store = map(unit, ("docker.service", "docker.socket", "containerd.service"))
    for it in (service, store):
        assert it["Type"] == ["notify"] and it["KillMode"] == ["process"] and it["Delegate"] == ["yes"]
        assert it["TasksMax"] == ["infinity"]
    assert "HUP" in service["ExecReload"][0] and "containerd.service" in service["After"][0]
    assert listener["ListenStream"] == ["/run/docker.sock"] and listener["SocketMode"] == ["0660"]
    assert listener["SocketGroup"] == ["docker"] and store["OOMScoreAdjust"] == ["-999"]
    program, *flags = service["ExecStart"][0].split()
    assert program.endswith("/bin/dockerd")
    done = stack.exec(["dockerd", "--validate", "--config-file", "/dev/null", *flags])
    assert done.returncode == 0, done.stderr


# ---- plain sockets

def test_a_socket_that_was_left_is_replaced(fresh_stack):
    fresh_stack.kill("dockerd", signal.SIGKILL)
    assert fresh_stack.exec(["test", "-S", "/run/docker.sock"]).returncode == 0
    fresh_stack.exec(["rm", "-f", "/run/docker.pid"])
    fresh_stack.start_dockerd()


@pytest.mark.ours
@pytest.mark.parametrize("flags, words", [
    (["-H", "unix://relative"], "must be absolute"), (["-H", "http://x"], "Invalid bind address"),
    (["-H", "tcp://no.such.host.test:1"], "tcp://no.such.host.test:1"),
    (["-H", "tcp://127.0.0.1:99999"], "tcp://127.0.0.1:99999"), (["-H", "fd://"], "socket activation"),
    (["-H", "tcp://192.0.2.77:2375"], "cannot assign requested address"),
    (["-G", "nosuchgroup"], "group nosuchgroup not found")])
def test_sockets_that_cannot_be(make, flags, words):
    stack = make(start=False)
    process = stack.start_dockerd(flags, wait=False)
    assert process.wait(20) == 1
    assert words in stack.logs("dockerd"), stack.logs("dockerd")
    stack.daemons.clear()
    assert not stack.pids("containerd")     # found out before anything was started


@pytest.mark.ours
def test_two_engines_do_not_share_a_folder(stack):
    second = stack.exec(["timeout", "10", "dockerd", *stack.dockerd_argv()[2:], "--host",
                         "unix:///run/other.sock"])
    assert second.returncode == 1 and "is still running" in second.stderr
    assert stack.answers()
