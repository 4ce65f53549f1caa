"""docs/compatibility.md: what of Docker's API, flags and keys works, made from the tables that the
engine itself reads (routes.def, params.def, flags.def, src/api/*.h) and from the tests.

    compatibility.py            writes the page
    compatibility.py --check    fails when the page is not what would be written, when a handler reads a
                                parameter that params.def lacks, or when a row there is read by nobody

A row that works names a test which shows it: one that makes the request itself, or types the command
that does. Where the tests show nothing, the row says so.
"""

import ast
import re
import sys
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
ENGINE, API = TOP / "src" / "engine", TOP / "src" / "api"
ROUTES, PARAMS = ENGINE / "routes" / "routes.def", ENGINE / "routes" / "params.def"
FLAGS = ENGINE / "daemon" / "flags.def"
TESTS = TOP / "tests" / "integration"
PAGE = TOP / "docs" / "compatibility.md"
# Tests of refusals show nothing of what works.
NOT_SHOWING = ("test_bad_input.py", "test_bad_runtime.py", "test_harness.py")
REFUSAL = re.compile(r"refuse|wrong|_bad|cannot|_help|not_there|validate|missing|unknown|errors?\b")

# What a command of the CLI asks for: the flags that become parameters stand behind the route.
COMMANDS = {
    "version": [("GET", "/version", {})], "info": [("GET", "/info", {})],
    "events": [("GET", "/events", {"--since": "since", "--until": "until", "--filter": "filters"})],
    "ps": [("GET", "/containers/json", {"-a": "all", "-aq": "all", "--all": "all", "-s": "size",
                                        "--size": "size", "-n": "limit", "-l": "limit",
                                        "--last": "limit", "--filter": "filters", "-f": "filters"})],
    "run": [("POST", "/containers/create", {"--name": "name", "--platform": "platform"}),
            ("POST", "/containers/{id}/start", {}), ("POST", "/containers/{id}/wait", {"run": "condition"}),
            ("POST", "/containers/{id}/attach", {"run": "stream stdout stderr", "-i": "stdin", "-it": "stdin",
                                                 "--detach-keys": "detachKeys"})],
    "create": [("POST", "/containers/create", {"--name": "name", "--platform": "platform"})],
    "start": [("POST", "/containers/{id}/start", {})],
    "stop": [("POST", "/containers/{id}/stop", {"-t": "t", "-s": "signal", "--signal": "signal"})],
    "restart": [("POST", "/containers/{id}/restart", {"-t": "t", "-s": "signal"})],
    "kill": [("POST", "/containers/{id}/kill", {"-s": "signal", "--signal": "signal"})],
    "wait": [("POST", "/containers/{id}/wait", {})], "pause": [("POST", "/containers/{id}/pause", {})],
    "unpause": [("POST", "/containers/{id}/unpause", {})],
    "rename": [("POST", "/containers/{id}/rename", {"rename": "name"})],
    "update": [("POST", "/containers/{id}/update", {})],
    "rm": [("DELETE", "/containers/{id}", {"-f": "force", "--force": "force", "-v": "v"})],
    "top": [("GET", "/containers/{id}/top", {"-o": "ps_args"})],
    "logs": [("GET", "/containers/{id}/logs",
              {"logs": "stdout stderr", "-f": "follow", "--follow": "follow", "--since": "since",
               "--until": "until", "-t": "timestamps", "--timestamps": "timestamps", "--tail": "tail",
               "-n": "tail", "--details": "details"})],
    "attach": [("POST", "/containers/{id}/attach", {"attach": "stream stdout stderr",
                                                    "--detach-keys": "detachKeys"})],
    "stats": [("GET", "/containers/{id}/stats", {"stats": "stream", "--no-stream": "one-shot"})],
    "inspect": [("GET", "/containers/{id}/json", {"-s": "size", "--size": "size"})],
    "exec": [("POST", "/containers/{id}/exec", {}), ("POST", "/exec/{id}/start", {}), ("GET", "/exec/{id}/json", {})],
    "cp": [("HEAD", "/containers/{id}/archive", {"cp": "path"}), ("GET", "/containers/{id}/archive", {"cp": "path"}),
           ("PUT", "/containers/{id}/archive", {"cp": "path", "-a": "copyUIDGID"})],
    "diff": [("GET", "/containers/{id}/changes", {})], "export": [("GET", "/containers/{id}/export", {})],
    "commit": [("POST", "/commit", {"commit": "container repo tag", "-m": "comment", "-a": "author",
                                    "-c": "changes", "--pause": "pause"})],
    "images": [("GET", "/images/json", {"--filter": "filters", "-f": "filters"})],
    "pull": [("POST", "/images/create", {"pull": "fromImage tag", "--platform": "platform"})],
    "push": [("POST", "/images/{name...}/push", {"push": "tag"})],
    "tag": [("POST", "/images/{name...}/tag", {"tag": "repo tag"})],
    "rmi": [("DELETE", "/images/{name...}", {"-f": "force"})],
    "history": [("GET", "/images/{name...}/history", {})],
    "save": [("GET", "/images/get", {"save": "names"})], "load": [("POST", "/images/load", {"-q": "quiet"})],
    "login": [("POST", "/auth", {})],
    "network ls": [("GET", "/networks", {"--filter": "filters", "-f": "filters"})],
    "network create": [("POST", "/networks/create", {})], "network inspect": [("GET", "/networks/{id}", {})],
    "network connect": [("POST", "/networks/{id}/connect", {})],
    "network disconnect": [("POST", "/networks/{id}/disconnect", {})],
    "network rm": [("DELETE", "/networks/{id}", {})],
    "network prune": [("POST", "/networks/prune", {"--filter": "filters"})],
    "volume ls": [("GET", "/volumes", {"--filter": "filters", "-f": "filters"})],
    "volume create": [("POST", "/volumes/create", {})], "volume inspect": [("GET", "/volumes/{name}", {})],
    "volume rm": [("DELETE", "/volumes/{name}", {"-f": "force"})],
    "volume prune": [("POST", "/volumes/prune", {"--filter": "filters"})],
    "container prune": [("POST", "/containers/prune", {"--filter": "filters"})],
    "image prune": [("POST", "/images/prune", {"--filter": "filters", "-a": "filters"})],
    "image inspect": [("GET", "/images/{name...}/json", {})],
    "system df": [("GET", "/system/df", {"-v": "verbose"})],
}

