"""What is written, as tshark reads it; the traces are those of the diagnosis's tests."""

from pathlib import Path

import pytest

import faults
from rows import (
    CLIENT_ISN,
    NETNS,
    SERVER_ISN,
    SYNACK_OPTIONS,
    client_row,
    listener_row,
    server_row,
    tcp_header,
)
from support.tshark import fields, warnings
from synscope.diagnosis.diagnose import diagnosed
from synscope.events.trace import Trace
from synscope.export.pcapng import write

SYN, SYN_ACK, ACK = 0x02, 0x12, 0x10
MAPPED = "::ffff:127.0.0.1"
FAULTS = [
    faults.no_listener,
    faults.port_unreachable,
    faults.timed_out,
    faults.neighbour_failed,
    faults.lost,
    faults.accept_queue_full,
    faults.answer_lost,
    faults.syn_cookie,
    faults.burst,
    faults.reset_request,
    faults.connects_to_itself,
    faults.both_connect,
    faults.clamped,
    faults.translated,
    faults.resent,
    faults.no_descriptor,
    faults.no_port,
]


def handshake(near: str = "127.0.0.1", far: str = "127.0.0.1", netns: int = NETNS, **client) -> Trace:
    """All three segments, each seen twice; the server is at `far`, in `netns`."""
    events = []
    for flags, t, back in ((SYN, 25_000, False), (SYN_ACK, 50_000, True), (ACK, 72_000, False)):
        given = {"options": SYNACK_OPTIONS if back else b""}
        given |= {"source": far, "target": near} if back else {"source": near, "target": far}
        here, there = (netns, NETNS) if back else (NETNS, netns)
        events.append(faults.sent(t, flags, netns=here, **given))
        events.append(faults.received(t + 8_000, flags, netns=there, **given))
    ends = client_row(local=near, remote=far, **client), server_row(local=far, remote=near, netns=netns)
    return faults.trace([listener_row(local=far, netns=netns), *ends], events)


def exported(trace: Trace, path: Path) -> list[str]:
    """Write it to `path`; what was said."""
    said: list[str] = []
    path.write_bytes(b"".join(write(list(diagnosed(trace)), trace, said.append)))
    return said


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "t.pcapng"


def test_a_segment_is_tcp_where_it_was_sent_and_an_arrival_where_it_came(file):
    said = exported(handshake("192.0.2.1", "192.0.2.2", 4026533000), file)
    names = ("frame.interface_name", "_ws.col.Protocol", "frame.time_epoch", "frame.packet_id")
    at = "1700000000.0000"
    assert fields(file, *names) == [
        ("netns 4026531840", "TCP", f"{at}25000", "1"),
        ("netns 4026533000", "arrival", f"{at}33000", "1"),
        ("netns 4026533000", "TCP", f"{at}50000", "2"),
        ("netns 4026531840", "arrival", f"{at}58000", "2"),
        ("netns 4026531840", "TCP", f"{at}72000", "3"),
        ("netns 4026533000", "arrival", f"{at}80000", "3"),
    ]
    assert said == [
        "packets begin with their TCP header: IP headers and data are not in the trace, nor in this file"
    ]


def test_what_it_analyses_is_what_was_seen(file):
    exported(handshake(), file)
    names = ("ip.src", "tcp.seq_raw", "tcp.ack_raw", "tcp.options", "tcp.analysis.initial_rtt")
    assert fields(file, *names, only="tcp") == [
        ("127.0.0.1", str(CLIENT_ISN), "0", "", ""),
        ("127.0.0.1", str(SERVER_ISN), str(CLIENT_ISN + 1), SYNACK_OPTIONS.hex(), ""),
        ("127.0.0.1", str(CLIENT_ISN + 1), str(SERVER_ISN + 1), "", "0.000047000"),
    ]
    assert fields(file, "tcp.checksum.status", "tcp.analysis.flags", only="tcp") == [("2", "")] * 3
    assert warnings(file) == []


