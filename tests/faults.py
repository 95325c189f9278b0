"""Traces of faults, as the kernel's hooks would tell them: the material of the rules' tests.

Each is one connection attempt of `rows.client_row()`, 127.0.0.1:50164 → 127.0.0.1:8080 unless said otherwise,
and what was seen around it in path detail; `as_record` makes of it what record detail would have kept. The
shapes (stacks, reasons, order) are those that real faults had on 6.18 (tests/bpf/test_findings_*.py).
"""

from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np

import rows
from rows import CLIENT_ISN, NETNS, SERVER_ISN, T0, client_row, listener_row, server_row, tcp_header
from synscope.connections.model import Connection, Finding
from synscope.diagnosis.diagnose import diagnosed
from synscope.events.trace import Hook, Rows, Trace
from synscope.events.wire import MILESTONE, PATH_EVENT, Fate, HalfFlag, PathKind

MS = 1_000_000
SECOND = 1_000 * MS
OTHER_NETNS = NETNS + 1
ROUTER_NETNS = NETNS + 2
ENDED = T0 + 10 * SECOND

EPERM, EACCES, EINVAL = 1, 13, 22
EAFNOSUPPORT, EADDRINUSE, EADDRNOTAVAIL, ENETUNREACH, ETIMEDOUT = 97, 98, 99, 101, 110
ECONNRESET, ECONNREFUSED, EHOSTUNREACH, EINPROGRESS, EMFILE, ENOBUFS = 104, 111, 113, 115, 24, 105
ERESTARTSYS = 512

REASONS = {
    2: "NOT_SPECIFIED",
    3: "NO_SOCKET",
    8: "NETFILTER_DROP",
    9: "IP_RPFILTER",
    10: "NEIGH_FAILED",
    11: "TCP_LISTEN_OVERFLOW",
    12: "QDISC_DROP",
    13: "BPF_CGROUP_EGRESS",
    14: "IP_INNOROUTES",
    15: "PROTO_MEM",
    16: "TCP_INVALID_SYN",
    17: "OTHERHOST",
    18: "TCP_INVALID_ACK_SEQUENCE",
}
NUMBER = {name: number for number, name in REASONS.items()}
SYSCALLS = {41: "socket", 42: "connect", 43: "accept", 49: "bind", 50: "listen", 288: "accept4"}
CALL_NUMBER = {name: number for number, name in SYSCALLS.items()}

