"""Text as Linux 6.18 writes /proc/net/tcp and tcp6."""

import pytest

from synscope.live.inside import listed
from synscope.tcp.inside import Owner

HEAD = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
FOUR = (
    "   0: 0100007F:1F90 00000000:0000 0A 00000000:00000002 00:00000000 00000000  1000        0 501 1 "
    "000000003c2653ed 100 0 0 10 0\n"
    "   1: 0100007F:1F90 0A00000A:D431 01 00000010:00000020 01:00000014 00000000     0        0 502 2 "
    "0000000000000000 20 4 30 10 -1\n"
)
SIX = (
    "   0: 0000000000000000FFFF00000100007F:0050 B80D0120000000000000000001000000:1F90 08 00000000:00000000 "
    "00:00000000 00000000     0        0 503 1 0 20 4 0 10 -1\n"
)


@pytest.fixture
def proc(tmp_path):
    for name in ("self", "77"):
        (tmp_path / name / "net").mkdir(parents=True)
        (tmp_path / name / "ns").mkdir()
        (tmp_path / name / "ns/net").touch()
        (tmp_path / name / "net/tcp").write_text(HEAD + FOUR)
        (tmp_path / name / "net/tcp6").write_text(HEAD + SIX)
    (tmp_path / "77/fd").mkdir()
    (tmp_path / "77/comm").write_text("server\n")
    for number, target in (("3", "socket:[501]"), ("4", "/dev/null"), ("9", "socket:[503]")):
        (tmp_path / "77/fd" / number).symlink_to(target)
    return tmp_path


def test_a_listener_and_a_connection(proc):
    first, second = listed.port(0x1F90, proc)[:2]
    assert (first.state, first.address, first.port, first.peer_port) == ("LISTEN", "127.0.0.1", 8080, None)
    assert (first.uid, first.inode, first.values) == (1000, 501, {"sk_ack_backlog": 2})
    assert (second.state, second.peer_address, second.peer_port) == ("ESTABLISHED", "10.0.0.10", 0xD431)
    assert second.values == {"tx_queue": 16, "rx_queue": 32}
    assert second.netns == (proc / "self/ns/net").stat().st_ino


def test_ipv6(proc):
    (found,) = listed.port(80, proc)
    assert (found.family, found.state) == ("AF_INET6", "CLOSE_WAIT")
    assert (found.address, found.peer_address) == ("::ffff:127.0.0.1", "2001:db8::1")


def test_of_a_process(proc):
    assert [each.owners for each in listed.process(77, proc=proc)] == [
        (Owner(77, "server", 3),),
        (Owner(77, "server", 9),),
    ]
    assert [each.inode for each in listed.process(77, 9, proc)] == [503]
    assert listed.process(77, 4, proc) == []
    assert listed.process(78, proc=proc) == []


def test_without_ipv6(proc):
    (proc / "self/net/tcp6").unlink()
    assert listed.port(80, proc) == []