def test_comments_tell_of_the_process_and_the_findings(file):
    exported(faults.accept_queue_full(), file)
    comments = [text for (text,) in fields(file, "frame.comment")]
    assert "c3: aborted; " in comments[0] and "client 127.0.0.1:50164 for python3 (pid 4711)" in comments[0]
    assert "error accept-queue-overflow: " in comments[0] and "Remedy: " in comments[0]
    assert "sent for python3 (pid 4711)" in comments[0]


def test_a_name_can_do_no_harm(file):
    exported(handshake(comm="\x1b]0;x\x07\n"), file)
    (first, *_) = (text for (text,) in fields(file, "frame.comment"))
    assert "\\x1b]0;x\\x07\\n" in first.replace("\\\\", "\\").replace("\\x0a", "\\n")
    assert "\x1b" not in file.read_text("latin-1")


def test_what_no_device_had_says_so(file):
    exported(faults.dropped("output"), file)
    comments = [text for (text,) in fields(file, "frame.comment", only="tcp.flags.syn==1")]
    assert comments
    assert all(
        "freed by the kernel: NETFILTER_DROP" in text and "no device had it" in text for text in comments
    )


def test_data_is_said_to_be_missing_and_its_length_is_what_was_acknowledged(file):
    exported(faults.fast_open("0011223344556677", taken=True), file)
    (syn,) = fields(file, "tcp.len", "frame.len", "frame.cap_len", "frame.comment", only="tcp.flags==2")
    assert syn[0] == "5" and int(syn[1]) - int(syn[2]) == 5
    assert "data followed, which the trace does not have: 5 bytes or more" in syn[3]
    assert warnings(file) == []


@pytest.mark.parametrize("address", ["127.0.0.1", MAPPED, "::1"])
def test_record_detail_has_what_a_socket_holds_and_leaves_out_the_rest(file, address):
    synack = tcp_header(8080, 50164, SERVER_ISN, CLIENT_ISN + 1, SYN_ACK, options=SYNACK_OPTIONS)
    ends = {"local": address, "remote": address}
    trace = faults.as_record(faults.trace([client_row(header=synack, **ends), server_row(**ends)]))
    said = exported(trace, file)
    wire = "127.0.0.1" if address == MAPPED else address
    assert fields(file, "_ws.col.Source", "tcp.flags", "tcp.seq_raw", "tcp.options") == [
        (wire, "0x0012", str(SERVER_ISN), SYNACK_OPTIONS.hex())
    ]
    assert "as the receiver's socket got it" in fields(file, "frame.comment")[0][0]
    assert said[1].startswith("1 segment is left out, their header bytes are not in the trace")


def test_a_connection_without_a_packet_is_said(file):
    said = exported(faults.no_port(), file)
    assert fields(file, "frame.number") == []
    assert "no packet" in said[-1]


def test_no_connection_is_an_empty_capture(file):
    exported(faults.trace([]), file)
    assert fields(file, "frame.number") == []


def test_whatever_happened_opens_without_a_complaint(file, tmp_path):
    whole = b""
    for fault in FAULTS:
        for trace in (fault(), faults.as_record(fault())):
            exported(trace, file)
            whole += file.read_bytes()
    every = tmp_path / "every.pcapng"  # sections after one another are a file, too
    every.write_bytes(whole)
    assert len(fields(every, "frame.number")) > len(FAULTS)


def test_a_host_that_has_been_up_for_years_has_the_same_packets(file):
    trace, years = handshake(), 2**60
    trace.events["t"] += years
    trace.halves["t"][trace.halves["t"] > 0] += years
    trace.halves["transitions"]["t"] += years
    said = exported(trace, file)
    assert len(fields(file, "frame.number")) == 6
    assert len(said) == 1


def test_times_and_bytes_of_a_foreign_file_end_in_no_traceback(file):
    trace = handshake()
    trace.header.started_wall_ns = -(2**62)
    trace.events["header"] = b"\xff" * 60
    trace.halves["comm"] = b"\xff" * 16
    exported(trace, file)
    assert file.stat().st_size
