"""Draw the README's pictures of the report: real connections, traced now, as Chromium shows them.

sudo .venv/bin/python tools/draw_pictures.py [docs/pictures]
"""

import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from support.browser import Browser  # noqa: E402

SYNSCOPE = (sys.executable, "-m", "synscope.cli")
PAIR = (sys.executable, "-m", "synscope.cli.demo_pair")
LOOPBACK = ("unshare", "--net", "sh", "-c", 'ip link set lo up && exec "$@"', "sh")
MANY = (sys.executable, str(ROOT / "benchmarks" / "report.py"), "--connect", "10000")


def main() -> None:
    """Trace, export, open, draw."""
    target = Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "docs" / "pictures")
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch, Browser() as browser:
        place = Path(scratch)
        run(*SYNSCOPE, "run", "-o", str(place / "healthy.syn"), "--", *PAIR)
        overflow = ("accept-queue-overflow", "--detail", "path", "-o", str(place / "overflow.syn"))
        run(*SYNSCOPE, "scenario", "run", *overflow)
        run(*LOOPBACK, *SYNSCOPE, "run", "--detail", "record", "-o", str(place / "many.syn"), "--", *MANY)
        draw(browser, export(place, "healthy"), target / "report.png", (1440, 1330))
        draw(browser, export(place, "healthy"), target / "report-phone.png", (390, 900))
        failed = export(place, "overflow", "--connection", "c3")
        draw(browser, failed, target / "report-overflow.png", (1440, 1290), dark=True)
        draw(browser, export(place, "many"), target / "report-many.png", (1440, 1240))


def run(*command: str) -> None:
    """A command, its output kept back."""
    subprocess.run(command, check=True, capture_output=True, timeout=300)


def export(place: Path, name: str, *options: str) -> Path:
    """The report of a trace."""
    report = place / f"{name}.html"
    run(*SYNSCOPE, "export", str(place / f"{name}.syn"), "-o", str(report), "--force", *options)
    return report


def draw(browser: Browser, page: Path, picture: Path, screen: Sequence[int], *, dark: bool = False) -> None:
    """What such a screen shows of the page first."""
    browser.look(screen[0], screen[1], dark=dark)
    browser.open(page)
    browser.picture(picture)
    print(f"{picture}  {picture.stat().st_size // 1024} KiB")


if __name__ == "__main__":
    main()
