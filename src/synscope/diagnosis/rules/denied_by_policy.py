"""A policy of this host refused the call with EPERM: a cgroup's BPF program, or a security module.

What happened
    socket(), bind() or connect() was refused before TCP did anything. Container networks (Cilium),
    systemd (IPAddressDeny=, RestrictAddressFamilies=) and sandboxes attach such programs to cgroups.

How synscope knows
    sys_exit: the call returned -EPERM. For connect(): the hook cgroup/connect4 (or 6) had run for it, so
    it passed the security modules, whose check is earlier; what refuses there with EPERM is a BPF program
    on the cgroup. A connect() that never reached the hook was refused earlier: by a security module or
    seccomp.

What it would look like otherwise
    A firewall (netfilter) never makes connect() return EPERM: the SYN is lost (syn-dropped-output).
    EACCES: a route of type prohibit (prohibit-route), a security module or a privileged port
    (permission-denied).

What to do
    `bpftool cgroup tree` lists the programs on the cgroup and those above it (connect4, connect6, bind4,
    sock_create); `systemctl show -p IPAddressDeny -p RestrictAddressFamilies UNIT`. For security modules:
    `ausearch -m avc`, `dmesg`.

Related codes
    permission-denied, prohibit-route, syn-dropped
"""

from synscope.diagnosis.before_syn import failed_before_syn, returned
from synscope.diagnosis.case import Case
from synscope.diagnosis.failed_calls import FailedCall
from synscope.diagnosis.verdict import Verdict

CODE = "denied-by-policy"
SEVERITY = "error"
ROLE = "cause"
CONN_STATE = None
ERROR_TYPE = "access_denied"

_LIST = "`bpftool cgroup tree` lists the BPF programs on its cgroup and above"


def find(case: Case) -> Verdict | None:
    """connect() with EPERM after the cgroup hook had run."""
    half = case.client
    if half is None or not failed_before_syn(case) or case.reached or not _is_refusal(case):
        return None
    return Verdict(
        summary=f"A BPF program on the cgroup refused connect() to {case.destination} ({case.errno}).",
        evidence=(
            f"cgroup/connect: the hook ran {case.at(case.start_ns)}"
            + (f" in cgroup {half.cgroup}" if half.cgroup else ""),
            returned(case, case.errno or ""),
        ),
        counter_evidence=(
            "security modules and seccomp are asked before that hook: they had let it pass",
            "netfilter does not make connect() fail: it loses the SYN",
        ),
        remedy=f"{_LIST} (connect4, connect6); ask whoever attached the program.",
    )


def _is_refusal(case: Case) -> bool:
    """EPERM; or EACCES, which a program may set, where it is known that no routing table was asked."""
    return case.errno == "EPERM" or (case.errno == "EACCES" and case.route_was_looked_up is False)


def of_call(call: FailedCall) -> Verdict | None:
    """bind(), connect() before its hook, or socket() after the socket was made, with EPERM."""
    if call.error != "EPERM" or (call.name == "socket" and not call.created):
        return None
    early = call.name == "connect"
    return Verdict(
        summary=f"A policy refused {call.name}() of {call.who} (EPERM).",
        evidence=(
            f"sys_exit: {call.name}() returned -EPERM",
            *(("the hook cgroup/connect had not run: it was refused before",) if early else ()),
            *(("the socket had been made (inet_create), and was taken back",) if call.created else ()),
        ),
        counter_evidence=("a privileged port would be EACCES",),
        doubts=() if call.created else ("whether a BPF program or a security module refused is not seen",),
        remedy="Look at security modules and seccomp (`ausearch -m avc`, `dmesg`)." if early else f"{_LIST}.",
    )
