"""A listing of nftables without its addresses and names: what is no word of nft's own is replaced.

Of a prefix or a range those addresses are left that the trace has: so a rule meets what it met before.
"""

import ipaddress
import re
from collections.abc import Callable
from typing import Any

import msgspec

from synscope.events.trace import Firewall
from synscope.export.redaction.addresses import Address, Addresses

_WORDS = frozenset(
    re.findall(
        r"\S+",
        """
    table chain rule set map type hook priority policy flags interval filter nat route handle counter
    inet ip ip6 arp bridge netdev input output forward prerouting postrouting ingress egress
    accept drop reject return jump goto queue continue with log limit rate over burst packets bytes
    tcp udp icmp icmpv6 th ether sport dport saddr daddr protocol nexthdr ttl hoplimit length
    meta l4proto nfproto mark iif oif iifname oifname skuid cgroup ct state status count
    new established related invalid untracked ipv4 ipv6 fin syn rst psh ack urg ecn cwr
    name comment prefix dnat snat masquerade redirect to elements timeout dynamic
    port-unreachable host-unreachable net-unreachable admin-prohibited reset vmap in second minute hour day
    == != < > <= >= / & | ! #
    """,
    )
)
_WORD = re.compile(r'"[^"\n]*"|[^\s{},;"]+')
_NUMBER = re.compile(r"0x[0-9a-f]{1,8}|[0-9]{1,10}(-[0-9]{1,10})?")


class Rulesets:
    """Replaces the same by the same; `name` gives a pseudonym for a name."""

    def __init__(self, addresses: Addresses, name: Callable[[str], str]) -> None:
        self._addresses = addresses
        self._name = name

    def redacted(self, firewall: Firewall) -> Firewall:
        """Its three listings."""
        return Firewall(
            ruleset=self._listing(firewall.ruleset),
            text=_WORD.sub(lambda match: self._word(match[0]), firewall.text),
            later=self._listing(firewall.later),
        )

    def _listing(self, text: str) -> str:
        try:
            return msgspec.json.encode(self._value(msgspec.json.decode(text))).decode()
        except msgspec.DecodeError:
            return ""

    def _value(self, value: Any) -> Any:
        match value:
            case {"prefix": {"addr": str() as address, "len": int() as length}}:
                return self._members(f"{address}/{length}")
            case {"range": [str() as first, str() as last]}:
                return self._members(f"{first}-{last}")
            case dict():
                return {key: self._value(each) for key, each in value.items()}
            case list():
                return [self._value(each) for each in value]
            case str():
                return self._word(value)
            case _:
                return value

    def _members(self, text: str) -> Any:
        """The pseudonyms of the addresses within that the trace has."""
        within = _network(text)
        if within is None:
            return self._name(text)
        return {"set": [str(other) for one, other in self._addresses.known().items() if within(one)]}

    def _word(self, word: str) -> str:
        if word.startswith('"'):
            return f'"{self._name(word[1:-1])}"'
        if word.lower() in _WORDS or _NUMBER.fullmatch(word):
            return word
        address = _address(word)
        if address is not None:
            return str(self._addresses.of(address))
        return f"@{self._name(word[1:])}" if word.startswith("@") else self._name(word)


def _address(word: str) -> Address | None:
    try:
        return ipaddress.ip_address(word)
    except ValueError:
        return None


def _network(text: str) -> Callable[[Address], bool] | None:
    """Whether an address is in `10.0.0.0/8` or `10.0.0.1-10.0.0.9`; None where that is neither."""
    first, dash, last = text.partition("-")
    try:
        if not dash:
            return ipaddress.ip_network(text, strict=False).__contains__
        low, high = ipaddress.ip_address(first), ipaddress.ip_address(last)
    except ValueError:
        return None
    return lambda one: one.version == low.version == high.version and int(low) <= int(one) <= int(high)
