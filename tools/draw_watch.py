"""Draw docs/pictures/watch.svg: the live view of a busy loopback, traced now, in a namespace of its own.

sudo .venv/bin/python tools/draw_watch.py [docs/pictures/watch.svg]
"""

import asyncio
import itertools
import os
import re
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

from synscope.cli.live_lines import Tally
from synscope.cli.recording import Recording
from synscope.cli.watch_app.app import WatchApp
from synscope.cli.watch_app.kept import KeptRows
from synscope.cli.watch_app.watch import draining
from synscope.cli.watching import Stop
from synscope.kernel import netns
from synscope.probes.session import Options, Session

SIZE = (110, 26)
SHOWN = 150
PORTS = {8080: 0.0, 9090: 0.03}
"""Each server's port, and how long it takes between two accept(), in s."""


def main() -> None:
    """Enter a namespace, make connections, watch them, draw."""
    target = Path(sys.argv[1] if len(sys.argv) > 1 else "docs/pictures/watch.svg").resolve()
    if os.environ.get("SYNSCOPE_DRAWING") != "1":
        os.environ["SYNSCOPE_DRAWING"] = "1"
        os.execvp("unshare", ["unshare", "-n", sys.executable, *sys.argv])  # noqa: S606
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    kept = KeptRows()
    with Session(Options(netns=netns.own()), ["synscope", "watch"], kept.add, keep=False) as session:
        stop = Stop(120)
        for port, pause in PORTS.items():
            threading.Thread(target=serve, args=(port, pause), daemon=True).start()
        threading.Thread(target=connect, daemon=True).start()
        with draining(session, Recording(None), kept, Tally(()), stop) as (app, _):
            target.write_text(without_fonts(asyncio.run(drawn(app))))


async def drawn(app: WatchApp) -> str:
    """The screen once enough was seen."""
    async with app.run_test(size=SIZE) as pilot:
        while app.rows.told < SHOWN:
            await pilot.pause(0.1)
        return app.export_screenshot(title="synscope watch")


def serve(port: int, pause: float) -> None:
    """Accept and close, forever."""
    with socket.create_server(("127.0.0.1", port), backlog=8) as server:
        while True:
            server.accept()[0].close()
            time.sleep(pause)


def connect() -> None:
    """To each server, and now and then to nobody, forever."""
    for port in itertools.cycle((8080, 9090, 8080, 9090, 9090, 8080, 9)):
        time.sleep(0.02)
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            continue


def without_fonts(svg: str) -> str:
    """rich names a font on a CDN; the picture must ask no network for anything."""
    return re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL).replace("Fira Code", "DejaVu Sans Mono")


if __name__ == "__main__":
    main()
