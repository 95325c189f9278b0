"""A BPF program on a cgroup that refuses, as container networks and systemd attach them.

Two instructions, `r0 = 0; exit`, loaded by the bpf(2) system call: no compiler and no library is needed.
"""

import ctypes
import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_NR_BPF = 321 if os.uname().machine == "x86_64" else 280
_PROG_LOAD, _PROG_ATTACH, _PROG_DETACH = 5, 8, 9
_ALLOW_MULTI = 2
# include/uapi/linux/bpf.h: program type, attach type
HOOKS = {"egress": (8, 1), "sock_create": (9, 2), "bind4": (18, 8), "connect4": (18, 10)}
_REFUSE = struct.pack("<BBhi", 0xB7, 0, 0, 0) + struct.pack("<BBhi", 0x95, 0, 0, 0)


@contextmanager
def refusing(cgroup: Path, hook: str) -> Iterator[None]:
    """Attached while the block runs."""
    kind, place = HOOKS[hook]
    text, license_text = ctypes.create_string_buffer(_REFUSE), ctypes.create_string_buffer(b"GPL")
    program = _bpf(
        _PROG_LOAD,
        struct.pack("<IIQQIIQII16sII", kind, 2, ctypes.addressof(text), ctypes.addressof(license_text),
                    0, 0, 0, 0, 0, b"", 0, place),
    )  # fmt: skip
    directory = os.open(cgroup, os.O_RDONLY)
    link = struct.pack("<III", directory, program, place)
    try:
        _bpf(_PROG_ATTACH, link + struct.pack("<I", _ALLOW_MULTI))
        try:
            yield
        finally:
            _bpf(_PROG_DETACH, link)
    finally:
        os.close(directory)
        os.close(program)


def _bpf(command: int, attributes: bytes) -> int:
    libc = ctypes.CDLL(None, use_errno=True)
    size = max(len(attributes), 128)
    buffer = ctypes.create_string_buffer(attributes, size)
    result = int(libc.syscall(_NR_BPF, command, buffer, size))
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result
