"""A host on a TUN device that answers SYNs, and does nothing else: each port has a generator of its own.

Run in a namespace; it says `ready` and answers at 192.0.2.2 until its stdin is closed.
"""

import fcntl
import os
import random
import select
import struct
import subprocess
import sys
import time
from collections.abc import Callable

from synscope.lab.stage.packets import Packet
from synscope.tcp.isn import generators

ADDRESS = "192.0.2.2"
LIMIT = 40  # connections that the port `limited` accepts
_TUNSETIFF, _TUN_NO_PI = 0x400454CA, 0x1001  # include/uapi/linux/if_tun.h

PORTS = {
    "constant": 1001,
    "rfc793": 1002,
    "bsd44": 1003,
    "small-increment": 1004,
    "rfc6528": 1005,
    "linux": 1006,
    "random": 1007,
    "syn-cookies": 1008,
    "limited": 1009,
}


class Host:
    """The state that the generators keep."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.key = self.random.randbytes(16)
        self.counter = self.random.randrange(1 << 32)
        self.connections = 0

    def isn(self, name: str, flow: bytes, client_isn: int) -> int:
        """The next number of a generator."""
        now = time.monotonic_ns()
        self.connections += 1
        self.counter = generators.small_increment(self.counter, self.random.randint(1, 64))
        made: dict[str, Callable[[], int]] = {
            "constant": lambda: 0xC7001,
            "rfc793": lambda: generators.rfc793(now),
            "bsd44": lambda: generators.bsd44(now, self.connections),
            "small-increment": lambda: self.counter,
            "rfc6528": lambda: generators.rfc6528(now, flow, self.key),
            "linux": lambda: generators.rfc6528(now, flow, self.key, generators.LINUX_TICK_NS),
            "random": lambda: self.random.randrange(1 << 32),
            "syn-cookies": lambda: generators.syn_cookie(now, flow, self.key, client_isn),
            "limited": lambda: self.counter,
        }
        return made[name]()


def answer(packet: Packet, host: Host, names: dict[int, str]) -> Packet | None:
    """A SYN-ACK, or an RST where nobody listens or the limit is reached."""
    if not packet.is_tcp or packet.flags.strip("EC") != "S":
        return None
    client_isn = packet.numbers[0]
    name = names.get(packet.ports[1])
    if name is None or (name == "limited" and host.connections >= LIMIT):
        return packet.answer("RA", 0, client_isn + 1)
    flow = repr((packet.addresses, packet.ports)).encode()
    return packet.answer("SA", host.isn(name, flow, client_isn), client_isn + 1)


def main() -> None:
    """Answer."""
    tun = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(tun, _TUNSETIFF, struct.pack("16sH22x", b"isn", _TUN_NO_PI))
    for words in (("addr", "add", "192.0.2.1/24", "dev", "isn"), ("link", "set", "isn", "up")):
        subprocess.run(["ip", *words], check=True)
    names = {port: name for name, port in PORTS.items()}
    hosts = {port: Host(port) for port in names}
    print("ready", flush=True)
    while True:
        ready, _, _ = select.select([tun, sys.stdin], [], [])
        if sys.stdin in ready:
            return
        packet = Packet(0, os.read(tun, 65536))
        host = hosts.get(packet.ports[1], Host(0)) if packet.is_tcp else Host(0)
        if (reply := answer(packet, host, names)) is not None:
            os.write(tun, reply.data)


if __name__ == "__main__":
    main()
