"""Whether this user may trace, asked before anything is begun, so that the answer is one line."""

import shlex
import shutil
import sys
from pathlib import Path

from synscope.errors import Exit, SynscopeError

NET_ADMIN, SYS_ADMIN, PERFMON, BPF = 12, 21, 38, 39  # include/uapi/linux/capability.h
NAMES = {NET_ADMIN: "CAP_NET_ADMIN", PERFMON: "CAP_PERFMON", BPF: "CAP_BPF"}
SUDOS_PATH = ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin")
"""sudo's usual secure_path: a synscope elsewhere (a virtual environment) must be named in full."""


def require() -> None:
    """Raises SynscopeError: NOT_PERMITTED, what this process lacks and the command that has it."""
    missing = lacking(Path("/proc/self/status").read_text())
    if missing:
        why = f"this user lacks {', '.join(missing)}"
        raise SynscopeError("cannot trace", why, as_root(), Exit.NOT_PERMITTED)


def lacking(status: str) -> list[str]:
    """Names of the capabilities that loading BPF programs for the network needs and `status` lacks.

    `status` is the text of /proc/PID/status. CAP_SYS_ADMIN implies the other two, but not
    CAP_NET_ADMIN (capabilities(7)).
    """
    line = next((line for line in status.splitlines() if line.startswith("CapEff:")), "CapEff: 0")
    held = int(line.split()[1], 16)
    implied = (BPF, PERFMON) if held >> SYS_ADMIN & 1 else ()
    return [name for bit, name in NAMES.items() if not held >> bit & 1 and bit not in implied]


def as_root() -> str:
    """The command line that was typed, with sudo before it."""
    found = shutil.which("synscope")
    program = found if found and str(Path(found).parent) not in SUDOS_PATH else "synscope"
    return shlex.join(["sudo", program, *sys.argv[1:]])
