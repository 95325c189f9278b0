"""A router publishes a port of its own: the client speaks to an address that the server does not have.

What is built
    Three hosts in a row, client, router and server. The server listens on port 9090; a rule of nftables on
    the router (DNAT) sends there what comes for its own port 8080.

What happens
    The client connects to the router's port 8080, and the server accepts.

What one should see
    Two halves with different addresses and the same two initial sequence numbers.

By hand
    unshare -n
    ip link set lo up
    nft 'add table ip t; add chain ip t output { type nat hook output priority -100; }'
    nft 'add rule ip t output tcp dport 8080 counter dnat to 127.0.0.1:9090'
    python3 -m http.server 9090 --bind 127.0.0.1 &
    synscope run -- curl -s http://127.0.0.2:8080/
"""

from synscope.lab.stage.stage import Stage

NAME = "nat-between"
FINDINGS = ("nat-between",)
NEEDS = ("nft",)


def play(stage: Stage) -> None:
    client, router, server = stage.routed()
    listener = server.listen(9090)
    router.nft(
        "table ip t { counter met { }\nchain prerouting { type nat hook prerouting priority dstnat;\n"
        f"tcp dport 8080 counter name met dnat to {server.address}:9090\n}}\n}}"
    )
    to = (router.address, 8080)
    attempt = client.connect(to)
    peer = listener.accept()
    met = router.counted("met")
    stage.witness("connect() to {}:{}: {}".format(*to, attempt.error or "connected"), attempt.error is None)
    stage.witness("accept() at {}:9090: from {}:{}".format(server.address, *peer), peer == attempt.local)
    stage.witness(f"nftables, chain prerouting of the router: {met} connection", met == 1)
