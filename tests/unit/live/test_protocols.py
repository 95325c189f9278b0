import pytest

from synscope.errors import SynscopeError
from synscope.live import protocols

PROTOCOLS = """protocol  size sockets  memory press maxhdr  slab module     cl co di
UNIX-STREAM 1152      2      -1   NI       0   yes  kernel      y  n  n
UDP       1344      0       0   NI       0   yes  kernel      y  y  y
TCP       2304      1     327   no     192   yes  kernel      y  y  y
"""
CONFIGURATION = """# comment
blacklist dccp_ipv4
alias net_pf_2_proto_132 sctp
alias net-pf-2-proto-33-type-6 dccp_ipv4
alias net-pf-2-proto-2-proto-115 l2tp-ip
alias net-pf-3 off
install l2tp_netlink /bin/false
alias net_pf_16_proto_16_family_l2tp l2tp_netlink
alias char-major-10-200 tun
alias net_pf_2_proto_132 other
options x y
"""


class FakeBtf:
    def __init__(self, value=263):
        self.value = value

    def enumerator(self, name):
        assert name == "IPPROTO_MAX"
        return self.value


@pytest.fixture
def proc(tmp_path):
    for name, text in {
        "net/protocols": PROTOCOLS,
        "sys/net/ipv4/ping_group_range": "0\t2147483647\n",
        "sys/net/mptcp/enabled": "0\n",
    }.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


def test_the_oldest_protocol_comes_first():
    assert protocols.registered(PROTOCOLS) == ("TCP", "UDP", "UNIX-STREAM")


def test_what_an_alias_loads():
    assert protocols.modules(CONFIGURATION) == {
        "net-pf-2-proto-132": ("sctp", "other"),
        "net-pf-2-proto-2-proto-115": ("l2tp_ip",),
    }


def test_a_kernel_without_modules(proc):
    found = protocols.kernel(FakeBtf(), proc)
    assert (found.ipproto_max, found.ping_groups, found.mptcp) == (263, (0, 2147483647), False)
    assert (found.can_load, found.modules) == (False, {})


def test_the_program_that_the_kernel_runs_is_asked(proc, tmp_path):
    loader = tmp_path / "modprobe"
    loader.write_text('#!/bin/sh\n[ "$1" = --showconfig ] && echo alias net-pf-2-proto-132 sctp\n')
    loader.chmod(0o755)
    (proc / "sys/kernel").mkdir()
    (proc / "sys/kernel/modprobe").write_text(f"{loader}\n")
    found = protocols.kernel(FakeBtf(), proc)
    assert (found.can_load, found.modules) == (True, {"net-pf-2-proto-132": ("sctp",)})
    (proc / "sys/kernel/modules_disabled").write_text("1\n")
    assert not protocols.kernel(FakeBtf(), proc).can_load


def test_what_the_kernel_does_not_show(proc):
    with pytest.raises(SynscopeError, match="IPPROTO_MAX"):
        protocols.kernel(FakeBtf(None), proc)
    (proc / "net/protocols").unlink()
    with pytest.raises(SynscopeError, match="mount -t proc"):
        protocols.kernel(FakeBtf(), proc)
