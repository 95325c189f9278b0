"""How `socket(family, type, protocol)` is decided: the kernel's steps, as a pure model that can be read.

Theory of operation, in the order of the kernel:

1. `__sys_socket_create`, net/socket.c: of `type`, all above the lowest four bits is flags, and only
   SOCK_NONBLOCK and SOCK_CLOEXEC are (EINVAL).
2. `__sock_create`, net/socket.c: the family is below NPROTO (EAFNOSUPPORT), the type below SOCK_MAX (EINVAL).
   AF_INET with SOCK_PACKET means AF_PACKET. A family that nobody has registered is asked for as a module,
   `net-pf-N`, and looked up again (EAFNOSUPPORT). Then its `create` decides.
3. `inet_create`, net/ipv4/af_inet.c, and `inet6_create`, net/ipv6/af_inet6.c: the protocol is one of
   0 to IPPROTO_MAX - 1 (EINVAL). The list of the type is walked to the first entry that matches:
   both protocols are the same and not 0; or the wild cases: 0 was asked for, and gets the entry's; or the
   entry has 0, and takes any but 0. An empty list is ESOCKTNOSUPPORT, one without a match EPROTONOSUPPORT.
   Twice a module is asked for (`net-pf-2-proto-132-type-1`, then `net-pf-2-proto-132`) and the walk repeated.
4. The same functions: SOCK_RAW needs CAP_NET_RAW over the network namespace (EPERM), whatever the protocol
   is; it is asked last, so that a protocol that does not exist is not told as a privilege that is missing.
5. The socket is made of the entry: `ops`, `sk_prot`, flags; a raw socket is hashed; `sk_prot->init` runs,
   which may refuse too: `ping_init_sock` (net/ipv4/ping.c) who is in no group of
   net.ipv4.ping_group_range (EACCES), `mptcp_init_sock` (net/mptcp/protocol.c) where net.mptcp.enabled
   is 0 (ENOPROTOOPT).
6. Security modules (before step 3) and the cgroup's BPF programs (at the end) may refuse; the model names the
   places, and does not ask them. Want of memory or descriptors is not modelled either.
"""

import errno

from synscope.tcp.errnos import errno_name
from synscope.tcp.inetsw import (
    AF_INET,
    AF_INET6,
    AF_PACKET,
    SOCK_DGRAM,
    SOCK_PACKET,
    SOCK_RAW,
    Protosw,
    of_module,
    table,
)
from synscope.tcp.socket_decision import Call, Caller, Decision, Kernel, Mark, Step
from synscope.tcp.socket_names import (
    SOCK_CLOEXEC,
    SOCK_NONBLOCK,
    SOCK_TYPE_MASK,
    family_name,
    protocol_name,
    type_name,
)

SOCK_MAX = SOCK_PACKET + 1  # include/linux/net.h
NPROTO = 46
"""AF_MAX, include/linux/socket.h. It grew with the kernel; on either side of it the errno is the same."""
IPPROTO_RAW = 255

CREATE = {AF_INET: "inet_create", AF_INET6: "inet6_create", AF_PACKET: "packet_create"}
"""`net_proto_family.create` of the families that are modelled."""
SOURCES = {
    "__sys_socket_create": "net/socket.c",
    "__sock_create": "net/socket.c",
    "inet_create": "net/ipv4/af_inet.c",
    "inet6_create": "net/ipv6/af_inet6.c",
    "packet_create": "net/packet/af_packet.c",
    "ping_init_sock": "net/ipv4/ping.c",
    "mptcp_init_sock": "net/mptcp/protocol.c",
}
_REGISTERED_BY = {AF_INET: "TCP", AF_INET6: "TCPv6", AF_PACKET: "PACKET"}
"""The family is there if this protocol is: one initcall registers both."""


def decide(call: Call, caller: Caller, kernel: Kernel) -> Decision:
    """How `kernel` decides the call for `caller`. Total: any three C `int`s have a decision."""
    deciding = _Deciding(caller, kernel)
    found: int | None = 0
    unknown = made = None
    try:
        made = deciding.sys_socket(call)
    except _RefusedError as refused:
        found = refused.number
    except _UnknownError as why:
        found, unknown = None, str(why)
    return Decision(
        call=call,
        steps=tuple(deciding.steps),
        errno=found,
        unknown=unknown,
        entry=deciding.entry,
        socket=made,
    )


class _RefusedError(Exception):
    def __init__(self, number: int) -> None:
        self.number = number


