"""Connections as the pipeline makes them, written down by hand: the material of tests of views and exports.

Each is a fact of one kind about TCP; none comes from `synscope.connections.build`, so that a test of a
view cannot agree with a mistake made there. Times are relative to `START`.
"""

import msgspec

from synscope.connections.model import (
    Call,
    Connection,
    Half,
    Listener,
    Milestone,
    Phase,
    Segment,
    SideName,
    Transition,
)
from synscope.events.trace import Footer, Header, Hook, Trace

START = 4_242_000_000_000
LINUX_OPTIONS = {"mss": 65495, "sack_ok": True, "timestamp": {"val": 2871346001, "ecr": 0}, "wscale": 7}
ANSWERED_OPTIONS = {**LINUX_OPTIONS, "timestamp": {"val": 2871346001, "ecr": 2871346001}}
PLAIN_ACK = {"timestamp": {"val": 2871346002, "ecr": 2871346001}}
HOSTILE = "\x1b]0;x\x07\n\u202egnp\x9b"


def at(us: float) -> int:
    """A moment, `us` microseconds after connect()."""
    return START + round(us * 1000)


def marks(side: SideName, **moments: float) -> tuple[Milestone, ...]:
    return tuple(Milestone(name, side, at(us)) for name, us in moments.items())


def change(side: SideName, us: float, states: str, by: str | None = None) -> Transition:
    source, target = states.split(">")
    return Transition(side=side, source=source, target=target, t_ns=at(us), by=by)


def spent(side: SideName, begin: float, *phases: tuple[str, float]) -> tuple[Phase, ...]:
    """Phases one after another from `begin` on, each by its name and when it was over, in µs."""
    found = []
    for name, end in phases:
        found.append(Phase(name, side, at(begin), at(end) - at(begin)))
        begin = end
    return tuple(found)


def segment(n: int, source: SideName, flags: str, seq: int, ack: int | None = None, **more) -> Segment:
    for name in ("sent", "received"):
        us = more.pop(name, None)
        more[f"{name}_ns"] = None if us is None else at(us)
    return Segment(n=n, source=source, flags=flags, seq=seq, ack=ack, **more)


def chain(*functions: str, marks: tuple[str, ...] = (), leaf: tuple[Call, ...] = (), **more) -> Call:
    """Functions that call one another, outermost first; `~f`, `*f`, `>f`, `=f` as the views mark evidence."""
    kinds = {"~": "tail_call", "*": "ops_pointer", ">": "probe", "=": "effect"}
    name, inner = functions[0], functions[1:]
    evidence = kinds.get(name[0], "stack")
    children = (chain(*inner, marks=marks, leaf=leaf, **more),) if inner else leaf
    return Call(
        function=name.lstrip("~*>="),
        evidence=evidence,
        marks=() if inner else marks,
        children=children,
        **more,
    )


SEND = ("__ip_queue_xmit", "~ip_local_out", "ip_output", "~ip_finish_output", "~__ip_finish_output")
DEVICE = (*SEND, "ip_finish_output2", "__dev_queue_xmit")
RECEIVE = ("net_rx_action", "__napi_poll", "process_backlog", "__netif_receive_skb_one_core")
DELIVER = (*RECEIVE, "~ip_rcv", "~ip_local_deliver", "ip_local_deliver_finish", "ip_protocol_deliver_rcu")


def client_calls() -> tuple[Call, ...]:
    own = {"side": "client", "context": "process"}
    connect = Call(
        function="tcp_v4_connect",
        **own,
        children=(
            chain(
                "~tcp_set_state", "inet_sk_state_store", marks=("CLOSE → SYN_SENT",), seen_ns=at(14), **own
            ),
            chain("~inet_hash_connect", "__inet_hash_connect", **own),
            chain("tcp_connect", "=tcp_connect_init", **own),
            chain("__tcp_transmit_skb", *DEVICE, marks=("sends SYN",), seen_ns=at(21), **own),
        ),
    )
    finish = chain(
        "release_sock",
        "__release_sock",
        "tcp_v4_do_rcv",
        "tcp_rcv_state_process",
        leaf=(
            chain("tcp_finish_connect", marks=("SYN_SENT → ESTABLISHED",), seen_ns=at(58), **own),
            chain(
                "~__tcp_send_ack", "__tcp_transmit_skb", *DEVICE, marks=("sends ACK",), seen_ns=at(62), **own
            ),
        ),
        **own,
    )
    return (
        chain("__x64_sys_socket", "__sys_socket", "__sock_create", "inet_create", marks=("socket()",), **own),
        Call(
            function="__x64_sys_connect",
            seen_ns=at(0),
            enter_ns=at(0),
            exit_ns=at(92),
            ret="0",
            children=(
                chain(
                    "__sys_connect",
                    "~__sys_connect_file",
                    "*inet_stream_connect",
                    "__inet_stream_connect",
                    leaf=(connect, finish),
                    **own,
                ),
            ),
            **own,
        ),
    )