_SOFTIRQ = ("net_rx_action", "run_softirq", "handle_softirqs")
_RECEIVE = ("__netif_receive_skb_one_core", "process_backlog", *_SOFTIRQ)
_CONNECT = ("__inet_stream_connect", "inet_stream_connect", "__sys_connect", "__x64_sys_connect")
_TIMER = ("tcp_write_timer", "call_timer_fn", "run_timer_softirq", "handle_softirqs")
_NETFILTER = ("nft_do_chain", "nft_do_chain_inet", "nf_hook_slow")
STACKS: dict[str, tuple[str, ...]] = {
    "connect": ("inet_sk_state_store", "tcp_v4_connect", *_CONNECT),
    "reset": ("tcp_done", "tcp_reset", "tcp_rcv_state_process", "tcp_v4_do_rcv", "release_sock", *_CONNECT),
    "icmp": ("tcp_done", "tcp_done_with_error", "tcp_v4_err", "icmp_unreach", "icmp_rcv", *_RECEIVE),
    "timer": ("tcp_done", "tcp_done_with_error", "tcp_retransmit_timer", *_TIMER),
    "owner": ("inet_sk_state_store", "__tcp_close", "tcp_close", "inet_release", "__x64_sys_close"),
    "output": (
        *_NETFILTER,
        "__ip_local_out",
        "__ip_queue_xmit",
        "__tcp_transmit_skb",
        "tcp_connect",
        *_CONNECT,
    ),
    "input": (*_NETFILTER, "ip_local_deliver", *_RECEIVE),
    "forward": (*_NETFILTER, "ip_forward", "ip_rcv", *_RECEIVE),
    "prerouting": (*_NETFILTER, "ip_rcv", *_RECEIVE),
    "answer out": (
        *_NETFILTER,
        "__ip_local_out",
        "tcp_v4_send_synack",
        "tcp_conn_request",
        "tcp_v4_rcv",
        *_RECEIVE,
    ),
    "tcp_v4_rcv": ("tcp_v4_rcv", "ip_local_deliver_finish", *_RECEIVE),
    "ip_rcv_finish": ("ip_rcv_finish_core", "ip_rcv", *_RECEIVE),
    "neighbour": ("neigh_invalidate", "neigh_timer_handler", "call_timer_fn", "run_timer_softirq"),
    "router": ("ip_error", "__netif_receive_skb_one_core", *_SOFTIRQ),
    "qdisc": ("__dev_queue_xmit", "ip_finish_output2", "tcp_connect", *_CONNECT),
    "arp": ("__dev_queue_xmit", "neigh_update", "arp_process", "arp_rcv", *_RECEIVE),
    "listen_stop": (
        "tcp_disconnect",
        "inet_child_forget",
        "inet_csk_listen_stop",
        "__tcp_close",
        "__x64_sys_close",
    ),
}
STACK = {name: number for number, name in enumerate(STACKS, 1)}
LOCATIONS = {
    number: f"{name}+0x10"
    for number, name in enumerate(
        (
            "nft_do_chain",
            "tcp_v4_rcv",
            "ip_rcv_finish_core",
            "neigh_invalidate",
            "ip_error",
            "__dev_queue_xmit",
            "ip_rcv_core",
            "tcp_v4_do_rcv",
        ),
        0x1000,
    )
}
LOCATION = {symbol.split("+", 1)[0]: number for number, symbol in LOCATIONS.items()}

SYN_TIMES = {"socket": -20_000, "connect": 0, "syn_out": 20_000}


def trace(halves: Sequence[Rows], events: Sequence[Rows] = (), **footer: Any) -> Trace:
    """Path detail, the tracer in the connection's own namespace."""
    made = rows.trace(
        halves,
        events or [rows.event(PathKind.CALL, -1, tid=1, syscall=41)],
        {number: [f"{name}+0x1" for name in STACKS[key]] for key, number in STACK.items()},
        header={"drop_reasons": REASONS, "syscalls": SYSCALLS, "netns": NETNS},
        footer={"ended_mono_ns": ENDED, "symbols": LOCATIONS, **footer},
    )
    made.header.sysctls.update(SYSCTLS)
    return made


SYSCTLS = {
    "net.core.somaxconn": "4096",
    "net.ipv4.tcp_syn_retries": "6",
    "net.ipv4.tcp_syncookies": "1",
    "net.ipv4.tcp_max_syn_backlog": "4096",
    "net.ipv4.ip_local_port_range": "32768 60999",
}


def as_record(whole: Trace) -> Trace:
    """The same in record detail: no events, stacks or errnos of calls; the last drop's reason in its half."""
    halves = whole.halves.copy()
    halves["error"] = 0
    halves["transitions"]["stack"] = -1
    for event in whole.events[whole.events["kind"] == PathKind.DROPPED]:
        for at in np.flatnonzero((halves["lport"] == 50164) | (halves["rport"] == 50164)):
            # A half remembers from its request on, and a client's record leaves when it is ESTABLISHED.
            request, established = (
                int(halves["t"][at, MILESTONE[name]]) for name in ("request", "established")
            )
            gone = halves["side"][at] == 1 and established and established <= event["t"]
            is_syn = event["header"].tobytes()[13] & 0x12 == 0x02
            again = is_syn and (halves["t"][:, MILESTONE["request"]] > 0).any()  # to its request
            if request <= event["t"] and not gone and not again:
                halves["drop_reason"][at], halves["drop_location"][at] = event["code"], event["location"]
    for at in np.flatnonzero((halves["side"] == 1) & (halves["t"][:, 4] == 0)):
        halves["transition_count"][at] = 0  # without a SYN nothing is noted
    header = msgspec.structs.replace(whole.header, detail="record")
    footer = msgspec.structs.replace(whole.footer, stacks={})
    return msgspec.structs.replace(
        whole, header=header, footer=footer, halves=halves, events=np.empty(0, PATH_EVENT)
    )


