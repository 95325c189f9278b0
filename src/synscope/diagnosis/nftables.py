"""Which rules of nftables can have dropped a SYN, by what nft(8) listed (libnftables-json(5)).

A rule is read as far as it asks for addresses, ports and protocols. What it asks beside that (marks,
conntrack, limits, named sets) is not known here: such a rule may have met the packet, or not.
"""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec

from synscope.diagnosis.nft_match import Packet, fits
from synscope.events.trace import Firewall

Place = tuple[str, str, str]
"""Family, table and chain."""
Key = tuple[str, str, int]
"""Family, table and handle of a rule."""

_FAMILIES = {4: ("inet", "ip"), 6: ("inet", "ip6")}
_DEVICES = ("netdev", "inet")
_HOOKS_OF_DEVICES = ("ingress", "egress")
_ENDS = frozenset({"drop", "accept", "reject", "queue"})
_VERDICTS = _ENDS | {"jump", "goto", "return"}
_DEPTH = 16  # NFT_JUMP_STACK_SIZE, include/net/netfilter/nf_tables.h
_TABLE = re.compile(r"table (?P<family>\w+) (?P<name>\S+) \{")
_RULE = re.compile(r"\t+(?P<words>.*[^{]) # handle (?P<handle>[0-9]+)")


class Dropping(NamedTuple):
    """A rule, or a chain's policy, that drops: `words` as nft prints it.

    Attributes:
        packets: what its counter said when it was first listed, and at the end; None: it has none, or was
            not listed then.
        certain: all that it asks for is known, and fits.
    """

    place: Place
    words: str
    packets: tuple[int | None, int | None]
    certain: bool

    def __str__(self) -> str:
        """`table inet filter, chain output, `tcp dport 80 drop` (counter 3 → 5)`."""
        family, table, chain = self.place
        first, last = self.packets
        counted = "" if first is None else f" (counter {first}{'' if last is None else f' → {last}'})"
        return f"table {family} {table}, chain {chain}, `{self.words}`{counted}"


class Ruleset:
    """One network namespace's; what is no listing of nft's is one without rules."""

    def __init__(self, firewall: Firewall) -> None:
        self._bases: list[Any] = []
        self._rules: dict[Place, list[Any]] = {}
        for kind, entry in _entries(firewall.ruleset):
            if kind == "chain" and "hook" in entry:
                self._bases.append(entry)
            elif kind == "rule":
                self._rules.setdefault((entry["family"], entry["table"], entry["chain"]), []).append(entry)
        self._words = dict(_words(firewall.text))
        self._first = dict(_counters(firewall.ruleset))
        self._last = dict(_counters(firewall.later))

    def droppers(self, hook: str, packet: Packet) -> list[Dropping]:
        """What can have dropped this packet at a hook (`"OUTPUT"`), in the order in which it came there."""
        families = _DEVICES if hook in _HOOKS_OF_DEVICES else _FAMILIES[packet.version]
        bases = [one for one in self._bases if one["family"] in families and one["hook"] == hook.lower()]
        found: list[Dropping] = []
        for base in sorted(bases, key=lambda chain: int(chain["prio"])):
            place = base["family"], base["table"], base["name"]
            walk = _Walk(self, packet)
            ended = walk.through(place, True, _DEPTH)
            found += walk.found
            if not ended and base.get("policy") == "drop":
                found.append(Dropping(place, "policy drop", (None, None), True))
            if found and found[-1].certain:
                break
        return found

    def rules(self, place: Place) -> list[Any]:
        """Of a chain, in order."""
        return self._rules.get(place, [])

    def dropping(self, place: Place, handle: int, certain: bool) -> Dropping:
        """What is told of a rule that drops."""
        key = *place[:2], handle
        words = self._words.get(key, f"handle {handle}")
        return Dropping(place, words, (self._first.get(key), self._last.get(key)), certain)


class _Walk:
    """A packet's way through a chain and those that it leads to; `found`: what can have dropped it there."""

    def __init__(self, rules: Ruleset, packet: Packet) -> None:
        self._rules = rules
        self._segment = packet
        self.found: list[Dropping] = []

    def through(self, place: Place, certain: bool, depth: int) -> bool:
        """Whether the packet certainly ended there; `certain`: it certainly came there."""
        for rule in self._rules.rules(place) if depth else []:
            fitting = fits(rule["expr"], self._segment)
            verdicts = list(_verdicts(rule["expr"])) if fitting is not False else []
            sure = certain and fitting is True
            for name, target in verdicts:
                if name == "drop":
                    self.found.append(self._rules.dropping(place, int(rule["handle"]), sure))
                inner = name in ("jump", "goto") and self.through((*place[:2], target), sure, depth - 1)
                if sure and (inner or name in _ENDS):
                    return True
                if sure and name in ("goto", "return"):
                    return False
        return False


def _entries(listing: str) -> Iterator[tuple[str, Any]]:
    """Kind and content of what a listing has."""
    try:
        entries = msgspec.json.decode(listing)["nftables"] if listing else []
    except (msgspec.DecodeError, KeyError, TypeError):
        entries = []
    for entry in entries:
        yield from entry.items()


def _verdicts(expressions: list[Any]) -> Iterator[tuple[str, str]]:
    """The verdict of a rule, or those of its map, with the chains that they lead to."""
    for statement in expressions:
        for name, value in statement.items():
            if name in _VERDICTS:
                yield name, value["target"] if name in ("jump", "goto") else ""
            elif name == "vmap" and isinstance(value["data"], dict):
                yield from _verdicts([member[1] for member in value["data"].get("set", [])])


def _words(text: str) -> Iterator[tuple[Key, str]]:
    """Each rule as `nft -a list ruleset` prints it."""
    family = name = ""
    for line in text.splitlines():
        if found := _TABLE.match(line):
            family, name = found["family"], found["name"]
        elif found := _RULE.fullmatch(line):
            yield (family, name, int(found["handle"])), found["words"]


def _counters(listing: str) -> Iterator[tuple[Key, int]]:
    """Packets of each rule that has a counter, its own or a named one."""
    entries = list(_entries(listing))
    named = {
        (entry["family"], entry["table"], entry["name"]): int(entry["packets"])
        for kind, entry in entries
        if kind == "counter"
    }
    for rule in (entry for kind, entry in entries if kind == "rule"):
        for counter in (one["counter"] for one in rule["expr"] if "counter" in one):
            place = rule["family"], rule["table"]
            packets = named.get((*place, counter)) if isinstance(counter, str) else counter["packets"]
            if packets is not None:
                yield (*place, int(rule["handle"])), int(packets)
