"""The guest's end of the shared memory, and the device by which it halts the machine.

QEMU has the memory as an nvdimm, which no driver here knows of, where the RAM below 4 GiB ends; the device
is pvpanic-pci (docs/specs/pvpanic.txt), with `-action panic=pause`.
"""

import mmap
import os
from pathlib import Path

import msgspec

from synscope.lab.mailbox import ADDRESS, HEAD, SIZE, from_host, length, packed
from synscope.lab.messages import Order

DEVICES = Path("/sys/bus/pci/devices")
HALT = ("0x1b36", "0x0011")
MEMORY = Path("/dev/mem")
_PANICKED = 1


class Door:
    """`call` puts a message before the host, and gives what the host has put in its place."""

    def __init__(self, devices: Path = DEVICES) -> None:
        """Raises LookupError where QEMU has not added the device, OSError where there is no /dev/mem."""
        self._memory = mmap.mmap(_opened(MEMORY), SIZE, offset=ADDRESS)
        self._halt = mmap.mmap(_opened(_resource(devices)), 0)  # all of it

    def call(self, message: msgspec.Struct) -> Order:
        """Returns when the host lets the machine go on; the clock has stood still."""
        content = packed(message)
        self._memory[: len(content)] = content
        self._halt[0] = _PANICKED
        return from_host(self._memory[: length(self._memory[:HEAD])])


def _resource(devices: Path) -> Path:
    for path in sorted(devices.iterdir()):
        if (_id(path / "vendor"), _id(path / "device")) == HALT:
            (path / "enable").write_text("1")
            return path / "resource0"
    raise LookupError(f"no PCI device {':'.join(HALT)}")


def _opened(path: Path) -> int:
    return os.open(path, os.O_RDWR)


def _id(path: Path) -> str:
    return path.read_text().strip()
