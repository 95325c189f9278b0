"""Numbers of the system calls that set up connections, per machine."""

from synscope.errors import Exit, SynscopeError

_NUMBERS = {
    # arch/x86/entry/syscalls/syscall_64.tbl; 32-bit processes have others
    "x86_64": {41: "socket", 42: "connect", 43: "accept", 49: "bind", 50: "listen", 288: "accept4"},
    # include/uapi/asm-generic/unistd.h; since 6.11 scripts/syscall.tbl
    "aarch64": {198: "socket", 200: "bind", 201: "listen", 202: "accept", 203: "connect", 242: "accept4"},
}


def syscalls(machine: str) -> dict[int, str]:
    """Number to name on `machine` (`uname -m`), for 64-bit processes.

    Raises:
        SynscopeError: the machine is none of those that are known.
    """
    if machine not in _NUMBERS:
        known = " and ".join(sorted(_NUMBERS))
        why = f"the numbers of its system calls are not known, only those of {known}"
        raise SynscopeError(f"cannot trace on {machine}", why, "synscope doctor", Exit.NOT_PERMITTED)
    return dict(_NUMBERS[machine])