# Fields of the create body that the CLI's flags fill.
CREATE_FLAGS = {
    "Hostname": "--hostname -h", "Domainname": "--domainname", "User": "-u --user", "Tty": "-t -it --tty",
    "OpenStdin": "-i -it", "StdinOnce": "-i -it", "AttachStdin": "-i -it", "AttachStdout": "-a --attach",
    "AttachStderr": "-a --attach", "ExposedPorts": "--expose", "Env": "-e --env", "Healthcheck": "--health-cmd",
    "Volumes": "-v", "WorkingDir": "-w --workdir", "Entrypoint": "--entrypoint", "MacAddress": "--mac-address",
    "Labels": "-l --label", "StopSignal": "--stop-signal", "StopTimeout": "--stop-timeout",
    "Binds": "-v --volume", "LogConfig": "--log-driver --log-opt", "NetworkMode": "--network --net --network=none --network=host",
    "PortBindings": "-p --publish", "RestartPolicy": "--restart", "AutoRemove": "--rm", "VolumeDriver": "--volume-driver",
    "VolumesFrom": "--volumes-from", "Annotations": "--annotation", "CapAdd": "--cap-add", "CapDrop": "--cap-drop",
    "CgroupnsMode": "--cgroupns", "Dns": "--dns", "DnsOptions": "--dns-option --dns-opt", "DnsSearch": "--dns-search",
    "ExtraHosts": "--add-host", "GroupAdd": "--group-add", "IpcMode": "--ipc", "Links": "--link", "OomScoreAdj": "--oom-score-adj",
    "PidMode": "--pid", "Privileged": "--privileged", "PublishAllPorts": "-P --publish-all", "ReadonlyRootfs": "--read-only",
    "SecurityOpt": "--security-opt", "StorageOpt": "--storage-opt", "Tmpfs": "--tmpfs", "UTSMode": "--uts", "UsernsMode": "--userns",
    "ShmSize": "--shm-size", "Sysctls": "--sysctl", "Runtime": "--runtime", "CpuShares": "--cpu-shares -c", "Memory": "-m --memory",
    "NanoCpus": "--cpus", "CgroupParent": "--cgroup-parent", "BlkioWeight": "--blkio-weight",
    "BlkioWeightDevice": "--blkio-weight-device", "BlkioDeviceReadBps": "--device-read-bps",
    "BlkioDeviceWriteBps": "--device-write-bps", "BlkioDeviceReadIOps": "--device-read-iops",
    "BlkioDeviceWriteIOps": "--device-write-iops", "CpuPeriod": "--cpu-period", "CpuQuota": "--cpu-quota",
    "CpuRealtimePeriod": "--cpu-rt-period", "CpuRealtimeRuntime": "--cpu-rt-runtime", "CpusetCpus": "--cpuset-cpus",
    "CpusetMems": "--cpuset-mems", "Devices": "--device", "DeviceCgroupRules": "--device-cgroup-rule",
    "MemoryReservation": "--memory-reservation", "MemorySwap": "--memory-swap", "MemorySwappiness": "--memory-swappiness",
    "OomKillDisable": "--oom-kill-disable", "PidsLimit": "--pids-limit", "Ulimits": "--ulimit", "Mounts": "--mount",
    "Init": "--init", "EndpointsConfig": "--ip --network-alias", "DetachKeys": "--detach-keys", "Cmd": "run create", "Image": "run create", "HostConfig": "run", "NetworkingConfig": "--ip --network-alias",
}


