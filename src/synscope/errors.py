"""What synscope says when it cannot do what was asked, and the exit codes it says it with.

Every error carries three sentences: what failed, why, and the command that mends it.
"""

from enum import IntEnum


class Exit(IntEnum):
    """Exit codes of the synscope command (docs/reference/exit-codes.md)."""

    OK = 0
    FAILED = 1  # synscope's own part failed
    USAGE = 2  # the command line is wrong (click's code)
    BAD_FILE = 3  # a trace file cannot be read
    NOT_PERMITTED = 4  # privileges, or the kernel, do not allow it
    FOUND = 5  # a finding that --fail-on names
    NOT_EXECUTABLE = 126  # as a shell does
    NOT_FOUND = 127  # as a shell does


class SynscopeError(Exception):
    """An error for a person: `what` failed, `why`, and the `remedy` that mends it (may be empty)."""

    def __init__(self, what: str, why: str, remedy: str = "", code: Exit = Exit.FAILED) -> None:
        super().__init__(what)
        self.what = what
        self.why = why
        self.remedy = remedy
        self.code = code

    def __str__(self) -> str:
        """One line: `what: why. Try: remedy`."""
        tail = f". Try: {self.remedy}" if self.remedy else ""
        return f"{self.what}: {self.why}{tail}"
