"""The HTML report of 10,000 connections: how long it takes to write, how large it is, how fast it opens.

    python benchmarks/report.py [FILE] [--rounds 5]

FILE is a trace; without it 10,000 connections are traced first, in a network namespace, which needs root.
`written` counts CPU time. Chromium opens the file from disk: `opens` is its load event, by when the list is
drawn; `frame` is the time between two frames while the whole list is scrolled through; `story` is from a
click to its drawing.
"""

import argparse
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from support.browser import Browser
from synscope.capture.file import read
from synscope.cli.telling import connections_of
from synscope.export import html
from synscope.text import size

CONNECTIONS = 10_000
REFUSED = 500  # one in so many
SCREEN = 1440, 900
OPENED = "performance.getEntriesByType('navigation')[0].loadEventEnd"
SCROLLED = """new Promise((done) => {
  const view = document.getElementById("window"), times = [];
  let last;
  const step = (now) => {
    if (last !== undefined) times.push(now - last);
    last = now;
    view.scrollTop += view.scrollHeight / 120;
    if (times.length < 120) requestAnimationFrame(step); else done(times);
  };
  view.scrollIntoView();
  requestAnimationFrame(step);
})"""
STORY = """new Promise((done) => {
  const start = performance.now();
  const wait = () => document.getElementById("c%d")?.open
    ? requestAnimationFrame(() => done(performance.now() - start)) : setTimeout(wait, 1);
  location.hash = "#c%d";
  wait();
})"""


def main() -> None:
    """Trace where nothing is given, write the report, open it."""
    given = arguments()
    if given.connect:
        connect(given.connect)
        return
    with tempfile.TemporaryDirectory() as scratch:
        file = given.file or traced(Path(scratch, "many.syn"))
        target = Path(scratch, "report.html")
        measure_writing(file, target)
        with Browser() as browser:
            browser.look(*SCREEN)
            measure_opening(browser, target, given.rounds)


def arguments() -> argparse.Namespace:
    """The command line's; `--connect` is for the script itself, traced."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("file", nargs="?", type=Path, metavar="FILE")
    parser.add_argument("--rounds", type=int, default=5, help="how often it is opened")
    parser.add_argument("--connect", type=int, default=0, help=argparse.SUPPRESS)
    return parser.parse_args()


def traced(target: Path) -> Path:
    """A trace of this script's own connections over the loopback device of a new namespace."""
    inside = ["unshare", "--net", "sh", "-c", 'ip link set lo up && exec "$@"', "sh"]
    tracing = [sys.executable, "-m", "synscope.cli", "run", "--detail", "record", "-o", str(target), "--"]
    workload = [sys.executable, str(Path(__file__)), "--connect", str(CONNECTIONS)]
    subprocess.run([*inside, *tracing, *workload], check=True, capture_output=True, timeout=300)
    return target


def connect(count: int) -> None:
    """So many connections to a listener of this process; one in `REFUSED` to where nothing listens."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=128)
    taken = threading.Thread(target=accept, args=(listener, count - count // REFUSED), daemon=True)
    taken.start()
    for at in range(1, count + 1):
        with socket.socket() as one:
            if at % REFUSED:
                one.connect(listener.getsockname())
                one.recv(1)
            else:
                one.connect_ex(("127.0.0.1", 9))
    taken.join(10)


def accept(listener: socket.socket, count: int) -> None:
    """Take so many connections and close them."""
    for _ in range(count):
        listener.accept()[0].close()


def measure_writing(file: Path, target: Path) -> None:
    """From the trace's file to the report's."""
    begun = time.process_time()
    trace = read(file)
    connections = connections_of(trace, None)
    with target.open("wb") as stream:
        stream.writelines(html.write(connections, trace, print))
    spent = time.process_time() - begun
    each = size(target.stat().st_size // max(1, len(connections)))
    print(f"{len(connections):,} connections in {trace.header.detail} detail")
    print(f"written in  {spent:6.1f} s of CPU  {size(target.stat().st_size)}, {each} a connection")


def measure_opening(browser: Browser, target: Path, rounds: int) -> None:
    """Median and worst of some rounds."""
    opened, frames, stories = [], [], []
    for _ in range(rounds):
        browser.open(target)
        opened.append(browser.ask(OPENED))
        frames += browser.ask(SCROLLED)
        last = browser.ask("+document.querySelector('#paper a:last-child').hash.slice(2)")
        stories.append(browser.ask(STORY % (last, last)))
    for name, times in (("opens in", opened), ("frame every", frames), ("story in", stories)):
        print(f"{name:11} {statistics.median(times):6.1f} ms  (at most {max(times):.1f} ms)")


if __name__ == "__main__":
    main()
