"""What a stage tells the process that traces it, through a descriptor that both have."""

import os
from typing import NamedTuple

import msgspec


class Witness(NamedTuple):
    """What another than synscope saw; `held`: the fault happened as far as this one can tell."""

    words: str
    held: bool


class Report(msgspec.Struct, frozen=True):
    """How the scenario went.

    Attributes:
        subject: the client's end of the connection that the scenario is about; None: see `verdict`.
        failure: what could not be done, `what: why`; empty where it came to its end.
    """

    witnesses: list[Witness] = []
    subject: tuple[str, int] | None = None
    failure: str = ""

    @property
    def held(self) -> bool:
        """Whether the scenario came to its end, somebody saw the fault, and nobody saw otherwise."""
        return not self.failure and bool(self.witnesses) and all(one.held for one in self.witnesses)


def write(descriptor: int, report: Report) -> None:
    """Leave the report in a memfd."""
    os.pwrite(descriptor, msgspec.json.encode(report), 0)


def read(descriptor: int) -> Report:
    """The report that a stage left; one that says so where there is none."""
    return decoded(os.pread(descriptor, 1 << 20, 0))


def decoded(content: bytes) -> Report:
    """The same of the bytes that it wrote."""
    if not content:
        return Report(failure="the scenario ended without a report")
    return msgspec.json.decode(content, type=Report)
