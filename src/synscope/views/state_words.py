"""What the state diagrams say, however they are drawn."""

from collections.abc import Sequence

from synscope.connections.model import SideName
from synscope.connections.state_path import Step
from synscope.tcp.transitions import Transition, maker
from synscope.views.style import Style

_ENDS = ("LAST_ACK", "TIME_WAIT")
"""The states whose arrows go to the lower CLOSE."""


def visitors(state: str, steps: Sequence[Step]) -> tuple[set[SideName], set[SideName]]:
    """The sides that were in the state; of CLOSE, which has two boxes, in the upper and in the lower one."""
    touching = [step for step in steps if state in step.way]
    lower = [step for step in touching if state == "CLOSE" and step.source in _ENDS]
    return {step.side for step in touching if step not in lower}, {step.side for step in lower}


def words_of(row: Transition, steps: Sequence[Step]) -> str:
    """`rcv SYN / SYN-ACK`: what causes the change, and what is sent; `aborted` if something else did."""
    strange = [step for step in steps if (by := maker(step.by)) is not None and by not in row.by]
    if strange:
        return "aborted"
    return f"{row.event} / {row.sends}" if row.sends else row.event


def mark_of(step: Step, zero: int, style: Style) -> str:
    """`c1 +14 µs`: which step, and when."""
    return step.name if step.t_ns is None else f"{step.name} {style.relative(step.t_ns - zero)}"