def lossy(whole: Trace) -> Trace:
    """The same where the tracer lost records."""
    footer = msgspec.structs.replace(whole.footer, lost={"tp_btf/kfree_skb: ring full": 3})
    return msgspec.structs.replace(whole, footer=footer)


# What is seen of a segment


def segment(kind: PathKind, t: int, flags: int = 0x02, **more: Any) -> Rows:
    """A SYN of the client; with other flags the answer to it, or its ACK."""
    answer = flags in (0x12, 0x14)
    given = {"cookie": 1, "options": b"", **more}
    options, sport, dport = given.pop("options"), given.pop("sport", 50164), given.pop("dport", 8080)
    seq, ack = (SERVER_ISN, CLIENT_ISN + 1) if answer else (CLIENT_ISN, 0)
    if flags == 0x10:
        seq, ack = CLIENT_ISN + 1, SERVER_ISN + 1
    if flags == 0x14:  # RFC 9293 section 3.5.2: to what had no ACK
        seq = 0
    ports = (dport, sport) if answer else (sport, dport)
    return rows.segment_event(kind, t, tcp_header(*ports, seq, ack, flags, options=options), **given)


def sent(t: int, flags: int = 0x02, **more: Any) -> Rows:
    return segment(PathKind.SENT, t, flags, **{"ifindex": 1, **more})


def received(t: int, flags: int = 0x02, **more: Any) -> Rows:
    return segment(PathKind.RECEIVED, t, flags, **{"ifindex": 1, **more})


def freed(t: int, reason: str, function: str, stack: str, flags: int = 0x02, **more: Any) -> Rows:
    code, location = NUMBER[reason], LOCATION[function]
    return segment(PathKind.DROPPED, t, flags, code=code, location=location, stack=STACK[stack], **more)


def called(name: str, t: int, end: int, code: int, cookie: int = 1, tid: int = 4711) -> list[Rows]:
    """A system call of a thread, from its entry to its return."""
    number = CALL_NUMBER[name]
    kind = PathKind.ACCEPT if name.startswith("accept") else PathKind.RETURN
    known = {"tid": tid, "pid": tid, "syscall": number}
    told = 0 if name.startswith("accept") and code < 0 else cookie
    return [
        rows.event(PathKind.CALL, t, cookie=0 if name == "socket" else cookie, **known),
        rows.event(kind, end, cookie=told, code=code, **known),
    ]


# The client's half


def failed(end: int, by: str, error: int = 0, **more: Any) -> Rows:
    """A client that sent its SYN and went to CLOSE at `end`."""
    given = {
        "fate": Fate.FAILED,
        "peer_isn": None,
        "sk_err": error,
        "error": error,
        "t": SYN_TIMES | {"closed": end},
        "transitions": [
            (10_000, "CLOSE", "SYN_SENT", STACK["connect"]),
            (end, "SYN_SENT", "CLOSE", STACK[by]),
        ],
    }
    return client_row(**given | more)


def given_up(end: int, **more: Any) -> Rows:
    """A client whose owner closed it in SYN_SENT."""
    return failed(end, "owner", flags=HalfFlag.RELEASED, **{"error": 0, **more})


