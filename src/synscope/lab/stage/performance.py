"""One performance of a scenario: the stage is built, played on and taken down, and a report is left."""

import os
import signal
from collections.abc import Callable
from types import FrameType

from synscope.errors import SynscopeError
from synscope.lab.stage import namespaces, report
from synscope.lab.stage.actors import StageError
from synscope.lab.stage.stage import Stage

LIMIT_S = 30


def perform(play: Callable[[Stage], None], descriptor: int) -> None:
    """Play it; nothing of it outlives this process, nor this process its parent.

    The report goes to the beginning of the file `descriptor`.
    """
    namespaces.die_with(os.getppid())
    namespaces.unshare()
    namespaces.call_me("stage")
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C ends all of it without a word
    signal.signal(signal.SIGALRM, _time_is_up)
    signal.alarm(LIMIT_S)
    stage = Stage()
    failure = ""
    try:
        play(stage)
    except SynscopeError as error:
        failure = f"{error.what}: {error.why}"
    finally:
        stage.end()
    report.write(descriptor, report.Report(stage.witnesses, stage.subject, failure))


def _time_is_up(_number: int, _frame: FrameType | None) -> None:
    raise StageError("the scenario took too long", f"more than {LIMIT_S} s")
