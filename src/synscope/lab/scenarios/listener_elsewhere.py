"""The server listens in another network namespace than the one that the client asks.

What is built
    Three hosts in a row: client, server, and a container that only the server has a link to. The container
    listens on port 8080; its port is not published on the server.

What happens
    The client connects to the server's port 8080, where nothing listens; connect() returns ECONNREFUSED.

What one should see
    The SYN is freed in the server's namespace (NO_SOCKET), while a listener of the same port is open in
    another one.

By hand
    unshare -n
    ip link set lo up
    unshare -n sh -c 'ip link set lo up; python3 -m http.server 8080' &
    synscope run -- curl http://127.0.0.1:8080/
"""

from synscope.lab.stage.stage import Stage

NAME = "listener-elsewhere"
FINDINGS = ("refused-no-listener", "listener-elsewhere")
NEEDS = ("ss",)


def play(stage: Stage) -> None:
    client, server = stage.pair()
    container = stage.host("container")
    stage.link(server, container)
    container.listen(8080)
    attempt = client.connect((server.address, 8080))
    here, there = (len(host.ss("-ltn", "sport = 8080")) for host in (server, container))
    stage.witness(f"connect(): {attempt.error}", attempt.error == "ECONNREFUSED")
    stage.witness(f"ss on the server: {here} listeners on port 8080", here == 0)
    stage.witness(f"ss on the container: {there} listener on port 8080", there == 1)
