"""Captures as tshark reads them: somebody else's reader of what is exported."""

import subprocess
from pathlib import Path

_WARNING = 0x600000  # PI_WARN, epan/proto.h
_AS_ROOT = "Running as user"


def fields(path: Path, *names: str, only: str = "") -> list[tuple[str, ...]]:
    """These fields of each packet that `only` (a display filter) keeps; tshark complains of nothing."""
    command = ["tshark", "-n", "-r", str(path), "-T", "fields", "-E", "separator=/t"]
    command += [part for name in names for part in ("-e", name)]
    done = subprocess.run(
        command + (["-Y", only] if only else []), capture_output=True, text=True, check=True, timeout=60
    )
    complaints = [line for line in done.stderr.splitlines() if not line.startswith(_AS_ROOT)]
    assert complaints == []
    return [tuple(line.split("\t")) for line in done.stdout.splitlines()]


def warnings(path: Path) -> list[str]:
    """What its experts warn of, or call an error."""
    found = fields(path, "_ws.expert.message", only=f"_ws.expert.severity >= {_WARNING}")
    return [message for (message,) in found]
