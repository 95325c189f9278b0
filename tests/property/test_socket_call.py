"""Whatever the three numbers are, there is a decision, and its parts agree."""

from hypothesis import given, settings
from hypothesis import strategies as st

from synscope.tcp.errnos import ERRNOS
from synscope.tcp.inetsw import REGISTRATIONS, registered
from synscope.tcp.socket_call import decide
from synscope.tcp.socket_decision import Call, Caller, Kernel

NAMES = sorted({entry.name for entry in REGISTRATIONS} | {"PACKET", "UNIX"})
INTS = st.integers(-(2**31), 2**31 - 1)
CALLS = st.builds(
    Call, st.sampled_from([2, 10, 17, 0]) | INTS, st.integers(0, 15) | INTS, st.integers(-1, 300) | INTS
)
CALLERS = st.builds(Caller, net_raw=st.booleans(), groups=st.tuples(st.integers(0, 9)))
KERNELS = st.builds(
    Kernel,
    protocols=st.lists(st.sampled_from(NAMES), unique=True).map(tuple),
    ipproto_max=st.sampled_from([256, 263, 264]),
    ping_groups=st.tuples(st.integers(0, 9), st.integers(0, 9)),
    mptcp=st.booleans(),
    can_load=st.booleans(),
    modules=st.dictionaries(
        st.builds("net-pf-{}-proto-{}".format, st.sampled_from([2, 10]), st.integers(0, 300))
        | st.just("net-pf-10"),
        st.tuples(st.sampled_from(["sctp", "ipv6", "somebodys"])),
        max_size=3,
    ),
)


@settings(max_examples=500)
@given(CALLS, CALLERS, KERNELS)
def test_every_call_is_decided(call, caller, kernel):
    decision = decide(call, caller, kernel)
    assert (decision.socket is not None) == (decision.errno == 0)
    assert (decision.unknown is not None) == (decision.errno is None)
    assert decision.errno in {None, 0, *ERRNOS}
    assert len(decision.requests) <= 3
    refusals = [step for step in decision.steps if step.mark == "refused"]
    assert len(refusals) == bool(decision.errno)
    assert not refusals or decision.steps[-1] is refusals[0]
    if decision.socket is not None:
        assert 0 <= decision.socket.protocol < kernel.ipproto_max


@given(st.permutations(REGISTRATIONS))
def test_permanent_entries_stay_in_front(entries):
    found = ()
    for entry in entries:
        found = registered(found, entry)
    permanent = ["PERMANENT" in entry.flags for entry in found]
    assert permanent == sorted(permanent, reverse=True)
