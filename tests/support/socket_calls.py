"""Every `socket()` call of the IP families: what the model says beside what the kernel does.

As a script, in the network namespace that counts: `socket_calls.py TYPE…`, its answer is JSON on stdout.
"""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from synscope.live.protocols import kernel, registered
from synscope.live.socket_trial import NET_RAW, As, attempts, caller
from synscope.tcp.inetsw import of_module
from synscope.tcp.socket_call import AF_INET, AF_INET6, decide
from synscope.tcp.socket_decision import Call, Caller, Kernel
from synscope.tcp.socket_report import Outcome, report

CALLS = [
    Call(family, type_, protocol)
    for family in (AF_INET, AF_INET6)
    for type_ in range(16)
    for protocol in range(-1, 301)
]
FEW = (-1, 0, 1, 6, 17, 33, 58, 99, 115, 132, 136, 255, 256, 262, 263, 300)
"""Of the protocols: those that somebody registers, their bounds, and some that nobody does."""
LISTED = Path("/proc/net/protocols")
LOADER = Path("/proc/sys/kernel/modprobe")


def main(types: set[int]) -> None:
    """All calls of these types, with and without CAP_NET_RAW."""
    found = kernel()
    calls = [call for call in CALLS if call.type in types]
    parts = {"with": As(), "without": As(None, NET_RAW)}
    json.dump({name: compared(calls, who, found) for name, who in parts.items()}, sys.stdout)


def compared(calls: Sequence[Call], who: As, found: Kernel) -> dict[str, Any]:
    """How many calls, with which outcomes, and those in which model and kernel differ."""
    who_calls, outcomes = attempts(calls, who)
    pairs = list(zip(calls, outcomes, strict=True))
    counts: dict[str, int] = {}
    for _, done in pairs:
        counts[done.error or "a socket"] = counts.get(done.error or "a socket", 0) + 1
    differ = [said for call, done in pairs if (said := difference(call, done, who_calls, found)) is not None]
    return {"net_raw": who_calls.net_raw, "calls": len(pairs), "outcomes": counts, "differ": differ}


def difference(call: Call, done: Outcome, who: Caller, found: Kernel) -> str | None:
    """Both, where they are not the same."""
    said = report(decide(call, who, found), who, done)
    return None if said.agree else f"{call}: {said.predicted or said.unknown}, not {done}"


def in_a_guest() -> dict[str, Any]:
    """Fewer protocols, where modules may be loaded and calls are slow.

    First the calls that load a module, each predicted from what the kernel is just before it; then all, and
    nothing more is loaded.
    """
    found = kernel()
    calls = [call for call in CALLS if call.protocol in FEW]
    loading: dict[str, Any] = {"requests": [], "differ": []}
    for call in calls:
        requests = decide(call, caller(), found).requests
        if any(loads(request, found) for request in requests):
            who, (done,) = attempts([call], As())
            loading["differ"] += filter(None, [difference(call, done, who, found)])
            loading["requests"] += requests
            found = replace(found, protocols=registered(LISTED.read_text()))
    LOADER.write_text("\n")
    found = replace(found, can_load=False)
    parts = {"with": As(), "without": As(None, NET_RAW)}
    return {"loading": loading, "protocols": found.protocols} | {
        name: compared(calls, who, found) for name, who in parts.items()
    }


def loads(request: str, found: Kernel) -> bool:
    """Whether a module is loaded for it that is not yet."""
    modules = found.modules.get(request, ())
    return any(set(of_module(module)) - set(found.protocols) for module in modules)


if __name__ == "__main__":
    main(set(map(int, sys.argv[1:])))
