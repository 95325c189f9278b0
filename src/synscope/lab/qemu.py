"""How QEMU is started: the words that make the machine, and where the program is."""

import platform
import shutil
from pathlib import Path
from typing import NamedTuple

from synscope.errors import SynscopeError
from synscope.lab import mailbox

PROGRAM = "qemu-system-x86_64"
NEEDED = {PROGRAM: "qemu-system-x86", "setpriv": "util-linux", "ldd": "libc-bin"}
"""Programs, and Debian's packages with them."""
RAM = 512 << 20
SHAPE = """
-no-user-config -nodefaults -display none -no-reboot -S
-accel tcg -smp 1 -cpu max,-rdrand,-rdseed,-erms
-icount shift=2,sleep=off -rtc base=2025-01-01T00:00:00,clock=vm
-action panic=pause -device pvpanic-pci -device nvdimm,memdev=mailbox
-serial chardev:console -mon chardev=qmp,mode=control
""".split()  # noqa: SIM905
"""Nothing in it depends on the host, and no instruction gives random numbers. Without `erms` the kernel
copies eight bytes an instruction, not one."""
LOG = "exec,nochain,cpu,in_asm"
"""Every block of instructions that is entered, none passed over, with all registers, and its text."""


class Files(NamedTuple):
    """What the machine is made of, as QEMU can open it. `ram` is shared with this process, or, `private`, the
    pages that the guest writes become its own."""

    ram: Path
    private: bool
    mailbox: Path
    console: Path
    log: Path


def path() -> str:
    """Where QEMU is. Raises SynscopeError where it, or another need of the lab, is not there."""
    if platform.machine() != "x86_64":
        why = f"its guests take Python from the host, which is no x86-64 but {platform.machine()}"
        raise SynscopeError("no lab here", why)
    for program, package in NEEDED.items():
        if shutil.which(program) is None:
            raise SynscopeError("no lab here", f"there is no {program}", f"sudo apt-get install {package}")
    return str(shutil.which(PROGRAM))


def command(files: Files, control: int) -> list[str]:
    """The command line; `control` is the descriptor of the control connection. It dies with this process."""
    ram = f"id=ram,size={RAM},mem-path={files.ram},share={'off' if files.private else 'on'}"
    box = f"id=mailbox,size={mailbox.SIZE},mem-path={files.mailbox},share=on"
    words = ["setpriv", "--pdeathsig", "KILL", path(), *SHAPE]
    words += ["-machine", "pc,memory-backend=ram,nvdimm=on", "-m", f"{RAM >> 20}M,slots=1,maxmem=1G"]
    words += ["-object", f"memory-backend-file,{ram}", "-object", f"memory-backend-file,{box}"]
    words += ["-chardev", f"file,id=console,path={files.console}", "-D", str(files.log)]
    return [*words, "-chardev", f"socket,id=qmp,fd={control}"]