def server_calls() -> tuple[Call, ...]:
    own = {"side": "server", "context": "process"}
    soft = {"side": "server", "context": "softirq"}
    request = chain(
        "tcp_v4_do_rcv",
        "tcp_rcv_state_process",
        "*tcp_v4_conn_request",
        "tcp_conn_request",
        leaf=(
            Call(function="inet_reqsk_alloc", **soft),
            chain(
                "tcp_v4_send_synack",
                "~ip_build_and_send_pkt",
                *SEND[2:],
                "ip_finish_output2",
                "__dev_queue_xmit",
                marks=("sends SYN-ACK",),
                seen_ns=at(39),
                **soft,
            ),
        ),
        **soft,
    )
    final = chain(
        "tcp_check_req", "tcp_v4_syn_recv_sock", marks=("LISTEN → SYN_RECV",), seen_ns=at(70), **soft
    )
    return (
        chain(
            "__x64_sys_listen",
            "__sys_listen",
            "inet_listen",
            "__inet_listen_sk",
            "inet_csk_listen_start",
            "inet_sk_state_store",
            marks=("CLOSE → LISTEN",),
            seen_ns=at(-212),
            **own,
        ),
        chain("__x64_sys_accept4", "*inet_accept", ">inet_csk_accept", marks=("accept()",), **own),
        chain(*DELIVER, "tcp_v4_rcv", leaf=(request, final), **soft),
    )


def handshake(client_isn: int, server_isn: int) -> tuple[Segment, ...]:
    one, two = client_isn + 1, server_isn + 1
    return (
        segment(1, "client", "S", client_isn, sent=21, received=31, window=65495, options=LINUX_OPTIONS),
        segment(
            2, "server", "S.", server_isn, one, sent=39, received=46, window=65483, options=ANSWERED_OPTIONS
        ),
        segment(3, "client", ".", one, two, sent=62, received=66, window=512, options=PLAIN_ACK),
    )


CLIENT_STATES = (
    change("client", 14, "CLOSE>SYN_SENT", "tcp_v4_connect"),
    change("client", 58, "SYN_SENT>ESTABLISHED", "tcp_finish_connect"),
)
SERVER_STATES = (
    change("server", 70, "LISTEN>SYN_RECV", "tcp_v4_syn_recv_sock"),
    change("server", 78, "SYN_RECV>ESTABLISHED", "tcp_rcv_state_process"),
)
CLIENT_MARKS = marks("client", socket=-31, connect=0, syn_out=20, synack_in=58, ack_out=62, established=58)
SERVER_MARKS = marks(
    "server", syn_in=31, request=34, synack_out=38, ack_in=70, queued=75, established=78, accepted=96
)
LISTENER_MARKS = marks("server", socket=-260, bind=-231, listen=-216)
CLIENT_PHASES = spent(
    "client",
    0,
    ("route", 14),
    ("port", 20),
    ("ip_output", 21),
    ("network_out", 31),
    ("peer", 39),
    ("network_back", 46),
    ("local_delivery", 58),
)
SERVER_PHASES = spent(
    "server",
    31,
    ("request", 39),
    ("network_out", 46),
    ("peer", 62),
    ("network_back", 66),
    ("local_delivery", 75),
    ("accept_queue", 96),
)
OWNER = {"netns": 4026531840, "cgroup": 5011, "uid": 1000}


def client(**more) -> Half:
    given = {"address": "127.0.0.1", "port": 50164, "pid": 4711, "tid": 4711, "comm": "python3"}
    given["total_ns"] = 58_000
    return Half(**{**given, "cookie": 12289, "isn": 2269068384, **OWNER, **more})


