"""Draw docs/ladder.svg, the README's picture: a real connection of `synscope demo`, traced now.

sudo .venv/bin/python tools/draw_ladder.py [docs/ladder.svg]
"""

import io
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import TerminalTheme

from synscope.capture.file import read
from synscope.connections.build import connections
from synscope.views import VIEWS, Style

WIDTH = 84
THEME = TerminalTheme(
    (250, 250, 248),
    (40, 42, 46),
    [
        (40, 42, 46),
        (176, 52, 52),
        (44, 122, 72),
        (150, 104, 16),
        (38, 92, 160),
        (128, 66, 140),
        (22, 116, 128),
        (120, 122, 126),
    ],
)


def main() -> None:
    """Trace the pair of the demo, render its ladder, write the picture."""
    target = Path(sys.argv[1] if len(sys.argv) > 1 else "docs/ladder.svg")
    with tempfile.TemporaryDirectory() as scratch:
        saved = Path(scratch, "demo.syn")
        pair = [sys.executable, "-m", "synscope.cli.demo_pair"]
        command = [sys.executable, "-m", "synscope.cli", "run", "-o", str(saved), "--", *pair]
        subprocess.run(command, check=True, capture_output=True)
        trace = read(saved)
    console = Console(
        record=True, width=WIDTH, file=io.StringIO(), force_terminal=True, color_system="truecolor"
    )
    for line in VIEWS["ladder"].render(connections(trace, 1), trace, Style(width=WIDTH)):
        console.print(line, soft_wrap=True, highlight=False)
    target.write_text(without_fonts(console.export_svg(title="synscope demo", theme=THEME)))


def without_fonts(svg: str) -> str:
    """rich names a font on a CDN; the picture must ask no network for anything."""
    return re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL).replace("Fira Code", "DejaVu Sans Mono")


if __name__ == "__main__":
    main()
