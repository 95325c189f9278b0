"""What /proc tells anyone of TCP sockets, where the kernel's own structures may not be read."""

from collections.abc import Iterator
from pathlib import Path

from msgspec.structs import replace

from synscope.live.inside.address import text_of
from synscope.tcp.inside import InsideSocket, Owner
from synscope.tcp.states import state_name

PROC = Path("/proc")
_WORD = 8  # hexadecimal digits


def process(pid: int, fd: int | None = None, proc: Path = PROC) -> list[InsideSocket]:
    """The TCP sockets that the process has open; none where its descriptors may not be read."""
    owners = dict(_owners(proc / str(pid), fd))
    found = _table(proc / str(pid)) if owners else ()
    return [replace(each, owners=(owners[each.inode],)) for each in found if each.inode in owners]


def port(number: int, proc: Path = PROC) -> list[InsideSocket]:
    """Those of the caller's network namespace with this port, local or remote, whoever has them."""
    return [each for each in _table(proc / "self") if number in (each.port, each.peer_port)]


def _owners(process: Path, wanted: int | None) -> Iterator[tuple[int, Owner]]:
    """By inode number of the socket."""
    try:
        comm = (process / "comm").read_text().rstrip("\n")
        links = list((process / "fd").iterdir())
    except OSError:
        return
    for link in links:
        try:
            target = str(link.readlink())
        except OSError:
            continue  # closed meanwhile
        if target.startswith("socket:[") and wanted in (None, int(link.name)):
            yield int(target[8:-1]), Owner(int(process.name), comm, int(link.name))


def _table(process: Path) -> Iterator[InsideSocket]:
    """Of the process's network namespace, as get_tcp4_sock (net/ipv4/tcp_ipv4.c) writes them."""
    for name, family in (("tcp", "AF_INET"), ("tcp6", "AF_INET6")):
        try:
            lines = (process / "net" / name).read_text().splitlines()[1:]
            netns = (process / "ns/net").stat().st_ino
        except OSError:
            continue  # no IPv6, or ended meanwhile
        for line in lines:
            yield _socket(line.split(), family, netns)


def _socket(words: list[str], family: str, netns: int) -> InsideSocket:
    local, local_port = words[1].split(":")
    remote, remote_port = words[2].split(":")
    state = state_name(int(words[3], 16))
    sent, received = (int(word, 16) for word in words[4].split(":"))
    values = {"sk_ack_backlog": received} if state == "LISTEN" else {"tx_queue": sent, "rx_queue": received}
    peer = int(remote_port, 16)
    return InsideSocket(
        kind="socket",
        family=family,
        type="SOCK_STREAM",
        protocol="IPPROTO_TCP",
        state=state,
        address=_address(local),
        port=int(local_port, 16),
        peer_address=_address(remote) if peer else None,
        peer_port=peer or None,
        netns=netns,
        inode=int(words[9]),
        uid=int(words[7]),
        values=values,
    )


def _address(digits: str) -> str:
    """Words of 32 bits, each as a little-endian kernel prints it."""
    words = (digits[at : at + _WORD] for at in range(0, len(digits), _WORD))
    return text_of(b"".join(bytes.fromhex(word)[::-1] for word in words))
