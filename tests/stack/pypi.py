"""Python packages that people put before an engine: the Docker SDK, testcontainers.

They live in a virtual environment, build/venv, made by `./dev deps --test`. Where the package
index cannot be reached there is none, and the tests that need it are skipped and say so.
"""

import shutil
import subprocess
import sys

from .peers import TOP

VENV = TOP / "build" / "venv"
PYTHON = VENV / "bin" / "python"
PACKAGES = ["docker==7.2.0", "testcontainers==4.15.0"]
STAMP = VENV / "stamp"


def have():
    return STAMP.exists() and STAMP.read_text().split() == PACKAGES


def site_packages():
    """The folder to put in front of sys.path."""
    return next(VENV.glob("lib/python3*/site-packages"))


def fetch():
    """Makes the environment; False, and a word on stderr, when that cannot be done here."""
    if have():
        return True
    shutil.rmtree(VENV, ignore_errors=True)
    for argv in ([sys.executable, "-m", "venv", VENV],
                 [PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
                  *PACKAGES]):
        done = subprocess.run(argv, capture_output=True, text=True, timeout=300, check=False)
        if done.returncode != 0:
            words = (done.stderr or done.stdout).strip().splitlines()
            print(f"pypi: no {', '.join(PACKAGES)}: {words[-1] if words else 'failed'}",
                  file=sys.stderr)
            return False
    STAMP.write_text("\n".join(PACKAGES))
    return True
