"""bind() or listen() failed: the local address and port are taken.

What happened
    Another socket has the address and port: a listener, a bound socket, or (without SO_REUSEADDR)
    connections in TIME_WAIT that a former server left. bind() fails with EADDRINUSE; of two sockets that
    were both bound with SO_REUSEADDR, the second listen() does.

How synscope knows
    sys_exit: bind() or listen() on a TCP socket returned -EADDRINUSE. There is no connection yet, so this
    stands beside the connections. A listener of the trace that has the port is named.

What it would look like otherwise
    An address that is not the host's: EADDRNOTAVAIL (foreign-source-address). bind() to port 0:
    ephemeral-ports-exhausted. A port below 1024 without
    privilege: EACCES (permission-denied).

What to do
    `ss -ltnp` shows who listens; `ss -tan` who else has the port. Set SO_REUSEADDR before bind() in
    servers, as nearly all do; stop the other process, or take another port.

Related codes
    local-port-conflict, foreign-source-address, permission-denied
"""

from synscope.diagnosis.case import Case
from synscope.diagnosis.failed_calls import FailedCall
from synscope.diagnosis.verdict import Verdict

CODE = "address-in-use"
SEVERITY = "error"
ROLE = "cause"
CONN_STATE = None
ERROR_TYPE = "address_already_in_use"


def find(case: Case) -> Verdict | None:
    """connect() that was told so: a socket that would have to choose a port for bind()."""
    if case.errno != "EADDRINUSE" or case.client is None:
        return None
    return Verdict(
        summary=f"connect() to {case.destination} failed: the local address is in use.",
        evidence=("sys_exit: connect() returned -EADDRINUSE",),
        counter_evidence=("no SYN was made",) if case.syn_out_ns is None else (),
        remedy=f"`ss -tan` in network namespace {case.client.netns or 'of the client'} shows who has the "
        "address.",
    )


def of_call(call: FailedCall) -> Verdict | None:
    """bind() to a port, or listen(), with EADDRINUSE."""
    if call.error != "EADDRINUSE" or call.name not in ("bind", "listen"):
        return None
    if call.name == "bind" and call.port == 0:  # ephemeral-ports-exhausted
        return None
    return Verdict(
        summary=f"{call.name}() of {call.who}{call.to_port} failed: the address and port are taken.",
        evidence=(f"sys_exit: {call.name}() returned -EADDRINUSE",),
        counter_evidence=("an address that is not the host's would be EADDRNOTAVAIL",),
        remedy=f"`nsenter -t {call.pid} -n ss -tlnp` shows who has it; set SO_REUSEADDR before bind() "
        "against TIME_WAIT.",
    )