# Fields without which there would be no request.
ALWAYS = ("Name", "Container", "EndpointConfig")


# ---- reading the tables

def rows(path, macro):
    """The rows of a .def file: lists of words; strings keep no quotes."""
    for body in re.findall(rf"^{macro}\((.*)\)$", path.read_text(), re.MULTILINE):
        yield [json_word(word) for word in re.findall(r'"(?:[^"\\]|\\.)*"|[^,\s][^,]*', body)]


def json_word(word):
    word = word.strip()
    return word[1:-1].replace('\\"', '"') if word.startswith('"') else word


def groups():
    """[(heading, [(method, pattern, handler or None, since)])] of routes.def."""
    found = []
    for line in ROUTES.read_text().splitlines():
        heading = re.match(r"/\* ([a-z, ]+)[:*]", line)
        if heading:
            found.append((heading[1].strip(), []))
        row = re.match(r'API_(ROUTE|LATER)\("(\w+)", "([^"]+)"(?:, (\w+), (\d+))?\)', line)
        if row:
            found[-1][1].append((row[2], row[3], row[4], int(row[5] or 0)))
    return found


def api_fields():
    """{table: [(name, subtable or None)]} of the JSON tables, lists within lists opened."""
    text = "".join(path.read_text() for folder in (ENGINE, API) for path in sorted(folder.rglob("*.h")))
    lists = {name: body for name, body in re.findall(
        r"#define ([A-Z]\w+)\(F\)((?:.*\\\n)*.*)", text)}

    def fields(body):
        for word in re.finditer(r'F\((\w+), \w+, "(\w+)", ([^,)]*)(?:, (\w+))?\)|([A-Z]\w+)\(F\)', body):
            if word[5]:
                yield from fields(lists[word[5]])
            else:
                yield word[2], word[4]
    return {name.lower(): list(fields(body)) for name, body in lists.items()}


# ---- reading the tests

