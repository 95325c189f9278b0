"""`python3 -m synscope.lab.guest.scenario NAME`: play one in the guest; its report is all of stdout."""

import os
import sys
from importlib import import_module

from synscope.lab.stage.performance import perform

STDOUT, STDERR = 1, 2


def main(name: str) -> None:
    """What the scenario's processes print goes to stderr."""
    report = os.dup(STDOUT)
    os.dup2(STDERR, STDOUT)
    module = import_module(f"synscope.lab.scenarios.{name.replace('-', '_')}")
    perform(module.play, report)


if __name__ == "__main__":
    main(sys.argv[1])
