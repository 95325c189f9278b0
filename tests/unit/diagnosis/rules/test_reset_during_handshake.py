import faults
from faults import as_record, codes, finding

CODE = "reset-during-handshake"


def test_a_request_that_was_reset():
    one = finding(faults.reset_request(), CODE)
    assert "from the client's side" in one.summary
    assert one.severity == "warning" and one.confidence < 1  # the RST itself was not captured


def test_a_client_that_was_reset():
    steps = [
        (10_000, "CLOSE", "SYN_SENT"), (30_000, "SYN_SENT", "SYN_RECV"),
        (60_000, "SYN_RECV", "CLOSE", faults.STACK["reset"]),
    ]  # fmt: skip
    row = faults.failed(60_000, "reset", faults.ECONNRESET, transitions=steps, flags=8)
    answer = faults.sent(55_000, 0x14)
    one = finding(faults.trace([row], [faults.sent(21_000), answer]), CODE)
    assert one.severity == "error" and "RST with seq" in one.evidence[1]


def test_look_alikes():
    for other in (faults.no_listener, faults.refused_from_afar, faults.listener_closed, faults.lost):
        assert CODE not in codes(other())


def test_record_detail():
    assert CODE in codes(as_record(faults.reset_request()))


def test_a_request_tells_no_hook_of_its_reset_but_the_rst_is_seen():
    ports = {"sport": 50164, "dport": 8080}
    header = faults.tcp_header(*ports.values(), faults.CLIENT_ISN + 1, 0, 0x04)
    reset = faults.rows.segment_event(faults.PathKind.RECEIVED, 60_000, header, cookie=1, ifindex=1)
    halves = [faults.listener_row(), faults.given_up(1_500 * faults.MS), faults.unfinished()]
    assert codes(faults.trace(halves, [faults.sent(21_000), faults.received(30_000), reset]))[0] == CODE
    early = [faults.listener_row(), faults.given_up(50_000), faults.unfinished()]
    assert CODE not in codes(faults.trace(early, [faults.sent(21_000), faults.received(30_000), reset]))


def test_the_reset_of_a_rule_that_rejects_the_answer():
    whole = faults.answer_dropped("input")
    header = faults.tcp_header(50164, 8080, faults.CLIENT_ISN + 1, 0, 0x04)
    reset = faults.rows.segment_event(faults.PathKind.RECEIVED, 60_000, header, cookie=1, ifindex=1)
    assert codes(faults.trace([whole.halves], [whole.events, reset])) == ["synack-dropped", "gave-up"]
