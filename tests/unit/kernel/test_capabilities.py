import subprocess

import pytest

from synscope.kernel.capabilities import NAMES, lacking

ALL = ["CAP_NET_ADMIN", "CAP_PERFMON", "CAP_BPF"]


@pytest.mark.parametrize(
    ("held", "missing"),
    [
        (0, ALL),
        (1 << 12, ["CAP_PERFMON", "CAP_BPF"]),
        (1 << 12 | 1 << 38 | 1 << 39, []),
        (1 << 21, ["CAP_NET_ADMIN"]),
        ((1 << 41) - 1, []),
    ],
)
def test_what_is_lacking(held, missing):
    assert lacking(f"Name:\tx\nCapInh:\t{2**41 - 1:016x}\nCapEff:\t{held:016x}\n") == missing


def test_no_mask_is_no_capability():
    assert lacking("Name:\tx\n") == ALL


def test_the_numbers_are_those_of_capsh():
    """libcap knows the names by its own table."""
    for bit, name in NAMES.items():
        done = subprocess.run(["capsh", f"--decode={1 << bit:x}"], capture_output=True, text=True, check=True)
        assert done.stdout.strip().endswith("=" + name.lower())
