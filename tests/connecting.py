"""Logs of sockets being made, for tests: on a `blocks.Cpu`, with the prototypes that their functions have."""

import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np

from blocks import Cpu
from rows import client_row, listener_row, server_row
from support.require import require
from synscope.kernel.btf import Btf
from synscope.lab.calls import function_calls

LISTENER, SOCKET, CHILD, REQUEST, NEW_SOCKET, SKB = (0xFF11000000000000 + 0x1000 * n for n in range(1, 7))
CLIENT_SK, CLIENT_SOCKET = 0xFF11000000008000, 0xFF11000000009000
PROTOTYPES = """
struct sock; struct socket; struct request_sock; struct sk_buff;
struct socket *sock_alloc(void) { return 0; }
struct sock *sk_alloc(void *net) { return 0; }
void sock_init_data(struct socket *sock, struct sock *sk) {}
unsigned long long __sock_gen_cookie(struct sock *sk) { return 0; }
int inet_create(void *net, struct socket *sock, int protocol, int kern) { return 0; }
int inet_listen(struct socket *sock, int backlog) { return 0; }
int inet_stream_connect(struct socket *sock, void *address, int length) { return 0; }
int inet_accept(struct socket *sock, struct socket *newsock, int flags) { return 0; }
struct sock *inet_csk_accept(struct sock *sk, int flags) { return 0; }
struct request_sock *inet_reqsk_alloc(void *ops, struct sock *listener) { return 0; }
int tcp_v4_send_synack(struct sock *sk, void *dst, void *flow, struct request_sock *req) { return 0; }
struct sock *inet_csk_clone_lock(struct sock *sk, struct request_sock *req) { return 0; }
struct sock *sk_clone_lock(struct sock *sk) { return 0; }
int tcp_v4_rcv(struct sk_buff *skb) { return 0; }
int tcp_filter(struct sock *sk, struct sk_buff *skb) { return 0; }
void tcp_release_cb(struct sock *sk) {}
int __sys_socket(int family, int type, int protocol) { return 0; }
int net_rx_action(void *h) { return 0; }
int unrelated(void *p) { return 0; }
int probed(struct sock *sk) { return 0; }
"""


HALVES = np.concatenate(
    [
        listener_row(cookie=1, pid=100, tid=101),
        client_row(cookie=2, pid=200, tid=201),
        server_row(cookie=3, pid=100, tid=101),
    ]
)


def compiled(folder: Path) -> Btf:
    """The types of `PROTOTYPES`."""
    require(shutil.which("clang"), "no clang")
    (folder / "prototypes.c").write_text(PROTOTYPES)
    command = ["clang", "-target", "bpf", "-w", "-g", "-O2", "-c", "prototypes.c", "-o", "prototypes.o"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return Btf.of_object(folder / "prototypes.o")


def told(cpu: Cpu, btf: Btf, halves: Any = HALVES) -> list[tuple[str, int, int]]:
    """Of each row: function, cookie, thread."""
    rows, functions = function_calls(cpu.log(), cpu.symbols(), btf, halves)
    return [(functions[row["function"]].name, int(row["cookie"]), int(row["tid"])) for row in rows]


def opened(cpu: Cpu, sock: int, sk: int, cookie: int) -> None:
    """socket(2), and a probe that asks for the cookie, in which nothing is told."""
    cpu.call("__sys_socket", 2, 1)
    cpu.within("sock_alloc", ret=sock)
    cpu.call("inet_create", 0, sock)
    cpu.within("sk_alloc", ret=sk)
    cpu.within("sock_init_data", sock, sk)
    cpu.call("bpf_prog_6deef7357e7b4530_sock_create")
    cpu.within("probed", sk)
    cpu.within("__sock_gen_cookie", sk, ret=cookie)
    cpu.ret()
    cpu.ret()
    cpu.ret()
