"""A host of a stage: a network namespace, what is set in it, what runs in it, and what its kernel counted."""

import json
import subprocess
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from synscope.lab.stage import counters, namespaces
from synscope.lab.stage.actors import Actor, Script, StageError
from synscope.lab.stage.sockets import BACKLOG, Address, Client, Listener, Option, Plan, connecting, serving

Value = TypeVar("Value")
_LOCAL = "127.0.0.1"
_LOCAL6 = "::1"


class End(NamedTuple):
    """One end of a link: a device of a host, and its addresses."""

    device: str
    address: str
    address6: str


class Rule:
    """A rule of nftables with its counter."""

    def __init__(self, host: "Host", name: str) -> None:
        self._host = host
        self.name = name

    @property
    def packets(self) -> int:
        """How many packets it met."""
        return self._host.counted(self.name)


class Host:
    """A network namespace with `lo` up.

    Attributes:
        name: what its processes are called.
        ends: its ends of links, in the order in which they were laid.
        actors: the processes that it was given.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.namespace = namespaces.new()
        self.ends: list[End] = []
        self.actors: list[Actor] = []
        self._rules = count(1)
        self.ip("link set lo up")
        if Path("/proc/sys/net/ipv6").exists():
            # Without duplicate address detection its addresses can be used at once (RFC 4862, 5.4).
            self.sysctl("net.ipv6.conf.default.accept_dad", 0)

    @property
    def address(self) -> str:
        """Its IPv4 address on its first link; without one, loopback's."""
        return self.ends[0].address if self.ends else _LOCAL

    @property
    def address6(self) -> str:
        """The same of IPv6."""
        return self.ends[0].address6 if self.ends else _LOCAL6

    # What is set in it

    def command(self, *argv: str, given: str | None = None) -> str:
        """Run a command in it to its end; its stdout.

        Raises:
            StageError: it failed, with what it said, or it is not installed.
        """
        try:
            with self.inside():
                done = subprocess.run(argv, input=given, capture_output=True, text=True, check=False)
        except OSError as error:
            raise StageError(f"cannot run {argv[0]}", error.strerror or str(error)) from error
        if done.returncode != 0:
            words = " ".join(argv) + (f" with {given!r}" if given else "")
            raise StageError(f"{words} failed on {self.name}", done.stderr.strip())
        return done.stdout

    def ip(self, *lines: str) -> None:
        """Commands of ip(8), without the word `ip`."""
        self.command("ip", "-batch", "-", given="\n".join(lines) + "\n")

    def nft(self, ruleset: str) -> None:
        """Add to the rules of nftables, in the language of nft(8)."""
        self.command("nft", "-f", "-", given=ruleset)

    def rule(self, hook: str, statement: str, *, family: str = "inet", device: str | None = None) -> Rule:
        """Add a rule in a table of its own: `rule("input", "tcp dport 80 COUNTER drop")`.

        `COUNTER` in `statement` stands where its counter is to be; ingress and egress need the device.
        """
        name = f"rule{next(self._rules)}"
        where = f"hook {hook} device {device}" if device else f"hook {hook}"
        rule = statement.replace("COUNTER", f"counter name {name}")
        chain = f"chain {hook} {{ type filter {where} priority 0; {rule}\n}}"
        self.nft(f"table {family} {name} {{\ncounter {name} {{ }}\n{chain}\n}}")
        return Rule(self, name)

    def sysctl(self, name: str, value: object) -> None:
        """Set a sysctl of its namespace: `net.ipv4.tcp_syn_retries`."""
        path = Path("/proc/sys", *name.split("."))
        try:
            with self.inside():
                path.write_text(str(value))
        except OSError as error:
            raise StageError(f"cannot set {name} on {self.name}", error.strerror or str(error)) from error

    def is_up(self, device: str) -> bool:
        """Whether its device is ready to send (RFC 2863's operational state)."""
        state: str = json.loads(self.command("ip", "-j", "link", "show", device))[0]["operstate"]
        return state == "UP"

    def give_up_after(self, retries: int) -> None:
        """Have its TCP send a SYN again so often, after 1 s, 2 s, 4 s, …, before it gives up."""
        self.sysctl("net.ipv4.tcp_syn_retries", retries)
        if Path("/proc/sys/net/ipv4/tcp_syn_linear_timeouts").exists():  # since 6.5: ccce324dabfe
            self.sysctl("net.ipv4.tcp_syn_linear_timeouts", 0)

    def inside(self) -> AbstractContextManager[None]:
        """The stage's own process is in this namespace while the block runs."""
        return namespaces.inside(self.namespace)

    # What runs in it

    def act(self, script: Script, name: str | None = None) -> Actor:
        """Have a process play a script in it."""
        actor = Actor(name or self.name, script, self.namespace)
        self.actors.append(actor)
        return actor

    def run(self, function: Callable[..., Value], *arguments: Any) -> Value:
        """Call a function in a process in it; what it returned."""

        def script() -> Any:
            yield function(*arguments)

        value: Value = self.act(script).report()
        return value

    def listen(
        self,
        port: int = 0,
        *,
        address: str = "0.0.0.0",  # noqa: S104 - of its own namespace
        backlog: int = BACKLOG,
        accepts: bool = True,
        options: Sequence[Option] = (),
    ) -> Listener:
        """Start a server; with `accepts` it calls accept() at once and again, else when it is told."""
        return Listener(self.act(serving((address, port), backlog, accepts, options)), accepts)

    def connect(
        self,
        to: Address,
        *,
        wait: bool = True,
        source: Address | None = None,
        timeout: float | None = None,
        options: Sequence[Option] = (),
    ) -> Client:
        """Start a client, and wait until its connect() has returned unless told not to.

        `timeout` is its own patience: a connect() that does not block, and a close when it is over.
        """
        client = Client(self.act(connecting(Plan(to, source, timeout, options))))
        return client.wait() if wait else client

    # What others than synscope saw

    def counted(self, name: str) -> int:
        """Packets of a named counter of nftables."""
        return counters.nft(self.command("nft", "-j", "list", "counters"), name)

    def counter(self, name: str) -> int:
        """A counter of its kernel as `nstat -az` names it: `TcpExtListenOverflows`."""
        with self.inside():
            return counters.kernel(name)

    def ss(self, *arguments: str) -> list[str]:
        """The lines of `ss -H` with these arguments."""
        return self.command("ss", "-H", *arguments).splitlines()