def server(**more) -> Half:
    given = {"address": "127.0.0.1", "port": 8080, "pid": 4710, "tid": 4710, "comm": "python3"}
    given["total_ns"] = 65_000
    listener = Listener(cookie=8193, backlog_at_syn=0, backlog_max=128, syn_cookie=False)
    return Half(**{**given, "cookie": 12290, "isn": 829471100, "listener": listener, **OWNER, **more})


def healthy(**more) -> Connection:
    """Loopback, both halves, path detail."""
    given = {
        "id": "c1",
        "outcome": "established",
        "family": "inet",
        "client": client(),
        "server": server(),
        "milestones": (*LISTENER_MARKS, *CLIENT_MARKS, *SERVER_MARKS),
        "transitions": (
            change("server", -212, "CLOSE>LISTEN", "inet_csk_listen_start"),
            *CLIENT_STATES,
            *SERVER_STATES,
        ),
        "segments": handshake(2269068384, 829471100),
        "phases": (*CLIENT_PHASES, *SERVER_PHASES),
        "calls": (*client_calls(), *server_calls()),
    }
    return Connection(**{**given, **more})


def call(text: str, begin: float, took: float, *children: Call, marks: tuple[str, ...] = ()) -> Call:
    """A traced call from `f(a=1) = 0`; `~f` was entered by a jump, `=f` is inlined and has no times."""
    head, _, ret = text.partition(" = ")
    name, _, given = head.rstrip(")").partition("(")
    effect = name.startswith("=")
    return Call(
        function=name.lstrip("~="),
        evidence="effect" if effect else "tail_call" if name.startswith("~") else "probe",
        seen_ns=at(begin),
        enter_ns=None if effect else at(begin),
        exit_ns=None if effect else at(begin + took),
        args=None if effect else dict(pair.split("=") for pair in given.split(", ") if pair),
        ret=ret or None,
        marks=marks,
        children=children,
    )


def traced(**more) -> Connection:
    """As `healthy`, the client's connect() traced call by call."""
    stored = call("~inet_sk_state_store(newstate=SYN_SENT)", 4, 1, marks=("CLOSE → SYN_SENT",))
    device = call("__dev_queue_xmit = 0", 21, 9, marks=("sends SYN",))
    transmit = call(
        "__tcp_transmit_skb(clone_it=1, gfp_mask=0xcc0, rcv_nxt=0) = 0",
        17,
        14,
        call("tcp_v4_send_check", 18, 0.2),
        call("ip_queue_xmit = 0", 19, 11.5, call("~__ip_queue_xmit(tos=0x0) = 0", 19.2, 11.2, device)),
    )
    connect = call(
        "tcp_v4_connect(addr_len=16) = 0",
        1,
        40,
        call("=ip_route_connect", 2, 0, call("ip_route_output_flow = 0xffff888004f0a180", 2, 1.2)),
        call("tcp_set_state(state=SYN_SENT)", 3.9, 1.3, stored),
        call("inet_hash_connect = 0", 6, 4),
        call("ip_route_output_flow = -ENETUNREACH", 11, 0.9),
        call(
            "tcp_connect = 0",
            13,
            27,
            call("tcp_mtup_init", 14, 0.3),
            *(call(f"skb_helper(size=4, gfp_mask={mask})", 15 + at, 0.25) for at, mask in enumerate("cccd")),
            call("=tcp_transmit_skb", 17, 0, transmit),
        ),
    )
    blocked = call("__x64_sys_connect", -0.5, 0, connect)
    return healthy(calls=(msgspec.structs.replace(blocked, exit_ns=None),), **more)


def record_detail() -> Connection:
    """As `healthy`, from the sockets alone: segments inferred, no calls."""
    one, two = 2269068385, 829471101
    synack = {"window": 65483, "options": ANSWERED_OPTIONS}
    segments = (
        segment(1, "client", "S", one - 1, sent=20, received=34, inferred=True),
        segment(2, "server", "S.", two - 1, one, sent=38, received=58, **synack),
        segment(3, "client", ".", one, two, received=70, inferred=True),
    )
    phases = (
        *spent("client", 0, ("route_and_port", 20), ("network_out", 34), ("peer", 38), ("network_back", 58)),
        *spent(
            "server", 34, ("request", 38), ("synack_wait", 70), ("local_delivery", 75), ("accept_queue", 96)
        ),
    )
    return healthy(segments=segments, calls=(), phases=phases, server=server(total_ns=62_000))


