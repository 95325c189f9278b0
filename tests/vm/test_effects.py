"""Inlined functions on other kernels: each kind of attempt shows those that its client must have run."""

import pytest

from support.call_trees import effects
from vm.conftest import Part, Results
from vm.test_connections import told

pytestmark = pytest.mark.needs_kernel

ROUTED = ["ip_route_connect", "ip_route_newports"]
SENT = ["tcp_connect_init", "tcp_transmit_skb", "inet_csk_reset_xmit_timer"]
PORT_KNOWN = ["ip_route_connect", *SENT]
FAILED = ["ip_route_connect"]
EXPECTED = {
    "v6": SENT,
    "refused_v6": SENT,
    "no_route": FAILED,
    "prohibited": FAILED,
    "no_port": FAILED,
    "itself": PORT_KNOWN,
}
"""By kind; of all others: `ROUTED` and `SENT`, or, of a bound socket, `PORT_KNOWN`."""


@pytest.fixture(scope="module")
def path(results: Results) -> Part:
    return results.part("path")


def test_clients_show_what_they_must_have_run(path: Part):
    for report, connection in told(path):
        kind = report["kind"]
        shown = effects(connection)
        if kind == "bound":
            assert shown in (PORT_KNOWN, ROUTED + SENT), kind
        else:
            assert shown == EXPECTED.get(kind, ROUTED + SENT), kind


def test_a_syn_that_is_sent_again_has_its_timer_started_again(path: Part):
    (connection,) = [one for report, one in told(path) if report["kind"] == "full_queue"]
    assert "inet_csk_reset_xmit_timer" in effects(connection, "client", "softirq")


def test_no_stack_has_what_its_effect_shows(path: Part):
    frames = {symbol.split("+")[0] for stack in path.trace.footer.stacks.values() for symbol in stack}
    shown = {function for _, connection in told(path) for function in effects(connection)}
    assert shown >= {*ROUTED, *SENT}
    assert not shown & frames
