"""python3 -m stack peers|run|test: what ./dev calls."""

import sys


def main():
    command, rest = sys.argv[1], sys.argv[2:]
    if command == "peers":
        from . import peers, pypi, vm
        try:
            peers.fetch()
        except peers.PeersMissing as error:
            return f"peers: {error}"
        pypi.fetch()
        if not vm.fetch():
            print("peers: no QEMU and kernel for tests/vm", file=sys.stderr)
        return 0
    if command == "run":
        from .run import main as run
        return run(rest)
    if command == "test":
        from .testing import main as test
        return test(rest)
    return f"no command {command}"


sys.exit(main())
