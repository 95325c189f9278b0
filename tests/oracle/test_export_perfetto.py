"""The timeline of a real trace, read by Perfetto's trace_processor."""

import pytest

from support.prelude import client, listen, say
from support.scripts import ran
from support.timeline import Timeline
from support.trace_processor import TraceProcessor
from support.tracing import of_cgroup, tracing
from synscope.cli.telling import connections_of
from synscope.events.trace import Trace
from synscope.export.perfetto import write

pytestmark = pytest.mark.needs_kernel

COUNT = 20
CONNECTS = """
select ts, dur, tid
from slice join thread_track on track_id = thread_track.id join thread using (utid)
where slice.name = '__x64_sys_connect' order by ts
"""
PHASES = """
select half.name as half, phase.name as phase, phase.ts, phase.dur
from slice phase join slice half on phase.parent_id = half.id join track on phase.track_id = track.id
where phase.category = 'phase' and track.name = 'connections as client' order by phase.ts
"""


def churn(address: str, count: int) -> None:
    """Connect, accept, close by RST: `count` times."""
    listener = listen(address)
    for _ in range(count):
        active = client(address)
        active.connect(listener.getsockname())
        passive, _ = listener.accept()
        say(port=active.getsockname()[1])
        passive.close()
        active.close()


@pytest.fixture
def trace(netns, cgroup) -> Trace:
    with tracing(of_cgroup(cgroup)) as taken:
        ran(churn, "127.0.0.1", COUNT, namespace=netns, cgroup=cgroup)
    return taken.trace


def exported(trace: Trace) -> bytes:
    return b"".join(write(connections_of(trace, None), trace, lambda _: None))


def test_threads_calls_are_slices_between_entry_and_return(trace):
    timeline = Timeline(exported(trace))
    calls = timeline.named("__x64_sys_connect", "call")
    assert len(calls) == COUNT
    (tid,) = {half.tid for one in connections_of(trace, None) for half in (one.client,) if half}
    assert {one.track for one in calls} == {f"thread {tid}"}
    assert all(one.end and one.inside is None for one in calls)
    sent = timeline.named("sends S", "sighting")
    assert [one.inside for one in sent] == calls
    assert any(one.track.startswith("softirq CPU ") for one in timeline.of("sighting"))


def test_trace_processor_reads_it(trace):
    found = list(connections_of(trace, None))
    calls = [call for one in found for call in one.calls if call.function == "__x64_sys_connect"]
    with TraceProcessor(exported(trace)) as asked:
        assert (
            asked.query("select name from stats where value > 0 and severity in ('error', 'data_loss')") == []
        )
        assert asked.query(CONNECTS) == [
            (call.enter_ns, (call.exit_ns or 0) - (call.enter_ns or 0), one.client and one.client.tid)
            for call, one in zip(calls, found, strict=True)
        ]
        ((flows,),) = asked.query("select count(*) as n from flow")
        assert flows == sum(len(one.segments) for one in found)


def test_phases_lie_in_their_half_for_trace_processor_too(trace):
    found = list(connections_of(trace, None))
    with TraceProcessor(exported(trace)) as asked:
        assert asked.query(PHASES) == [
            (f"{one.id} established", phase.name, phase.start_ns, phase.duration_ns)
            for one in found
            for phase in one.phases
            if phase.side == "client"
        ]
