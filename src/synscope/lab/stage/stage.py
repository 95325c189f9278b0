"""The stage: hosts, the links between them, and the words of the witnesses."""

import os
import time
from collections.abc import Callable
from functools import partial
from itertools import chain, count
from typing import NamedTuple

from synscope.lab.stage.actors import PATIENCE, Actor, StageError
from synscope.lab.stage.hosts import End, Host
from synscope.lab.stage.report import Witness
from synscope.lab.stage.sockets import Address, Client
from synscope.lab.stage.wire import PASS, Handle, Wire, crossing

_NETWORKS = ("192.0.2", "198.51.100", "203.0.113")  # RFC 5737
_STEP = 0.01


class Link(NamedTuple):
    """The ends of a link, in the order in which its hosts were named."""

    near: End
    far: End


class Stage:
    """What a scenario builds on; everything on it is gone when the process ends."""

    def __init__(self) -> None:
        self.hosts: list[Host] = []
        self.witnesses: list[Witness] = []
        self.subject: Address | None = None
        self._networks = count()
        self._wires: list[Actor] = []

    # What is built

    def host(self, name: str) -> Host:
        """A new network namespace with `lo` up."""
        host = Host(name)
        self.hosts.append(host)
        return host

    def pair(self) -> tuple[Host, Host]:
        """A client and a server, joined by a veth link."""
        client, server = self.host("client"), self.host("server")
        self.link(client, server)
        return client, server

    def routed(self) -> tuple[Host, Host, Host]:
        """A client and a server, and a router between them that they have as their default route."""
        client, router, server = self.host("client"), self.host("router"), self.host("server")
        for host, end in ((client, self.link(client, router).far), (server, self.link(server, router).far)):
            host.ip(f"route add default via {end.address}", f"route add default via {end.address6}")
        router.sysctl("net.ipv4.ip_forward", 1)
        router.sysctl("net.ipv6.conf.all.forwarding", 1)
        return client, router, server

    def wired(self, handle: Handle = PASS) -> tuple[Host, Host, Wire]:
        """A client and a server, joined by a wire: a program that `handle` tells what to do."""
        client, server = self.host("client"), self.host("server")
        return client, server, self.wire(client, server, handle)

    def link(self, near: Host, far: Host) -> Link:
        """Join two hosts by a pair of veth devices, with addresses of both families."""
        link = self._addresses(near, far)
        there = f"netns /proc/{os.getpid()}/fd/{far.namespace}"
        near.ip(f"link add {link.near.device} type veth peer name {link.far.device} {there}")
        self._bring_up(near, far, link)
        for host, end in zip((near, far), link, strict=True):
            # Until the kernel has noticed the carrier (linkwatch) a device drops what it is to send.
            self.until(partial(host.is_up, end.device), f"{end.device} of {host.name} up")
        return link

    def wire(self, near: Host, far: Host, handle: Handle = PASS) -> Wire:
        """Join two hosts by a program that is given each TCP segment (`wire.Packet`) and sends it on, or not.

        The kernel sees a point-to-point device (TUN) on both ends: no neighbours, and nothing in between.
        """
        link = self._addresses(near, far)
        ends = ((near.namespace, link.near.device), (far.namespace, link.far.device))
        log = os.memfd_create("wire")
        actor = Actor("wire", crossing(ends, handle, log), near.namespace)
        self._wires.append(actor)
        actor.report()
        self._bring_up(near, far, link)
        return Wire(actor, log)

    def _addresses(self, near: Host, far: Host) -> Link:
        number = next(self._networks)
        ends = [
            End(f"eth{len(host.ends)}", f"{_NETWORKS[number]}.{own}", f"2001:db8:{number}::{own}")
            for own, host in enumerate((near, far), 1)
        ]
        return Link(*ends)

    def _bring_up(self, near: Host, far: Host, link: Link) -> None:
        for host, end in zip((near, far), link, strict=True):
            host.ip(
                f"address add {end.address}/24 dev {end.device}",
                f"address add {end.address6}/64 dev {end.device} nodad",
                f"link set {end.device} up",
            )
            host.ends.append(end)

    # What happens

    def until(self, holds: Callable[[], bool], what: str, patience: float = PATIENCE) -> None:
        """Wait until something is so that cannot be awaited otherwise.

        Raises:
            StageError: it was not so within `patience` seconds; `what` says what.
        """
        end = time.monotonic() + patience
        while not holds():
            if time.monotonic() > end:
                raise StageError(f"{what}: not within {patience:g} s", "the stage waited for it in vain")
            time.sleep(_STEP)

    def about(self, client: Client) -> None:
        """Say that the scenario is about this client's connection, where others have findings too.

        Of a client that connected; without it, the connection with the most severe finding is the subject.
        """
        self.subject = client.local

    # What others saw

    def witness(self, words: str, held: bool) -> None:
        """What another than synscope saw, and whether it is what the fault must leave behind."""
        self.witnesses.append(Witness(words, held))

    # The end

    def end(self) -> None:
        """End every process of the stage; the wires last, so that nothing is lost on them before."""
        for actor in chain(*(host.actors for host in self.hosts), self._wires):
            actor.end()
