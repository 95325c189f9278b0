"""A client binds to an address that its host does not have.

What is built
    Two hosts, client and server, joined by a veth link.

What happens
    The client binds to 198.51.100.9, an address of neither host; bind() fails, and the client does not get as
    far as connect().

What one should see
    bind() that returns EADDRNOTAVAIL, and no connection.

By hand
    unshare -n
    ip link set lo up
    synscope run -- curl --interface 198.51.100.9 http://127.0.0.1:8080/
"""

import errno
import socket

from synscope.lab.stage.stage import Stage

NAME = "foreign-source-address"
FINDINGS = ("foreign-source-address",)
IN_RECORD = None

FOREIGN = "198.51.100.9"


def play(stage: Stage) -> None:
    client, _ = stage.pair()
    error = client.run(bind_to, FOREIGN)
    addresses = client.command("ip", "-4", "-oneline", "address")
    stage.witness(f"bind(): {error}", error == "EADDRNOTAVAIL")
    stage.witness(f"ip address on the client: no {FOREIGN}", FOREIGN not in addresses)


def bind_to(address: str) -> str | None:
    """Bind a TCP socket to an address; the errno's name."""
    with socket.socket() as client:
        try:
            client.bind((address, 0))
        except OSError as error:
            return errno.errorcode[error.errno or 0]
    return None
