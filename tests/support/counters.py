"""The counters that a namespace's TCP keeps of itself: /proc/net/snmp and /proc/net/netstat."""

from support.namespaces import Namespace

Counters = dict[str, int]


def tcp_counters(namespace: Namespace) -> Counters:
    """Those of `Tcp:` and `TcpExt:`, by name."""
    found: Counters = {}
    lines = namespace.run("cat", "/proc/net/snmp", "/proc/net/netstat").splitlines()
    for names, values in zip(lines[::2], lines[1::2], strict=True):
        if names.startswith(("Tcp:", "TcpExt:")):
            found |= dict(zip(names.split()[1:], map(int, values.split()[1:]), strict=True))
    return found


def growth(before: Counters, after: Counters) -> Counters:
    """How much each has grown."""
    return {name: after[name] - before[name] for name in after}
