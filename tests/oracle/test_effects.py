"""Inlined functions known by their effects, against ftrace's own record of the same tracepoints."""

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from support.call_trees import effects
from support.counters import growth, tcp_counters
from support.firewall import EVERY_SECOND, SYN, filter_rule
from support.ftrace import Event, ftrace
from support.prelude import client, hear, listen, name, say
from support.scripts import ran, running
from support.tracing import Taken, complete, of_cgroup, summary, tracing
from synscope.connections.model import Call, Connection
from synscope.events.decode import address_text
from synscope.events.trace import Rows
from synscope.events.wire import PathKind

pytestmark = pytest.mark.needs_kernel

COUNT = 50
FIB, TIMER, STATE = "fib/fib_table_lookup", "timer/timer_start", "sock/inet_sock_set_state"
ROUTE = re.compile(
    r"table (?P<table>\d+) .* proto 6 (?P<saddr>[\d.]+)/(?P<sport>\d+) -> (?P<daddr>[\d.]+)/(?P<dport>\d+)"
    r" .* dev (?P<dev>\S+) .* err (?P<err>-?\d+)"
)
ABOVE_CONNECT = ("trace_", "__traceiter_", "fib_", "ip_route_")
LOOPBACK = {"lo": 1, "-": 0}
INIT = ["tcp_connect_init", "tcp_transmit_skb", "inet_csk_reset_xmit_timer"]
UNBOUND = ["ip_route_connect", "ip_route_newports", *INIT]
BOUND = ["ip_route_connect", *INIT]


def connects(count: int, address: str, bound: bool) -> None:
    """`count` connections, one after another, once told."""
    listener = listen(address)
    say()
    hear()
    for _ in range(count):
        active = client(address)
        if bound:
            active.bind((address, 0))
        active.connect(listener.getsockname())
        passive, _ = listener.accept()
        active.close()
        passive.close()
    say()


def attempts(addresses: list[str]) -> None:
    """One connect() to each address, once told."""
    say()
    hear()
    for address in addresses:
        with client() as active:
            say(errno=name(active.connect_ex((address, 80))))
    say()


def every(calls: tuple[Call, ...], side: str, above: str = "") -> Iterator[tuple[str, Call]]:
    """Each call of a side below its caller's name, in the order in which a reader meets them."""
    for call in calls:
        if call.side == side:
            yield above, call
        yield from every(call.children, side, call.function)


def children(connection: Connection, parent: str) -> list[str]:
    """What the client's `parent` called, in order."""
    return [call.function for above, call in every(connection.calls, "client") if above == parent]


def rows(taken: Taken, kind: PathKind) -> Rows:
    found: Rows = taken.trace.events[taken.trace.events["kind"] == kind]
    return found


def routes(taken: Taken) -> list[tuple[object, ...]]:
    """Our rows of lookups: table, both ends, device, error."""
    return [
        (
            int.from_bytes(bytes(row["header"])[4:8], "little"),
            address_text(bytes(row["saddr"]), 2),
            *np.frombuffer(bytes(row["header"])[:4], ">u2").tolist(),
            address_text(bytes(row["daddr"]), 2),
            int(row["ifindex"]),
            int(row["code"]),
        )
        for row in rows(taken, PathKind.ROUTE)
    ]


def looked_up(event: Event) -> tuple[object, ...]:
    """The same of ftrace's event."""
    found = ROUTE.match(event.text)
    assert found, event.text
    ends = found["saddr"], int(found["sport"]), int(found["dport"]), found["daddr"]
    return int(found["table"]), *ends, LOOPBACK[found["dev"]], int(found["err"])


def by_connect(event: Event) -> bool:
    """A lookup of TCP's by tcp_v4_connect, and not by a softirq on top of it."""
    caller = next((f for f in event.stack if not f.startswith(ABOVE_CONNECT)), "")
    return event.name == "fib_table_lookup" and caller == "tcp_v4_connect"


def steps(events: list[Event]) -> Iterator[str]:
    """What connect() did, in ftrace's order."""
    for event in events:
        if by_connect(event):
            yield "lookup"
        elif event.name == "inet_sock_set_state" and "newstate=TCP_SYN_SENT" in event.text:
            yield "SYN_SENT"
        elif "function=tcp_write_timer" in event.text and "tcp_connect" in event.stack[:6]:
            yield "timer"


@pytest.mark.parametrize(("bound", "expected"), [(False, UNBOUND), (True, BOUND)], ids=["unbound", "bound"])
def test_each_connect_shows_each_function_once_and_in_the_kernels_order(netns, cgroup, bound, expected):
    """A client whose port is chosen already has no use for ip_route_newports (include/net/route.h)."""
    before = tcp_counters(netns)
    with (
        tracing(of_cgroup(cgroup)) as taken,
        running(connects, COUNT, "127.0.0.1", bound, namespace=netns, cgroup=cgroup) as script,
        ftrace(script.process.pid, FIB, TIMER, STATE) as record,
    ):
        script.ask()
        truth = record()
        taken.finish()
    found = taken.connections()
    assert complete(taken.trace)
    assert growth(before, tcp_counters(netns))["ActiveOpens"] == len(found) == COUNT
    assert [effects(one) for one in found] == [expected] * COUNT
    lookups = ["lookup", "SYN_SENT"] if bound else ["lookup", "lookup", "SYN_SENT", "lookup"]
    assert list(steps(truth)) == [*lookups, "timer"] * COUNT
    assert routes(taken) == [looked_up(event) for event in truth if by_connect(event)]
    order = ["ip_route_connect", "ip_route_newports", "tcp_connect"]
    for one in found:
        shown = [function for function in children(one, "tcp_v4_connect") if function in order]
        assert shown == [function for function in order if function != "ip_route_newports" or not bound]


