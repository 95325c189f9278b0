"""`synscope inspect` as people see it, kept in `inside/CASE-WIDTH[-ascii].txt`.

After a deliberate change: `pytest tests/golden --update-golden`, then read the difference.
"""

from pathlib import Path

import pytest
from msgspec.structs import replace

from synscope.tcp.inside import InsideSocket, Isns, Owner, Pointer, Timer
from synscope.tcp.operations import OF_SETUP, source_of
from synscope.views import Style, plain
from synscope.views.inside import inside

HERE = Path(__file__).with_name("inside")
NAMES = {
    "socket->ops": (
        "inet_bind inet_stream_connect inet_accept inet_listen inet_getname inet_shutdown inet_release"
    ),
    "sk_prot": (
        "tcp_v4_init_sock tcp_v4_pre_connect tcp_v4_connect inet_csk_accept inet_csk_get_port inet_hash "
        "tcp_v4_do_rcv tcp_close"
    ),
    "icsk_af_ops": (
        "ip_queue_xmit tcp_v4_send_check tcp_v4_conn_request tcp_v4_syn_recv_sock inet_sk_rebuild_header"
    ),
}
TABLES = {
    kind: {
        member: Pointer(name, source_of(name))
        for member, name in zip(OF_SETUP[kind], names.split(), strict=True)
    }
    for kind, names in NAMES.items()
}
LISTENER = InsideSocket(
    kind="socket",
    family="AF_INET",
    type="SOCK_STREAM",
    protocol="IPPROTO_TCP",
    state="LISTEN",
    address="127.0.0.1",
    port=8080,
    owners=(Owner(4711, "nginx", 6), Owner(4712, "nginx", 6)),
    netns=4026531840,
    inode=75998345,
    uid=0,
    cookie=12289,
    cgroup="/system.slice/nginx.service",
    socket_state="SS_UNCONNECTED",
    socket_flags=0,
    values={"sk_ack_backlog": 1, "sk_max_ack_backlog": 511, "qlen": 1, "young": 1, "skc_reuse": 1},
    congestion_control="cubic",
    accept_queue=(12291,),
    tables=TABLES,
)
REQUEST = replace(
    LISTENER,
    kind="request",
    state="NEW_SYN_RECV",
    peer_address="127.0.0.1",
    peer_port=40002,
    owners=(),
    inode=0,
    uid=None,
    cookie=12290,
    cgroup=None,
    listener=12289,
    socket_state=None,
    values={"rcv_isn": 2726926898, "snt_isn": 847487866, "num_retrans": 1, "mss": 65495, "wscale_ok": 1},
    timer=Timer("SYN-ACK", 740, 1),
    isns=Isns(847487866, 2726926898),
    congestion_control=None,
    accept_queue=None,
    tables={},
)
CHILD = replace(
    REQUEST,
    kind="socket",
    state="ESTABLISHED",
    peer_port=40001,
    uid=0,
    cookie=12291,
    values={"snd_una": 835306213, "rcv_nxt": 2225369621, "icsk_rto_ms": 204, "sk_max_ack_backlog": 511},
    timer=None,
    isns=Isns(835306212, 2225369620, "passive"),
    congestion_control="cubic",
    tables={kind: TABLES[kind] for kind in ("sk_prot", "icsk_af_ops")},
)
PAIR = InsideSocket(
    kind="other",
    family="AF_UNIX",
    type="SOCK_STREAM",
    protocol="0",
    owners=(Owner(4711, "nginx", 3),),
    netns=4026531840,
    inode=75998338,
    socket_state="SS_CONNECTED",
)
DRAWN = [(80, False), (80, True), (120, False)]


@pytest.mark.parametrize(("width", "only_ascii"), DRAWN)
def test_looks_as_it_did(width: int, only_ascii: bool, update_golden: bool) -> None:
    sockets = [LISTENER, REQUEST, CHILD, PAIR]
    text = plain(inside(sockets, Style(width=width, ascii=only_ascii), everything=False))
    path = HERE / f"server-{width}{'-ascii' * only_ascii}.txt"
    if update_golden:
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


def test_every_golden_file_is_of_a_case() -> None:
    assert {path.name for path in HERE.glob("*.txt")} == {f"server-{w}{'-ascii' * a}.txt" for w, a in DRAWN}
