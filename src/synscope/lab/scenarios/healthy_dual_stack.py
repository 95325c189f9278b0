"""IPv6 sockets that speak IPv4: a dual-stack listener, and a client that connects to a v4-mapped address.

What is built
    Two hosts, client and server, joined by a veth link. The server listens on [::]:8080 without IPV6_V6ONLY.

What happens
    Two clients connect: one with an IPv4 socket to 192.0.2.2, one with an IPv6 socket to ::ffff:192.0.2.2.
    The server accepts both.

What one should see
    Segments of IPv4 in both; the sockets of family AF_INET6 have v4-mapped addresses. No finding.

By hand
    unshare -n
    ip link set lo up
    python3 -m http.server 8080 --bind :: &
    synscope run -- curl -s http://127.0.0.1:8080/
    synscope run -- curl -s 'http://[::ffff:127.0.0.1]:8080/'
"""

from synscope.lab.stage.stage import Stage

NAME = "healthy-dual-stack"
FINDINGS = ()
NEEDS = ("ipv6",)


def play(stage: Stage) -> None:
    client, server = stage.pair()
    listener = server.listen(8080, address="::")
    for address in (server.address, f"::ffff:{server.address}"):
        attempt = client.connect((address, 8080))
        peer = listener.accept()
        stage.witness(
            f"connect() to {address}: {attempt.error or 'connected'}; accept() gave the server {peer[0]}",
            attempt.error is None and peer == (f"::ffff:{client.address}", attempt.local[1]),
        )
