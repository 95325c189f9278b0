"""What happens to signals while the command runs: they are the command's.

A terminal sends SIGINT and SIGQUIT to its whole foreground process group, so the command has them
already and synscope only stays out of the way. Every other signal was sent to synscope alone, by
someone who means the command: it is passed on.
"""

import contextlib
import os
import signal
import time
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Self

FROM_TERMINAL = (signal.SIGINT, signal.SIGQUIT)
PASSED_ON = (
    signal.SIGHUP,
    signal.SIGTERM,
    signal.SIGUSR1,
    signal.SIGUSR2,
    signal.SIGALRM,
    *range(signal.SIGRTMIN, signal.SIGRTMAX + 1),
)
SET_BY_PYTHON = (signal.SIGPIPE, signal.SIGXFSZ)
"""Ignored by the interpreter at its start, which exec would hand down to the command."""

ONE_PRESS_S = 0.2
"""timeout(1) signals its child and then its group: what arrives that close together is one wish."""


class Relay:
    """While entered, signals go to `target`, a pidfd; what arrives before one is set waits for it.

    Attributes:
        ended: True once a second SIGINT asked to end the trace while the command goes on.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.ended = False
        self._clock = clock
        self._pressed: float | None = None
        self._target: int | None = None
        self._waiting: list[int] = []
        self._before: dict[int, object] = {}

    def __enter__(self) -> Self:
        for number in (*FROM_TERMINAL, *PASSED_ON):
            if signal.getsignal(number) is not signal.SIG_IGN:  # nohup's choice is the command's too
                self._before[number] = signal.signal(number, self._received)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)  # type: ignore[arg-type]
        self._before.clear()

    def aim(self, pidfd: int) -> None:
        """From now on the command behind `pidfd` gets the signals, first those that waited."""
        self._target = pidfd
        waiting, self._waiting = self._waiting, []
        for number in waiting:
            self._pass_on(number)

    def restore_defaults(self) -> None:
        """In the command's process, before its exec: every disposition as synscope was given it."""
        for number in (*self._before, *SET_BY_PYTHON):
            signal.signal(number, signal.SIG_DFL)

    def _received(self, number: int, frame: FrameType | None) -> None:
        at_terminal = number in FROM_TERMINAL and in_foreground()
        if not at_terminal:
            self._pass_on(number)
        if number == signal.SIGINT:
            self._count_press()

    def _count_press(self) -> None:
        now = self._clock()
        if self._pressed is not None and now - self._pressed >= ONE_PRESS_S:
            self.ended = True
        if self._pressed is None:
            self._pressed = now

    def _pass_on(self, number: int) -> None:
        if self._target is None:
            self._waiting.append(number)
            return
        # It may be gone already, or have become another user's by a set-user-ID program.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            signal.pidfd_send_signal(self._target, number)


def in_foreground() -> bool:
    """Whether a controlling terminal's Ctrl-C reaches this process (and so the command, in its group)."""
    try:
        terminal = os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY)
    except OSError:
        return False
    try:
        return os.tcgetpgrp(terminal) == os.getpgrp()
    except OSError:
        return False
    finally:
        os.close(terminal)
