"""`python -m synscope.lab.stage NAME FD`: play one scenario, and leave a report in a memfd."""

import os
import signal
import sys
from types import FrameType

from synscope.errors import SynscopeError
from synscope.lab.stage import namespaces, report
from synscope.lab.stage.actors import StageError
from synscope.lab.stage.catalogue import scenario
from synscope.lab.stage.stage import Stage

LIMIT_S = 30


def main(name: str, descriptor: int) -> None:
    """Play it; nothing of it outlives this process, nor this process its parent."""
    namespaces.die_with(os.getppid())
    namespaces.unshare()
    namespaces.call_me("stage")
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C ends all of it without a word
    signal.signal(signal.SIGALRM, _time_is_up)
    signal.alarm(LIMIT_S)
    stage = Stage()
    failure = ""
    try:
        scenario(name).play(stage)
    except SynscopeError as error:
        failure = f"{error.what}: {error.why}"
    finally:
        stage.end()
    report.write(descriptor, report.Report(stage.witnesses, stage.subject, failure))


def _time_is_up(_number: int, _frame: FrameType | None) -> None:
    raise StageError("the scenario took too long", f"more than {LIMIT_S} s")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
