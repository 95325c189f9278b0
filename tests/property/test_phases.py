"""Random moments, missing, equal or out of order: no gap, no overlap, and the sum is the total."""

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from rows import client_row, server_row
from synscope.connections.model import Phase, Segment, SideName
from synscope.connections.phases import PHASES, phases, total_ns
from synscope.connections.rows import HalfRow, half_row
from synscope.connections.spans import Outlook, Seen
from synscope.events.wire import MILESTONE, Fate

TIMES = st.integers(1, 60)
MOMENTS = st.dictionaries(st.sampled_from(list(MILESTONE)), TIMES, max_size=len(MILESTONE))
FATES = st.sampled_from([Fate.OPEN, Fate.FAILED, Fate.ESTABLISHED, Fate.ACCEPTED])
STEPS = st.lists(st.tuples(TIMES, st.just("CLOSE"), st.sampled_from(["SYN_SENT", "CLOSE"])), max_size=2)
COUNTS = st.integers(0, 2)


@st.composite
def halves(draw: st.DrawFn, side: str) -> HalfRow | None:
    make = client_row if side == "client" else server_row
    counts = {"syn_retransmits": draw(COUNTS), "synack_retransmits": draw(COUNTS)}
    given_ = {"t": draw(MOMENTS), "t0": 0, "transitions": draw(STEPS), "fate": draw(FATES)}
    row = make(**given_, **counts, sk_err=draw(st.sampled_from([0, 110, 111])))
    return draw(st.sampled_from([half_row(row[0]), None]))


@st.composite
def segments(draw: st.DrawFn) -> Segment:
    time = st.none() | TIMES
    return Segment(
        n=1,
        source=draw(st.sampled_from(["client", "server"])),
        flags=draw(st.sampled_from(["S", "S.", ".", "R."])),
        seq=1,
        sent_ns=draw(time),
        received_ns=draw(time),
        dropped=draw(st.sampled_from([None, None, "NEIGH_FAILED", "NETFILTER_DROP"])),
    )


@st.composite
def cases(draw: st.DrawFn) -> tuple[HalfRow | None, HalfRow | None, Seen, Outlook]:
    seen = Seen(draw(st.lists(segments(), max_size=7)), draw(st.booleans()), draw(st.none() | TIMES))
    outlook = Outlook(draw(st.integers(0, 80)), draw(st.booleans()))
    return draw(halves("client")), draw(halves("server")), seen, outlook


def known(row: HalfRow, seen: Seen, outlook: Outlook) -> set[int]:
    """Every moment that a phase of the half may begin or end at."""
    found = {*row.t, outlook.ended_ns, *(step.t for step in row.transitions)}
    for one in seen.segments:
        found |= {one.sent_ns or 0, one.received_ns or 0}
    return found


@settings(max_examples=500, deadline=None)
@given(cases())
def test_each_side_is_told_from_its_first_boundary_to_its_last(
    case: tuple[HalfRow | None, HalfRow | None, Seen, Outlook],
) -> None:
    client, server, seen, outlook = case
    found = phases(client, server, seen, outlook)
    sides: tuple[tuple[SideName, HalfRow | None], ...] = (("client", client), ("server", server))
    for side, row in sides:
        mine: list[Phase] = [phase for phase in found if phase.side == side]
        assert all(phase.name in PHASES and phase.duration_ns > 0 for phase in mine)
        for one, following in pairwise(mine):
            assert one.start_ns + one.duration_ns == following.start_ns
        if not mine:
            assert total_ns(found, side) is None
            continue
        assert row is not None
        moments = known(row, seen, outlook) | known(server or row, seen, outlook)
        end = mine[-1].start_ns + mine[-1].duration_ns
        assert total_ns(found, side) == end - mine[0].start_ns
        assert {mine[0].start_ns, end} | {phase.start_ns for phase in mine} <= moments


@settings(max_examples=200, deadline=None)
@given(st.lists(st.integers(1, 10**6), min_size=13, max_size=13, unique=True))
def test_moments_in_order_all_split(times: list[int]) -> None:
    t = iter(sorted(times))
    connect, routed, made, left, arrived, taken, back_left, back, established = (next(t) for _ in range(9))
    ack_left, ack_in, queued, accepted = (next(t) for _ in range(4))
    client = half_row(
        client_row(
            t0=0,
            t={"connect": connect, "syn_out": made, "established": established},
            transitions=[(routed, "CLOSE", "SYN_SENT")],
        )[0]
    )
    moments = {"request": taken, "ack_in": ack_in, "queued": queued, "accepted": accepted}
    server = half_row(server_row(t0=0, t=moments, transitions=[])[0])
    wire = [
        Segment(n=1, source="client", flags="S", seq=1, sent_ns=left, received_ns=arrived),
        Segment(n=2, source="server", flags="S.", seq=1, sent_ns=back_left, received_ns=back),
        Segment(n=3, source="client", flags=".", seq=1, sent_ns=ack_left, received_ns=ack_in),
    ]
    found = phases(client, server, Seen(wire), Outlook())
    names = [(phase.side, phase.name) for phase in found]
    assert names == [
        *(
            ("client", name)
            for name in (
                "route",
                "port",
                "ip_output",
                "network_out",
                "peer",
                "network_back",
                "local_delivery",
            )
        ),
        *(
            ("server", name)
            for name in ("request", "network_out", "peer", "network_back", "local_delivery", "accept_queue")
        ),
    ]
    assert total_ns(found, "client") == established - connect
    assert total_ns(found, "server") == accepted - arrived
