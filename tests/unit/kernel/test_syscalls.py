import re
from pathlib import Path

import pytest

from support.require import require
from synscope.errors import Exit, SynscopeError
from synscope.kernel.syscalls import syscalls

HEADERS = {  # of linux-libc-dev
    "x86_64": "/usr/include/x86_64-linux-gnu/asm/unistd_64.h",
    "aarch64": "/usr/include/asm-generic/unistd.h",
}


@pytest.mark.parametrize("machine", HEADERS)
def test_numbers_are_those_of_the_kernels_headers(machine):
    header = Path(HEADERS[machine])
    require(header.exists(), f"{header} is not installed")
    defined = dict(re.findall(r"#define __NR_(\w+) (\d+)\n", header.read_text()))
    found = syscalls(machine)
    assert sorted(found.values()) == ["accept", "accept4", "bind", "connect", "listen", "socket"]
    for number, name in found.items():
        assert defined[name] == str(number)


def test_an_unknown_machine_is_refused():
    with pytest.raises(SynscopeError, match="s390x") as caught:
        syscalls("s390x")
    assert caught.value.code == Exit.NOT_PERMITTED
