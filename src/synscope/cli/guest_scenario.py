"""Scenarios on another kernel than this machine's: in a guest of the lab, which needs no privileges."""

import sys
from typing import TYPE_CHECKING

from synscope.cli.lab import last_words, save, say_booting
from synscope.cli.scenario import Detail, Played
from synscope.errors import Exit, SynscopeError

if TYPE_CHECKING:
    from synscope.cli.recording import Recording
    from synscope.lab.stage.catalogue import Scenario

MODULE = "synscope.lab.guest.scenario"


def play_in_guest(scenario: "Scenario", detail: Detail, kernel: str | None, recording: "Recording") -> Played:
    """Play a scenario on `kernel` (None: the newest in the cache).

    Raises:
        SynscopeError: there is no such kernel, no QEMU or a program missing, or the guest fails.
    """
    from synscope.cli.download import Download  # noqa: PLC0415
    from synscope.lab import choice, experiment, qemu, stage_image  # noqa: PLC0415
    from synscope.lab.messages import Order  # noqa: PLC0415
    from synscope.lab.stage.report import decoded  # noqa: PLC0415

    _check(scenario, detail)
    qemu.path()  # before a download is begun in vain
    with Download() as download:
        chosen = choice.kernel(kernel, download)
        stage = stage_image.sources(chosen, download)
    order = Order(command=["python3", "-m", MODULE, scenario.name])
    with last_words():
        result = experiment.run(chosen, order, "path", lambda: say_booting(chosen.release), stage)
    save(recording, result)
    sys.stderr.buffer.write(result.stderr)
    sys.stderr.flush()
    return Played(result.trace, decoded(result.stdout), [])


def _check(scenario: "Scenario", detail: Detail) -> None:
    from synscope.lab.stage.needs import missing_in_guest  # noqa: PLC0415

    what = f"the scenario {scenario.name} cannot be played in the lab"
    if detail != "path":
        why = f"its guests trace in path detail, not {detail}"
        raise SynscopeError(what, why, f"synscope scenario run {scenario.name}", Exit.USAGE)
    why_not = missing_in_guest(scenario.needs)
    if why_not:
        raise SynscopeError(what, why_not, "synscope scenario list", Exit.NOT_PERMITTED)
