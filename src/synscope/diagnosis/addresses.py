"""What kind an address is, from its text."""

import ipaddress

_LIMITED_BROADCAST = "255.255.255.255"


def is_unicast(address: str | None) -> bool:
    """Whether TCP can go to it, as far as its text tells: neither multicast nor limited broadcast."""
    if address is None:
        return True
    return not ipaddress.ip_address(address.partition("%")[0]).is_multicast and address != _LIMITED_BROADCAST


def is_link_local6(address: str | None) -> bool:
    """fe80::/10, which needs an interface beside the address."""
    return (
        address is not None
        and ":" in address
        and ipaddress.ip_address(address.partition("%")[0]).is_link_local
    )