def before_syn(error: int, **more: Any) -> Rows:
    """A client whose connect() failed before any SYN."""
    given = {
        "fate": Fate.FAILED,
        "lport": 0,
        "local": "0.0.0.0",
        "remote": "203.0.113.1",
        "isn": None,
        "peer_isn": None,
        "error": error,
        "t": {"socket": -20_000, "connect": 0},
        "transitions": [],
    }
    return client_row(**given | more)


# Faults


def healthy() -> Trace:
    return trace([listener_row(), client_row(), server_row()])


def no_listener() -> Trace:
    events = [sent(21_000), received(30_000), freed(31_000, "NO_SOCKET", "tcp_v4_rcv", "tcp_v4_rcv")]
    answer = [sent(32_000, 0x14), received(33_000, 0x14)]
    return trace([failed(40_000, "reset", ECONNREFUSED, flags=HalfFlag.RESET_IN)], events + answer)


def refused_from_afar() -> Trace:
    """The peer is on another host: only its RST is seen."""
    far = {"target": "192.0.2.7"}
    events = [sent(21_000, **far), received(33_000, 0x14, source="192.0.2.7")]
    row = failed(40_000, "reset", ECONNREFUSED, flags=HalfFlag.RESET_IN, remote="192.0.2.7")
    return trace([row], events)


def rejected_with_reset() -> Trace:
    events = [sent(21_000), received(30_000), freed(31_000, "NETFILTER_DROP", "nft_do_chain", "input")]
    answer = [sent(32_000, 0x14), received(33_000, 0x14)]
    return trace([failed(40_000, "reset", ECONNREFUSED, flags=HalfFlag.RESET_IN)], events + answer)


def port_unreachable() -> Trace:
    events = [freed(t, "NETFILTER_DROP", "nft_do_chain", "input") for t in (31_000, SECOND)]
    end = SECOND + 5_000
    row = failed(end, "icmp", ECONNREFUSED, sk_err_soft=ECONNREFUSED, syn_retransmits=1)
    return trace([row], [sent(21_000), received(30_000), *events])


def port_unreachable_read() -> Trace:
    """A non-blocking connect(): its owner read the soft error and closed."""
    events = [sent(21_000), received(30_000), freed(31_000, "NETFILTER_DROP", "nft_do_chain", "input")]
    return trace([given_up(3 * MS, sk_err_soft=ECONNREFUSED)], events)


def dropped(hook: str, netns: int = NETNS) -> Trace:
    """Dropped in silence on a hook of netfilter; the client gave up after one retransmission."""
    times = (31_000, SECOND)
    drops = [freed(t, "NETFILTER_DROP", "nft_do_chain", hook, netns=netns) for t in times]
    way = (
        []
        if hook == "output"
        else [one for t in times for one in (sent(t - 9_000), received(t - 1_000, netns=netns))]
    )
    return trace([given_up(1_500 * MS, syn_retransmits=1)], [*way, *drops])


def timed_out(retries: str = "1") -> Trace:
    """Dropped on INPUT until TCP gave up, after one retransmission."""
    drops = [freed(t, "NETFILTER_DROP", "nft_do_chain", "input") for t in (31_000, SECOND)]
    row = failed(3 * SECOND, "timer", ETIMEDOUT, syn_retransmits=1)
    whole = trace([row], [sent(21_000), received(30_000), *drops])
    whole.header.sysctls["net.ipv4.tcp_syn_retries"] = retries
    return whole


def freed_for(reason: str, function: str, stack: str, netns: int = NETNS, **more: Any) -> Trace:
    """A SYN freed for another reason, the client gave up before any retransmission."""
    events = [
        sent(21_000),
        received(30_000, netns=netns),
        freed(31_000, reason, function, stack, netns=netns),
    ]
    return trace([given_up(300 * MS, **more)], events)


def neighbour_failed() -> Trace:
    drop = freed(3 * SECOND, "NEIGH_FAILED", "neigh_invalidate", "neighbour")
    row = failed(3 * SECOND + 5_000, "icmp", EHOSTUNREACH, syn_retransmits=3, sk_err_soft=EHOSTUNREACH)
    return trace([row], [drop])


