"""docker diff: what a container changed, and nothing that the engine did for it."""

import pytest

WORK = ("rm /bin/vi; echo x >>/etc/passwd; mkdir -p /n/e/w; echo 1 >/n/e/w/f; ln -s x /n/l; mkfifo /n/fifo;"
        "chmod 700 /home; mv /etc/group /etc/g2; rm -r /usr; mkdir /usr; touch /usr/new;"
        "echo a >/tmp/a; rm /tmp/a; echo mine >/vol/file; cat /etc/hosts >/dev/null; rm -r /root")
CHANGED = """C /bin
D /bin/vi
C /etc
A /etc/g2
D /etc/group
C /etc/passwd
C /home
A /n
A /n/e
A /n/e/w
A /n/e/w/f
A /n/fifo
A /n/l
D /root
C /usr
D /usr/bin
A /usr/new
A /vol""".splitlines()


def changes(stack, name):
    answer = stack.api("GET", f"/v1.41/containers/{name}/changes")
    assert answer.status == 200, answer
    return [f"{'CAD'[c['Kind']]} {c['Path']}" for c in answer.json or []]


@pytest.mark.parametrize("end", ["true", "touch /ready; sleep 99"], ids=["stopped", "running"])
def test_what_changed(docker, stack, end):
    running = "sleep" in end
    docker("run", *(["-d"] if running else []), "--name", "box", "--network=none", "-v", "/vol", "busybox",
           "sh", "-c", f"{WORK}; {end}")
    if running:
        stack.wait_for(lambda: stack.docker("exec", "box", "test", "-e", "/ready").returncode == 0)
    expected = CHANGED + (["A /ready"] if running else [])
    assert sorted(changes(stack, "box")) == sorted(expected)
    assert sorted(docker("diff", "box").splitlines()) == sorted(expected)


def test_nothing_changed(docker, stack):
    docker("create", "--name", "made", "busybox")
    docker("run", "--name", "ran", "busybox", "true")
    assert changes(stack, "made") == changes(stack, "ran") == []
    assert stack.api("GET", "/v1.41/containers/nobody/changes").status == 404


def test_a_container_knows_that_it_is_one(docker):
    docker("run", "--rm", "--network=none", "busybox", "test", "-f", "/.dockerenv")
