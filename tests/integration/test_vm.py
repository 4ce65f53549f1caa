"""Lighter in a machine of its own: cgroup v2, and Debian's kernel, which is older than this one.

Each script in tests/vm is a test; one boot runs them all (stack/vm.py).
"""

import pytest
from stack import vm
from stack.stack import build_dir

from conftest import require

pytestmark = [pytest.mark.ours,
              pytest.mark.unsanitized("a machine with nothing but busybox and static programs"), pytest.mark.timeout(vm.LIMIT + 60),
              pytest.mark.skipif(not vm.have(), reason="QEMU and a kernel could not be had")]


@pytest.fixture(scope="module")
def machine(tmp_path_factory):
    require()
    return vm.boot(tmp_path_factory.mktemp("machine"), build_dir())


@pytest.mark.parametrize("script", vm.scripts())
def test_on_cgroup_v2(machine, script):
    results, serial = machine
    assert script in results, f"it did not come to that:\n{serial[-3000:]}"
    code, said = results[script]
    assert code == 0, f"{said}\n{serial[serial.rfind('@@ log'):]}"