def neighbour_awaited() -> Trace:
    """Given up while the SYN was held: no device had it, nobody freed it."""
    return trace([given_up(1_200 * MS, syn_retransmits=1)], called("connect", 0, 90_000, -EINPROGRESS))


def lost() -> Trace:
    events = [sent(21_000, target="203.0.113.9"), sent(SECOND, target="203.0.113.9")]
    return trace([given_up(1_200 * MS, syn_retransmits=1, remote="203.0.113.9", local="203.0.113.1")], events)


def user_timeout() -> Trace:
    """Both SYNs left; the timer ended it 30 ms after the second."""
    end = SECOND + 30 * MS
    ends = {"remote": "203.0.113.9", "local": "203.0.113.1"}
    events = [sent(t, source="203.0.113.1", target="203.0.113.9") for t in (21_000, SECOND)]
    return trace([failed(end, "timer", ETIMEDOUT, syn_retransmits=1, **ends)], events)


def waiting_children(count: int, until: int = 5 * SECOND) -> list[Rows]:
    """Children of the listener that wait for accept() since before the client's SYN."""
    times = {
        "request": -90_000,
        "synack_out": -80_000,
        "ack_in": -70_000,
        "queued": -60_000,
        "established": -60_000,
    }
    return [
        server_row(
            cookie=100 + n, rport=40000 + n, isn=7 + n, peer_isn=9 + n, pid=0, fate=Fate.CLOSED,
            t=times | {"closed": until},
        )
        for n in range(count)
    ]  # fmt: skip


def ignored_syns() -> list[Rows]:
    return [one for t in (21_000, SECOND) for one in (sent(t), received(t + 9_000))]


def accept_queue_full() -> Trace:
    halves = [listener_row(backlog_max=1), *waiting_children(2), given_up(1_300 * MS, syn_retransmits=1)]
    return trace(halves, ignored_syns())


def unknown_queue() -> Trace:
    """The SYN arrived and was ignored, and the listener is not traced."""
    return trace([given_up(1_300 * MS, syn_retransmits=1)], ignored_syns())


def syn_queue_full() -> Trace:
    pending = [
        server_row(cookie=100 + n, rport=40000 + n, isn=7 + n, peer_isn=9 + n, pid=0, fate=Fate.OPEN,
                   t={"request": -90_000, "synack_out": -80_000}, transitions=[])
        for n in range(3)
    ]  # fmt: skip
    return trace(
        [listener_row(backlog_max=3), *pending, given_up(1_300 * MS, syn_retransmits=1)], ignored_syns()
    )


def unfinished(**more: Any) -> Rows:
    """A server half that has sent its SYN-ACK and waits."""
    given = {"fate": Fate.OPEN, "pid": 0, "t": {"request": 40_000, "synack_out": 50_000}, "transitions": []}
    return server_row(**given | more)


def answer_dropped(hook: str) -> Trace:
    events = [sent(21_000), received(30_000)]
    if hook == "input":
        events += [sent(51_000, 0x12), received(55_000, 0x12)]
    events += [freed(t, "NETFILTER_DROP", "nft_do_chain", hook, 0x12) for t in (56_000, SECOND)]
    return trace([listener_row(), given_up(1_500 * MS, syn_retransmits=1), unfinished()], events)


def answer_lost() -> Trace:
    """The SYN-ACK left the server's namespace and came to no device of the client's."""
    far = {"remote": "192.0.2.1", "local": "192.0.2.2", "netns": OTHER_NETNS}
    near = {"local": "192.0.2.1", "remote": "192.0.2.2"}
    way, back = {"source": "192.0.2.1", "target": "192.0.2.2"}, {"source": "192.0.2.2", "target": "192.0.2.1"}
    events = [
        sent(21_000, **way),
        received(30_000, netns=OTHER_NETNS, **way),
        sent(51_000, 0x12, netns=OTHER_NETNS, **back),
        sent(SECOND, 0x12, netns=OTHER_NETNS, **back),
    ]
    halves = [given_up(1_500 * MS, syn_retransmits=1, **near), unfinished(synack_retransmits=1, **far)]
    return trace(halves, events)


