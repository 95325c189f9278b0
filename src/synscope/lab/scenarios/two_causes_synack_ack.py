"""Two causes at once: the first SYN-ACK is dropped, and then the first ACK.

What is built
    Two hosts, client and server, joined by a veth link. Two rules of nftables on the client drop one SYN-ACK
    a minute on hook input and one ACK a minute on hook output.

What happens
    The client sends its SYN again for want of an answer; the second SYN-ACK comes, its ACK is lost, and the
    server sends the SYN-ACK once more. accept() has the connection two seconds late.

What one should see
    Both drops, each with its own finding, and the two retransmissions.

By hand
    unshare -n
    ip link add eth0 type veth peer name eth1 netns SERVER
    nft 'add table inet t; add chain inet t i { type filter hook input priority 0; }'
    nft 'add chain inet t o { type filter hook output priority 0; }'
    nft 'add rule inet t i tcp flags == (syn|ack) limit rate 1/minute burst 1 packets counter drop'
    nft 'add rule inet t o tcp flags == ack limit rate 1/minute burst 1 packets counter drop'
    synscope run -- curl http://192.0.2.2:8080/
"""

from synscope.lab.stage.stage import Stage

NAME = "two-causes-synack-ack"
FINDINGS = ("final-ack-lost", "synack-dropped", "slow-retransmission")
IN_RECORD = None  # which of the two timers runs first decides what a record keeps
NEEDS = ("nft",)

ONE = "limit rate 1/minute burst 1 packets COUNTER drop"


def play(stage: Stage) -> None:
    client, server = stage.pair()
    listener = server.listen(8080)
    answers = client.rule("input", f"tcp flags & (syn | ack) == (syn | ack) {ONE}")
    acks = client.rule("output", f"tcp flags & (syn | ack) == ack {ONE}")
    attempt = client.connect((server.address, 8080))
    peer = listener.accept()
    stage.witness(f"connect(): {attempt.error or 'connected'}", attempt.error is None)
    stage.witness(f"accept() gave the server port {peer[1]}", peer == attempt.local)
    dropped = answers.packets, acks.packets
    stage.witness(f"nftables of the client: {dropped} SYN-ACKs and ACKs dropped", dropped == (1, 1))
