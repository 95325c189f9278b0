"""How synscope ends when it does not simply return: a message and a code, or a signal's death."""

import contextlib
import os
import resource
import signal
import sys
from typing import NoReturn

from synscope.errors import SynscopeError


def fail(error: SynscopeError) -> NoReturn:
    """Say what failed, why and what mends it, in one line on stderr, and exit with the error's code."""
    say(str(error))
    flush()
    sys.exit(int(error.code))


def say(message: str) -> None:
    """One message of synscope's own on stderr; control characters in it reach the terminal escaped."""
    with contextlib.suppress(OSError):
        print(f"synscope: {printable(message)}", file=sys.stderr, flush=True)


def printable(text: str) -> str:
    """`text` with everything that could steer the terminal, or that stderr cannot encode, escaped."""
    from synscope.text import clean  # noqa: PLC0415

    encoding = getattr(sys.stderr, "encoding", None) or "ascii"
    return clean(text).encode(encoding, "backslashreplace").decode(encoding)


def die_interrupted() -> NoReturn:
    """End as Ctrl-C ends a program, so that a shell's loop around synscope ends too."""
    die_by(signal.SIGINT)


def die_of_broken_pipe() -> NoReturn:
    """End as a filter ends whose reader went away: without a word."""
    die_by(signal.SIGPIPE)


def die_by(number: int) -> NoReturn:
    """End by signal `number`, as strace does for a command that did; no second core is left behind."""
    flush()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with contextlib.suppress(OSError):  # SIGKILL's disposition cannot be set, and need not be
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {number})
    os.kill(os.getpid(), number)
    os._exit(128 + number)  # a signal whose default is not death


def flush() -> None:
    """Write what is buffered; a stream whose reader is gone is pointed at /dev/null instead."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