class Evidence:
    """What the tests type and send: lists of (test, words)."""

    def __init__(self):
        self.commands, self.requests, self.texts = [], [], {}
        for path in sorted(TESTS.glob("test_*.py")):
            if path.name in NOT_SHOWING:
                continue
            tree = ast.parse(path.read_text())
            tables = {target.id: node.value for node in tree.body if isinstance(node, ast.Assign)
                      for target in node.targets if isinstance(target, ast.Name)}
            tables.update({node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)
                           and not node.name.startswith("test_")})
            for node in ast.walk(tree):
                if isinstance(node, ast.FunctionDef) and node.name.startswith("test_") \
                        and not REFUSAL.search(node.name):
                    self._read(f"{path.name}::{node.name}", node, tables)

    def _read(self, test, node, tables):
        """The test's own words, and those of the tables and helpers of its file that it names."""
        strings = []
        names = {inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name)}
        names |= {argument.arg for argument in node.args.args}
        named = [tables[name] for name in sorted(names & set(tables))]
        for inner in (part for whole in (node, *named) for part in ast.walk(whole)):
            if isinstance(inner, (ast.Call, ast.Tuple, ast.List)):
                parts = inner.args if isinstance(inner, ast.Call) else inner.elts
                words = [text_of(part) for part in parts]
                words = [word for word in words if word is not None]
                if isinstance(inner, ast.Call) and callee(inner) == "refused":
                    continue
                if words and words[0] in ("GET", "POST", "PUT", "HEAD", "DELETE") and len(words) > 1:
                    self.requests.append((test, words[0], words[1]))
                elif words:
                    self.commands.append((test, words))
            if isinstance(inner, ast.Constant) and isinstance(inner.value, str):
                strings.append(inner.value)
        self.texts[test] = strings

    def of_route(self, method, pattern, param=None):
        """The first test that makes this request (with this parameter)."""
        shape = re.sub(r"\\{\w+\\\.\\\.\\\.\\}", r".+", re.escape(pattern))
        shape = re.compile("^(?:/v1[^/]*|\x00)?" + re.sub(r"\\{\w+\\}", r"[^/?]+", shape) + r"(?:$|\?)")
        for test, verb, path in self.requests:
            if verb == method and shape.match(path) and (
                    param is None or re.search(rf"[?&]{re.escape(param)}=", path)):
                return test
        for command, routes in COMMANDS.items():
            for verb, route, flags in routes:
                if (verb, route) == (method, pattern):
                    wanted = None if param is None else [
                        flag for flag, names in flags.items() if param in names.split()]
                    if wanted != []:
                        test = self.of_command(command, wanted)
                        if test:
                            return test
        return None

    def of_command(self, command, flags=None):
        """The first test that types this command, with one of these flags."""
        first = command.split()
        for test, words in self.commands:
            for start in range(0, min(3, len(words))):
                if words[start:start + len(first)] != first:
                    continue
                rest = [word.split("=")[0] for word in words[start:]]
                if flags is None or set(flags) & set(rest) or set(flags) & set(words[start:]):
                    return test
        return None

    def of_field(self, name, flags=""):
        """A test that sends this field of a body, or types a flag that fills it."""
        for test, strings in self.texts.items():
            if any(word == name or word.endswith("." + name) for word in strings):
                return test
        for command in ("run", "create", "update", "exec") if flags else ():
            test = self.of_command(command, flags.split())
            if test:
                return test
        return None

    def of_key(self, flag, key):
        """A test of the daemon with this key in daemon.json, or this flag."""
        tail = key.split(".")[-1] if key else None
        module = (TESTS / "test_config.py").read_text()
        for test, strings in self.texts.items():
            if not test.startswith(("test_config", "test_listeners", "test_images")):
                continue
            if (tail and tail in strings) or (flag and f"--{flag}" in strings):
                return test
        if tail and f'"{tail}"' in module.split("# ---- what is wrong")[0]:
            return f"test_config.py::{SHOWN_BY.get(tail, 'test_containers_get_the_defaults')}"
        harness = (TOP / "tests" / "stack" / "stack.py").read_text()
        return "every stack" if flag and f'"--{flag}"' in harness else None


# Keys of the stack that test_config.py's tests share, and which of them looks at the key.
SHOWN_BY = {
    "labels": "test_info_shows_it", "debug": "test_info_shows_it", "registry-mirrors": "test_a_mirror_is_asked_first",
    "insecure-registries": "test_info_shows_it", "experimental": "test_info_shows_it", "features": "test_validate",
    "max-concurrent-downloads": "test_downloads_are_tried_so_often",
    "max-download-attempts": "test_downloads_are_tried_so_often", "max-concurrent-uploads": "test_reload",
    "runtimes": "test_a_runtime_of_ones_own", "ip": "test_ports_and_neighbours", "icc": "test_ports_and_neighbours",
    "shutdown-timeout": "test_live_restore_is_reloadable",
}


