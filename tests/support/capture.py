"""tcpdump in a namespace: ready when the block is entered, the file complete when it is left."""

import select
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from support.namespaces import Namespace

SENTINEL = b"synscope capture sentinel"
DISCARD_PORT = 9


@contextmanager
def tcpdump(
    namespace: Namespace, path: Path, interface: str = "any", timeout: float = 10.0
) -> Iterator[Path]:
    """Capture all TCP of `namespace` into `path` (pcap) while the block runs."""
    # In immediate mode a slot of the ring has the size of the longest packet that is asked for: of 64 KiB
    # slots the buffer holds too few for a burst, of these tens of thousands.
    command = ["tcpdump", "-i", interface, "-n", "-s", "256", "-U", "--immediate-mode", "-Z", "root"]
    command += ["-B", "8192", "-w", str(path), f"tcp or udp port {DISCARD_PORT}"]
    with subprocess.Popen(namespace.enter(*command), stderr=subprocess.PIPE, bufsize=0) as process:
        try:
            await_text(process, b"listening on", timeout)
            yield path
            flush(namespace, path, timeout)
        finally:
            with suppress(ProcessLookupError):
                process.send_signal(signal.SIGINT)


def await_text(process: subprocess.Popen[bytes], text: bytes, timeout: float) -> None:
    """Read the process's stderr until `text` appears in it."""
    assert process.stderr is not None
    said = b""
    while text not in said:
        ready, _, _ = select.select([process.stderr], [], [], timeout)
        part = process.stderr.read(4096) if ready else b""
        if not part:
            raise RuntimeError(f"no {text!r} from {process.args!r}: {said.decode(errors='replace')}")
        said += part


def flush(namespace: Namespace, path: Path, timeout: float) -> None:
    """Send a datagram of our own and wait until it is in the file: so is everything before it."""
    script = f"printf '%s' '{SENTINEL.decode()}' > /dev/udp/127.0.0.1/{DISCARD_PORT}"
    namespace.run("bash", "-c", script)
    deadline = time.monotonic() + timeout
    while SENTINEL not in path.read_bytes():
        if time.monotonic() > deadline:
            raise TimeoutError(f"tcpdump did not write what it saw to {path}")
        time.sleep(0.01)  # a file that another process appends to gives no event worth the code
