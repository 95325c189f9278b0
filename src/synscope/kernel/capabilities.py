"""The capabilities that tracing needs, and which of them this process lacks."""

from pathlib import Path

NET_ADMIN, SYS_ADMIN, PERFMON, BPF = 12, 21, 38, 39  # include/uapi/linux/capability.h
NAMES = {NET_ADMIN: "CAP_NET_ADMIN", PERFMON: "CAP_PERFMON", BPF: "CAP_BPF"}
STATUS = Path("/proc/self/status")


def lacking(status: str | None = None) -> list[str]:
    """Names of the capabilities that loading BPF programs for the network needs and `status` lacks.

    `status` is the text of /proc/PID/status, by default this process's. CAP_SYS_ADMIN implies the
    other two, but not CAP_NET_ADMIN (capabilities(7)).
    """
    text = STATUS.read_text() if status is None else status
    line = next((line for line in text.splitlines() if line.startswith("CapEff:")), "CapEff: 0")
    held = int(line.split()[1], 16)
    implied = (BPF, PERFMON) if held >> SYS_ADMIN & 1 else ()
    return [name for bit, name in NAMES.items() if not held >> bit & 1 and bit not in implied]
