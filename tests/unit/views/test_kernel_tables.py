from synscope.tcp.inside import InsideSocket
from synscope.tcp.inside_tables import Listening, Registered, Scene
from synscope.views import Style, plain
from synscope.views.kernel_tables import scene

LISTENER = InsideSocket(
    kind="socket",
    family="AF_INET",
    type="SOCK_STREAM",
    protocol="IPPROTO_TCP",
    state="LISTEN",
    address="127.0.0.1",
    port=80,
    netns=1,
    cookie=4,
)
TCP = Registered(family=2, type=1, protocol=6, name="TCP", prot="tcp_prot", ops="inet_stream_ops", flags=6)
RAW = Registered(family=2, type=3, protocol=0, name="RAW", prot="raw_prot", ops="inet_sockraw_ops", flags=1)
MPTCP = Registered(
    family=10, type=1, protocol=262, name="MPTCPv6", prot="mptcp_v6_prot", ops="mptcp_v6_stream_ops", flags=4
)
SCENE = Scene(
    kernel="6.1.0",
    function="tcp_sendmsg",
    sockets=[LISTENER],
    buckets=256,
    listening=[Listening(7, "127.0.0.1", 80, 4)],
    registered=[TCP, RAW, MPTCP],
)


def test_the_whole():
    assert plain(scene(SCENE, Style(), everything=False)) == (
        "stopped at tcp_sendmsg, 6.1.0\n"
        "\n"
        "127.0.0.1:80   LISTEN\n"
        "  AF_INET SOCK_STREAM IPPROTO_TCP  cookie 4  netns 1\n"
        "\n"
        "\n"
        "listeners  tcp_hashinfo.lhash2, 256 buckets\n"
        "  bucket 7    127.0.0.1:80  cookie 4\n"
        "\n"
        "inetsw  AF_INET, in the order of the walk\n"
        "  SOCK_STREAM IPPROTO_TCP tcp_prot inet_stream_ops  PERMANENT ICSK\n"
        "  SOCK_RAW    any         raw_prot inet_sockraw_ops REUSE\n"
        "\n"
        "inetsw6  AF_INET6, in the order of the walk\n"
        "  SOCK_STREAM IPPROTO_MPTCP mptcp_v6_prot mptcp_v6_stream_ops ICSK\n"
    )


def test_without_sockets():
    empty = Scene(
        kernel="6.1.0", function="inet_create", sockets=[], buckets=256, listening=[], registered=[]
    )
    assert plain(scene(empty, Style(), everything=False)) == (
        "stopped at inet_create, 6.1.0\n\nno socket\n\nlisteners  tcp_hashinfo.lhash2, 256 buckets: empty\n"
    )
