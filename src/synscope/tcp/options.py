"""TCP options, decoded (RFC 9293 section 3.1; kinds: IANA, "TCP Option Kind Numbers").

Bytes come from the network: whatever they are, decoding ends and never raises.
"""

from collections.abc import Callable, Iterator

FASTOPEN_MAGIC = b"\xf9\x89"
"""The experiment identifier of TCP Fast Open before it had a kind of its own (RFC 7413 section 4.1.1)."""

EOL, NOP = 0, 1


class _WrongLengthError(ValueError):
    """An option whose length does not fit its kind."""


def parse_options(data: bytes) -> dict[str, object]:
    """Options by name, in wire order; EOL and NOP are skipped.

    `mss` int, `wscale` int (shift), `sack_ok` True, `sack` list of [left, right], `timestamp`
    {val, ecr}, `fastopen` cookie as hex ("" asks for one), `md5` hex, `ao` {keyid, rnextkeyid, mac},
    `mptcp` {subtype}, anything else `kindN` as hex of its value. `malformed` is True when an option's
    length was impossible (decoding stops there) or wrong for its kind (that option is left out, as
    Linux does: tcp_parse_options(), net/ipv4/tcp_input.c).
    """
    found: dict[str, object] = {}
    for kind, value in _split(data):
        if kind < 0:
            found["malformed"] = True
            continue
        try:
            name, decoded = _decode(kind, value)
        except _WrongLengthError:
            found["malformed"] = True
        else:
            found[name] = decoded
    return found


def _split(data: bytes) -> Iterator[tuple[int, bytes]]:
    """(kind, value) of each option; kind -1 where the bytes stop making sense."""
    at = 0
    while at < len(data) and data[at] != EOL:
        if data[at] == NOP:
            at += 1
            continue
        length = data[at + 1] if at + 1 < len(data) else 0
        if length < 2 or at + length > len(data):
            yield -1, b""
            return
        yield data[at], data[at + 2 : at + length]
        at += length


def _decode(kind: int, value: bytes) -> tuple[str, object]:
    known = _DECODERS.get(kind)
    return known(value) if known else (f"kind{kind}", value.hex())


def _sized(value: bytes, size: int) -> bytes:
    if len(value) != size:
        raise _WrongLengthError
    return value


def _number(data: bytes) -> int:
    return int.from_bytes(data, "big")


def _sack_ok(value: bytes) -> tuple[str, object]:
    _sized(value, 0)
    return "sack_ok", True


def _sack(value: bytes) -> tuple[str, object]:
    """RFC 2018 section 3: blocks of two sequence numbers."""
    if not value or len(value) % 8:
        raise _WrongLengthError
    edges = [_number(value[at : at + 4]) for at in range(0, len(value), 4)]
    return "sack", [[left, right] for left, right in zip(edges[::2], edges[1::2], strict=True)]


def _timestamp(value: bytes) -> tuple[str, object]:
    _sized(value, 8)
    return "timestamp", {"val": _number(value[:4]), "ecr": _number(value[4:])}


def _authentication(value: bytes) -> tuple[str, object]:
    """RFC 5925 section 2.2."""
    if len(value) < 2:
        raise _WrongLengthError
    return "ao", {"keyid": value[0], "rnextkeyid": value[1], "mac": value[2:].hex()}


def _mptcp(value: bytes) -> tuple[str, object]:
    """RFC 8684 section 3: the subtype is the first four bits."""
    if not value:
        raise _WrongLengthError
    return "mptcp", {"subtype": value[0] >> 4}


def _experiment(value: bytes) -> tuple[str, object]:
    if value[:2] == FASTOPEN_MAGIC:
        return "fastopen", value[2:].hex()
    return "kind254", value.hex()


_DECODERS: dict[int, Callable[[bytes], tuple[str, object]]] = {
    2: lambda value: ("mss", _number(_sized(value, 2))),
    3: lambda value: ("wscale", _sized(value, 1)[0]),
    4: _sack_ok,
    5: _sack,
    8: _timestamp,
    19: lambda value: ("md5", _sized(value, 16).hex()),
    29: _authentication,
    30: _mptcp,
    34: lambda value: ("fastopen", value.hex()),
    254: _experiment,
}
