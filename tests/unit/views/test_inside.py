import msgspec
import pytest

from synscope.tcp.inside import InsideSocket, Isns, OfferedSocket, Owner, Pointer, Timer
from synscope.views import Style, plain
from synscope.views.inside import inside
from synscope.views.operations import offered

BIND, POLL = Pointer("inet_bind", "net/ipv4/af_inet.c"), Pointer("tcp_poll", "net/ipv4/tcp.c")
OPS = {"bind": BIND, "poll": POLL}
PROT = {"connect": Pointer("tcp_v4_connect", "net/ipv4/tcp_ipv4.c")}
TCP = InsideSocket(
    kind="socket",
    family="AF_INET",
    type="SOCK_STREAM",
    protocol="IPPROTO_TCP",
    state="ESTABLISHED",
    address="192.0.2.1",
    port=40000,
    peer_address="192.0.2.2",
    peer_port=80,
    owners=(Owner(7, "curl\x1b[2J", 5),),
    netns=4026531840,
    inode=12,
    uid=0,
    cookie=99,
    cgroup="/a\nb",
    socket_state="SS_CONNECTED",
    values={"snd_una": 11, "icsk_rto_ms": 204, "skc_reuse": 0},
    timer=Timer("retransmission", 150, 2),
    isns=Isns(10, 20, "active"),
    congestion_control="bbr",
    tables={"socket->ops": OPS, "sk_prot": PROT},
)
LISTENER = msgspec.structs.replace(
    TCP, state="LISTEN", peer_address=None, values={"sk_ack_backlog": 1, "skc_reuse": 1}, accept_queue=(5,)
)
CHILD = msgspec.structs.replace(
    TCP, owners=(), socket_state=None, inode=0, listener=99, tables={"sk_prot": PROT}
)
OTHER = InsideSocket(
    kind="other",
    family="AF_UNIX",
    type="SOCK_STREAM",
    protocol="0",
    owners=(Owner(7, "curl", 8),),
    netns=1,
    inode=13,
    socket_state="SS_CONNECTED",
    tables={"socket->ops": {"bind": Pointer("unix_bind", None)}},
)


def drawn(*sockets, style=None, everything=False):
    return plain(inside(sockets, style or Style(), everything=everything))


def test_what_a_connection_is_told_by():
    text = drawn(TCP)
    assert "192.0.2.1:40000 → 192.0.2.2:80   ESTABLISHED   curl" in text
    assert "snd_una 11" in text
    assert "icsk_rto 204 ms" in text
    assert "retransmission in 150 ms, tries so far: 2" in text
    assert "own 10 (active open: snd_una - bytes_acked)  peer 20" in " ".join(text.split("\n"))
    assert "skc_reuse" not in text


def test_of_options_only_what_was_set():
    assert "skc_reuse 1" in drawn(LISTENER)


def test_members_of_setup_or_all():
    assert (
        "  bind           inet_bind                    net/ipv4/af_inet.c\n  … and 1 more: --all\n"
        in drawn(TCP)
    )
    assert "tcp_poll" in drawn(TCP, everything=True)
    assert "--all" not in drawn(TCP, everything=True)


def test_sockets_share_a_table_and_a_child_has_a_part_of_it():
    text = drawn(LISTENER, CHILD, TCP)
    assert text.count("inet_bind") == 1
    assert "operations A" not in text
    assert "waits for accept()" in text
    assert "no struct socket" in text


def test_different_tables_have_letters():
    other = msgspec.structs.replace(TCP, tables={"socket->ops": {"bind": Pointer("inet6_bind", None)}})
    text = drawn(TCP, other)
    assert "operations        A, below" in text
    assert "operations        B, below" in text
    assert "inet6_bind                   ?" in text


def test_other_families_are_named_and_not_looked_into():
    text = drawn(OTHER)
    assert text == "AF_UNIX SOCK_STREAM 0   SS_CONNECTED   curl[7] fd 8   inode 13\n"


def test_mptcp_is_explained():
    assert "subflows" in drawn(msgspec.structs.replace(OTHER, family="AF_INET", protocol="IPPROTO_MPTCP"))


@pytest.mark.parametrize(("width", "only_ascii"), [(80, False), (80, True), (120, False)])
def test_no_line_is_wider_and_nothing_steers_the_terminal(width, only_ascii):
    sockets = (LISTENER, CHILD, TCP, OTHER)
    text = drawn(*sockets, style=Style(width=width, ascii=only_ascii), everything=True)
    assert max(map(len, text.split("\n"))) <= width
    assert "\x1b" not in text
    assert "/a\\x0ab" in text
    assert text.isascii() or not only_ascii


def test_what_is_offered_is_grouped_by_table():
    def entry(protocol, refused=None):
        tables = {} if refused else {"socket->ops": OPS, "sk_prot": PROT}
        return OfferedSocket(
            call=protocol,
            protocol=protocol,
            ops="inet_ops",
            prot=f"{protocol}_prot",
            tables=tables,
            refused=refused,
        )

    text = plain(offered([entry("ping", "EACCES"), entry("udp")], Style(), everything=False))
    assert text.count("inet_ops  socket->ops, struct proto_ops, of\n  socket(ping)  socket(udp)\n  bind") == 1
    assert (
        "ping_prot  sk_prot, struct proto, of\n  socket(ping)\n  not looked into: the call fails with EACCES"
        in text
    )
    assert "udp_prot  sk_prot, struct proto, of\n  socket(udp)\n  connect" in text
