import faults
from faults import codes, finding
from synscope.diagnosis.diagnose import unconnected

CODE = "denied-by-policy"


def test_connect_after_its_hook_was_refused_by_a_program():
    one = finding(faults.failed_call(faults.EPERM), CODE)
    assert one.summary == "A BPF program on the cgroup refused connect() to 203.0.113.1:8080 (EPERM)."
    assert "bpftool cgroup tree" in one.remedy and one.confidence == 1.0


def test_connect_before_its_hook():
    (one,) = unconnected(faults.lone_call("connect", faults.EPERM))
    assert one.code == CODE and "had not run" in one.evidence[1]


def test_socket_only_where_one_had_been_made():
    """socket() of raw sockets fails with EPERM for every unprivileged program that tries."""
    assert unconnected(faults.lone_call("socket", faults.EPERM)) == []
    made = faults.rows.event(faults.PathKind.SOCKET, 500, tid=4711)
    whole = faults.trace([], [*faults.called("socket", 0, 1_000, -faults.EPERM, 0), made])
    (one,) = unconnected(whole)
    assert one.code == CODE and one.confidence == 1.0


def test_look_alikes():
    for errno in (faults.EACCES, faults.ENETUNREACH):
        assert CODE not in codes(faults.failed_call(errno))
    assert CODE not in codes(faults.dropped("output"))


def test_another_errno_of_a_program_where_no_table_was_asked():
    whole = faults.with_routes_traced(faults.failed_call(faults.EACCES))
    assert codes(whole) == [CODE]
