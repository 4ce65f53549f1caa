"""A program on a terminal of its own, driven by a test."""

import fcntl
import os
import pty
import re
import select
import struct
import termios
import time


class Terminal:
    """Starts argv in a sandbox on a new pty. text: all that it printed so far."""

    def __init__(self, sandbox, argv, rows=24, columns=80, env=None):
        self.text = ""
        master, slave = pty.openpty()
        self._fd = master
        self.resize(rows, columns)

        def controlling():
            os.setsid()
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)
        self.process = sandbox.popen(argv, env={"TERM": "xterm", **(env or {})}, stdin=slave,
                                     stdout=slave, stderr=slave, preexec_fn=controlling)
        os.close(slave)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        if self._fd >= 0:
            os.close(self._fd)
        self._fd = -1

    def resize(self, rows, columns):
        fcntl.ioctl(self._fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def type(self, text):
        os.write(self._fd, text.encode())

    def _read(self, patience):
        """Takes what is there; False at the end."""
        if not select.select([self._fd], [], [], patience)[0]:
            return True
        try:
            data = os.read(self._fd, 65536)
        except OSError:
            return False
        self.text += data.decode(errors="replace")
        return bool(data)

    def expect(self, pattern, patience=10):
        """Reads until the pattern appears in what has not been expected yet; the match."""
        end = time.monotonic() + patience
        start = getattr(self, "_position", 0)
        while True:
            found = re.search(pattern, self.text[start:])
            if found:
                self._position = start + found.end()
                return found
            if time.monotonic() > end or not self._read(0.1):
                found = re.search(pattern, self.text[start:])
                if found:
                    continue
                raise AssertionError(f"no {pattern!r} in {self.text[start:]!r}")

    def sees(self, pattern, patience=10):
        try:
            return self.expect(pattern, patience)
        except AssertionError:
            return None

    def wait(self, patience=10):
        """Reads to the end; the exit code."""
        end = time.monotonic() + patience
        while self._read(0.05) and self.process.poll() is None:
            assert time.monotonic() < end, f"still running: {self.text!r}"
        while select.select([self._fd], [], [], 0)[0] and self._read(0):
            pass
        return self.process.wait(patience)
