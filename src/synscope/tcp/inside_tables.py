"""What leads to sockets in a kernel: the table of listeners, the lists of protocols."""

import msgspec

from synscope.tcp.inside import InsideSocket


class Listening(msgspec.Struct, frozen=True):
    """A listener in `tcp_hashinfo.lhash2`, where a SYN finds it by address and port."""

    bucket: int
    address: str | None
    port: int | None
    cookie: int


class Registered(msgspec.Struct, frozen=True, kw_only=True):
    """A `struct inet_protosw` of `inetsw` or `inetsw6`: what socket() walks (`tcp.inetsw`).

    Attributes:
        family, type, protocol: as socket() takes them; protocol 0 is the wild card.
        name: its `struct proto`'s.
        prot, ops: the symbols of `struct proto` and `struct proto_ops`.
        flags: the bits of `INET_PROTOSW_…`.
    """

    family: int
    type: int
    protocol: int
    name: str
    prot: str
    ops: str
    flags: int


class Scene(msgspec.Struct, frozen=True, kw_only=True):
    """The sockets of a guest that was stopped, and the tables that lead to them.

    Attributes:
        kernel: its release.
        function: about to be entered, when it was stopped.
        buckets: of `lhash2`.
        registered: in the order in which socket() walks them.
    """

    kernel: str
    function: str
    sockets: list[InsideSocket]
    buckets: int
    listening: list[Listening]
    registered: list[Registered]
