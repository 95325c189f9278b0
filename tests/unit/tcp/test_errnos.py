"""The table against this system's own."""

import errno
import sys

import pytest

from synscope.tcp.errnos import ERRNOS, errno_name


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Linux's numbers")
def test_numbers_are_linux_ones() -> None:
    assert {name: getattr(errno, name) for number, name in ERRNOS.items() if number < 512} == {
        name: number for number, name in ERRNOS.items() if number < 512
    }


def test_zero_is_no_error_and_an_unknown_number_is_kept() -> None:
    assert (errno_name(0), errno_name(95), errno_name(999)) == (None, "EOPNOTSUPP", "errno 999")
