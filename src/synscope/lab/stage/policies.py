"""A BPF program on a cgroup that refuses connect(), as container networks and systemd attach them.

Two instructions, `r0 = 0; exit`, loaded by bpf(2): no compiler is needed. It is gone with its cgroup.
"""

import ctypes
import os
import struct
from pathlib import Path

from synscope.lab.stage.actors import StageError

_NR_BPF = 321 if os.uname().machine == "x86_64" else 280
_PROG_LOAD, _PROG_ATTACH = 5, 8
_ALLOW_MULTI = 2
# include/uapi/linux/bpf.h: BPF_PROG_TYPE_CGROUP_SOCK_ADDR, BPF_CGROUP_INET4_CONNECT
_SOCK_ADDR, _CONNECT4 = 18, 10
_REFUSE = struct.pack("<BBhi", 0xB7, 0, 0, 0) + struct.pack("<BBhi", 0x95, 0, 0, 0)


def refuse_connect(cgroup: Path) -> None:
    """Attach it; connect() to an IPv4 address fails with EPERM in this cgroup.

    Raises:
        StageError: the kernel refuses.
    """
    text, terms = ctypes.create_string_buffer(_REFUSE), ctypes.create_string_buffer(b"GPL")
    places = (ctypes.addressof(text), ctypes.addressof(terms))
    load = struct.pack("<IIQQIIQII16sII", _SOCK_ADDR, 2, *places, 0, 0, 0, 0, 0, b"", 0, _CONNECT4)
    program = _bpf(_PROG_LOAD, load)
    directory = os.open(cgroup, os.O_RDONLY | os.O_DIRECTORY)
    try:
        _bpf(_PROG_ATTACH, struct.pack("<IIII", directory, program, _CONNECT4, _ALLOW_MULTI))
    finally:
        os.close(directory)
        os.close(program)


def _bpf(command: int, attributes: bytes) -> int:
    libc = ctypes.CDLL(None, use_errno=True)
    size = max(len(attributes), 128)
    result = int(libc.syscall(_NR_BPF, command, ctypes.create_string_buffer(attributes, size), size))
    if result < 0:
        raise StageError("cannot attach a BPF program to a cgroup", os.strerror(ctypes.get_errno()))
    return result
