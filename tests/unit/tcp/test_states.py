"""The table against the C library's copy of it."""

import re
from pathlib import Path

import pytest

from synscope.tcp.states import State, state_name

HEADERS = [Path("/usr/include/netinet/tcp.h")]


def test_numbers_are_those_of_the_c_library() -> None:
    header = next((path for path in HEADERS if path.exists()), None)
    if header is None:
        pytest.skip("no netinet/tcp.h here")
    found = re.search(r"enum\s*\{\s*TCP_ESTABLISHED = 1,(.*?)\}", header.read_text(), re.DOTALL)
    assert found is not None
    names = ["ESTABLISHED", *re.findall(r"TCP_(\w+)", re.sub(r"/\*.*?\*/", "", found.group(1)))]
    assert [state.name for state in State][: len(names)] == names


def test_an_unknown_number_still_has_a_name() -> None:
    assert (state_name(2), state_name(13)) == ("SYN_SENT", "STATE_13")
