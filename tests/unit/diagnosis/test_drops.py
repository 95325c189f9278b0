import pytest

from faults import STACKS
from synscope.diagnosis.drops import Drop
from synscope.diagnosis.reasons import meaning


def drop(stack=(), reason="NETFILTER_DROP", function="nft_do_chain"):
    return Drop(1, "S", "client", reason, function, path=tuple(reversed(stack)))


@pytest.mark.parametrize(
    ("stack", "hook"),
    [
        ("output", "OUTPUT"),
        ("input", "INPUT"),
        ("forward", "FORWARD"),
        ("prerouting", "PREROUTING"),
        ("answer out", "OUTPUT"),
    ],
)
def test_the_hook_is_the_innermost_caller_of_netfilter(stack, hook):
    assert drop(STACKS[stack]).hook == hook


def test_on_loopback_the_receivers_hook_counts():
    """A stack that was not cut: the sender's frames are outside."""
    assert drop((*STACKS["input"], *STACKS["output"][3:])).hook == "INPUT"


@pytest.mark.parametrize(
    ("function", "hook"),
    [
        ("ip6_input", "INPUT"),
        ("ip6_xmit", "OUTPUT"),
        ("ip6_forward", "FORWARD"),
        ("ip_output", "POSTROUTING"),
        ("__br_forward", "bridge FORWARD"),
    ],
)
def test_other_hooks(function, hook):
    assert drop(("nft_do_chain", "nf_hook_slow", function, "tcp_connect")).hook == hook


@pytest.mark.parametrize(
    ("inner", "outer", "hook"),
    [
        ("br_nf_forward_ip.part.0", "__br_forward", "FORWARD"),
        ("br_nf_pre_routing", "br_handle_frame", "PREROUTING"),
        ("br_nf_post_routing", "br_forward_finish", "POSTROUTING"),
    ],
)
def test_a_bridge_that_asks_the_rules_of_ip(inner, outer, hook):
    """Stacks of 6.18 with net.bridge.bridge-nf-call-iptables=1: nf_hook_slow once for each family."""
    assert (
        drop(("nft_do_chain", "nft_do_chain_ipv4", "nf_hook_slow", inner, "nf_hook_slow", outer)).hook == hook
    )


def test_without_a_stack_no_hook_is_known():
    assert drop().hook is None and drop().by_netfilter


def test_clones_of_a_function_are_the_function():
    assert drop(("nf_hook_slow", "__ip_local_out.constprop.0")).hook == "OUTPUT"


def test_reasons_in_words():
    assert "checksum" in meaning(drop(reason="TCP_CSUM")).what
    assert "blackhole" in meaning(drop(reason="NOT_SPECIFIED", function="dst_discard")).what
    assert meaning(drop(reason="NEW_ONE", function="f")).what == "NEW_ONE in f, says the kernel"


def test_a_repeated_syn_is_its_requests():
    assert drop(reason="NOT_SPECIFIED", function="tcp_v4_rcv").of_request
    assert drop(reason="NOT_SPECIFIED", function="tcp_v6_rcv").of_request
    assert not drop(reason="NO_SOCKET", function="tcp_v4_rcv").of_request
    assert not drop(reason="NOT_SPECIFIED", function="ip_error").of_request
