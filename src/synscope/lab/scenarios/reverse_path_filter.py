"""The server's reverse-path filter drops the SYN: it came in by another way than its answer would go.

What is built
    Two hosts, client and server, joined by two veth links. The server listens on port 8080, and its
    reverse-path filter is strict (net.ipv4.conf.all.rp_filter is 1). The client asks by ARP with the address
    of the link alone (arp_announce is 2): else the filter would refuse the question already.

What happens
    The client binds to its address on the second link and connects to the server's address on the first:
    the SYN goes out by the first link. The server would answer by the second, drops it, and tells nobody; the
    client sends it again after a second, and gives up.

What one should see
    SYNs that reach the server's first device and are freed there with IP_RPFILTER.

By hand
    unshare -n
    ip link add eth0 type veth peer name eth1 netns SERVER
    nsenter -t SERVER -n sysctl -w net.ipv4.conf.all.rp_filter=1
    ip address add 198.51.100.1/32 dev lo
    synscope run -- curl -m 1.5 --interface 198.51.100.1 http://192.0.2.2:8080/
    nsenter -t SERVER -n nstat -az TcpExtIPReversePathFilter
"""

from synscope.lab.stage.stage import Stage

NAME = "reverse-path-filter"
FINDINGS = ("reverse-path-filter",)


def play(stage: Stage) -> None:
    client, server = stage.pair()
    stage.link(client, server)
    client.sysctl("net.ipv4.conf.all.arp_announce", 2)
    server.sysctl("net.ipv4.conf.all.rp_filter", 1)
    server.listen(8080)
    second = client.ends[1].address
    attempt = client.connect((server.address, 8080), source=(second, 0), timeout=1.5)
    back = server.command("ip", "route", "get", second)
    filtered = server.counter("TcpExtIPReversePathFilter")
    stage.witness(f"connect(): {attempt.error}", attempt.error == "timeout")
    stage.witness(f"ip route get {second} on the server: dev {server.ends[1].device}", "dev eth1" in back)
    stage.witness(f"/proc/net/netstat of the server: IPReversePathFilter {filtered}", filtered == 2)
