"""A socket as the kernel holds it, at one moment: what `synscope inspect` shows."""

from collections.abc import Mapping
from typing import Literal

import msgspec

Kind = Literal["socket", "request", "time_wait", "other"]
"""A full `struct sock` of TCP; a `tcp_request_sock`; a `tcp_timewait_sock`; no TCP, and not looked into."""


class Pointer(msgspec.Struct, frozen=True):
    """A function that a table of operations points to; `source` is its file, None where that is not known."""

    function: str
    source: str | None


Tables = dict[str, dict[str, Pointer]]
"""`socket->ops`, `sk_prot` and `icsk_af_ops`: member to function; those that are NULL are left out."""


class Owner(msgspec.Struct, frozen=True):
    """A descriptor of the socket."""

    pid: int
    comm: str
    fd: int


class Timer(msgspec.Struct, frozen=True):
    """The timer that runs: `expires_ms` from the moment of the look, negative once it is overdue."""

    name: str
    expires_ms: int
    tries: int


class Isns(msgspec.Struct, frozen=True):
    """Initial sequence numbers, and how the own one is known: `kept` by the kernel, or counted back."""

    own: int | None = None
    peer: int | None = None
    own_is: Literal["kept", "active", "passive"] = "kept"


class InsideSocket(msgspec.Struct, frozen=True, kw_only=True):
    """One socket.

    Attributes:
        state: of `tcp.states`; "" for a socket of no TCP.
        address, peer_address: None where they do not apply.
        cookie: 0 while nobody has asked for it.
        cgroup: its path, or its number where that is gone.
        listener: the cookie of the listener that a request, or a child that waits for accept(), belongs to.
        socket_state: of `struct socket`; None where there is none yet, or no more.
        values: fields by name, as `tcp.inside_fields` lists them; what this kernel lacks is left out.
        accept_queue: cookies of the children that wait, first to be accepted first; the 200 first.
    """

    kind: Kind
    family: str
    type: str
    protocol: str
    state: str = ""
    address: str | None = None
    port: int | None = None
    peer_address: str | None = None
    peer_port: int | None = None
    owners: tuple[Owner, ...] = ()
    netns: int
    inode: int = 0
    uid: int | None = None
    cookie: int = 0
    cgroup: str | None = None
    listener: int | None = None
    socket_state: str | None = None
    socket_flags: int | None = None
    values: Mapping[str, int] = {}
    timer: Timer | None = None
    isns: Isns | None = None
    congestion_control: str | None = None
    accept_queue: tuple[int, ...] | None = None
    tables: Tables = {}


class OfferedSocket(msgspec.Struct, frozen=True, kw_only=True):
    """What one call of socket() leads to; `ops` and `prot` are the symbols that the kernel's source gives it.

    Attributes:
        call: `AF_INET, SOCK_STREAM, IPPROTO_TCP`.
        refused: the errno's name, where the socket could not be made.
    """

    call: str
    protocol: str
    ops: str
    prot: str
    tables: Tables = {}
    refused: str | None = None


def isns(state: str, values: Mapping[str, int]) -> Isns | None:
    """The initial sequence numbers of a full socket; None where none is chosen yet or they are gone.

    The kernel keeps none, but it counts from them: `bytes_received` is how far rcv_nxt has moved since the
    peer's SYN was taken, and `bytes_acked` how far snd_una has since the first acknowledgement that tcp_ack()
    took (net/ipv4/tcp_input.c, tcp_rcv_nxt_update, tcp_snd_una_update). That counts the SYN of connect(), and
    not that of a SYN-ACK, whose child starts with snd_una one above the ISN (net/ipv4/tcp_minisocks.c,
    tcp_create_openreq_child). A child is told by the backlog that it has from the listener it is a copy of;
    after a listen() with a backlog of 0 it is not, and the number given is one too large.
    """
    if state in ("CLOSE", "LISTEN"):
        return None
    if state == "SYN_SENT":
        return Isns(own=values["snd_una"])
    passive = values["sk_max_ack_backlog"] > 0
    return Isns(
        own=(values["snd_una"] - values["bytes_acked"] - passive) % (1 << 32),
        peer=(values["rcv_nxt"] - values["bytes_received"] - 1) % (1 << 32),
        own_is="passive" if passive else "active",
    )
