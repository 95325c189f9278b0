"""The call was refused with EACCES: a privileged port, or a security module.

What happened
    bind() to a port below net.ipv4.ip_unprivileged_port_start needs CAP_NET_BIND_SERVICE. Security
    modules (SELinux) refuse bind() and connect() with EACCES too.

How synscope knows
    sys_exit: the call returned -EACCES. For bind() the hook cgroup/bind had run and seen the port: security
    modules are asked before it, so what refused is the check for privileged ports. For connect() the hook
    had not run; after it, EACCES comes from the route (prohibit-route).

What it would look like otherwise
    EPERM: denied-by-policy. The port taken: EADDRINUSE (address-in-use).

What to do
    Give the program the capability (`setcap cap_net_bind_service=ep FILE`, AmbientCapabilities= in
    systemd), let systemd open the port (socket activation), lower net.ipv4.ip_unprivileged_port_start, or
    take a higher port. SELinux: `ausearch -m avc`, `semanage port -l`.

Related codes
    denied-by-policy, prohibit-route, address-in-use
"""

from synscope.diagnosis.case import Case
from synscope.diagnosis.failed_calls import FailedCall
from synscope.diagnosis.verdict import Verdict

CODE = "permission-denied"
SEVERITY = "error"
ROLE = "cause"
CONN_STATE = None
ERROR_TYPE = "access_denied"


def find(case: Case) -> Verdict | None:
    """No connection: a half begins after the checks that refuse with EACCES."""
    return None


def of_call(call: FailedCall) -> Verdict | None:
    """bind() or connect() with EACCES."""
    if call.error != "EACCES" or call.name not in ("bind", "connect"):
        return None
    return _privileged(call) if call.name == "bind" and call.port else _refused(call)


def _privileged(call: FailedCall) -> Verdict:
    """The hook cgroup/bind ran, so the security modules, which are asked before it, had let it pass."""
    return Verdict(
        summary=f"bind() of {call.who}{call.to_port} was refused: the port is privileged.",
        evidence=("sys_exit: bind() returned -EACCES", f"cgroup/bind saw port {call.port}"),
        counter_evidence=(
            "security modules are asked before that hook: they had let it pass",
            "a port that is taken would be EADDRINUSE",
        ),
        remedy="Give it CAP_NET_BIND_SERVICE (`setcap cap_net_bind_service=ep`), or a port from "
        "net.ipv4.ip_unprivileged_port_start up.",
    )


def _refused(call: FailedCall) -> Verdict:
    """The hook did not run, or no port was asked for."""
    bind = call.name == "bind"
    return Verdict(
        summary=f"{call.name}() of {call.who} was refused (EACCES), most likely by a security module.",
        evidence=(f"sys_exit: {call.name}() returned -EACCES",),
        counter_evidence=() if bind else ("the hook cgroup/connect had not run: routing was not asked",),
        doubts=("the port is not known: it may be a privileged one",) if bind else (),
        remedy="Look at the security module's log (`ausearch -m avc`, `dmesg`).",
    )
