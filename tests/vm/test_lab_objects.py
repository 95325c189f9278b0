"""`synscope lab inspect`: what is read from a guest's memory, against what that guest's kernel says of it.

The witnesses are system calls and /proc, in another run of the same snapshot: the command is the same up to
the stop, so it has the same ports, inodes and sequence numbers.
"""

import ast
import json
import os
import struct
import subprocess
import sys
from collections.abc import Mapping
from functools import cached_property
from typing import Any

import pytest

from synscope.capture.file import read
from synscope.errors import Exit
from synscope.live.protocols import registered
from synscope.tcp.inetsw import AF_INET, table
from synscope.tcp.states import state_name
from vm.test_lab import MAIN, SERIES, UNPRIVILEGED
from vm.watched import kept

# Two listeners; at each a connection that was accepted, and one that waits. Then the first byte is sent.
WORK = """
import json, os, socket
listeners = [
    socket.create_server(("127.0.0.1", 0), backlog=5),
    socket.create_server(("::1", 0), family=socket.AF_INET6, backlog=7),
]
sockets = [*listeners]
for listener in listeners:
    sockets += [socket.create_connection(listener.getsockname()[:2]) for _ in range(2)]
    sockets.append(listener.accept()[0])
def said(one):
    info = one.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 104)
    cookie = int.from_bytes(one.getsockopt(socket.SOL_SOCKET, 57, 8), "little")
    return one.fileno(), os.fstat(one.fileno()).st_ino, cookie, info
print([said(one) for one in sockets])
for name in ("tcp", "tcp6", "protocols"):
    print([open("/proc/net/" + name).read()])
sockets[-1].send(b"x")
"""
# Places of TCP_INFO's words (include/uapi/linux/tcp.h, struct tcp_info), and the members that they are of
INFO = {
    2: "mss_cache",
    3: "rcv_mss",
    13: "icsk_pmtu_cookie",
    14: "rcv_ssthresh",
    18: "snd_cwnd",
    19: "advmss",
}
RTO, UNACKED, SACKED = 0, 4, 5


class Lab:
    """`synscope lab` of one kernel."""

    def __init__(self, series: str) -> None:
        kept(series)  # or the test is skipped
        self._series = series

    def __call__(self, command: str, *words: str) -> "subprocess.CompletedProcess[str]":
        prefix = UNPRIVILEGED if os.geteuid() == 0 else []
        called = [*prefix, sys.executable, "-c", MAIN, "lab", command, "--kernel", self._series, *words]
        environ = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
        return subprocess.run(called, capture_output=True, text=True, env=environ, timeout=600, check=False)

    def scene(self, *words: str) -> Mapping[str, Any]:
        done = self("inspect", "--json", *words)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    @cached_property
    def seen(self) -> Mapping[str, Any]:
        """What is in memory at the first byte of `WORK`."""
        return self.scene("--", "python3", "-c", WORK)

    @cached_property
    def said(self) -> list[Any]:
        """What `WORK` prints."""
        done = self("run", "--detail", "path", "--", "python3", "-c", WORK)
        return [ast.literal_eval(line) for line in done.stdout.splitlines()[:4]]


@pytest.fixture(scope="module", params=SERIES)
def lab(request: pytest.FixtureRequest) -> Lab:
    return Lab(request.param)


def test_it_stops_where_the_first_byte_is_sent(lab: Lab):
    assert lab.seen["function"] == "tcp_sendmsg"


def test_every_socket_of_proc_net_tcp_is_found_and_no_other(lab: Lab):
    proc = [line.split() for text in lab.said[1:3] for line in text[0].splitlines()[1:]]
    named = {
        (_port(words[1]), _port(words[2]), state_name(int(words[3], 16)), int(words[9]))
        for words in proc
        if int(words[3], 16) != 6  # the guest's own first connection, before it takes orders
    }
    ours = {(one["port"], one["peer_port"] or 0, one["state"], one["inode"]) for one in lab.seen["sockets"]}
    assert len(ours) == 10
    assert ours == named


def _port(end: str) -> int:
    return int(end.partition(":")[2], 16)


