"""Whether this user may trace, asked before anything is begun, so that the answer is one line."""

import shlex
import shutil
import sys
from pathlib import Path

from synscope.errors import Exit, SynscopeError
from synscope.kernel.capabilities import lacking

SUDOS_PATH = ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin")
"""sudo's usual secure_path: a synscope elsewhere (a virtual environment) must be named in full."""


def require() -> None:
    """Raises SynscopeError: NOT_PERMITTED, what this process lacks and the command that has it."""
    missing = lacking()
    if missing:
        why = f"this user lacks {', '.join(missing)}"
        raise SynscopeError("cannot trace", why, as_root(), Exit.NOT_PERMITTED)


def as_root() -> str:
    """The command line that was typed, with sudo before it."""
    found = shutil.which("synscope")
    program = found if found and str(Path(found).parent) not in SUDOS_PATH else "synscope"
    return shlex.join(["sudo", program, *sys.argv[1:]])
