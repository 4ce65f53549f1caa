"""What our docker reads besides its command line: configuration, contexts, credentials, plugins.

Where the official program is there, both must do the same with the same files.
"""

import base64
import hashlib
import json
import os
import socketserver
import threading
from http.server import BaseHTTPRequestHandler

import pytest
from stack import PROGRAMS, Stack, official_cli

from conftest import busybox_archives, require

pytestmark = pytest.mark.ours
CLIS = ("official", "ours") if official_cli() else ("ours",)


@pytest.fixture(scope="module")
def engine_stack():
    require("docker")
    with Stack({name: "debian" for name in PROGRAMS if name != "docker"}, tmpfs=True,
               preload=busybox_archives(), cli="ours",
               dockerd_args=["--host", "tcp://127.0.0.1:2375"]) as made:
        yield made


@pytest.fixture
def config(tmp_path):
    """A folder for --config with config.json of these keys."""
    def make(**keys):
        (tmp_path / "config.json").write_text(json.dumps(keys))
        return tmp_path
    return make


@pytest.fixture
def both(engine_stack):
    """Runs with each program; the results must be the same; returns ours."""
    def call(*args, **options):
        done = [engine_stack.docker(*args, cli=cli, **options) for cli in CLIS]
        told = [(one.returncode, one.stdout, one.stderr) for one in done]
        assert told[0] == told[-1]
        return done[-1]
    return call


def add_context(folder, name, host):
    place = folder / "contexts" / "meta" / hashlib.sha256(name.encode()).hexdigest()
    place.mkdir(parents=True)
    (place / "meta.json").write_text(json.dumps(
        {"Name": name, "Metadata": {}, "Endpoints": {"docker": {"Host": host}}}))


def test_formats_of_lists(both, config):
    folder = config(psFormat="{{.Names}}|{{.Image}}", imagesFormat=r"table {{.ID}}\t{{.Tag}}")
    both("--config", folder, "ps", "-a")
    assert both("--config", folder, "images").stdout.startswith("IMAGE ID")
    both("--config", folder, "images", "-q")
    both("--config", folder, "ps", "--format", "table")


def test_a_broken_file_is_a_warning(engine_stack, tmp_path):
    (tmp_path / "config.json").write_text("{")
    for cli in CLIS:
        done = engine_stack.docker("--config", tmp_path, "ps", "-q", cli=cli)
        assert done.returncode == 0
        assert done.stderr.startswith(f"WARNING: Error parsing config file ({tmp_path}/config.json): ")


def test_which_daemon(engine_stack, config):
    """-H, then --context, DOCKER_HOST, DOCKER_CONTEXT, currentContext, the default socket."""
    folder = config(currentContext="current")
    for name in ("current", "flag", "env"):
        add_context(folder, name, f"unix:///{name}.sock")
    unset = {"DOCKER_HOST": None, "DOCKER_CONTEXT": None}
    for cli in CLIS:
        def where(*args, **env):
            done = engine_stack.docker("--config", folder, *args, "ps", cli=cli,
                                       env={**unset, **env})
            assert done.returncode == 1, done
            return done.stderr.split("daemon at ")[1].split(". Is")[0]
        assert where() == "unix:///current.sock"
        assert where(DOCKER_CONTEXT="env") == "unix:///env.sock"
        assert where(DOCKER_CONTEXT="env", DOCKER_HOST="unix:///x") == "unix:///x"
        assert where("--context", "flag", DOCKER_HOST="unix:///x") == "unix:///flag.sock"
        assert where("-H", "unix:///y", DOCKER_CONTEXT="env") == "unix:///y"


def test_a_daemon_on_tcp(engine_stack):
    for host in ("tcp://127.0.0.1:2375", "127.0.0.1:2375", "tcp://localhost:2375"):
        done = engine_stack.docker("-H", host, "run", "--rm", "--network=none", "-i", "busybox",
                                   "cat", cli="ours", input="over tcp")
        assert (done.stdout, done.returncode) == ("over tcp", 0), done


