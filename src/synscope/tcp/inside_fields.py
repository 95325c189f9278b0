"""The fields of a socket that matter to how its connection comes into being, in the order of showing.

Each has the name of the kernel's member, with its unit behind it where it has one. A later path is where
other kernels have the member.
"""

from typing import Literal, NamedTuple

Unit = Literal["", "jiffies", "eighths"]
"""How a number is kept: as it is, in ticks (shown as `_ms`), or as eight times its value (`srtt_us`)."""


class Field(NamedTuple):
    """A member of the kernel's struct, under the heading with which it is shown."""

    group: str
    name: str
    paths: tuple[str, ...]
    unit: Unit = ""


def _fields(group: str, *members: str, unit: Unit = "") -> tuple[Field, ...]:
    """Of paths whose last word is the name; `a|b` are two places of one member, `counter` is no name."""
    found = []
    for member in members:
        paths = tuple(member.split("|"))
        name = paths[0].removesuffix(".counter").removesuffix(".val").rpartition(".")[2]
        found.append(Field(group, name + ("_ms" if unit == "jiffies" else ""), paths, unit))
    return tuple(found)


LISTENER: tuple[Field, ...] = (
    *_fields("accept queue", "sk_ack_backlog", "sk_max_ack_backlog"),
    *_fields("requests", "icsk_accept_queue.qlen.counter", "icsk_accept_queue.young.counter"),
    *_fields("set by options", "icsk_accept_queue.rskq_defer_accept", "skc_reuse", "skc_reuseport"),
    *_fields("set by options", "skc_ipv6only", "skc_bound_dev_if", "sk_mark", "rx_opt.user_mss"),
    *_fields("set by options", "icsk_syn_retries"),
    Field("Fast Open", "fastopen_max_qlen", ("icsk_accept_queue.fastopenq.max_qlen",)),
    Field("Fast Open", "fastopen_qlen", ("icsk_accept_queue.fastopenq.qlen",)),
)
"""Of a socket in LISTEN."""

CONNECTION: tuple[Field, ...] = (
    Field("queues", "tx_queue", ()),  # of /proc/net/tcp, where the socket itself may not be read
    Field("queues", "rx_queue", ()),
    *_fields("sequence numbers", "snd_una", "snd_nxt", "write_seq", "rcv_nxt", "copied_seq"),
    *_fields("windows", "snd_wnd", "rcv_wnd", "snd_cwnd", "snd_ssthresh", "rcv_ssthresh"),
    *_fields("options agreed", "rx_opt.tstamp_ok", "rx_opt.sack_ok", "rx_opt.wscale_ok"),
    *_fields("options agreed", "rx_opt.snd_wscale", "rx_opt.rcv_wscale", "ecn_flags", "syn_fastopen"),
    *_fields("segment size", "mss_cache", "advmss", "rx_opt.mss_clamp", "icsk_ack.rcv_mss"),
    Field("segment size", "icsk_pmtu_cookie", ("icsk_pmtu_cookie",)),
    *_fields("timing", "icsk_rto", unit="jiffies"),
    Field("timing", "srtt_us", ("srtt_us",), "eighths"),
    *_fields("timing", "icsk_retransmits", "icsk_backoff", "total_retrans"),
    *_fields("counted", "segs_out", "segs_in", "bytes_acked", "bytes_received"),
    *_fields("set by options", "skc_reuse", "skc_reuseport", "skc_bound_dev_if", "sk_mark"),
    *_fields("set by options", "rx_opt.user_mss", "icsk_syn_retries", "icsk_user_timeout"),
    *_fields("from the listener", "sk_max_ack_backlog"),
)
"""Of any other full socket."""

REQUEST: tuple[Field, ...] = (
    *_fields("sequence numbers", "rcv_isn", "snt_isn"),
    *_fields("SYN-ACK", "num_retrans", "num_timeout", "acked"),
    *_fields("options offered", "tstamp_ok", "sack_ok", "wscale_ok", "snd_wscale", "rcv_wscale", "ecn_ok"),
    *_fields("segment size", "mss"),
    *_fields("marks", "ir_mark"),
)
"""Of a `tcp_request_sock`."""

TIME_WAIT: tuple[Field, ...] = (
    Field("TIME_WAIT", "tw_substate", ("tw_substate",)),
    Field("sequence numbers", "tw_snd_nxt", ("skc_tw_snd_nxt", "tw_snd_nxt")),
    Field("sequence numbers", "tw_rcv_nxt", ("skc_tw_rcv_nxt", "tw_rcv_nxt")),
)
"""Of a `tcp_timewait_sock`."""

QUIET = ("set by options", "from the listener", "Fast Open", "marks")
"""Groups of which only what is not 0 is shown."""
