from pathlib import Path

import pytest

from support.require import require
from synscope.kernel.sysctls import ROOT, SYSCTLS, read


def test_reads_what_is_there_and_leaves_out_the_rest(tmp_path):
    for name, value in {
        "net/ipv4/tcp_syn_retries": "6\n",
        "net/ipv4/ip_local_port_range": "32768\t60999\n",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(value)
    (tmp_path / "net/ipv4/tcp_sack").mkdir()
    assert read(tmp_path) == {"net.ipv4.tcp_syn_retries": "6", "net.ipv4.ip_local_port_range": "32768 60999"}


def test_control_characters_and_bytes_that_are_no_text(tmp_path):
    (tmp_path / "net/ipv4").mkdir(parents=True)
    (tmp_path / "net/ipv4/tcp_congestion_control").write_bytes(b"\xffcubic\r\n")
    assert read(tmp_path) == {"net.ipv4.tcp_congestion_control": "\ufffdcubic"}


def test_every_setting_says_what_it_does():
    assert len(SYSCTLS) > 20
    for name, sentence in SYSCTLS.items():
        assert name.startswith("net.")
        assert sentence.endswith(".") and "\n" not in sentence


@pytest.mark.needs_kernel
def test_names_are_those_of_this_kernel():
    require(ROOT.is_dir(), "no /proc/sys")
    values = read()
    since = {  # the release that brought it
        "net.ipv4.tcp_syn_linear_timeouts": (6, 5),
        "net.ipv4.tcp_rto_min_us": (6, 11),
        "net.ipv4.tcp_rto_max_ms": (6, 15),
        "net.ipv4.tcp_tw_reuse_delay": (6, 14),
    }
    optional = ("net.ipv6.", "net.mptcp.", "net.ipv4.tcp_l3mdev_accept")
    release = tuple(int(part) for part in Path("/proc/sys/kernel/osrelease").read_text().split(".")[:2])
    for name in SYSCTLS:
        if release >= since.get(name, (5, 14)) and not name.startswith(optional):
            assert name in values
    # The kernel bounds tcp_syn_retries by MAX_TCP_SYNCNT.
    assert 1 <= int(values["net.ipv4.tcp_syn_retries"]) <= 127