def nobody_finishes() -> Trace:
    """A server half alone, its SYN-ACK sent again and again."""
    return trace(
        [listener_row(), unfinished(synack_retransmits=3, remote="198.51.100.7")], [sent(51_000, 0x12)]
    )


def ack_freed(reason: str, stack: str, function: str = "nft_do_chain") -> Trace:
    events = [sent(21_000), received(30_000), sent(51_000, 0x12), received(55_000, 0x12)]
    events += [freed(75_000, reason, function, stack, 0x10)]
    halves = [
        listener_row(backlog_max=0),
        *waiting_children(1),
        client_row(),
        unfinished(synack_retransmits=1, backlog=None),
    ]
    return trace(halves, events)


def syn_cookie() -> Trace:
    times = {"ack_in": 80_000, "queued": 82_000, "established": 84_000, "accepted": 95_000}
    return trace([listener_row(), client_row(), server_row(flags=HalfFlag.SYN_COOKIE, backlog=None, t=times)])


def accepted_late(wait: int = 500 * MS) -> Trace:
    times = rows.SERVER_TIMES | {"accepted": 82_000 + wait}
    return trace([listener_row(), client_row(), server_row(t=times)])


def burst(count: int = 50, each: int = 10 * MS) -> Trace:
    """Connections that come at once and are accepted one after the other, without a pause."""
    halves = [listener_row()]
    for n in range(count):
        ports = {"rport": 40000 + n, "isn": 7 + n, "peer_isn": 900 + n}
        halves.append(
            server_row(cookie=100 + n, t=rows.SERVER_TIMES | {"accepted": 90_000 + n * each}, **ports)
        )
        mirror = {"lport": 40000 + n, "isn": 900 + n, "peer_isn": 7 + n}
        halves.append(client_row(cookie=500 + n, **mirror))
    return trace(halves)


def listener_closed() -> Trace:
    """The listener's process ends while a child waits for accept()."""
    end = 50 * MS
    times = {name: t for name, t in rows.SERVER_TIMES.items() if name != "accepted"} | {"closed": end}
    child = server_row(
        fate=Fate.CLOSED, pid=0, t=times,
        transitions=[(80_000, "LISTEN", "SYN_RECV"), (84_000, "SYN_RECV", "ESTABLISHED"),
                     (end, "ESTABLISHED", "CLOSE", STACK["listen_stop"])],
    )  # fmt: skip
    closed = rows.LISTENER_TIMES | {"closed": end + 1_000}
    return trace([listener_row(fate=Fate.CLOSED, t=closed), client_row(), child])


def reset_request() -> Trace:
    """A server half alone: the SYN-ACK was answered with an RST."""
    end = {"request": 40_000, "synack_out": 50_000, "closed": 60_000}
    row = unfinished(flags=HalfFlag.RESET_IN, t=end, remote="198.51.100.7", fate=Fate.FAILED)
    return trace([listener_row(), row], [received(30_000, source="198.51.100.7")])


def icmp_hard(error: int = EHOSTUNREACH) -> Trace:
    events = [sent(21_000, target="192.0.2.7")]
    return trace([failed(30 * MS, "icmp", error, remote="192.0.2.7", sk_err_soft=error)], events)


def icmp_soft() -> Trace:
    row = failed(
        3 * SECOND, "timer", EHOSTUNREACH, remote="192.0.2.7", sk_err_soft=EHOSTUNREACH, syn_retransmits=1
    )
    return trace([row], [sent(t, target="192.0.2.7") for t in (21_000, SECOND)])


