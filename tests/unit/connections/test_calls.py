"""Merging paths into trees."""

from synscope.connections.calls import Sighting, SystemCall, call_forest
from synscope.connections.model import Call, Context, SideName
from synscope.connections.stacks import Path


def seen(
    t_ns: int, frames: str, mark: str, side: SideName = "client", context: Context = "process"
) -> Sighting:
    return Sighting(t_ns=t_ns, side=side, path=Path(context, tuple(frames.split())), mark=mark)


def drawn(call: Call, depth: int = 0) -> list[str]:
    own = " ".join(["  " * depth + call.function, *(f"<{mark}>" for mark in call.marks)])
    return [own, *(line for child in call.children for line in drawn(child, depth + 1))]


def test_paths_share_their_beginnings_and_stand_in_order_of_time() -> None:
    forest = call_forest(
        [
            seen(30, "connect tcp_v4_connect tcp_connect xmit", "sends S"),
            seen(10, "connect tcp_v4_connect store", "CLOSE → SYN_SENT"),
            seen(40, "connect tcp_v4_connect tcp_connect xmit", "sends S"),
            seen(50, "connect release_sock", "SYN_SENT → ESTABLISHED"),
        ]
    )
    assert [line for root in forest for line in drawn(root)] == [
        "connect",
        "  tcp_v4_connect",
        "    store <CLOSE → SYN_SENT>",
        "    tcp_connect",
        "      xmit <sends S>",
        "  release_sock <SYN_SENT → ESTABLISHED>",
    ]
    assert forest[0].seen_ns == 10
    assert forest[0].children[1].seen_ns == 50


def test_sides_and_contexts_are_trees_of_their_own() -> None:
    forest = call_forest(
        [
            seen(2, "net_rx_action rcv", "receives S.", context="softirq"),
            seen(1, "net_rx_action rcv", "receives S", side="server", context="softirq"),
            seen(3, "net_rx_action rcv", "x"),
        ]
    )
    assert [(root.side, root.context) for root in forest] == [
        ("server", "softirq"),
        ("client", "softirq"),
        ("client", "process"),
    ]


def test_a_system_call_gives_times_to_its_root_or_is_one() -> None:
    calls = [
        SystemCall(function="connect", side="client", enter_ns=5, exit_ns=90, ret="0"),
        SystemCall(function="accept4", side="server", enter_ns=1, exit_ns=95, ret="4"),
    ]
    forest = call_forest([seen(10, "connect tcp_v4_connect", "m")], calls)
    assert [(c.function, c.evidence, c.enter_ns, c.exit_ns, c.ret) for c in forest] == [
        ("accept4", "probe", 1, 95, "4"),
        ("connect", "stack", 5, 90, "0"),
    ]
