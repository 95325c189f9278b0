"""What the lab's host and guest say to each other through the shared memory, as msgpack."""

import msgspec


class Ready(msgspec.Struct, tag=True):
    """Guest: hooks are attached, an order may come. `kallsyms` and `btf`: this kernel's own, whole."""

    kallsyms: bytes
    btf: bytes


class Order(msgspec.Struct, tag=True):
    """Host: run this.

    Attributes:
        command: what the trace's header says was run, and, without `module`, what is executed.
        module: run this Python module in a fork of the guest's interpreter instead.
        limit_s: seconds of the guest's clock after which the command is killed.
    """

    command: list[str]
    module: str = ""
    limit_s: float = 3600.0


PAIR = Order(command=["python3", "-m", "synscope.cli.demo_pair"], module="synscope.cli.demo_pair")
"""A server and a client on loopback, each in a process of its own."""


class Outcome(msgspec.Struct, tag=True):
    """Guest: all that came of it.

    Attributes:
        status: the command's, as a shell gives it; None: it was killed at the limit.
        trace: what `handover` makes of it.
    """

    status: int | None
    trace: bytes
    stdout: bytes
    stderr: bytes


class Failed(msgspec.Struct, tag=True):
    """Guest: it cannot go on; a SynscopeError's sentences and its exit code."""

    what: str
    why: str
    remedy: str = ""
    code: int = 1


FromGuest = Ready | Outcome | Failed
