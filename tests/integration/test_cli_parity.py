"""Our docker beside the official one, byte for byte, before the same engine (Debian's).

LOOKS are commands that change nothing: both programs run them on the same objects. STORIES are
lists of commands that do: each program tells the story from an empty engine. stdout, stderr and
exit code must be the same once ids, times and addresses have been replaced by their kinds.
"""

import difflib
import re
import signal
import subprocess
import time

import pytest
from stack import PROGRAMS, Stack, official_cli
from stack.registry import Registry
from stack.terminal import Terminal

from conftest import busybox_archives, require
from test_images_pull import small

pytestmark = [pytest.mark.ours,
              pytest.mark.skipif(not official_cli(), reason="needs the official docker 28")]

SH = ("busybox", "sh", "-c")
QUICK = ("run", "--rm", "--network=none", *SH)


def engine():
    require("docker")
    return Stack({name: "debian" for name in PROGRAMS if name != "docker"}, tmpfs=True,
                 preload=busybox_archives(), cli="official")


@pytest.fixture(scope="module")
def parity():
    with engine() as made:
        yield made


@pytest.fixture(scope="module")
def scene():
    """Containers in several states, with ports, labels and mounts."""
    with engine() as made:
        set_up(made)
        yield made
        made.docker("unpause", "stuck", check=True)     # lest the engine waits for it at its end


def set_up(stack):
    def docker(*args):
        return stack.docker(*args, check=True)
    docker("run", "-d", "--name", "web", "-p", "8080:80", "-p", "127.0.0.1:90-92:90-92",
           "-p", "5353:53/udp", "--expose", "7000-7002", "--label", "com.example.some-name=x",
           "--label", "a=b", "-v", "/tmp:/t", "--tmpfs", "/f", "busybox",
           "sleep", "100000")
    docker("run", "--name", "done", "--network=none", *SH,
           "echo out; sleep 0.1; echo err >&2; sleep 0.1; echo last '<&>'")
    docker("create", "--name", "new", "--env", "A=1", "--hostname", "box", "busybox", "a", "b c",
           "a-rather-long-argument-that-is-cut")
    docker("run", "-d", "--name", "tty", "-it", "--network=none", *SH, "echo on a tty; cat")
    docker("run", "-d", "--name", "stuck", "--network=none", "busybox", "sleep", "100000")
    docker("pause", "stuck")
    docker("tag", "busybox", "example.com:5000/team/name:v1")
    docker("network", "create", "mine")
    docker("volume", "create", "vol")
    time.sleep(1.1)             # "events --until 0s" counts in whole seconds: all of this is before