def refused() -> Connection:
    """Nobody listens: an RST answers the SYN."""
    return Connection(
        id="c2",
        outcome="refused",
        errno="ECONNREFUSED",
        family="inet",
        client=client(
            port=50166,
            cookie=12301,
            isn=1187400021,
            total_ns=41_000,
            sk_err="ECONNREFUSED",
            peer_address="127.0.0.1",
            peer_port=9,
        ),
        milestones=marks("client", socket=-18, connect=0, syn_out=19, closed=41),
        transitions=(
            change("client", 12, "CLOSE>SYN_SENT", "tcp_v4_connect"),
            change("client", 41, "SYN_SENT>CLOSE", "tcp_reset"),
        ),
        segments=(
            segment(1, "client", "S", 1187400021, sent=19, received=26, window=65495, options=LINUX_OPTIONS),
            segment(2, "server", "R.", 0, 1187400022, sent=30, received=36, window=0),
        ),
        phases=spent(
            "client",
            0,
            ("route", 12),
            ("port", 19),
            ("network_out", 26),
            ("peer", 30),
            ("network_back", 36),
            ("local_delivery", 41),
        ),
    )


def timed_out() -> Connection:
    """A SYN that a packet filter drops, sent three times."""
    dropped = "NETFILTER_DROP nf_hook_slow"
    isn = 4294967295
    return Connection(
        id="c3",
        outcome="timed_out",
        errno="ETIMEDOUT",
        family="inet",
        client=client(
            address="10.0.0.1",
            port=41822,
            comm="curl",
            isn=isn,
            retransmits=2,
            total_ns=3_050_412_000,
            sk_err="ETIMEDOUT",
            drop_reason="NETFILTER_DROP",
            drop_location="nf_hook_slow+0xb0",
            peer_address="10.0.0.2",
            peer_port=80,
        ),
        milestones=marks("client", socket=-40, connect=0, syn_out=25, closed=3_050_412),
        transitions=(
            change("client", 15, "CLOSE>SYN_SENT", "tcp_v4_connect"),
            change("client", 3_050_412, "SYN_SENT>CLOSE", "tcp_write_err"),
        ),
        segments=(
            segment(1, "client", "S", isn, sent=25, dropped=dropped, window=64240, options=LINUX_OPTIONS),
            segment(2, "client", "S", isn, sent=1_003_117, dropped=dropped, retransmission=True),
            segment(3, "client", "S", isn, sent=2_027_650, dropped=dropped, retransmission=True),
        ),
        phases=spent(
            "client",
            0,
            ("route", 15),
            ("port", 25),
            ("syn_retransmit", 2_027_650),
            ("syn_timeout", 3_050_412),
        ),
    )


def server_only() -> Connection:
    """Someone elsewhere connected to a traced server."""
    synack = segment(2, "server", "S.", 829471100, 553120077, sent=39, window=65160, options=ANSWERED_OPTIONS)
    return Connection(
        id="c4",
        outcome="established",
        family="inet",
        server=server(
            address="192.0.2.10", port=443, comm="nginx", peer_address="198.51.100.7", peer_port=40112
        ),
        milestones=(*marks("server", listen=-9.1e9), *SERVER_MARKS),
        transitions=SERVER_STATES,
        phases=spent(
            "server",
            31,
            ("request", 39),
            ("synack_wait", 66),
            ("local_delivery", 75),
            ("accept_queue", 96),
        ),
        segments=(
            segment(1, "client", "S", 553120076, received=31, window=64240, options=LINUX_OPTIONS),
            synack,
            segment(3, "client", ".", 553120077, 829471101, received=66, window=502),
        ),
    )


