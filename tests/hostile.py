"""Connections and traces all of whose names are markup that would run, if it got out of its text."""

import msgspec

import samples
from synscope.connections.model import Connection, Finding
from synscope.events.trace import Trace

EVIL = "</script></style><script>window.owned=1</script><img src=x onerror=window.owned=1>\"'&`{{7*7}}"


def evil() -> Connection:
    """A connection all of whose names are markup."""
    calls = (samples.chain("__x64_sys_connect", EVIL, marks=(EVIL,), seen_ns=samples.at(3)),)
    finding = Finding(
        code=EVIL, severity="error", summary=EVIL, evidence=(EVIL,), counter_evidence=(EVIL,), remedy=EVIL
    )
    base = samples.healthy(
        client=samples.client(comm=EVIL, drop_reason=EVIL, drop_location=EVIL, ops={EVIL: {EVIL: EVIL}}),
        server=samples.server(comm=EVIL),
        transitions=(samples.change("client", 14, "CLOSE>SYN_SENT", EVIL),),
        calls=calls,
        lost={EVIL: 3},
    )
    options = {EVIL: EVIL, "mss": EVIL}
    first = msgspec.structs.replace(base.segments[0], dropped=f"{EVIL} {EVIL}", options=options)
    return msgspec.structs.replace(
        base, segments=(first, *base.segments[1:]), findings=(finding,), errno=EVIL
    )


def evil_trace() -> Trace:
    trace = samples.trace(lost={EVIL: 1}, left_out={EVIL: 1}, complete=False)
    for name in ("kernel", "machine", "hostname", "detail", "synscope"):
        setattr(trace.header, name, EVIL)
    trace.header.command = [EVIL]
    trace.header.sysctls = {EVIL: EVIL}
    return trace
