"""testcontainers (PyPI) before the engine: what test suites of other projects do with it."""

import pytest
from stack import images, pypi

pytestmark = pytest.mark.skipif(not pypi.have(), reason="testcontainers could not be had from PyPI")

PROGRAM = __file__.replace("test_testcontainers.py", "programs/with_testcontainers.py")
# Takes notes of what it is told, as the reaper does; its own image comes from a registry.
RYUK = ["sh", "-c", "echo Started!; while nc -l -p 8080 >> /asked; do :; done"]


@pytest.fixture
def program(stack, tmp_path):
    """Runs one of the programs inside the stack; nothing may be left when it has ended."""
    def call(name, **env):
        folder = stack.scratch / f"cwd-{name}"
        folder.mkdir()
        done = stack.exec([pypi.PYTHON, PROGRAM, name], cwd=folder, timeout=90,
                          env={"TESTCONTAINERS_RYUK_DISABLED": "true", "TC_POOLING_INTERVAL": "0.1",
                               "HOME": str(folder), **env})
        assert done.returncode == 0, done.stderr[-3000:]
    yield call
    assert stack.docker("ps", "-aq", cli="debian").stdout == ""


@pytest.mark.parametrize("name", ["server", "fixed_port", "settings", "files", "health", "network"])
def test_suites(program, name):
    program(name)


def test_with_a_reaper(program, registry):
    images.Image([images.busybox_layer()], config={"Cmd": RYUK}).push(registry, "ryuk", "1")
    program("reaper", TESTCONTAINERS_RYUK_DISABLED="false",
            RYUK_CONTAINER_IMAGE=registry.name("ryuk:1"))