def failed_call(error: int, **more: Any) -> Trace:
    """connect() that returned an error before any SYN."""
    return trace([before_syn(error, **more)], called("connect", -1_000, 9_000, -error))


def no_port() -> Trace:
    steps = [(4_000, "CLOSE", "SYN_SENT", STACK["connect"]), (8_000, "SYN_SENT", "CLOSE", STACK["connect"])]
    times = {"socket": -20_000, "connect": 0, "closed": 8_000}
    row = before_syn(EADDRNOTAVAIL, remote="127.0.0.1", transitions=steps, t=times)
    other = client_row(cookie=9, lport=50170, isn=5, peer_isn=6)
    return trace([row, other], called("connect", -1_000, 9_000, -EADDRNOTAVAIL))


def port_taken() -> Trace:
    steps = [(4_000, "CLOSE", "SYN_SENT", STACK["connect"]), (8_000, "SYN_SENT", "CLOSE", STACK["connect"])]
    times = {"socket": -20_000, "bind": -10_000, "connect": 0, "closed": 8_000}
    row = before_syn(
        EADDRNOTAVAIL, remote="127.0.0.1", local="127.0.0.1", lport=4321, transitions=steps, t=times
    )
    other = client_row(cookie=9, lport=4321, isn=5, peer_isn=6, t0=T0 - SECOND)
    return trace([row, other], called("connect", -1_000, 9_000, -EADDRNOTAVAIL))


def connects_to_itself() -> Trace:
    steps = [
        (9_000, "CLOSE", "SYN_SENT"),
        (30_000, "SYN_SENT", "SYN_RECV"),
        (40_000, "SYN_RECV", "ESTABLISHED"),
    ]
    row = client_row(lport=8080, rport=8080, peer_isn=CLIENT_ISN, transitions=steps)
    return trace([row])


def both_connect() -> Trace:
    steps = [
        (9_000, "CLOSE", "SYN_SENT"),
        (30_000, "SYN_SENT", "SYN_RECV"),
        (40_000, "SYN_RECV", "ESTABLISHED"),
    ]
    one = client_row(transitions=steps)
    two = client_row(
        cookie=2, lport=8080, rport=50164, isn=SERVER_ISN, peer_isn=CLIENT_ISN, transitions=steps,
        t={"connect": 12_000, "syn_out": 20_000, "established": 40_000},
    )  # fmt: skip
    return trace([one, two])


def clamped(after: int = 1200, before: int = 1460) -> Trace:
    """The MSS of the SYN as it left, and as it came, a router between."""
    ends = {"source": "192.0.2.1", "target": "198.51.100.1"}

    def syn(kind: PathKind, t: int, mss: int, netns: int) -> Rows:
        return segment(kind, t, options=b"\x02\x04" + mss.to_bytes(2, "big"), netns=netns, **ends)

    events = [
        syn(PathKind.SENT, 21_000, before, NETNS),
        syn(PathKind.RECEIVED, 30_000, before, ROUTER_NETNS),
        syn(PathKind.SENT, 31_000, after, ROUTER_NETNS),
        syn(PathKind.RECEIVED, 32_000, after, OTHER_NETNS),
    ]
    client = client_row(local="192.0.2.1", remote="198.51.100.1")
    server = server_row(local="198.51.100.1", remote="192.0.2.1", netns=OTHER_NETNS)
    return trace([listener_row(netns=OTHER_NETNS), client, server], events)


def translated() -> Trace:
    client = client_row(local="192.0.2.1", remote="192.0.2.2")
    server = server_row(local="198.51.100.1", remote="192.0.2.1", lport=9090, netns=OTHER_NETNS)
    return trace([listener_row(netns=OTHER_NETNS, lport=9090), client, server])