def client_only() -> Connection:
    """A traced client, its server elsewhere."""
    first, second, third = handshake(2269068384, 77002)
    return Connection(
        id="c5",
        outcome="established",
        family="inet",
        client=client(
            address="192.0.2.10", port=33714, comm="curl", peer_address="203.0.113.80", peer_port=443
        ),
        milestones=CLIENT_MARKS,
        transitions=CLIENT_STATES,
        phases=spent(
            "client",
            0,
            ("route", 14),
            ("port", 20),
            ("ip_output", 21),
            ("syn_wait", 54),
            ("local_delivery", 58),
        ),
        segments=(
            segment(1, "client", "S", first.seq, sent=21, window=64240, options=LINUX_OPTIONS),
            segment(
                2,
                "server",
                "S.",
                second.seq,
                second.ack,
                received=54,
                window=65160,
                options=ANSWERED_OPTIONS,
            ),
            segment(3, "client", ".", third.seq, third.ack, sent=62, window=502),
        ),
    )


def alone() -> Connection:
    """A client half whose peer is not even known by address; its connect() failed before any SYN."""
    return Connection(
        id="c6",
        outcome=None,
        client=Half(pid=99, comm="app", cookie=3, address=None, port=None),
        milestones=marks("client", socket=-9, connect=0, closed=6.2),
    )


def inet6() -> Connection:
    """IPv6 with the longest addresses, in two namespaces."""
    long = "2001:db8:1111:2222:3333:4444:5555:{}"
    return healthy(
        id="c7",
        family="inet6",
        client=client(address=long.format("6666"), port=50164, netns=4026532201),
        server=server(address=long.format("7777"), port=65535, netns=4026532313),
        calls=(),
    )


def untimed() -> Connection:
    """Record detail, a server half alone: its peer's SYN and ACK are proven, their times are not known."""
    one, two = 553120077, 829471101
    return Connection(
        id="c13",
        outcome="established",
        family="inet",
        server=server(peer_address="198.51.100.7", peer_port=40112),
        milestones=marks("server", request=34, synack_out=38, established=78, accepted=96),
        transitions=(change("server", 78, "SYN_RECV>ESTABLISHED"),),
        segments=(
            segment(1, "client", "S", one - 1, inferred=True),
            segment(2, "server", "S.", two - 1, one, sent=38, inferred=True),
            segment(3, "client", ".", one, two, inferred=True),
        ),
    )


def mapped() -> Connection:
    """IPv4 over an IPv6 socket."""
    return healthy(
        id="c8",
        family="inet6",
        mapped=True,
        client=client(address="::ffff:127.0.0.1"),
        server=server(address="::ffff:127.0.0.1"),
        calls=(),
    )


def wrong_ack() -> Connection:
    """A SYN-ACK that acknowledges what was not sent; a later one sent again is right."""
    syn, synack, ack = handshake(2269068384, 829471100)
    wrong = segment(2, "server", "S.", synack.seq, 2269068384, sent=39, received=46, window=65483)
    right = segment(3, "server", "S.", synack.seq, synack.ack, sent=50, received=54, retransmission=True)
    return healthy(id="c9", segments=(syn, wrong, right, ack), server=server(retransmits=1), calls=())


def hostile() -> Connection:
    """Every name is chosen by an enemy of the terminal."""
    return healthy(
        id="c10",
        client=client(comm=HOSTILE, drop_reason=HOSTILE, drop_location=HOSTILE),
        server=server(comm="\u05d0\u200f\u2066[red]x[/red]\r"),
        transitions=(change("client", 14, "CLOSE>SYN_SENT", HOSTILE),),
        calls=(chain("__x64_sys_connect", HOSTILE, marks=(HOSTILE,)),),
        lost={HOSTILE: 3},
    )


def in_progress() -> Connection:
    """The trace ended before the answer came; the listener's accept queue was full."""
    listener = Listener(cookie=8193, backlog_at_syn=2, backlog_max=1, syn_cookie=False)
    return Connection(
        id="c11",
        outcome="in_progress",
        family="inet",
        client=client(port=50170, retransmits=1, total_ns=2_310_000_000),
        server=server(listener=listener, pid=None, comm=None, isn=None, traced=False),
        milestones=(*marks("client", connect=0), *marks("server", listen=-96, syn_in=30)),
        transitions=(change("client", 14, "CLOSE>SYN_SENT", "tcp_v4_connect"),),
        segments=(
            segment(1, "client", "S", 2269068384, sent=21, received=30, window=65495, options=LINUX_OPTIONS),
            segment(2, "client", "S", 2269068384, sent=1_030_000, retransmission=True),
        ),
        phases=spent(
            "client",
            0,
            ("route", 14),
            ("port", 20),
            ("ip_output", 21),
            ("syn_retransmit", 1_030_000),
            ("syn_wait", 2_310_000),
        ),
        lost={"tp_btf/net_dev_queue: ring full": 2},
    )


