"""Where a command's file goes: to its name once it is whole; to a pipe, a device or stdout as it comes."""

import codecs
import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from synscope.cli import recording
from synscope.errors import Exit, SynscopeError

STDOUT = ("-", "/dev/stdout")


def is_stdout(output: Path) -> bool:
    """Whether it names stdout."""
    return str(output) in STDOUT


def is_terminal(output: Path | None) -> bool:
    """Whether it is the reader's terminal."""
    return output is not None and is_stdout(output) and sys.stdout.isatty()


def check(output: Path, force: bool) -> None:
    """Raises SynscopeError unless `output` can be written, and may be: it is new, no file, or `force`."""
    if not is_stdout(output):
        recording.check(output, force or _is_special(output))


def put(output: Path, pieces: Iterable[bytes]) -> None:
    """Write the pieces there.

    Raises:
        SynscopeError: it cannot be written; USAGE: it is no text, and stdout a terminal.
    """
    if is_stdout(output):
        _print(pieces)
        return
    try:
        if output.is_symlink() or _is_special(output):
            with output.open("wb") as stream:
                stream.writelines(pieces)
        else:
            _replace(output, pieces)
    except OSError as error:
        raise SynscopeError(f"cannot write {output}", error.strerror or str(error)) from error


def _is_special(output: Path) -> bool:
    """A pipe or a device, say."""
    return output.exists() and not output.is_file() and not output.is_dir()


def _replace(output: Path, pieces: Iterable[bytes]) -> None:
    """Write it beside, then give it its name: a failure halfway leaves what was there before."""
    partial = output.with_name(f".{output.name}.{os.getpid()}")
    with partial.open("xb") as stream:
        try:
            stream.writelines(pieces)
            stream.flush()
            partial.replace(output)
        except BaseException:
            partial.unlink()
            raise


def _print(pieces: Iterable[bytes]) -> None:
    stream: BinaryIO = sys.stdout.buffer
    for piece in _shown(pieces) if sys.stdout.isatty() else pieces:
        stream.write(piece)
    stream.flush()


def _shown(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The same for a terminal, which nothing in it can steer."""
    from synscope.text import clean  # noqa: PLC0415

    for text in codecs.iterdecode(pieces, "utf-8", "replace"):
        if "\0" in text:
            what, why = "not written to the terminal", "this format is no text"
            raise SynscopeError(what, why, "-o NAME, or | COMMAND", Exit.USAGE)
        yield "\n".join(map(clean, text.split("\n"))).encode()
