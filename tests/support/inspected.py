"""Sockets looked into, and what ss says of them."""

import os
import re
import socket
from typing import NamedTuple

from support.namespaces import Namespace
from support.prelude import client, ends, hear, listen, say
from support.scripts import running
from support.sockets import Socket, tcp_sockets
from synscope.live.inside import look
from synscope.live.inside.offered import offered
from synscope.tcp.inside import InsideSocket, Pointer
from synscope.tcp.operations import source_of

STATES = {"LISTEN": "LISTEN", "ESTABLISHED": "ESTAB", "CLOSE_WAIT": "CLOSE-WAIT", "FIN_WAIT2": "FIN-WAIT-2"}
# ss's word, and the member that it prints (misc/ss.c of iproute2, tcp_stats_print; TCP_INFO)
NUMBERS = {
    "cwnd": "snd_cwnd",
    "ssthresh": "snd_ssthresh",
    "mss": "mss_cache",
    "pmtu": "icsk_pmtu_cookie",
    "rcvmss": "rcv_mss",
    "advmss": "advmss",
    "rto": "icsk_rto_ms",
    "bytes_acked": "bytes_acked",
    "bytes_received": "bytes_received",
    "segs_out": "segs_out",
    "segs_in": "segs_in",
    "snd_wnd": "snd_wnd",
    "rcv_ssthresh": "rcv_ssthresh",
}
UNSAID = {"ssthresh": 0x7FFFFFFF}
"""What a member is where ss does not print it; else 0."""


def conversations(addresses: list[str]) -> None:
    """To each address: one client is accepted and both say something, one has closed, and one waits."""
    kept, known = [], []
    for address in addresses:
        listener = listen(address, backlog=5)
        for number in range(3):
            active = client(address)
            active.connect(listener.getsockname()[:2])
            kept += [listener, active]
            if number < 2:
                passive, _ = listener.accept()
                kept.append(passive)
                active.send(b"x" * 700)
                passive.recv(700)
                passive.send(b"y" * 300_000 * number)
                known.append(ends(active))
            if number == 1:
                active.shutdown(socket.SHUT_WR)
                passive.recv(1)
    say(pid=os.getpid(), connections=known)
    hear()


def said(text: str, word: str) -> int | None:
    """The number behind `word:` in a line of ss."""
    found = re.search(rf"(?:^|\s){word}:([0-9]+)", text)
    return int(found[1]) if found else None


def compared(one: InsideSocket, line: Socket) -> dict[str, tuple[object, object]]:
    """What differs: ours, and what ss says."""
    both: dict[str, tuple[object, object]] = {
        "state": (STATES[one.state], line.state),
        "port": (one.port, line.port),
        "peer": (one.peer_port or 0, line.peer_port),
        "inode": (one.inode, said(line.text, "ino")),
        "uid": (one.uid, said(line.text, "uid") or 0),
        "cgroup": (one.cgroup, re.search(r"cgroup:(\S+)", line.text)[1]),  # type: ignore[index]
        "congestion": (one.congestion_control in line.text.split(), True),
    }
    value = one.values
    if one.state == "LISTEN":
        both["queue"] = (
            (value["sk_ack_backlog"], value["sk_max_ack_backlog"]),
            (line.recv_q, line.send_q),
        )
    else:
        both |= {word: (value[name], told(line, word)) for word, name in NUMBERS.items()}
        sent, received = value["write_seq"] - value["snd_una"], value["rcv_nxt"] - value["copied_seq"]
        both["queues"] = ((received % (1 << 32), sent % (1 << 32)), (line.recv_q + fin(one), line.send_q))
        agreed = {word for word, name in AGREED.items() if value[name]}
        both["options"] = (agreed, line.options)
        both["shifts"] = ((value["snd_wscale"], value["rcv_wscale"]), line.shifts)
        timer = re.search(r"timer:\((\w+),", line.text)
        both["timer"] = (one.timer is not None, timer is not None)
    return {name: pair for name, pair in both.items() if pair[0] != pair[1]}


AGREED = {"ts": "tstamp_ok", "sack": "sack_ok", "wscale": "wscale_ok"}


def owners(namespace: Namespace) -> dict[int, set[tuple[int, int]]]:
    """Process and descriptor of each socket that has any, by cookie: `users:(("sshd",pid=7,fd=3))`."""
    lines = namespace.run("ss", "-HOtanpe").splitlines()
    found = {
        line: {(int(pid), int(fd)) for pid, fd in re.findall(r"pid=(\d+),fd=(\d+)", line)} for line in lines
    }
    return {int(re.search(r"sk:([0-9a-f]+)", line)[1], 16): each for line, each in found.items()}  # type: ignore[index]


def lasting(line: Socket) -> str:
    """What does not change while nothing happens: no clock of it."""
    return " ".join(re.sub(r"(last(snd|rcv|ack)|busy|timer|rwnd_limited):\S+", "", line.text).split())


def told(line: Socket, word: str) -> int | None:
    """A number that ss leaves out is 0, but for `UNSAID`."""
    found = said(line.text, word)
    return UNSAID.get(word, 0) if found is None else found


def fin(one: InsideSocket) -> int:
    """The peer's FIN counts in rcv_nxt, and not in what can be read (net/ipv4/tcp_diag.c)."""
    return 1 if one.state == "CLOSE_WAIT" and one.values["rcv_nxt"] != one.values["copied_seq"] else 0


class Looked(NamedTuple):
    """What came of a comparison.

    Attributes:
        found: the sockets as synscope sees them.
        differ: field to (ours, ss's), by cookie, of those that nothing happened to meanwhile.
        owners: the same of who has a socket open, of all.
    """

    found: list[InsideSocket]
    differ: dict[int, dict[str, tuple[object, object]]]
    owners: tuple[dict[int, set[tuple[int, int]]], dict[int, set[tuple[int, int]]]]


def looked(namespace: Namespace, addresses: list[str]) -> Looked:
    """Of `conversations`."""
    with running(conversations, addresses, namespace=namespace) as script:
        before = {line.cookie: line for line in tcp_sockets(namespace)}
        found = look.process(script.hello["pid"])
        after = {line.cookie: line for line in tcp_sockets(namespace)}
        held = owners(namespace)
    ours = {one.cookie: one for one in found}
    still = [each for each, line in before.items() if lasting(line) == lasting(after[each])]
    differ = {each: compared(ours[each], before[each]) for each in still}
    return Looked(
        found,
        differ,
        ({each: {(owner.pid, owner.fd) for owner in one.owners} for each, one in ours.items()}, held),
    )


def in_a_guest(namespace: Namespace) -> dict[str, object]:
    """Plain values of it, and the functions whose file is not known."""
    seen = looked(namespace, ["::1", "127.0.0.1"])
    tables = [table for one in offered() for table in one.tables.values()]
    return {
        "sockets": len(seen.found),
        "compared": len(seen.differ),
        "differ": [repr(each) for each in seen.differ.values() if each],
        "owners": seen.owners[0] == seen.owners[1],
        "listen": sorted({table["listen"].function for table in tables if "listen" in table}),
        "unknown": sorted({name for table in tables for name in names(table) if source_of(name) is None}),
    }


def names(table: dict[str, Pointer]) -> list[str]:
    """The functions of a table of operations."""
    return [pointer.function for pointer in table.values()]
