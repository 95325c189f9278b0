"""The walk, case by case, each read off net/socket.c and net/ipv4/af_inet.c."""

import errno
from dataclasses import dataclass

import msgspec
import pytest

from synscope.tcp.socket_call import decide
from synscope.tcp.socket_decision import Call, Caller, Kernel

ROOT = Caller(net_raw=True, groups=(0,))
USER = Caller(net_raw=False, groups=(1000, 27))
PLAIN = Kernel(
    protocols=(
        "TCP",
        "UDP",
        "RAW",
        "PING",
        "UDP-Lite",
        "MPTCP",
        "TCPv6",
        "UDPv6",
        "RAWv6",
        "PINGv6",
        "PACKET",
    ),
    ipproto_max=263,
)


def outcome(family, type_, protocol, caller=ROOT, kernel=PLAIN):
    decision = decide(Call(family, type_, protocol), caller, kernel)
    if decision.socket is not None:
        return (decision.socket.family, decision.socket.type, decision.socket.protocol)
    return errno.errorcode[decision.errno]


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        ((2, 1, 6), (2, 1, 6)),  # the same
        ((2, 1, 0), (2, 1, 6)),  # 0 gets the first entry's
        ((2, 2, 0), (2, 2, 17)),
        ((2, 3, 47), (2, 3, 47)),  # the wild card takes any
        ((2, 3, 262), (2, 3, 262)),
        ((2, 3, 0), "EPROTONOSUPPORT"),  # but not 0
        ((2, 1, 17), "EPROTONOSUPPORT"),
        ((2, 1, 132), "EPROTONOSUPPORT"),
        ((2, 5, 132), "ESOCKTNOSUPPORT"),  # an empty list
        ((2, 0, 0), "ESOCKTNOSUPPORT"),
        ((2, 11, 0), "EINVAL"),  # SOCK_MAX
        ((2, 1, 263), "EINVAL"),  # IPPROTO_MAX
        ((2, 1, -1), "EINVAL"),
        ((2, 1 | 0o4000 | 0o2000000, 0), (2, 1, 6)),
        ((2, 1 | 0x10, 0), "EINVAL"),
        ((2, -1, 0), "EINVAL"),
        ((46, 1, 0), "EAFNOSUPPORT"),
        ((-1, 1, 0), "EAFNOSUPPORT"),
        ((0, 1, 0), "EAFNOSUPPORT"),
        ((46, 11, 0), "EAFNOSUPPORT"),  # the family is looked at first
        ((46, 1 | 0x10, 0), "EINVAL"),  # but after the flags
        ((2, 10, 0x300), (17, 10, 0)),  # SOCK_PACKET
        ((10, 10, 0), "ESOCKTNOSUPPORT"),
        ((17, 1, 0), "ESOCKTNOSUPPORT"),
        ((17, 3, 0x300), (17, 3, 0)),
        ((10, 1, 0), (10, 1, 6)),
        ((10, 3, 58), (10, 3, 58)),
    ],
)
def test_what_root_gets(call, expected):
    assert outcome(*call) == expected


def test_a_raw_socket_needs_the_capability_but_only_if_there_is_a_protocol():
    assert outcome(2, 3, 1, USER) == "EPERM"
    assert outcome(2, 3, 0, USER) == "EPROTONOSUPPORT"
    assert outcome(2, 10, 0, USER) == "EPERM"
    assert outcome(2, 1, 6, USER) == (2, 1, 6)


@pytest.mark.parametrize(
    ("groups", "expected"), [((0, 0), "EACCES"), ((27, 27), (2, 2, 1)), ((1000, 9999), (2, 2, 1))]
)
def test_a_ping_socket_needs_a_group(groups, expected):
    kernel = msgspec.structs.replace(PLAIN, ping_groups=groups)
    assert outcome(2, 2, 1, USER, kernel) == expected


def test_mptcp_can_be_off():
    assert outcome(2, 1, 262) == (2, 1, 262)
    assert outcome(2, 1, 262, kernel=msgspec.structs.replace(PLAIN, mptcp=False)) == "ENOPROTOOPT"


def test_without_ipv6_the_family_is_asked_for():
    kernel = Kernel(protocols=("TCP",), ipproto_max=263)
    decision = decide(Call(10, 1, 0), ROOT, kernel)
    assert (errno.errorcode[decision.errno], decision.requests) == ("EAFNOSUPPORT", ("net-pf-10",))


def test_the_modules_that_are_asked_for_are_those_of_the_kernels_comment():
    decision = decide(Call(2, 1, 132), ROOT, PLAIN)
    assert decision.requests == ("net-pf-2-proto-132-type-1", "net-pf-2-proto-132")
    assert decide(Call(2, 1, 6), ROOT, PLAIN).requests == ()


@dataclass
class Loading:
    aliases: tuple[str, ...]
    requests: tuple[str, ...]


@pytest.mark.parametrize(
    "loading",
    [
        Loading(("net-pf-2-proto-132-type-1",), ("net-pf-2-proto-132-type-1",)),
        Loading(("net-pf-2-proto-132",), ("net-pf-2-proto-132-type-1", "net-pf-2-proto-132")),
    ],
    ids=["specific", "generic"],
)
def test_a_module_that_is_there_helps(loading):
    modules = dict.fromkeys(loading.aliases, ("sctp",))
    kernel = msgspec.structs.replace(PLAIN, can_load=True, modules=modules)
    decision = decide(Call(2, 1, 132), ROOT, kernel)
    assert decision.socket == Call(2, 1, 132)
    assert decision.entry.prot == "sctp_prot"
    assert decision.requests == loading.requests


def test_a_module_is_not_loaded_where_the_kernel_loads_none():
    kernel = msgspec.structs.replace(PLAIN, modules={"net-pf-2-proto-132": ("sctp",)})
    assert outcome(2, 1, 132, kernel=kernel) == "EPROTONOSUPPORT"


@pytest.mark.parametrize(
    ("call", "modules"),
    [((1, 1, 0), {}), ((2, 1, 99), {"net-pf-2-proto-99": ("somebodys",)})],
    ids=["family", "module"],
)
def test_what_is_not_modelled_is_said(call, modules):
    kernel = msgspec.structs.replace(PLAIN, can_load=True, modules=modules)
    decision = decide(Call(*call), ROOT, kernel)
    assert decision.errno is None
    assert decision.socket is None
    assert "not modelled" in decision.unknown


def test_the_steps_of_a_refusal_end_with_it():
    steps = decide(Call(2, 3, 1), USER, PLAIN).steps
    assert [step.mark for step in steps].count("refused") == 1
    assert steps[-1].mark == "refused"
    assert "EPERM" in steps[-1].does
