"""What is measured: each tracer as a context manager around one run of the churn.

A tracer gives a `Watch`: what goes before the churn's command line, what to call while it runs, and,
once it is over, how many records were lost and how many were written.
"""

import re
import select
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import floor
from churning import DRAIN_CPU, Place
from synscope.connections.join import join
from synscope.events.decode import latest
from synscope.events.trace import Trace
from synscope.events.wire import Fate, Side
from synscope.probes.session import Options, Session

READY_S = 20
ON_DRAIN_CPU = ["taskset", "-c", str(DRAIN_CPU)]
BPFTRACE = """
tracepoint:sock:inet_sock_set_state
{ printf("%d %d %d %d\\n", args->oldstate, args->newstate, args->sport, args->dport); }
interval:ms:100 { printf("tick\\n"); }
"""
NETWORK_CALLS = "socket,bind,listen,connect,accept4,getsockname,sendto,recvfrom,shutdown"


@dataclass
class Watch:
    """See the module's docstring; `lost` and `kept` are set when the tracer has ended."""

    prefix: list[str] = field(default_factory=list)
    pump: Callable[[], object] = lambda: None
    lost: int = 0
    kept: int = 0


@dataclass(frozen=True)
class Tracer:
    """A way to trace; `share` of the connections is enough where it is slow.

    `wraps`: it starts the churn itself, so it cannot come and go while that runs.
    """

    name: str
    around: Callable[[Place, Path, int], AbstractContextManager[Watch]]
    share: float = 1.0
    wraps: bool = False


@contextmanager
def nothing(_place: Place, _scratch: Path, _connections: int) -> Iterator[Watch]:
    """The control: two runs without a tracer show what the machine's noise is."""
    yield Watch()


@contextmanager
def record(place: Place, _scratch: Path, connections: int) -> Iterator[Watch]:
    """synscope, `record` detail, both halves."""
    watch = Watch()
    with Session(Options(detail="record", cgroup=place.cgroup), header_command=["churn"]) as session:
        watch.pump = session.poll
        yield watch
        trace = session.finish(None)
    watch.kept = complete_halves(trace)
    watch.lost = max(sum(trace.footer.lost.values()), incomplete(trace))


def incomplete(trace: Trace) -> int:
    """Halves that found no other; two are forgiven, under way when the trace began or ended."""
    pairs = join(latest(trace.halves))
    alone = int(((pairs.client_index < 0) | (pairs.server_index < 0)).sum())
    return alone if alone > 2 else 0


def complete_halves(trace: Trace) -> int:
    """Distinct halves whose fate was seen: established clients and accepted servers."""
    halves = trace.halves
    client = (halves["side"] == Side.CLIENT) & (halves["fate"] == Fate.ESTABLISHED)
    server = (halves["side"] == Side.SERVER) & (halves["fate"] == Fate.ACCEPTED)
    return len(set(halves["cookie"][client | server].tolist()))


@contextmanager
def empty_programs(_place: Place, scratch: Path, _connections: int) -> Iterator[Watch]:
    """The same hooks, doing nothing."""
    with floor.attached(floor.compile_empty(scratch)):
        yield Watch()


@contextmanager
def background(command: list[str], ready: bytes, log: Path) -> Iterator[Watch]:
    """A tracer that runs beside the churn: wait for `ready` on its stderr or stdout, end it by SIGINT."""
    watch = Watch()
    with (
        log.open("wb") as rest,
        subprocess.Popen(
            [*ON_DRAIN_CPU, *command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, bufsize=0
        ) as process,
    ):
        assert process.stdout is not None
        rest.write(await_text(process, ready))
        watch.pump = lambda: drain(process, rest.write)
        try:
            yield watch
        finally:
            process.send_signal(signal.SIGINT)
            for part in iter(lambda: process.stdout.read(1 << 16), b""):  # type: ignore[union-attr]
                rest.write(part)
    watch.lost = count_lost(log.read_text(errors="replace"))


def await_text(process: "subprocess.Popen[bytes]", text: bytes) -> bytes:
    """Read until `text` is there; all that was read."""
    assert process.stdout is not None
    said = b""
    while text not in said:
        ready, _, _ = select.select([process.stdout], [], [], READY_S)
        part = process.stdout.read(4096) if ready else b""
        if not part:
            process.kill()
            raise SystemExit(f"{process.args!r} did not become ready: {said.decode(errors='replace')}")
        said += part
    return said


def drain(process: "subprocess.Popen[bytes]", keep: Callable[[bytes], object]) -> None:
    """Take what the tracer said so far, so that its pipe never fills."""
    assert process.stdout is not None
    while select.select([process.stdout], [], [], 0)[0]:
        part = process.stdout.read(1 << 16)
        keep(part)
        if not part:
            return


def count_lost(text: str) -> int:
    """What tcpdump, bpftrace and perf trace say that they lost."""
    said = r"(\d+) packets dropped by kernel|Lost (\d+) events|LOST (\d+) events"
    return sum(int("".join(found)) for found in re.findall(said, text))


def tcpdump(expression: str) -> Callable[[Place, Path, int], AbstractContextManager[Watch]]:
    """tcpdump on the churn's loopback, writing to a file."""

    def around(place: Place, scratch: Path, _connections: int) -> AbstractContextManager[Watch]:
        target = str(scratch / "churn.pcap")
        command = ["tcpdump", "-i", "lo", "-n", "-s", "0", "-Z", "root", "-w", target, expression]
        return background(place.enter(*command), b"listening on", scratch / "tcpdump.log")

    return around


def bpftrace(_place: Place, scratch: Path, _connections: int) -> AbstractContextManager[Watch]:
    """bpftrace printing each state change of a socket."""
    return background(["bpftrace", "-e", BPFTRACE], b"tick", scratch / "bpftrace.log")


def wrapper(*command: str) -> Callable[[Place, Path, int], AbstractContextManager[Watch]]:
    """A tracer that starts the churn itself and writes to `-o FILE`."""

    @contextmanager
    def around(_place: Place, scratch: Path, _connections: int) -> Iterator[Watch]:
        log = scratch / f"{command[0]}.log"
        watch = Watch(prefix=[*ON_DRAIN_CPU, *command, "-o", str(log), "--"])
        yield watch
        watch.lost = count_lost(log.read_text(errors="replace"))

    return around


ALL = (
    Tracer("nothing (control)", nothing),
    Tracer("floor: empty programs", empty_programs),
    Tracer("synscope record", record),
    Tracer("tcpdump, SYN and RST", tcpdump("tcp[tcpflags] & (tcp-syn|tcp-rst) != 0")),
    Tracer("tcpdump, all", tcpdump("tcp")),
    Tracer("bpftrace, set_state", bpftrace),
    Tracer("perf trace, network", wrapper("perf", "trace", "-e", NETWORK_CALLS), 0.25, wraps=True),
    Tracer("strace -f, network", wrapper("strace", "-f", "-e", "trace=network"), 0.1, wraps=True),
)