def callee(call):
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def text_of(node):
    """A string, with NUL where it has holes; None for what is no string."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if isinstance(node, ast.JoinedStr):
        parts = ("x" if isinstance(part, ast.FormattedValue) else part.value for part in node.values)
        text = "".join(parts)
        return re.sub(r"^x(?=/)", "\0", text)       # f"{V}/containers/..."
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        left, right = text_of(node.left), text_of(node.right)
        return (left if left is not None else "\0") + right if right is not None else left
    return None


# ---- writing

def shown(test):
    return f"`{test}`" if test else ""



class Page:
    def __init__(self):
        self.evidence, self.lines = Evidence(), []
        self.params = list(rows(PARAMS, "PARAM"))
        self.nops = list(rows(PARAMS, "PARAM_NOP"))
        self.later = list(rows(PARAMS, "PARAM_LATER"))
        self.bodies = {(m, p): table for m, p, table in rows(PARAMS, "BODY")}
        self.fields_later = {(m, p, f): what for m, p, f, what in rows(PARAMS, "FIELD_LATER")}
        self.tables = api_fields()
        self.count = {"works": 0, "untested": 0, "in part": 0, "not there": 0}

    def add(self, *lines):
        self.lines += lines

    def table(self, *titles):
        self.add("", "| " + " | ".join(titles) + " |", "|" + " --- |" * len(titles))

    def row(self, what, state, lacks, test):
        if state == "works" and not test:
            state = "untested"
        self.count[state] += 1
        about = "; ".join(word for word in (lacks, f"`{test}`" if test and state != "not there" else "") if word)
        self.add(f"| {what} | {state} | {about} |")

    def parameters(self, method, pattern, there):
        for m, p, name, kind, lacks in self.params:
            if (m, p) == (method, pattern):
                lacks = None if lacks == "NULL" else lacks
                state = "not there" if not there or (lacks or "").startswith("refused") else \
                    "in part" if lacks else "works"
                self.row(f"&emsp;`{name}`", state, lacks, self.evidence.of_route(method, pattern, name))
        for m, p, name, why in self.nops:
            if (m, p) == (method, pattern):
                self.add(f"| &emsp;`{name}` | no effect | {why} |")
        for m, p, name, _, why in self.later:
            if (m, p) == (method, pattern):
                self.row(f"&emsp;`{name}`", "not there", why, None)

    def fields(self, method, pattern, table, prefix=""):
        for name, sub in self.tables[table]:
            path = prefix + name
            what = self.fields_later.get((method, pattern, path))
            if sub and what is None and sub in ("api_host_config", "api_networking_config"):
                self.fields(method, pattern, sub, path + ".")
                continue
            if what:
                state = "not there" if what.startswith("refused") else "no effect"
                self.add(f"| &emsp;{{{path}}} | {state} | {what} |")
                continue
            test = self.evidence.of_field(name, CREATE_FLAGS.get(name, ""))
            if not test and name in ALWAYS:
                test = self.evidence.of_route(method, pattern)
            self.row(f"&emsp;{{{path}}}", "works", None, test)

    def route(self, method, pattern, handler, since):
        lacking = [name for m, p, name, _, lacks in self.params
                   if (m, p) == (method, pattern) and lacks != "NULL"]
        lacking += [name for m, p, name, *_ in self.later if (m, p) == (method, pattern)]
        if handler is None:
            state, lacks = "not there", "501"
        elif handler == "api_swarm":
            state, lacks = "not there", "503: this node is no swarm manager"
        else:
            state = "in part" if lacking else "works"
            lacks = "lacks " + ", ".join(lacking) if lacking else None
            if since:
                lacks = "; ".join(word for word in (f"from API 1.{since}", lacks) if word)
        self.row(f"`{method} {pattern}`", state, lacks, self.evidence.of_route(method, pattern))
        if handler != "api_swarm":
            self.parameters(method, pattern, handler is not None)
        if handler is not None and (method, pattern) in self.bodies:
            self.fields(method, pattern, self.bodies[method, pattern])

    def api(self):
        for heading, routes in groups():
            self.add("", f"### {heading}")
            self.table("operation, `parameter`, {field}", "state", "what lacks; a test that shows it")
            for route in routes:
                self.route(*route)

    def daemon(self):
        self.add("", "## dockerd: flags and keys of daemon.json", "",
                 "A key that is not in this table is refused, as is one that is given as a flag too. "
                 "*SIGHUP*: read again then.")
        self.table("flag", "key", "state", "what lacks; a test that shows it")
        for kind, where, flag, letter, key, check, *_ in rows(FLAGS, "FLAG"):
            flag, key = (None if word == "NULL" else word for word in (flag, key))
            test = self.evidence.of_key(flag, key)
            state = "works" if test else "untested"
            self.count[state] += 1
            live = f"{state}, SIGHUP" if where.startswith("live.") else state
            name = f"`--{flag}`" + (f" `-{letter[1]}`" if letter != "0" else "") if flag else ""
            self.add(f"| {name} | {f'`{key}`' if key else ''} | {live} | {shown(test)} |")
        for flag, key, harmless, why in rows(FLAGS, "REFUSED"):
            self.count["not there"] += 1
            but = "" if harmless in ("NULL", "") else f"; `{harmless}` is accepted"
            self.add(f"| {f'`--{flag}`' if flag != 'NULL' else ''} | `{key}` | not there | {why}{but} |")

    def text(self):
        self.api()
        self.daemon()
        sums = ", ".join(f"{n} {state}" for state, n in self.count.items())
        head = ["# What of Docker works here", "",
                "Made by `./dev docs` from the tables that the engine reads (`routes.def` and `params.def` in `src/engine/routes/`, `src/engine/daemon/flags.def`, "
                "`src/api/`) and from the tests; not written by hand.", "",
                f"Rows: {sums}.", "",
                "*works*: as in Docker, and the named test of `tests/integration` shows it. *untested*: written, "
                "and no test of the suite is found that shows it. *in part*: what lacks is said. *no effect*: "
                "accepted, and nothing comes of it. *not there*: refused by name.", "", "## Engine API"]
        return "\n".join(head + self.lines) + "\n"


# ---- are the tables honest?

def faults():
    """Parameters that handlers read and no row lists, and rows that nobody reads."""
    source = "".join(path.read_text() for path in sorted(ENGINE.rglob("*.c")) if path.name != "api.c")
    read = set(re.findall(r'api_query\w*\(\s*c, "([^"]+)"', source))
    read |= set(re.findall(r'http_query_\w+\([^;]*?query, "([^"]+)"', source))
    listed = {row[2]: (row[0], row[1]) for row in rows(PARAMS, "PARAM")}
    there = {(m, p) for _, routes in groups() for m, p, handler, _ in routes if handler}
    for name in sorted(read - set(listed)):
        yield f"parameter {name} is read and not in params.def"
    for m, p, name, *_ in rows(PARAMS, "PARAM"):
        if (m, p) in there and name not in read:
            yield f"params.def: {m} {p} {name} is read by no handler"
    known = {(m, p) for _, routes in groups() for m, p, *_ in routes}
    for macro in ("PARAM", "PARAM_NOP", "PARAM_LATER", "BODY", "FIELD_LATER"):
        for m, p, *_ in rows(PARAMS, macro):
            if (m, p) not in known:
                yield f"params.def: {macro} of {m} {p}, which routes.def does not have"


def main(argv):
    text = Page().text()
    wrong = list(faults())
    for line in wrong:
        print(line, file=sys.stderr)
    if argv == ["--check"]:
        if not PAGE.exists() or PAGE.read_text() != text:
            print("docs/compatibility.md is stale: run ./dev docs", file=sys.stderr)
            return 1
        return 1 if wrong else 0
    PAGE.write_text(text)
    print(re.search(r"^Rows: .*", text, re.MULTILINE)[0])
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