def test_timers_are_those_that_ftrace_saw(netns, cgroup):
    with (
        tracing(of_cgroup(cgroup)) as taken,
        running(connects, COUNT, "127.0.0.1", False, namespace=netns, cgroup=cgroup) as script,
        ftrace(script.process.pid, TIMER) as record,
    ):
        script.ask()
        truth = record()
        taken.finish()
    asked = [event for event in truth if "tcp_connect" in event.stack[:6] or "reqsk" in event.text]
    names = ["reqsk" if "reqsk_timer_handler" in event.text else "write" for event in asked]
    cookies = {"client": "write", "server": "reqsk"}
    sides = {
        half.cookie: cookies[side]
        for one in taken.connections()
        for side, half in (("client", one.client), ("server", one.server))
        if half
    }
    assert [sides[cookie] for cookie in rows(taken, PathKind.TIMER)["cookie"].tolist()] == names
    assert len(names) == 2 * COUNT
    assert [effects(one, "server", "softirq") for one in taken.connections()] == [
        ["reqsk_queue_hash_req"]
    ] * COUNT


def test_the_two_route_functions_look_up_from_places_of_their_own(netns, cgroup):
    """Told apart by the time of SYN_SENT, they are told apart by the call's address too."""
    with tracing(of_cgroup(cgroup)) as taken:
        ran(connects, COUNT, "127.0.0.1", False, namespace=netns, cgroup=cgroup)
    stacks, sent = taken.trace.footer.stacks, left_close(taken)
    places: dict[bool, set[str]] = {True: set(), False: set()}
    for row in rows(taken, PathKind.ROUTE):
        place = next(symbol for symbol in stacks[int(row["stack"])] if symbol.startswith("tcp_v4_connect+"))
        places[int(row["t"]) > sent[int(row["cookie"])]].add(place)
    assert (len(places[False]), len(places[True])) == (2, 1)
    assert not places[False] & places[True]


def left_close(taken: Taken) -> dict[int, int]:
    """When each client went to SYN_SENT, by its cookie."""
    found = {}
    for one in taken.connections():
        assert one.client and one.client.cookie, summary(one)
        found[one.client.cookie] = next(step.t_ns for step in one.transitions if step.target == "SYN_SENT")
    return found


def test_none_of_them_has_a_symbol(netns, cgroup):
    with tracing(of_cgroup(cgroup)) as taken:
        ran(connects, 1, "127.0.0.1", False, namespace=netns, cgroup=cgroup)
    inlined = {*effects(taken.only()), *effects(taken.only(), "server", "softirq")}
    symbols = {line.split()[2] for line in Path("/proc/kallsyms").read_text().splitlines()}
    assert not inlined & symbols


def test_over_ipv6_there_is_no_ip_route_function(netns, cgroup):
    with tracing(of_cgroup(cgroup)) as taken:
        ran(connects, 5, "::1", False, namespace=netns, cgroup=cgroup)
    found = taken.connections()
    assert [effects(one) for one in found] == [INIT] * 5
    assert all(
        "fib6_table_lookup" in {call.function for _, call in every(one.calls, "client")} for one in found
    )


def test_without_a_route_there_is_the_table_s_answer_and_nothing_after(netns, cgroup):
    kinds = {"198.51.100.1": "prohibit", "192.0.2.1": "blackhole", "198.18.0.1": "unreachable"}
    for address, kind in kinds.items():
        netns.run("ip", "route", "add", kind, address)
    with (
        tracing(of_cgroup(cgroup)) as taken,
        running(attempts, ["203.0.113.1", *kinds], namespace=netns, cgroup=cgroup) as script,
        ftrace(script.process.pid, FIB) as record,
    ):
        script.tell()
        errors = [report["errno"] for report in script.read(5)[:4]]
        truth = [looked_up(event) for event in record() if by_connect(event)]
        taken.finish()
    assert errors == ["ENETUNREACH", "EACCES", "EINVAL", "EHOSTUNREACH"]
    assert routes(taken) == truth
    assert [one.errno for one in taken.connections()] == errors
    assert [effects(one) for one in taken.connections()] == [["ip_route_connect"]] * 4
    marks = [
        call.marks for one in taken.connections() for _, call in every(one.calls, "client") if call.marks
    ]
    told = [mark for (mark, *_) in marks if "table main" in mark]
    assert told == ["no route in table main", *(f"{error} from table main" for error in errors[1:])]


def test_a_syn_sent_again_starts_its_timer_again(netns, cgroup):
    filter_rule(netns, "input", f"{SYN} {EVERY_SECOND}")
    with tracing(of_cgroup(cgroup)) as taken:
        ran(connects, 1, "127.0.0.1", False, namespace=netns, cgroup=cgroup)
    (again,) = [
        call
        for call in taken.only().calls
        if call.context == "softirq"
        and call.side == "client"
        and "tcp_retransmit_timer" in {below.function for _, below in every((call,), "client")}
    ]
    shown = [(above, call.function) for above, call in every((again,), "client") if call.evidence == "effect"]
    assert shown == [
        ("__tcp_retransmit_skb", "tcp_transmit_skb"),
        ("tcp_retransmit_timer", "inet_csk_reset_xmit_timer"),
    ]
