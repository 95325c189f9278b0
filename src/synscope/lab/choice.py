"""Which kernel a user means."""

import re
from pathlib import Path

from synscope.errors import Exit, SynscopeError
from synscope.lab import debian, kernels
from synscope.lab.debian import Progress
from synscope.lab.kernels import SERIES, Kernel

_SERIES = re.compile(r"\d+\.\d+")
_BEGINS_AS_RELEASE = re.compile(r"\d+\.\d")


def kernel(text: str | None, progress: Progress) -> Kernel:
    """A series (`"6.1"`), a release of the cache, a file; None: the newest there is.

    What is not in the cache is downloaded.

    Raises:
        SynscopeError: there is none such, or it cannot be had.
    """
    if text is None:
        found = next(iter(kernels.cached()), None)
        return found or debian.fetch(newest_series(), progress)
    if not _BEGINS_AS_RELEASE.match(text) or Path(text).is_file():
        return debian.of_file(Path(text)) if text.endswith(".deb") else kernels.of_file(Path(text))
    found = kernels.of_series(text)
    if found is None and not _SERIES.fullmatch(text):
        why = "it is not in the cache"
        raise SynscopeError(f"no kernel {text}", why, "synscope lab kernels", Exit.USAGE)
    return found or debian.fetch(text, progress)


def newest_series() -> str:
    """The newest that apt knows; the oldest where it knows none, for the error that says so."""
    known = debian.newest(*SERIES)
    return next((series for series in SERIES if series in known), SERIES[-1])
