"""Namespaces joined to a test's own: side by side, or with a router between."""

import json
from collections.abc import Iterator
from contextlib import contextmanager

from support.namespaces import Namespace, network_namespace


@contextmanager
def linked(near: Namespace) -> Iterator[Namespace]:
    """A namespace, 192.0.2.2, joined to `near`, 192.0.2.1, by a veth pair; both ends are `veth0`."""
    with network_namespace() as far:
        _pair(near, "veth0", far, "veth0")
        _address(near, "192.0.2.1/24", "veth0")
        _address(far, "192.0.2.2/24", "veth0")
        yield far


@contextmanager
def routed(near: Namespace) -> Iterator[tuple[Namespace, Namespace]]:
    """`near`, 192.0.2.1 - a router, 192.0.2.2 and 198.51.100.2 - another, 198.51.100.1."""
    with network_namespace() as router, network_namespace() as far:
        _pair(near, "veth0", router, "veth1")
        _pair(router, "veth2", far, "veth0")
        _address(near, "192.0.2.1/24", "veth0")
        _address(router, "192.0.2.2/24", "veth1")
        _address(router, "198.51.100.2/24", "veth2")
        _address(far, "198.51.100.1/24", "veth0")
        near.run("ip", "route", "add", "default", "via", "192.0.2.2")
        far.run("ip", "route", "add", "default", "via", "198.51.100.2")
        router.run("sysctl", "-qw", "net.ipv4.ip_forward=1")
        yield router, far


def link_address(space: Namespace, device: str = "veth0") -> str:
    """The MAC address of a device."""
    (found,) = json.loads(space.run("ip", "-j", "link", "show", device))
    return str(found["address"])


def _pair(one: Namespace, device: str, other: Namespace, far_device: str) -> None:
    one.run("ip", "link", "add", device, "type", "veth", "peer", "name", far_device, "netns", other.name)


def _address(space: Namespace, address: str, device: str) -> None:
    space.run("ip", "address", "add", address, "dev", device)
    space.run("ip", "link", "set", device, "up")