def test_a_daemon_behind_ssh(engine_stack):
    """A program called ssh stands for the other machine: it runs what it is told to."""
    engine_stack.exec(["sh", "-c", "mkdir -p /run/ssh; cat >/run/ssh/ssh; chmod +x /run/ssh/ssh"], check=True,
                      input='#!/bin/sh\necho "$*" >>/run/ssh/log\nwhile [ "$1" != -- ]; do shift; done\n'
                            'shift 2; unset DOCKER_HOST; exec "$@"\n')
    path = engine_stack.exec(["sh", "-c", "echo $PATH"]).stdout.strip()

    def docker(host, *args, **options):
        return engine_stack.docker("-H", host, *args, cli="ours", env={"PATH": f"/run/ssh:{path}"}, **options)
    done = docker("ssh://me@far:2222/run/docker.sock", "run", "--rm", "--network=none", "-i", "busybox",
                  "cat", input="over ssh")
    assert (done.stdout, done.returncode) == ("over ssh", 0), done
    assert docker("ssh://far", "version", "-f", "{{.Server.Os}}").stdout == "linux\n"
    log = engine_stack.exec(["cat", "/run/ssh/log"]).stdout.splitlines()
    assert log[0] == ("-l me -p 2222 -o ConnectTimeout=30 -T -- far docker --host unix:///run/docker.sock "
                      "system dial-stdio")
    assert log[-1] == "-o ConnectTimeout=30 -T -- far docker system dial-stdio"
    for host in ("ssh://-oProxyCommand=x", "ssh://-l@host", "ssh://"):
        done = docker(host, "ps")
        assert done.returncode == 1 and "invalid SSH URL" in done.stderr


def test_what_is_not_there_yet(engine_stack):
    for args, word in ((["swarm", "init"], "docker swarm init"), (["stack", "ls"], "docker stack ls"),
                       (["trust", "inspect", "x"], "docker trust inspect"), (["service"], "service"),
                       (["manifest", "inspect", "x"], "docker manifest inspect"),
                       (["volume", "update", "x"], "docker volume update"),
                       (["build", "."], "build"), (["images", "--tree"], "--tree")):
        done = engine_stack.docker(*args, cli="ours")
        assert done.returncode == 1 and "not there yet" in done.stderr and word in done.stderr


def test_proxies_reach_the_container(both, config):
    folder = config(proxies={"default": {"httpProxy": "http://p:1", "noProxy": "local"}})
    for args in ((), ("-e", "HTTP_PROXY=mine"), ("-e", "no_proxy")):
        both("--config", folder, "run", "--rm", "--network=none", *args, "busybox", "sh", "-c",
             "env | grep -i proxy | sort")


PLUGIN = """#!/bin/sh
if [ "$1" = docker-cli-plugin-metadata ]; then
    echo '{"SchemaVersion":"0.1.0","Vendor":"test","Version":"1","ShortDescription":"Says its words"}'
    exit
fi
echo "$# $*"
exit 7
"""


def test_plugins(both, config):
    folder = config()
    (folder / "cli-plugins").mkdir()
    for name in ("docker-words", "docker-buildx"):
        (folder / "cli-plugins" / name).write_text(PLUGIN)
        (folder / "cli-plugins" / name).chmod(0o755)
    for args in (["words"], ["words", "-f", "a b", "--", "--help"]):
        done = both("--config", folder, *args)
        assert done.returncode == 7
    assert both("--config", folder, "-D", "words", "x").stdout.endswith(" -D words x\n")
    done = both("--config", folder, "build", "-t", "x", ".")
    assert done.stdout.endswith(" buildx build -t x .\n")


