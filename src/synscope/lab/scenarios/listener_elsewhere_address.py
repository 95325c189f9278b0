"""The server listens on 127.0.0.1 alone, and the client asks its other address.

What is built
    Two hosts, client and server, joined by a veth link. The server listens on 127.0.0.1 port 8080.

What happens
    The client connects to the server's address on the link, where nothing listens; connect() returns
    ECONNREFUSED.

What one should see
    The SYN is freed on the server (NO_SOCKET), while a listener of the same port is open there on another
    address.

By hand
    unshare -n
    ip link set lo up; ip address add 192.0.2.1/32 dev lo
    python3 -m http.server 8080 --bind 127.0.0.1 &
    synscope run -- curl http://192.0.2.1:8080/
"""

from synscope.lab.stage.stage import Stage

NAME = "listener-elsewhere-address"
FINDINGS = ("refused-no-listener", "listener-elsewhere")
NEEDS = ("ss",)


def play(stage: Stage) -> None:
    client, server = stage.pair()
    server.listen(8080, address="127.0.0.1")
    attempt = client.connect((server.address, 8080))
    listening = [line.split()[3] for line in server.ss("-ltn", "sport = 8080")]
    stage.witness(f"connect() to {server.address}: {attempt.error}", attempt.error == "ECONNREFUSED")
    stage.witness(f"ss on the server: {', '.join(listening)}", listening == ["127.0.0.1:8080"])
