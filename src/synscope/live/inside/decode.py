"""From the copy of a socket to what it says, by the kernel's own types."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from msgspec.structs import replace

from synscope.events.socket_wire import RowKind
from synscope.kernel.btf import Btf
from synscope.kernel.members import Members
from synscope.live.inside.address import text_of
from synscope.live.inside.find import Found, Sockets
from synscope.live.inside.tables import TableReader
from synscope.tcp.inetsw import AF_INET6, SOCK_STREAM
from synscope.tcp.inside import InsideSocket, Isns, Timer, isns
from synscope.tcp.inside_fields import CONNECTION, LISTENER, REQUEST, TIME_WAIT, Field
from synscope.tcp.socket_names import family_name, protocol_name, type_name
from synscope.tcp.states import State, state_name

_TCP = 6
# include/uapi/linux/net.h, socket_state
_SOCKET_STATES = ("SS_FREE", "SS_UNCONNECTED", "SS_CONNECTING", "SS_CONNECTED", "SS_DISCONNECTING")
# ICSK_TIME_… of include/net/inet_connection_sock.h
_PENDING = {1: "retransmission", 3: "zero window probe", 5: "tail loss probe", 6: "reordering"}
_ZERO_WINDOW_PROBE = 3


class _Copy(NamedTuple):
    """A copied struct and the means to read it."""

    members: Members
    struct: str
    memory: bytes

    def number(self, *paths: str) -> int | None:
        """Of the first path that this kernel has."""
        values = (self.members.value(self.memory, self.struct, path) for path in paths)
        return next((value for value in values if value is not None), None)

    def known(self, *paths: str) -> int:
        """The same, 0 where this kernel has none."""
        return self.number(*paths) or 0

    def octets(self, path: str) -> bytes:
        return self.members.octets(self.memory, self.struct, path)


class Decoder:
    """Decodes sockets; `cgroups` has the paths of control groups by number, `tick_ms` is 1000 / CONFIG_HZ."""

    def __init__(self, btf: Btf, reader: TableReader, cgroups: Mapping[int, str], tick_ms: float) -> None:
        self._members = Members(btf)
        self._reader = reader
        self._cgroups = cgroups
        self._tick_ms = tick_ms

    def all(self, found: Sockets) -> list[InsideSocket]:
        """Of each, in the same order; listeners and those in their queues know one another by cookie."""
        decoded = {at: self._one(each) for at, each in found.items()}
        cookies = {at: each.cookie for at, each in decoded.items()}
        return [
            replace(
                each,
                listener=cookies.get(found[at].listener),
                accept_queue=_queue(each, [cookies.get(child, 0) for child in found[at].queue]),
            )
            for at, each in decoded.items()
        ]

    def _one(self, found: Found) -> InsideSocket:
        kind = RowKind(int(found.row.fields["kind"]))
        plain = self._plain(found)
        if kind == RowKind.SOCKET:
            return self._socket(plain, found)
        if kind == RowKind.REQUEST:
            return self._request(plain, found)
        return self._time_wait(plain, found) if kind == RowKind.TIME_WAIT else plain

    def _plain(self, found: Found) -> InsideSocket:
        """What is in the row, and of any socket."""
        row = found.row.fields
        has_socket = bool(row["ops"])
        group = int(row["cgroup"])
        return InsideSocket(
            kind="other",
            family=family_name(int(row["family"])),
            type=type_name(int(row["socket_type"]) or SOCK_STREAM),
            protocol=protocol_name(int(row["protocol"])),
            owners=found.owners,
            netns=int(row["netns"]),
            inode=int(row["inode"]),
            cgroup=self._cgroups.get(group, str(group)) if group else None,
            socket_state=_SOCKET_STATES[int(row["socket_state"])] if has_socket else None,
            socket_flags=int(row["socket_flags"]) if has_socket else None,
            tables=self._reader.tables([("socket->ops", int(row["ops"])), ("sk_prot", int(row["prot"]))]),
        )

    def _common(
        self, plain: InsideSocket, found: Found, copy: _Copy, fields: Sequence[Field]
    ) -> InsideSocket:
        """What every kind of TCP socket has: `struct sock_common`, and the fields of a table."""
        local, remote = _addresses(int(found.row.fields["family"]), copy)
        port = int.from_bytes(copy.octets("skc_dport"), "big")
        return replace(
            plain,
            protocol=protocol_name(_TCP),
            state=state_name(copy.known("skc_state")),
            address=local,
            port=copy.known("skc_num"),
            peer_address=remote if port else None,
            peer_port=port or None,
            cookie=copy.known("skc_cookie.counter"),
            values=self._values(fields, copy),
        )

    def _socket(self, plain: InsideSocket, found: Found) -> InsideSocket:
        copy = _Copy(self._members, "tcp_sock", found.row.memory)
        listens = copy.known("skc_state") == State.LISTEN
        common = self._common(plain, found, copy, LISTENER if listens else CONNECTION)
        return replace(
            common,
            kind="socket",
            uid=copy.number("sk_uid.val"),
            timer=self._timer(copy, int(found.row.fields["jiffies"])),
            isns=isns(common.state, common.values),
            congestion_control=self._reader.name_of_congestion_control(copy.known("icsk_ca_ops")),
            tables=common.tables | self._reader.tables([("icsk_af_ops", copy.known("icsk_af_ops"))]),
        )

    def _request(self, plain: InsideSocket, found: Found) -> InsideSocket:
        copy = _Copy(self._members, "tcp_request_sock", found.row.memory)
        common = self._common(plain, found, copy, REQUEST)
        return replace(
            common,
            kind="request",
            timer=self._expiry(
                copy, "rsk_timer", int(found.row.fields["jiffies"]), "SYN-ACK", copy.known("num_timeout")
            ),
            isns=Isns(own=common.values["snt_isn"], peer=common.values["rcv_isn"]),
        )

    def _time_wait(self, plain: InsideSocket, found: Found) -> InsideSocket:
        copy = _Copy(self._members, "tcp_timewait_sock", found.row.memory)
        now = int(found.row.fields["jiffies"])
        return replace(
            self._common(plain, found, copy, TIME_WAIT),
            kind="time_wait",
            timer=self._expiry(copy, "tw_timer", now, "TIME_WAIT", 0),
        )

    def _values(self, fields: Sequence[Field], copy: _Copy) -> dict[str, int]:
        read = {field: copy.number(*field.paths) for field in fields}
        return {field.name: self._scaled(field, value) for field, value in read.items() if value is not None}

    def _scaled(self, field: Field, value: int) -> int:
        if field.unit == "jiffies":
            return round(value * self._tick_ms)
        return value >> 3 if field.unit == "eighths" else value

    def _timer(self, copy: _Copy, now: int) -> Timer | None:
        pending = copy.known("icsk_pending")
        if pending not in _PENDING:
            return self._expiry(copy, "sk_timer", now, "keepalive", copy.known("icsk_probes_out"))
        tries = copy.known("icsk_probes_out" if pending == _ZERO_WINDOW_PROBE else "icsk_retransmits")
        when = copy.known("icsk_timeout", "icsk_retransmit_timer.expires")
        return Timer(_PENDING[pending], self._until(when, now), tries)

    def _expiry(self, copy: _Copy, timer: str, now: int, name: str, tries: int) -> Timer | None:
        """Of a `struct timer_list`, if it is in a list (include/linux/timer.h, timer_pending)."""
        if not copy.known(f"{timer}.entry.pprev"):
            return None
        return Timer(name, self._until(copy.known(f"{timer}.expires"), now), tries)

    def _until(self, expires: int, now: int) -> int:
        return round((expires - now) * self._tick_ms)


def _addresses(family: int, copy: _Copy) -> tuple[str, str]:
    names = ("skc_v6_rcv_saddr", "skc_v6_daddr") if family == AF_INET6 else ("skc_rcv_saddr", "skc_daddr")
    local, remote = (text_of(copy.octets(name)) for name in names)
    return local, remote


def _queue(socket: InsideSocket, cookies: list[int]) -> tuple[int, ...] | None:
    return tuple(cookies) if socket.state == "LISTEN" else None