class Recorder(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    """A daemon that only writes down what it is asked."""
    daemon_threads = True

    def __init__(self, path):
        self.requests = []
        super().__init__(path, Answer)

    def get_request(self):
        connection, _ = super().get_request()
        return connection, ("client", 0)


class Answer(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self):
        self.server.requests.append((self.command, self.path, dict(self.headers)))
        body = b"" if self.path.endswith("_ping") else b'{"message":"no"}'
        self.send_response(200 if self.path.endswith("_ping") else 403)
        self.send_header("Api-Version", "1.41")
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_GET = do_HEAD = do_POST = answer

    def log_message(self, *args):
        pass


@pytest.fixture
def recorder(tmp_path):
    server = Recorder(str(tmp_path / "recorder.sock"))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


HELPER = """#!/bin/sh
read registry
case $registry in
helped.test) echo '{"ServerURL":"x","Username":"u","Secret":"s"}' ;;
token.test) echo '{"ServerURL":"x","Username":"<token>","Secret":"t"}' ;;
*) echo 'credentials not found in native keychain'; exit 1 ;;
esac
"""


@pytest.mark.parametrize("image", ["plain.test/x", "other.test/x", "busybox", "helped.test/x",
                                   "token.test/x", "unknown.test/x", "127.0.0.1:5000/x"])
def test_credentials(engine_stack, config, recorder, tmp_path, image):
    """X-Registry-Auth, from the file and from helpers."""
    def auth(text):
        return {"auth": base64.b64encode(text.encode()).decode()}
    folder = config(auths={"plain.test": auth("me:pa:ss"), "https://other.test": auth("o:p"),
                           "https://index.docker.io/v1/": auth("hub:pw"),
                           "127.0.0.1:5000": auth("l:o")},
                    credHelpers={"helped.test": "test", "token.test": "test",
                                 "unknown.test": "test"},
                    HttpHeaders={"X-Meta": "from the file"})
    helper = tmp_path / "docker-credential-test"
    helper.write_text(HELPER)
    helper.chmod(0o755)
    seen = []
    for cli in CLIS:
        recorder.requests.clear()
        done = engine_stack.docker(
            "--config", folder, "-H", "unix://" + recorder.server_address, "pull", image, cli=cli,
            env={"PATH": f"{tmp_path}:{os.environ['PATH']}"})
        assert done.returncode == 1
        command, path, headers = recorder.requests[-1]
        given = json.loads(base64.urlsafe_b64decode(headers["X-Registry-Auth"]))
        seen.append((command, sorted(path.split("?")[1].split("&")), given, headers["X-Meta"]))
    assert seen[0] == seen[-1]


REQUESTS = ["ps -a --filter label=a --filter name=x -n 3 -s", "images -a --filter dangling=true x",
            "stop -t 3 a/b", "kill -s HUP x", "rm -fv x", "restart -t 0 x", "rename x y", "tag a b:c",
            "rmi -f --no-prune a/b:c", "top x aux", "inspect --type container -s x", "info",
            "events --since 5 --until 6 --filter type=container", "start x", "wait x", "pause x",
            "pull -a a/b", "pull a/b@sha256:" + "a" * 64, "port x", "logs -ft --since 5 x"]


@pytest.mark.skipif(len(CLIS) == 1, reason="needs the official docker 28")
@pytest.mark.parametrize("line", REQUESTS)
def test_requests(engine_stack, recorder, line):
    """The same question to the daemon; HEAD /_ping comes before it, once. (`exec` is left out: ours
    does not ask for the container first, which saves a call.)"""
    told = []
    for cli in CLIS:
        recorder.requests.clear()
        engine_stack.docker("-H", "unix://" + recorder.server_address, *line.split(), cli=cli)
        asked = [(method, path.split("?")[0], sorted(path.partition("?")[2].split("&")))
                 for method, path, _ in recorder.requests]
        assert asked[0][:2] == ("HEAD", "/_ping")
        told.append(asked[1:2])
    assert told[0] == told[1]


COMPLETIONS = {
    "ps --fo": ["--format"], "container r": ["rename", "restart", "rm", "run"],
    "ps -": ["--all", "-a", "--format"], "rm ": ["named-one"], "stop ": ["named-one"],
    "run bus": ["busybox:latest"], "run --name ": [], "exec named-one ": [], "imag": ["image", "images"],
}


@pytest.mark.parametrize("line", COMPLETIONS)
def test_completion(engine_stack, line):
    engine_stack.docker("run", "-d", "--name", "named-one", "--network=none", "busybox", "sleep",
                        "1000")
    words = line.split(" ")
    done = engine_stack.docker("__completeNoDesc", *words, cli="ours")
    offered = done.stdout.splitlines()
    assert done.returncode == 0 and set(COMPLETIONS[line]) <= set(offered)
    assert offered[-1] == (":0" if not COMPLETIONS[line] else ":4")
    if words[0] in ("container", "imag") and official_cli():
        theirs = engine_stack.docker("__completeNoDesc", *words, cli="official").stdout.splitlines()
        assert set(offered) <= set(theirs)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts(engine_stack, shell):
    script = engine_stack.docker("completion", shell, cli="ours", check=True).stdout
    assert "__complete" in script
    if shell == "bash":
        done = engine_stack.exec(
            ["bash", "-c", script + "\nCOMP_WORDS=(docker container re) COMP_CWORD=2; _docker; "
             "echo ${COMPREPLY[@]}"])
        assert done.stdout.split() == ["rename", "restart"]
