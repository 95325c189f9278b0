"""`python -m synscope.lab.stage NAME FD`: play a scenario on this machine, and leave a report in a memfd."""

import sys

from synscope.lab.stage.catalogue import scenario
from synscope.lab.stage.needs import lacking
from synscope.lab.stage.performance import perform

if __name__ == "__main__":
    chosen = scenario(sys.argv[1])
    if why := lacking(chosen.needs):  # above all: what is for a machine of its own stays off this one
        sys.exit(f"{chosen.name}: {why}")
    perform(chosen.play, int(sys.argv[2]))
