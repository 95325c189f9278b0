"""What a guest that plays scenarios has beside the files of `image`: modules, nft and tc, the stage."""

from pathlib import Path

import synscope
from synscope.lab import image, modules
from synscope.lab.debian import Progress
from synscope.lab.guest.world import MODULES
from synscope.lab.image import SITE, Source
from synscope.lab.kernels import Kernel

PARTS = ("lab/scenarios", "lab/stage")
PROGRAMS = ("nft", "nsenter", "tc")


def sources(kernel: Kernel, progress: Progress) -> list[Source]:
    """Raises SynscopeError where the kernel's modules cannot be had."""
    root = Path(synscope.__file__).parent
    found = [source for part in PARTS for source in image.tree(root / part, f"{SITE}/synscope/{part}")]
    loaded = enumerate(modules.of(kernel, progress))
    found += [Source(f"{MODULES.relative_to('/')}/{number:02}.ko", path) for number, path in loaded]
    return [*found, *image.programs(PROGRAMS)]