def fast_open(cookie: str, *, taken: bool) -> Trace:
    option = bytes([34, 2 + len(cookie) // 2]) + bytes.fromhex(cookie)
    fresh = bytes([34, 10]) + bytes.fromhex("0011223344556677")
    ack = CLIENT_ISN + (6 if taken else 1)
    answer = tcp_header(8080, 50164, SERVER_ISN, ack, 0x12, options=b"" if taken else fresh)
    events = [
        sent(21_000, options=option, payload=1),
        received(30_000, options=option, payload=1),
        rows.segment_event(PathKind.SENT, 50_000, answer, cookie=1),
        rows.segment_event(PathKind.RECEIVED, 70_000, answer, cookie=1),
    ]
    return trace([listener_row(), client_row(), server_row()], events)


def resent() -> Trace:
    """The first SYN left and was lost; the second was answered."""
    late = {name: t + SECOND for name, t in rows.CLIENT_TIMES.items() if name in ("synack_in", "established")}
    client = client_row(
        t=rows.CLIENT_TIMES | late,
        syn_retransmits=1,
        transitions=[(15_000, "CLOSE", "SYN_SENT"), (SECOND + 70_000, "SYN_SENT", "ESTABLISHED")],
    )
    server = server_row(t={name: t + SECOND for name, t in rows.SERVER_TIMES.items()})
    return trace([listener_row(), client, server], [sent(21_000), sent(SECOND), received(SECOND + 30_000)])


def slow_neighbour() -> Trace:
    late = {
        name: t + 300 * MS for name, t in rows.CLIENT_TIMES.items() if name in ("synack_in", "established")
    }
    client = client_row(
        t=rows.CLIENT_TIMES | late,
        transitions=[(15_000, "CLOSE", "SYN_SENT"), (300 * MS, "SYN_SENT", "ESTABLISHED")],
    )
    server = server_row(t={name: t + 300 * MS for name, t in rows.SERVER_TIMES.items()})
    events = [sent(300 * MS, stack=STACK["arp"]), received(300 * MS + 9_000)]
    return trace([listener_row(), client, server], events)


def interrupted() -> Trace:
    events = [*called("connect", 0, 200 * MS, -ERESTARTSYS), *called("connect", 201 * MS, 300 * MS, 0)]
    return trace([listener_row(), client_row(), server_row()], events)


def no_descriptor() -> Trace:
    """accept4() fails while the connection waits."""
    times = {name: t for name, t in rows.SERVER_TIMES.items() if name != "accepted"}
    child = server_row(fate=Fate.OPEN, pid=0, t=times)
    events = called("accept4", 90_000, 91_000, -EMFILE, cookie=3, tid=4710)
    return trace([listener_row(), client_row(), child], events)


def with_routes_traced(whole: Trace) -> Trace:
    """The same where both hooks on route lookups were attached."""
    names = ("tp_btf/fib_table_lookup", "tp_btf/fib6_table_lookup")
    header = msgspec.structs.replace(whole.header, hooks=[Hook(name, True) for name in names])
    return msgspec.structs.replace(whole, header=header)


def lone_call(name: str, error: int, cookie: int = 77) -> Trace:
    """A call that failed, and no connection at all."""
    return trace([], called(name, 0, 1_000, -error, cookie=0 if name == "socket" else cookie))


# What diagnosis makes of them


def told(whole: Trace) -> Connection:
    """The client's connection (the first that is not a neighbour of the fault), diagnosed."""
    every = list(diagnosed(whole))
    own = [one for one in every if one.client is not None and one.client.cookie == 1]
    own += [one for one in every if one.server is not None and one.server.cookie == 2]
    return (own or every)[0]


def codes(whole: Trace) -> list[str]:
    """The codes of that connection's findings, in order."""
    return [finding.code for finding in told(whole).findings]


def finding(whole: Trace, code: str) -> Finding:
    """Its finding of a code, which must be there."""
    found = {one.code: one for one in told(whole).findings}
    assert code in found, list(found)
    return found[code]
