"""Counters that the kernel keeps for everybody: of nftables, and of /proc/net."""

import json
from pathlib import Path

from synscope.lab.stage.actors import StageError

_FILES = ("netstat", "snmp")
_IPV6 = "snmp6"


def nft(listing: str, name: str) -> int:
    """Packets of the counter `name` in what `nft -j list counters` printed."""
    entries = [entry["counter"] for entry in json.loads(listing)["nftables"] if "counter" in entry]
    found = [int(entry["packets"]) for entry in entries if entry["name"] == name]
    if not found:
        raise StageError(f"no counter {name!r} in nftables", "no rule declared it")
    return found[0]


def kernel(name: str) -> int:
    """A counter of this thread's network namespace, by the name that nstat(8) gives it."""
    found = _all()
    if name not in found:
        raise StageError(f"no counter {name!r}", "neither /proc/net/netstat nor snmp nor snmp6 has it")
    return found[name]


def _all() -> dict[str, int]:
    directory = Path("/proc/thread-self/net")
    found: dict[str, int] = {}
    for file in _FILES:
        lines = (directory / file).read_text().splitlines()
        for names, values in zip(lines[::2], lines[1::2], strict=True):
            prefix, _, rest = names.partition(":")
            numbers = values.partition(":")[2].split()
            found |= {prefix + name: int(number) for name, number in zip(rest.split(), numbers, strict=True)}
    if (directory / _IPV6).exists():
        found |= {name: int(number) for name, number in map(str.split, _lines(directory / _IPV6))}
    return found


def _lines(path: Path) -> list[str]:
    return path.read_text().splitlines()