def test_members_are_what_tcp_info_says(lab: Lab):
    ours = {one["owners"][0]["fd"]: one for one in lab.seen["sockets"] if one["owners"]}
    assert len(ours) == 8
    for fd, inode, cookie, info in lab.said[0]:
        one, words = ours[fd], struct.unpack_from("<8x24I", info)
        assert (one["inode"], one["cookie"]) == (inode, cookie)
        assert (one["state"], one["uid"]) == (state_name(info[0]), 0)
        values = one["values"]
        if one["state"] == "LISTEN":
            assert (values["sk_ack_backlog"], values["sk_max_ack_backlog"]) == (words[UNACKED], words[SACKED])
        else:
            assert {name: values[name] for name in INFO.values()} == {INFO[at]: words[at] for at in INFO}
            assert values["icsk_rto_ms"] * 1000 == words[RTO]


def test_who_waits_for_accept_is_in_its_listeners_queue(lab: Lab):
    sockets = lab.seen["sockets"]
    waiting = {one["port"]: one for one in sockets if one["listener"]}
    listeners = [one for one in sockets if one["state"] == "LISTEN"]
    assert len(listeners) == len(waiting) == 2
    for one in listeners:
        child = waiting[one["port"]]
        assert (one["accept_queue"], child["listener"]) == ([child["cookie"]], one["cookie"])
        assert (child["owners"], child["socket_state"]) == ([], None)


def test_listeners_are_in_the_table(lab: Lab):
    listeners = {(one["port"], one["cookie"]) for one in lab.seen["sockets"] if one["state"] == "LISTEN"}
    assert {(one["port"], one["cookie"]) for one in lab.seen["listening"]} == listeners
    assert all(one["bucket"] < lab.seen["buckets"] for one in lab.seen["listening"])


def test_protocols_are_those_of_proc_net_protocols(lab: Lab):
    expected = table(registered(lab.said[3][0]))
    found: dict[tuple[int, int], list[tuple[object, ...]]] = {}
    for one in lab.seen["registered"]:
        words = (one["name"], one["protocol"], one["prot"], one["ops"])
        found.setdefault((one["family"], one["type"]), []).append(words)
    assert found == {
        key: [(one.name, one.protocol, one.prot, one.ops) for one in entries]
        for key, entries in expected.items()
    }
    assert found[AF_INET, 1][0] == ("TCP", 6, "tcp_prot", "inet_stream_ops")


def test_operations_are_those_that_the_probes_read(lab: Lab, tmp_path):
    saved = tmp_path / "pair.syn"
    assert lab("run", "--detail", "path", "-o", str(saved)).returncode == 0
    probed = {one.table: one.members for one in read(saved).footer.operations.values()}
    [client] = [one for one in lab.scene()["sockets"] if one["socket_state"] == "SS_CONNECTING"]
    tables = {
        kind: {member: pointer["function"] for member, pointer in members.items()}
        for kind, members in client["tables"].items()
    }
    assert tables.keys() == {"socket->ops", "sk_prot", "icsk_af_ops"}
    assert tables == probed


def test_it_stops_at_any_function(lab: Lab):
    found = lab.scene("--at", "tcp_v4_syn_recv_sock")
    request = next(one for one in found["sockets"] if one["kind"] == "request")
    client = next(one for one in found["sockets"] if one["state"] == "ESTABLISHED")
    assert request["isns"]["own"] == client["isns"]["peer"]
    assert request["isns"]["peer"] == client["isns"]["own"]
    assert found == lab.scene("--at", "tcp_v4_syn_recv_sock")


def test_a_function_that_is_not_there_or_not_called_is_said(lab: Lab):
    done = lab("inspect", "--at", "no_such_function")
    assert (done.returncode, done.stdout) == (Exit.USAGE, "")
    assert "no function 'no_such_function'" in done.stderr
    done = lab("inspect", "--", "false")
    assert (done.returncode, done.stdout) == (Exit.FAILED, "")
    assert "never led to tcp_sendmsg or tcp_close: it ended with status 1" in done.stderr