def plain(text):
    """Without what differs from run to run, one state of a layer that is often too short to be told
    included."""
    text = re.sub(r"^\w+: Verifying Checksum\n", "", text, flags=re.M)
    for pattern, kind in (
            (r"\b[0-9a-f]{64}\b", "ID64"), (r"\b[0-9a-f]{12}\b", "ID12"),
            (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", "TIME"),
            (r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)? [+-]\d{4} \w+", "TIME"),
            (r"(Less than a second|\d+ seconds?|About a minute|\d+ minutes)( ago)?", "AGE"),
            (r"\b[a-z]+_[a-z]+\d?\b(?= *$)", "NAME")):
        text = re.sub(pattern, kind, text, flags=re.M)
    return re.sub(r"AGE *", "AGE ", text)


def result(done):
    """Rows of one image come in any order from the original: they are compared sorted."""
    out = plain(done.stdout)
    if "images" in done.args[1:3] or done.args[1:3] == ["image", "ls"]:
        out = "\n".join(sorted(out.splitlines()))
    return done.returncode, out, plain(done.stderr)


def compare(args, ours, theirs):
    """Fails with a readable difference."""
    for name, one, other in zip(("exit code", "stdout", "stderr"), ours, theirs):
        if one != other:
            lines = difflib.unified_diff(str(other).splitlines(), str(one).splitlines(),
                                         "official", "ours", lineterm="", n=1)
            lines = list(lines)[:40]
            pytest.fail(f"docker {' '.join(args)}: {name}\n" + "\n".join(lines), pytrace=False)


def same(stack, *args, **options):
    theirs = result(stack.docker(*args, cli="official", **options))
    compare(args, result(stack.docker(*args, cli="ours", **options)), theirs)


LOOKS = [
    # ps
    "ps", "ps -a", "ps --no-trunc", "ps -aq", "ps -q --no-trunc", "ps -l", "ps -n 2", "ps -as",
    "ps -aq --format {{.Names}}", "ps -a --format json", "ps -a --format {{json .}}",
    "ps --format table", "ps -a --format {{.Names}}:{{.Status}}",
    r"ps -a --format table {{.ID}}\t{{.Names}}\t{{.Ports}}",
    r'ps -a --format table {{.Names}}\t{{.Label "com.example.some-name"}}\t{{.Labels}}',
    "ps -a --format {{.Command}}|{{.Image}}|{{.Mounts}}|{{.LocalVolumes}}|{{.Networks}}|{{.Size}}",
    "ps -a --format {{upper .Names}} {{len .ID}} {{.State}} {{.RunningFor}} {{.CreatedAt}}",
    'ps -a --format {{if eq .State "running"}}{{.Names}} runs{{else}}{{.Names}}{{end}}',
    'ps -a --format {{printf "%-10s|%5s|" .Names .State}}', "ps --format {{.Foo}}",
    "ps --format {{.Names", "ps --format {{foo}}", 'ps --format {{.Label}}',
    'ps --format {{.Names "x"}}', "ps --format {{.Names | lower | title}}",
    "ps --filter name=web", "ps -af status=exited", "ps -a --filter label=a=b --filter label=a",
    "ps --filter nonsense", "ps --filter nonsense=1", "ps -n x", "ps --all=maybe", "ps --foo",
    "ps -z", "ps x", "ps --last", "ps -qz", "ps --=x", "ps ---", "ps --format",
    "container ls -q", "container list -q", "container ps -q", "ps --filter name=nothing",
    # images
    "images", "images -a", "images -q", "images -q --no-trunc", "images --digests",
    "images --format json", "images busybox", "images nothing", "images busybox:latest",
    "images --filter reference=busy*", "images --filter dangling=true", "images --no-trunc",
    "images --format {{.Repository}}:{{.Tag}}@{{.Digest}}", "image ls -q", "image list -q",
    "images --format {{.ID}} {{.Size}} {{.VirtualSize}} {{.CreatedSince}} {{.Containers}}",
    r"images --format table {{.ID}}\t{{.Repository}}", "images --format {{.Nope}}",
    # inspect
    "inspect web", "inspect web busybox", "inspect nothing", "inspect web nothing", "inspect",
    "inspect -f {{.Id}} web", "inspect -f {{.State.Status}}/{{.State.ExitCode}} done new web",
    "inspect -f {{.Nope}} web", "inspect -f {{.State.Nope}} web", "inspect -f {{.State.Nope web",
    "inspect -f {{nope}} web", "inspect -f json web busybox", "inspect -f {{json .Mounts}} web",
    "inspect -f {{json .NetworkSettings.Ports}} web",
    "inspect -f {{range .Mounts}}{{.Type}}:{{.Destination}} {{end}} web",
    'inspect -f {{index .Config.Labels "com.example.some-name"}} web',
    'inspect -f {{(index (index .NetworkSettings.Ports "80/tcp") 0).HostPort}} web',
    "inspect -f {{range $p, $c := .NetworkSettings.Ports}}{{$p}}={{len $c}} {{end}} web",
    "inspect -f {{range .NetworkSettings.Networks}}{{.IPPrefixLen}}{{end}} web",
    'inspect -f {{join .Config.Cmd "+"}} new', "inspect -f {{.Config.Cmd}} new",
    "inspect -f {{.Config.Env}} {{.Config.Labels}} {{.HostConfig.Memory}} web",
    "inspect -f {{.HostConfig.RestartPolicy.Name}} {{.HostConfig.NetworkMode}} web",
    "inspect -f {{with .State}}{{.Running}} {{.Pid | printf \"%T\"}}{{end}} stuck",
    "inspect -f {{.Name | printf \"%q\"}} {{slice .Id 0 4 | len}} web",
    "inspect --type container web", "inspect --type image web", "inspect --type image busybox",
    "inspect --type network mine", "inspect --type volume vol", "inspect mine vol",
    "inspect --type nonsense web", "inspect -f {{.Id}} nothing", "container inspect web",
    "inspect -s -f {{.SizeRootFs}} web", "container inspect nothing", "image inspect busybox",
    "image inspect nothing", "image inspect -f {{.RepoTags}} {{.Os}}/{{.Architecture}} busybox",
    "inspect -f {{.Config.Image}}|{{.Config.WorkingDir}}|{{.Config.Hostname}} new",
    "inspect -f {{.State}} web", "inspect -f {{.Mounts}} web", "inspect -f {{.Config}} new",
    "inspect -f {{.NetworkSettings.Ports}} web", "inspect -f {{.HostConfig.PortBindings}} web",
    "inspect -f {{.HostConfig.LogConfig}} {{.HostConfig.RestartPolicy}} {{.GraphDriver.Name}} web",
    "inspect -f {{.Config.Entrypoint}} {{.Config.Volumes}} {{.Config.Healthcheck}} web",
    "inspect -f {{json .HostConfig}} web", "inspect -f {{json .Config}} web",
    "inspect -f {{json .State}} web", "inspect -f {{.ID}} web", "inspect -f {{json .}} new",
    "inspect -f {{.HostConfig.CPUShares}} {{.HostConfig.DNS}} {{.HostConfig.CpuShares}} web",
    "inspect -f {{json .Config}} {{.Config}} busybox", "inspect -f {{.RootFS}} busybox",
    "inspect -f {{json .}} busybox", "inspect -f {{.Metadata.LastTagTime}} busybox",
    "inspect -f {{json .}} mine", "inspect -f {{.IPAM}} {{.Options}} {{.Containers}} mine",
    "inspect -f {{json .}} vol", "inspect -f {{.Labels}} {{.Scope}} vol",
    "inspect -f {{len .Config.Entrypoint}} {{len .Mounts}} {{not .State.Dead}} web",
    "inspect -f {{.HostConfig.MemorySwappiness}} {{.HostConfig.PidsLimit}} web",
    "inspect -f {{if .HostConfig.Init}}init{{else}}none{{end}} web",
    "inspect -f {{.State.Health}} {{.SizeRw}} web", "inspect -f {{.State.Health.Status}} web",
    "inspect -f {{index .Mounts 5}} web", "inspect -f {{index .Config.Labels \"none\"}} web",
    "inspect -f {{index .Config.Labels 1}} web", "inspect -f {{.Config.Labels.a}} web",
    "inspect -f {{.Config.Labels.none}} web", "inspect -f {{len .State}} web",
    "inspect -f {{.State.Pid.x}} web",
    "inspect -f {{printf \"%v %q %d %s %t %x\" 1 \"a\" 2 .Name true 255}} web",
    "inspect -f {{range $i, $m := .Mounts}}{{$i}} {{$m.Type}}{{else}}none{{end}} new",
    "inspect -f {{$x := .Name}}{{with .Config}}{{$x}} {{.Tty}} {{$.Name}}{{end}} web",
    "inspect -f {{split \"a,b,c\" \",\"}} {{pad \"x\" 1 2}}| {{truncate .Id 5 | len}} web",
    "inspect -f {{or .Config.User \"root\"}} {{and .Name .Id | len}} {{html \"<a>\"}} web",
    "inspect -f {{lt 1 2}} {{ge 1.5 1.5}} {{ne \"a\" \"b\"}} {{eq 1 2 1}} {{print 1 2 \"a\" 3}} web",
    "inspect -f {{/* a note */}}{{- \" trimmed \" -}} {{.Name}} web", "inspect -f {{end}} web",
    "inspect -f {{if .Name}}x web", "inspect -f {{range .Mounts}}{{break}}{{end}}x web",
    "inspect -f {{define \"t\"}}[{{.}}]{{end}}{{template \"t\" .Name}} web",
    "inspect -f {{.Name}} {{nonsense .Name}} web", "inspect -f {{.Name | }} web",
    "inspect -f {{1 | 2}} web", "inspect -f {{$x}} web", "inspect -f {{\"unended}} web",
    # logs, top, port, wait
    "logs done", "logs -t done", "logs --tail 1 done", "logs -n 0 done", "logs --tail all done",
    "logs --tail x done", "logs nothing", "logs", "logs done new", "logs --since x done",
    "logs --since 1h done", "logs --until 2001-01-01 done", "logs --since 2001-01-01T00:00:00Z done",
    "logs -f done", "logs tty", "logs --details done", "logs new", "logs --since 1700000000 done",
    "top web", "top web -o pid,args", "top done", "top nothing", "top", "port web", "port web 80",
    "port web 80/tcp", "port web 53/udp", "port web 81", "port done", "port nothing", "port",
    "port a b c", "wait done", "wait nothing done", "wait",
    # version, info
    "version --format {{.Server.Version}} {{.Server.APIVersion}} {{.Server.Os}}",
    "version --format {{.Client.APIVersion}} {{.Client.Context}} {{.Client.DefaultAPIVersion}}",
    "version --format {{json .Server}}", "version --format {{.Nope}}", "version x",
    "version --format {{.Server}}", "version --format {{.Server.Components}}",
    "version --format {{.Nope", "info --format {{.Nope}}", "info --format {{.Nope",
    "info --format {{.DriverStatus}} {{.Plugins}} {{.Runtimes}} {{.Swarm}} {{.Images}}",
    "info --format {{json .RegistryConfig}} {{json .Swarm}} {{.CPUShares}} {{.HTTPProxy}}",
    "events --since 0 --until 1 --format {{.Nope}}", "events --since 0 --until 1 --format {{.Nope",
    "events --since 1h --until 0s --filter container=web", "events --since 1h --until 0s --format json",
    "events --since 1h --until 0s --format {{.Type}} {{.Action}} {{.Actor.Attributes.name}} {{.Time}}",
    "events --until 1", "events --since 2001-01-01 --until 2001-01-02T10:00:00",
    "info --format {{.ServerVersion}} {{.Driver}} {{.NCPU}} {{.OSType}} {{json .Plugins.Volume}}",
    # what is wrong
    "nonsense", "container nonsense", "container --nonsense", "--nonsense", "-z", "-H", "-H foo://x ps",
    "-H unix:///nothing.sock ps", "-H tcp://127.0.0.1:1 ps", "-l nonsense ps", "--tls=x ps",
    "help nonsense", "-c nothing ps", "-c x -H unix:///x ps", "ps -H x", "rename a", "rename a b c",
    "kill", "rm", "rmi", "pull", "pull a b", "pull Foo", "pull a:b:c", "tag a", "exec web", "exec",
    "run", "run --memory", "run -m", "run --memory 1x busybox", "run --memory -1 busybox",
    "run --memory x busybox", "run -zz busybox", "run --nonsense busybox", "run --cpus x busybox",
    "run --ulimit x busybox", "run --ulimit nofile=2:1 busybox", "run --ulimit foo=1 busybox",
    "run --mount x busybox", "run --mount type=bind busybox", "run --mount x=y busybox",
    "run --mount type=tmpfs,target=/a,tmpfs-size=x busybox",
    "run --mount type=bind,source=/a,target=/b,tmpfs-size=1m busybox",
    "run --sysctl x busybox", "run --health-interval x busybox", "run --blkio-weight 70000 busybox",
    "run --annotation a=b busybox", "run -it busybox true", "run -a nonsense busybox",
    "run -e =x busybox", "run --env-file /nothing busybox", "run --restart always --rm busybox",
    "run -d -a stdout busybox", "run --pull nonsense busybox", "run --cgroupns x busybox",
    "run --pid x busybox", "run --uts x busybox", "run --userns x busybox", "run --device x busybox",
    "run -p x:y busybox", "run -p 70000 busybox", "run -p 80-70 busybox", "run -p 80/foo busybox",
    "run -p 80-81:80-90 busybox", "run -p 1.2.3.4.5:80:80 busybox", "run -p :: busybox",
    "run -p 1:2:3:4 busybox", "run --expose 80:90 busybox", "run --expose x busybox",
    "run --memory-swap=-2 busybox", "run --gpus x busybox", "run --shm-size x busybox",
    "run 'A B'", "run ''", "run --stop-timeout x busybox", "run --memory-swappiness 101 busybox",
    "run --no-healthcheck --health-cmd x busybox", "run --add-host x busybox",
    "run --security-opt nonsense busybox", "run --cidfile /etc/passwd busybox",
    "run --restart no:x busybox", "run --label-file /nothing busybox", "run --log-opt x busybox",
    "create --network name=mine,alias=x --network-alias y busybox",
    "create --network name=mine,ip=1.2.3.4 --ip 1.2.3.4 busybox", "create --network-alias x busybox",
    "create --network mine --network mine busybox", "create --network mine --network host busybox",
    "create --network name=mine,gw-priority=x busybox", "create --network x=y busybox",
    "create --network name=mine,driver-opt=x busybox", "create --device-cgroup-rule x busybox",
    "create --device-read-bps x busybox", "create --device-read-bps /dev/x:y busybox",
    "create --device-read-iops /dev/x:1m busybox", "create --blkio-weight-device /dev/x:1 busybox",
    "create --dns x busybox", "create --label =x busybox", "create --health-interval -1s busybox",
    "create --mac-address 02:00:00:00:00:01 busybox", "create --restart :3 busybox",
    "create --tmpfs x busybox", "create -v a:b:c:d busybox", "create --cpus 0.0000000001 busybox",
    "run --storage-opt x busybox", "run --link-local-ip x busybox", "run --publish busybox",
    "create -p x busybox", "create --pull nonsense busybox", "create --name web busybox",
    "start nothing", "start -a nothing", "start -a web new", "stop nothing nothing2",
    "kill nothing", "kill done", "kill -s NONSENSE web", "pause stuck", "unpause web", "rm nothing",
    "rm web", "rm ''", "rename web ''", "rename nothing x", "rename web done", "restart nothing",
    "attach nothing", "attach done", "attach stuck", "exec nothing true", "exec done true",
    "exec stuck true", "exec web nothing", "exec web /etc/passwd", "exec -e =x web true",
    "exec -it web true", "rmi nothing", "tag nothing x", "tag busybox A", "tag busybox x:y:z",
    "events --since 0 --until 1", "events --filter x", "events --since x", "stop -t x web",
    "rm -f nothing", "rmi -f nothing", "exec --env-file /nothing web true", "stop --time 1 nothing",
]


@pytest.mark.parametrize("line", LOOKS)
def test_look(scene, line):
    """A line is split at blanks, but for a template, which is the rest of the line or quoted."""
    words = split(line)
    try:
        same(scene, *words)
    except pytest.fail.Exception:   # something changed between the two: once more
        same(scene, *words)


def split(line):
    head, found, rest = line.partition("{{")
    if not found:
        return [word.strip("'") for word in line.split()]
    words = head.split()
    table = ["table"] if words[-1] == "table" else []
    words = words[:-1] if table else words
    prefix = "" if head.endswith(" ") else words.pop()
    # Behind a template of inspect stand names.
    cut = rest.rfind("}}") + 2 if "}}" in rest else len(rest.split(" ")[0])
    names = rest[cut:].split() if words[-1] in ("-f",) else []
    body = rest[:cut] if words[-1] in ("-f",) else rest
    if words[-1] == "-f" and "}}" not in rest:
        body, names = rest.rsplit(" ", 1)[0], rest.rsplit(" ", 1)[1:]
    return [*words, " ".join([*table, prefix + found + body]), *names]


STORIES = {
    "run": [[*QUICK, "echo out; echo err >&2; exit 3"], [*QUICK, "kill -TERM 1; exit 7"],
            ["run", "--rm", "--network=none", "busybox", "nothing"],
            ["run", "--rm", "--network=none", "busybox", "/etc/passwd"],
            ["run", "--rm", "--network=nowhere", "busybox"], ["ps", "-aq"]],
    "options": [
        ["run", "--rm", "--network=none", "-e", "A=1", "-e", "GIVEN", "-e", "ABSENT", "-w", "/tmp",
         "-u", "1000:29", "--hostname", "box", *SH, "echo $A $GIVEN $ABSENT; pwd; id; hostname"],
        ["run", "--rm", "--network=none", "--entrypoint", "echo", "busybox", "a", "b"],
        ["run", "--rm", "--network=none", "--read-only", *SH, "touch /x"],
        ["run", "--rm", "--network=none", "--tmpfs", "/t:size=1m", *SH, "df -m /t | tail -1"],
        ["run", "--rm", "--network=none", "--mount", "type=bind,src=/etc/os-release,dst=/o,ro",
         *SH, "head -1 /o; echo >/o"],
        ["run", "--rm", "--network=none", "-v", "/tmp", *SH, "ls /tmp | wc -l"],
        ["run", "--rm", "--network=none", "--ulimit", "nofile=100:200", *SH, "ulimit -n"],
        ["run", "--rm", "--network=none", "--cap-drop", "ALL", *SH, "grep CapEff /proc/1/status"],
        ["run", "--rm", "--network=none", "--security-opt", "systempaths=unconfined", *SH,
         "grep -c ' /proc/' /proc/mounts"],
        ["run", "--rm", "--network=host", "busybox", "true"],
    ],
    "detached": [["run", "-d", "--name", "one", "--network=none", *SH, "echo hi; exec sleep 1000"],
                 ["logs", "one"], ["exec", "one", "echo", "inside"],
                 ["exec", "one", "sh", "-c", "exit 9"], ["exec", "-d", "one", "true"],
                 ["exec", "-w", "/tmp", "-u", "1000", "-e", "A=1", "one", "sh", "-c",
                  "pwd; id -u; echo $A"], ["stop", "-t", "0", "one"], ["stop", "one"],
                 ["start", "one"], ["restart", "-t", "0", "one"], ["pause", "one"],
                 ["unpause", "one"], ["kill", "one"], ["wait", "one"], ["rm", "one"], ["rm", "one"]],
    "conflict": [["create", "--name", "one", "busybox"], ["create", "--name", "one", "busybox"],
                 ["run", "--name", "one", "busybox"], ["rename", "one", "two"],
                 ["start", "-a", "two"], ["rm", "/two"]],
    "update": [["create", "--name", "one", "--network=none", "busybox"],
               ["update", "--memory", "64m", "--memory-swap", "64m", "--restart", "on-failure:3",
                "--cpus", "0.5", "--pids-limit", "7", "one", "nobody"],
               ["inspect", "-f", "{{.HostConfig.Memory}} {{.HostConfig.MemorySwap}} "
                "{{json .HostConfig.RestartPolicy}} {{.HostConfig.NanoCpus}} "
                "{{json .HostConfig.PidsLimit}}", "one"],
               ["update", "one"], ["update", "--restart", "always:x", "one"],
               ["update", "--memory", "many", "one"], ["update", "--blkio-weight", "1", "one"],
               ["update", "--cpu-shares", "7", "--cpuset-cpus", "0", "--pids-limit", "-1", "one"],
               ["inspect", "-f", "{{.HostConfig.CpuShares}} {{.HostConfig.CpusetCpus}} "
                "{{.HostConfig.Memory}}", "one"]],
    "bodies": [
        ["create", "--name", "one", "-p", "80", "-p", "127.0.0.1:81:81/udp", "-p", "90-91:90-91",
         "-p", "8000-8010:9", "-p", "[::1]:82:82", "--expose", "1-3", "--expose", "53/udp",
         "-P", "busybox"],
        ["inspect", "-f", "{{json .HostConfig.PortBindings}}{{json .Config.ExposedPorts}}", "one"],
        ["create", "--name", "two", "--memory", "64m", "--cpus", "1.5", "--cpu-shares", "5",
         "--memory-swap", "-1", "--pids-limit", "9", "--shm-size", "1g", "--blkio-weight", "10",
         "--ulimit", "core=0", "--device", "/dev/null:/dev/x:r", "--cap-add", "NET_ADMIN",
         "--cap-drop", "CHOWN", "--dns", "1.1.1.1", "--dns-opt", "ndots:1", "--dns-search", "x.y",
         "--add-host", "h:1.2.3.4", "--group-add", "29", "--restart", "on-failure:3", "--init",
         "--label", "k=v", "--label", "bare", "--log-opt", "max-size=1m", "--pid", "host",
         "--privileged", "--security-opt", "seccomp=unconfined", "--stop-signal", "TERM",
         "--stop-timeout", "7", "--sysctl", "net.ipv4.ip_forward=1", "--tmpfs", "/a:size=1m",
         "--health-cmd", "true", "--health-interval", "3s", "--health-retries", "4", "-it",
         "--volumes-from", "one", "-v", "/tmp:/b:ro", "-v", "/d",
         "--mount", "type=tmpfs,dst=/e,tmpfs-size=1m", "--oom-score-adj", "5", "--ipc", "host",
         "--cgroup-parent", "/p", "--user", "5", "--domainname", "d", "--userns", "host", "--uts", "host", "--runtime", "runc",
         "--device-read-bps", "/dev/null:1mb", "--device-cgroup-rule", "c 1:3 r", "busybox", "x"],
        ["inspect", "-f", "{{json .HostConfig}}{{json .Config}}", "two"],
        ["create", "--name", "open", "--security-opt", "systempaths=unconfined", "busybox"],
        ["inspect", "-f", "{{json .HostConfig}}", "open"],
        ["network", "create", "net"],
        ["create", "--name", "three", "--network", "name=net,alias=x,ip=172.18.0.9", "busybox"],
        ["inspect", "-f", "{{json .HostConfig}}{{json .NetworkSettings.Networks.net.Aliases}}"
         "{{json .NetworkSettings.Networks.net.IPAMConfig}}", "three"],
        ["create", "--name", "four", "--network", "container:one", "busybox"],
        ["inspect", "-f", "{{json .HostConfig.NetworkMode}}", "four"],
        ["network", "rm", "net"],
    ],
    "images": [["tag", "busybox", "copy:1"], ["tag", "busybox", "example.com/a/b"],
               ["images"], ["rmi", "copy:1"], ["rmi", "copy:1", "example.com/a/b"]],
}


@pytest.fixture
def tell(parity):
    """Runs a story with one of the programs and cleans up."""
    def call(story, cli):
        told = []
        for args in story:
            which = "official" if args[0] in ("network",) else cli
            done = parity.docker(*args, cli=which, env={"GIVEN": "yes"})
            told.append((args, *result(done)))
        left = parity.docker("ps", "-aq", cli="official").stdout.split()
        if left:
            parity.docker("rm", "-f", "-v", *left, cli="official")
        return told
    return call


@pytest.mark.parametrize("name", STORIES)
def test_story(tell, name):
    theirs, ours = tell(STORIES[name], "official"), tell(STORIES[name], "ours")
    for one, other in zip(ours, theirs):
        compare(one[0], one[1:], other[1:])


def shape(text):
    """Of a help text: usage, other names, and of each flag letter, name, type and default."""
    usage = re.search(r"^Usage: +(.*)", text, re.M)[1]
    names = re.search(r"^Aliases:\n +(.*)", text, re.M)
    found = re.search(r"^(?:Global )?Options:\n(.*?)(?:\n\n|\Z)", text, re.M | re.S)
    flags = {}
    for item in re.split(r"\n(?= {2}-| {6}--)", found[1]) if found else ():
        head = re.match(r" +(?:-(\w), )?--([\w-]+)(?: ([\w-]+))?(?= {3}|\Z)", item)
        words = " ".join(item.split())
        default = re.search(r'\(default ((?:"[^"]*"|[^ "]*))\)', words)
        flags[head[2]] = head[1], head[3], default and default[1]
    return usage, names and names[1], flags


# The original asks the daemon, and leaves out what that is too old for.
NEWER = {"annotation", "health-start-interval", "signal"}
# Windows daemons know these, and the last ones are not there yet.
NOT_OURS = {"cpu-count", "cpu-percent", "io-maxbandwidth", "io-maxiops", "isolation", "help",
            "use-api-socket", "checkpoint", "checkpoint-dir", "tree"}
COMMANDS = ("run", "create", "exec", "ps", "pull", "images", "version", "info", "attach", "kill",
            "logs", "pause", "port", "rename", "restart", "rm", "start", "stop", "top", "unpause",
            "wait", "rmi", "tag", "events", "inspect", "container run", "container ls", "image ls",
            "container inspect", "image inspect", "image rm", "system info", "system events")


@pytest.mark.parametrize("command", COMMANDS)
def test_help(parity, command):
    ours, theirs = (shape(parity.docker(*command.split(), "--help", cli=cli, check=True).stdout)
                    for cli in ("ours", "official"))
    wanted = {name: flag for name, flag in theirs[2].items() if name not in NOT_OURS
              and not (name == "platform" and command in ("rmi", "image rm", "image inspect"))}
    flags = {name: flag for name, flag in ours[2].items() if name in wanted or name not in NEWER}
    assert ours[:2] == theirs[:2]
    assert flags == wanted


def test_stdin_and_half_close(parity):
    for args, text in ((("-i", "busybox", "cat"), "a\nb"), (("-i", "busybox", "wc", "-c"), "x" * 300000),
                       (("busybox", "cat"), "not for it"), (("-i", "busybox", "true"), "unread"),
                       (("-i", "-a", "stdin", "-a", "stdout", *SH, "cat; echo e >&2"), "in")):
        same(parity, "run", "--rm", "--network=none", *args, input=text)


@pytest.fixture(scope="module")
def registry(parity):
    made = Registry(parity.sandbox)
    yield made
    made.close()


def test_pull(parity, registry):
    small("cli", {"Cmd": ["echo", "pulled"]}).push(registry, "cli")
    name = registry.name("cli")

    # The second pull of a layer that is there already takes another way: start alike.
    for args in (["pull", name], ["rmi", name]):
        parity.docker(*args, check=True)

    def tell(cli):
        told = []
        for args in (["pull", name], ["pull", name], ["pull", "-q", name], ["rmi", name],
                     ["run", "--rm", "--network=none", name], ["rmi", name],
                     ["run", "-q", "--rm", "--network=none", name], ["images"],
                     ["pull", registry.name("nothing")], ["pull", name + ":nothing"],
                     ["create", "--pull", "never", registry.name("nothing")],
                     ["rmi", name], ["pull", "-a", name], ["rmi", name]):
            told.append((args, *result(parity.docker(*args, cli=cli))))
        return told
    theirs, ours = tell("official"), tell("ours")
    for one, other in zip(ours, theirs):
        compare(one[0], one[1:], other[1:])


def on_a_terminal(stack, cli, *args, keys=(), **options):
    """What a terminal shows, and the exit code; keys: (what to wait for, what to type then)."""
    with Terminal(stack.sandbox, [stack.cli_path(cli), *args], **options) as terminal:
        for pattern, typed in keys:
            if pattern:
                terminal.expect(pattern)
            else:               # nothing tells that the terminal is in raw mode
                time.sleep(0.5)
            terminal.type(typed)
        return terminal.wait(), plain(terminal.text.replace("\r", ""))


# No interactive shell: that one draws its prompt anew when the window changes.
ASK = (*SH, "echo name; read name; echo $name; tty; exit 5")
TERMINALS = {
    "run": (["run", "--rm", "-it", "--network=none", *ASK], [("name", "one\n")]),
    "interrupt": (["run", "--rm", "-it", "--network=none", *SH, "trap 'echo caught; exit 9' INT; "
                   "echo ready; while :; do sleep 0.1; done"], [("ready", "\x03")]),
    "detach": (["run", "-it", "--name", "kept", "--network=none", *SH, "echo ready; exec cat"],
               [("ready", "\x10\x11")]),
    "own keys": (["run", "-it", "--detach-keys", "ctrl-a,x", "--network=none", *SH,
                  "echo ready; exec cat"], [("ready", "a\x01bc"), ("bc", "\x01x")]),
    "attach": (["attach", "term"], [("", "typed\n"), ("typed\\s+typed", "\x10\x11")]),
    "exec": (["exec", "-it", "term", *ASK[1:]], [("name", "two\n")]),
    "exec detach": (["exec", "-it", "term", "cat"], [("", "x\n"), ("x\\s+x", "\x10\x11")]),
    "start": (["start", "-ai", "term2"], [("name", "three\n")]),
    "no tty in it": (["run", "--rm", "-i", "--network=none", "busybox", "cat"],
                     [("", "line\n"), ("line\\s+line", "\x04")]),
    "ps": (["ps", "-q"], []),
}


@pytest.mark.parametrize("name", TERMINALS)
def test_terminal(parity, name):
    args, keys = TERMINALS[name]
    told = []
    for cli in ("official", "ours"):
        parity.docker("run", "-dit", "--name", "term", "--network=none", "busybox", "cat", check=True)
        parity.docker("create", "-it", "--name", "term2", "--network=none", *ASK, check=True)
        told.append(on_a_terminal(parity, cli, *args, keys=keys, rows=30, columns=100))
        parity.docker("rm", "-f", *parity.docker("ps", "-aq").stdout.split(), check=True)
    compare(args, told[1], told[0])


def test_the_window(parity):
    """Its size, and a change of it."""
    with Terminal(parity.sandbox, [parity.cli_path("ours"), "run", "--rm", "-it", "--network=none",
                                   *SH, "sleep 0.2; stty size; trap 'stty size; exit' WINCH; "
                                   "echo ready; while :; do sleep 0.05; done"],
                  rows=30, columns=100) as terminal:
        terminal.expect(r"30 100\s+ready")
        terminal.resize(40, 120)
        terminal.process.send_signal(signal.SIGWINCH)
        terminal.expect("40 120")


def test_signals_are_passed_on(parity):
    """Not to a TTY's process, which gets them as keys, but to any other."""
    for cli in ("official", "ours"):
        process = parity.docker_popen(
            "run", "--rm", "--name", "one", "--network=none", *SH,
            "trap 'echo caught; exit 9' TERM; echo ready; while :; do sleep 0.1; done", cli=cli,
            stdout=subprocess.PIPE, text=True)
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGTERM)
        assert process.communicate(timeout=10)[0] == "caught\n" and process.returncode == 9


def test_pull_on_a_terminal(parity, registry):
    """The drawing of layers depends on timing; where the cursor ends up and what stays does not."""
    small("drawn", {"Cmd": ["true"]}).push(registry, "drawn")
    name = registry.name("drawn")
    screens = []
    for cli in ("official", "official", "ours"):    # the first also fetches the layer below
        code, text = on_a_terminal(parity, cli, "pull", name)
        screens.append((code, screen(text)))
        parity.docker("rmi", name, check=True)
    assert screens[1] == screens[2]


def screen(text):
    """The lines that remain, with the cursor's moves of the progress display applied."""
    lines, row = [""], 0
    for part in re.findall(r"\x1b\[\d*[A-Z]|\n|[^\x1b\n]+", text):
        move = re.fullmatch(r"\x1b\[(\d*)([A-Z])", part)
        if move and move[2] == "A":
            row -= int(move[1] or 1)
        elif (move and move[2] == "B") or part == "\n":
            row += int(move[1] or 1) if move else 1
            lines += [""] * (row + 1 - len(lines))
        elif move:
            lines[row] = ""
        else:
            lines[row] = part
    return [line.rstrip() for line in lines]
