"""The settings that shape how a TCP connection is set up, and what each does.

Names and meanings: Documentation/networking/ip-sysctl.rst and Documentation/admin-guide/sysctl/net.rst.
"""

from pathlib import Path

SYSCTLS = {
    # The client's side
    "net.ipv4.tcp_syn_retries": "how often a SYN without answer is sent again before connect() fails.",
    "net.ipv4.tcp_syn_linear_timeouts": "how many SYN retries keep the first interval before it doubles.",
    "net.ipv4.ip_local_port_range": "the first and last port that connect() chooses from.",
    "net.ipv4.ip_local_reserved_ports": "ports that connect() never chooses by itself.",
    "net.ipv4.ip_unprivileged_port_start": "the first port that bind() grants without CAP_NET_BIND_SERVICE.",
    "net.ipv4.ip_nonlocal_bind": "whether bind() accepts addresses that are not the host's.",
    "net.ipv4.tcp_tw_reuse": "whether connect() may take a port in TIME_WAIT (2: on loopback only).",
    "net.ipv4.tcp_tw_reuse_delay": "how many milliseconds TIME_WAIT lasts before its port can be reused.",
    "net.ipv4.tcp_max_tw_buckets": "how many sockets may be in TIME_WAIT before more are dropped at once.",
    # The server's side
    "net.core.somaxconn": "the most that listen() grants for the accept queue.",
    "net.ipv4.tcp_max_syn_backlog": "how many requests a listener keeps before it drops or sends cookies.",
    "net.ipv4.tcp_synack_retries": "how often a SYN-ACK without answer is sent again.",
    "net.ipv4.tcp_syncookies": "whether a full request queue is answered with SYN cookies (2: always).",
    "net.ipv4.tcp_abort_on_overflow": "whether a full accept queue answers the final ACK with an RST.",
    "net.ipv4.tcp_migrate_req": "whether requests of a closed listener move to another of its group.",
    "net.ipv4.tcp_max_orphans": "how many sockets without owner are kept before they are reset.",
    # What SYN and SYN-ACK offer
    "net.ipv4.tcp_fastopen": "bits: 1 the client may send data in its SYN, 2 the server may take it.",
    "net.ipv4.tcp_timestamps": "whether timestamps are offered (2: without a random offset).",
    "net.ipv4.tcp_window_scaling": "whether a window scale is offered.",
    "net.ipv4.tcp_sack": "whether selective acknowledgement is offered.",
    "net.ipv4.tcp_ecn": "whether ECN is asked for (1) or only granted (2); 3 and more: accurate ECN.",
    "net.ipv4.tcp_ecn_fallback": "whether a SYN retry gives up asking for ECN.",
    "net.ipv4.tcp_congestion_control": "the congestion control of new sockets.",
    "net.ipv4.tcp_rmem": "least, initial and greatest receive buffer in bytes; it sets the window scale.",
    "net.ipv4.tcp_wmem": "least, initial and greatest send buffer in bytes.",
    "net.ipv4.tcp_base_mss": "the segment size at which path MTU probing starts.",
    "net.ipv4.tcp_mtu_probing": "whether TCP searches for the path MTU itself.",
    "net.ipv4.ip_no_pmtu_disc": "whether ICMP may lower the path MTU.",
    # Timers
    "net.ipv4.tcp_rto_min_us": "the shortest retransmission timeout, microseconds.",
    "net.ipv4.tcp_rto_max_ms": "the longest retransmission timeout, milliseconds.",
    # Before TCP sees the segment
    "net.ipv4.conf.all.rp_filter": "whether segments from a source routed elsewhere are dropped.",
    "net.ipv4.conf.default.rp_filter": "the same for interfaces to come.",
    "net.ipv4.conf.all.accept_local": "whether segments from one of the host's own addresses are accepted.",
    "net.ipv4.conf.all.route_localnet": "whether 127.0.0.0/8 may be routed.",
    "net.ipv4.ip_forward": "whether segments for others are passed on.",
    "net.ipv4.tcp_early_demux": "whether the socket is looked up before the route.",
    "net.ipv4.tcp_l3mdev_accept": "whether a listener accepts connections from every VRF.",
    "net.ipv6.bindv6only": "whether a listener on :: leaves IPv4 alone.",
    "net.ipv6.conf.all.disable_ipv6": "whether IPv6 is off.",
    "net.core.netdev_max_backlog": "how many segments may wait for a CPU, loopback included, before drops.",
    "net.mptcp.enabled": "whether sockets of Multipath TCP can be made.",
}
"""Name to one sentence. `net.ipv4.tcp_…` hold for IPv6 as well, and most are per network namespace."""

ROOT = Path("/proc/sys")


def read(root: Path = ROOT) -> dict[str, str]:
    """The value of each of `SYSCTLS`, words separated by one space, as the caller's namespace has them.

    Those that this kernel does not have, or does not show, are left out.
    """
    values = ((name, _value(root / name.replace(".", "/"))) for name in SYSCTLS)
    return {name: value for name, value in values if value is not None}


def _value(path: Path) -> str | None:
    try:
        return " ".join(path.read_text("utf-8", "replace").split())
    except OSError:
        return None