class _UnknownError(Exception):
    pass


class _Deciding:
    """One decision under way: each method is a function of the kernel, or a part of one that has no name."""

    def __init__(self, caller: Caller, kernel: Kernel) -> None:
        self.caller = caller
        self.kernel = kernel
        self.names = list(kernel.protocols)
        self.steps: list[Step] = []
        self.entry: Protosw | None = None

    def sys_socket(self, call: Call) -> Call:
        at = "__sys_socket_create"
        flags = call.type & ~SOCK_TYPE_MASK
        strange = flags & ~(SOCK_NONBLOCK | SOCK_CLOEXEC)
        self.check(
            at,
            strange == 0,
            errno.EINVAL,
            "type has no flags but SOCK_NONBLOCK and SOCK_CLOEXEC",
            _bits(strange),
        )
        return self.sock_create(call.family, call.type & SOCK_TYPE_MASK, call.protocol)

    def sock_create(self, family: int, type_: int, protocol: int) -> Call:
        at = "__sock_create"
        said = f"family {family} is one of 0 to NPROTO - 1"
        self.check(at, 0 <= family < NPROTO, errno.EAFNOSUPPORT, said, f"family {family} is not below NPROTO")
        said = f"type {type_} is below SOCK_MAX, {SOCK_MAX}"
        self.check(
            at, type_ < SOCK_MAX, errno.EINVAL, said, f"type {type_} is not below SOCK_MAX, {SOCK_MAX}"
        )
        if (family, type_) == (AF_INET, SOCK_PACKET):
            family = AF_PACKET
            self.does(at, "done", "AF_INET with SOCK_PACKET is taken for AF_PACKET, as Linux 2.0 had it")
        self.does(at, "unknown", "security_socket_create: security modules may refuse")
        self.family(family)
        if family == AF_PACKET:
            return self.packet_create(type_)
        return self.inet_create(family, type_, protocol)

    def family(self, family: int) -> None:
        """`net_families[family]`, after a request for it where it is not there."""
        at, name = "__sock_create", family_name(family)
        if family in _REGISTERED_BY and _REGISTERED_BY[family] not in self.names:
            self.request(at, f"net-pf-{family}")
        if family and family not in _REGISTERED_BY:
            raise _UnknownError(f"{name} is not modelled: its own create function decides")
        there = family in _REGISTERED_BY and _REGISTERED_BY[family] in self.names
        said = f"net_families[{name}]: {CREATE.get(family)}"
        self.check(at, there, errno.EAFNOSUPPORT, said, f"net_families[{name}] is empty")

    def packet_create(self, type_: int) -> Call:
        at = "packet_create"
        self.capability(at)
        known = type_ in (SOCK_DGRAM, SOCK_RAW, SOCK_PACKET)
        said = f"{type_name(type_)} is one of its types"
        self.check(at, known, errno.ESOCKTNOSUPPORT, said, f"{type_name(type_)} is none of its types")
        self.does(at, "done", "ops packet_ops, sk_prot packet_proto; sk_protocol stays 0")
        return Call(AF_PACKET, type_, 0)

    def inet_create(self, family: int, type_: int, protocol: int) -> Call:
        at, last = CREATE[family], self.kernel.ipproto_max - 1
        said = f"protocol {protocol} is one of 0 to IPPROTO_MAX - 1, {last}"
        no = f"protocol {protocol} is not one of 0 to IPPROTO_MAX - 1, {last}"
        self.check(at, 0 <= protocol <= last, errno.EINVAL, said, no)
        entry = self.lookup(at, family, type_, protocol)
        self.entry = entry
        if type_ == SOCK_RAW:
            self.capability(at)
        self.make(at, entry, protocol or entry.protocol)
        return Call(family, type_, protocol or entry.protocol)

    def lookup(self, at: str, family: int, type_: int, protocol: int) -> Protosw:
        """`lookup_protocol`: three walks at most, a request for a module after the first and the second."""
        for request in (
            f"net-pf-{family}-proto-{protocol}-type-{type_}",
            f"net-pf-{family}-proto-{protocol}",
            "",
        ):
            entries = table(self.names).get((family, type_), ())
            found = self.walk(at, entries, protocol)
            if found is not None:
                return found
            number = errno.EPROTONOSUPPORT if entries else errno.ESOCKTNOSUPPORT
            listed = f"{'inetsw6' if family == AF_INET6 else 'inetsw'}[{type_name(type_)}]"
            why = "no match" if entries else "it is empty"
            if not request:
                self.does(at, "refused", f"{listed}: {why}: {errno_name(number)}")
                raise _RefusedError(number)
            self.does(at, "walked", f"{listed}: {why}: {errno_name(number)}, unless a module helps")
            self.request(at, request)
        raise AssertionError  # the third walk returns or raises

    def walk(self, at: str, entries: tuple[Protosw, ...], protocol: int) -> Protosw | None:
        """The first entry that matches."""
        for entry in entries:
            has = f"{entry.name} has {entry.protocol}"
            if protocol == entry.protocol:
                if protocol:
                    self.does(at, "passed", f"{has}: the same, and not 0")
                    return entry
                self.does(at, "walked", f"{has}: the same, but 0 does not match 0")
            elif protocol == 0:
                self.does(at, "passed", f"{has}: 0 was asked for, so that protocol = {entry.protocol}")
                return entry
            elif entry.protocol == 0:
                self.does(at, "passed", f"{has}, the wild card, which takes {protocol}")
                return entry
            else:
                self.does(at, "walked", f"{has}: not {protocol}, and neither is 0")
        return None

    def capability(self, at: str) -> None:
        said = "CAP_NET_RAW over the network namespace"
        self.check(at, self.caller.net_raw, errno.EPERM, f"the caller has {said}", f"the caller lacks {said}")

    def make(self, at: str, entry: Protosw, protocol: int) -> None:
        """The rest of `inet_create`: a `struct sock` of the entry."""
        self.does(at, "done", f"sock->ops = &{entry.ops}, sk->sk_prot = &{entry.prot}")
        if "REUSE" in entry.flags:
            self.does(at, "done", "INET_PROTOSW_REUSE: sk->sk_reuse = SK_CAN_REUSE")
        if "ICSK" in entry.flags:
            self.does(at, "done", "INET_PROTOSW_ICSK: it is an inet_connection_sock")
        self.does(at, "done", f"sk->sk_protocol = {protocol} ({protocol_name(protocol)})")
        if entry.type == SOCK_RAW:
            header = ", and writes the IP header itself" if protocol == IPPROTO_RAW else ""
            self.does(at, "done", f"a raw socket: inet_num = {protocol}{header}; sk_prot->hash: {entry.hash}")
        self.init(at, entry)
        self.does(at, "unknown", "BPF_CGROUP_INET_SOCK_CREATE: the cgroup's programs may refuse")

    def init(self, at: str, entry: Protosw) -> None:
        """`sk_prot->init`."""
        self.does(at, "done", f"sk_prot->init: {entry.init}")
        if entry.init == "ping_init_sock":
            low, high = self.kernel.ping_groups
            among = any(low <= group <= high for group in self.caller.groups)
            which = f"a group of the caller is in ping_group_range, {low} to {high}"
            no = f"no group of the caller is in ping_group_range, {low} to {high}"
            self.check(entry.init, among, errno.EACCES, which, no)
        if entry.init == "mptcp_init_sock":
            on, off = "net.mptcp.enabled is 1", "net.mptcp.enabled is 0"
            self.check(entry.init, self.kernel.mptcp, errno.ENOPROTOOPT, on, off)

    def request(self, at: str, alias: str) -> None:
        """`request_module`: what it loads registers its protocols before it returns."""
        modules = self.kernel.modules.get(alias, ())
        if not self.kernel.can_load:
            outcome = "this kernel loads no modules"
        else:
            outcome = f"loads {', '.join(modules)}" if modules else "there is none"
        self.steps.append(Step(function=at, source=SOURCES[at], mark="requested", does=outcome, module=alias))
        for module in modules if self.kernel.can_load else ():
            names = ("PACKET",) if module == "af_packet" else of_module(module)
            if not names:
                raise _UnknownError(f"what the module {module} registers is not modelled")
            self.names += [name for name in names if name not in self.names]

    def check(self, at: str, holds: bool, number: int, said: str, no: str) -> None:
        """A condition that ends the call with `number` where it does not hold."""
        self.does(at, "passed" if holds else "refused", said if holds else f"{no}: {errno_name(number)}")
        if not holds:
            raise _RefusedError(number)

    def does(self, at: str, mark: Mark, does: str) -> None:
        self.steps.append(Step(function=at, source=SOURCES[at], mark=mark, does=does))


def _bits(strange: int) -> str:
    return f"type has other flags: {strange & 0xFFFFFFFF:#x}"
