"""The server closes its listener while a finished connection waits for accept().

What is built
    Two hosts, client and server, joined by a veth link. The server listens on port 8080 and does not accept.

What happens
    The client connects. The server closes its listening socket, as in a restart, and with it the connection
    that waits there: the client gets an RST.

What one should see
    A connection that is queued and never accepted; its end under inet_csk_listen_stop, and the RST.

By hand
    unshare -n
    ip link set lo up
    synscope run -- python3 -c 'import os, socket; s = socket.create_server(("127.0.0.1", 8080))
    if os.fork(): s.close(); c = socket.socket(); c.connect(("127.0.0.1", 8080)); print(c.recv(1))
    else: __import__("time").sleep(1)'
"""

from synscope.lab.stage.stage import Stage

NAME = "listener-closed"
FINDINGS = ("listener-closed",)
IN_RECORD = None  # what accept() did not take is known by its system calls alone
NEEDS = ("ss",)


def play(stage: Stage) -> None:
    client, server = stage.pair()
    listener = server.listen(8080, accepts=False)
    attempt = client.connect((server.address, 8080))
    waiting = server.ss("-ltn", "sport = 8080")[0].split()[1]
    listener.close()
    stage.until(lambda: client.counter("TcpEstabResets") > 0, "the RST")
    sent = server.counter("TcpOutRsts")
    left = len(client.ss("-tan", "dport = 8080"))
    stage.witness(f"connect(): {attempt.error or 'connected'}", attempt.error is None)
    stage.witness(f"ss on the server before: Recv-Q {waiting} of the listener", waiting == "1")
    stage.witness(f"/proc/net/snmp of the server: Tcp OutRsts {sent}", sent == 1)
    stage.witness(f"ss on the client after: {left} connections", left == 0)