def crossing() -> Connection:
    """A slow network: things happen while a segment is under way."""
    syn, synack, ack = handshake(2269068384, 829471100)
    again = segment(2, "client", "S", syn.seq, sent=1_003_000, received=1_403_000, retransmission=True)
    return healthy(
        id="c12",
        client=client(retransmits=1),
        milestones=(*marks("client", connect=0), *marks("server", listen=200_000, request=400_034)),
        transitions=(),
        segments=(
            segment(1, "client", "S", syn.seq, sent=21, received=400_021, window=65495),
            again,
            segment(3, "server", "S.", synack.seq, synack.ack, sent=700_000, received=1_100_000),
            segment(4, "client", ".", ack.seq, ack.ack, sent=1_100_062, received=1_500_062),
        ),
        phases=(
            *spent("client", 0, ("route_and_port", 21), ("network_out", 400_021), ("peer", 700_000)),
            *spent("client", 700_000, ("network_back", 1_100_000)),
            *spent("server", 400_021, ("request", 700_000), ("network_out", 1_100_000)),
            *spent("server", 1_100_000, ("peer", 1_100_062), ("network_back", 1_500_062)),
        ),
        calls=(),
    )


def many(count: int = 40) -> list[Connection]:
    """A list as a load test gives it: two destinations, every seventh refused, every tenth slow."""
    return [_one_of_many(index) for index in range(1, count + 1)]


def _one_of_many(index: int) -> Connection:
    if index % 7 == 0:
        base = refused()
        assert base.client is not None
        return Connection(**{**_as_dict(base), "id": f"c{index}"})
    slow = 40 if index % 10 == 0 else 1
    late = 58 * slow + index
    again = (("syn_retransmit", late - 38),) if slow > 1 else ()
    out = spent("client", 0, ("route", 14), ("port", 20), *again, ("syn_wait", late))
    queue = ("accept_queue", late + 38 + index)
    taken = spent("server", late - 24, ("request", late - 20), ("synack_wait", late + 17), queue)
    return healthy(
        id=f"c{index}",
        client=client(port=50000 + index, retransmits=int(slow > 1), total_ns=late * 1000),
        server=server(port=8080 + index % 2, total_ns=62_000 + index * 1000),
        phases=out + taken,
        milestones=(
            *marks("client", connect=0, syn_out=20, established=late),
            *marks("server", request=34, queued=late + 17, established=late + 20, accepted=late + 38 + index),
        ),
        transitions=(
            change("client", 14, "CLOSE>SYN_SENT", "tcp_v4_connect"),
            change("client", late, "SYN_SENT>ESTABLISHED", "tcp_finish_connect"),
        ),
        calls=(),
    )


def _as_dict(connection: Connection) -> dict[str, object]:
    return {name: getattr(connection, name) for name in connection.__struct_fields__}


def trace(**footer) -> Trace:
    """The trace around them: header and footer, no rows."""
    header = Header(
        synscope="0.1.0",
        kernel="6.18.5",
        machine="x86_64",
        started_mono_ns=START - 1_000_000,
        started_wall_ns=1_767_225_600_000_000_000,
        detail="path",
        command=["python3", "churn.py", "--count", "40"],
        hooks=[
            Hook("tp_btf/inet_sock_set_state", True),
            Hook("sockops", True),
            Hook("sk_lookup", True),
            Hook("tp_btf/sk_data_ready", False, "this kernel has no such tracepoint (6.3 and later)"),
        ],
    )
    return Trace(header=header, footer=Footer(**{"ended_mono_ns": START + 2_310_000_000, **footer}))


SAMPLES = {
    "healthy": healthy,
    "record": record_detail,
    "refused": refused,
    "timed-out": timed_out,
    "server-only": server_only,
    "client-only": client_only,
    "alone": alone,
    "inet6": inet6,
    "mapped": mapped,
    "wrong-ack": wrong_ack,
    "hostile": hostile,
    "in-progress": in_progress,
    "crossing": crossing,
    "untimed": untimed,
}
