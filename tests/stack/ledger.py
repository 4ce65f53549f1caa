"""What an engine has promised: for each object the states that it may be in.

A client writes down what it is about to ask for before it asks (`begin`): from then on the object
may be in the state before or the state after. An answer settles it (`done`). After a crash the
checker compares the world with this book and nothing else.

A state is None (there is no such thing), ANY, or a value that has ==.
"""

import contextlib
import threading
import time


class _Any:
    """What nobody was promised anything about."""

    def __repr__(self):
        return "ANY"


ANY = _Any()


class Ledger:
    """Objects by key, each with a list of states. `history` tells failures their story, `pids`
    what process an object had when that was certain."""

    def __init__(self):
        self.lock = threading.RLock()
        self._states, self.history, self.pids = {}, [], {}

    def note(self, *words):
        with self.lock:
            self.history.append(f"{time.monotonic():.3f} " + " ".join(map(str, words)))

    def begin(self, key, *after):
        """Asked for, not yet answered: as before, or one of these."""
        with self.lock:
            before = self._states.get(key, [None])
            self._states[key] = before + [state for state in after if state not in before]
            self.note(key, "->", *after)

    def done(self, key, *states):
        """Acknowledged (or seen): one of these and nothing else."""
        with self.lock:
            self._states[key] = list(states)
            self.note(key, "is", *states)

    def states(self, key):
        with self.lock:
            return list(self._states.get(key, [None]))

    def certain(self, key):
        """The one state it can be in; raises KeyError when it may be in several."""
        states = self.states(key)
        if len(states) != 1 or states[0] is ANY:
            raise KeyError(key)
        return states[0]

    def copy(self):
        with self.lock:
            return {key: list(states) for key, states in self._states.items()}

    @contextlib.contextmanager
    def still(self):
        """While inside nothing begins and nothing is acknowledged. Yields a copy of the book."""
        with self.lock:
            yield self.copy()

    def settle(self, world):
        """Takes over what was found: {key: state} of all that is there."""
        with self.lock:
            self._states = {key: [state] for key, state in world.items()}


def differences(promised, world):
    """Lines that say where the world ({key: state}) is none of what was promised."""
    lines = []
    for key in sorted(set(promised) | set(world)):
        states, found = promised.get(key, [None]), world.get(key)
        if not any(state is ANY or found == state for state in states):
            lines.append(f"{key}: found {found}, promised {' or '.join(map(str, states))}")
    return lines
