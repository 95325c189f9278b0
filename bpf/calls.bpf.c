// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The system calls of path detail: when each began, what it returned, on which socket. A tracepoint
 * on system calls slows every task of the host a little (127 -> 159 ns for getppid), which is why
 * record detail does without.
 */
#include "events.h"
#include "syscalls.h"

#define S_IFMT 0170000
#define S_IFSOCK 0140000

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)
struct sock_common___prot { void *skc_prot; };
struct sock___prot { struct sock_common___prot __sk_common; };
struct socket___ops { short type; void *ops; };
struct inet_connection_sock { void *icsk_af_ops; };
#pragma clang attribute pop

/* The socket behind a descriptor of the current task; NULL: there is none. */
static __always_inline struct socket *socket_of_fd(long fd)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct fdtable *table = BPF_CORE_READ(task, files, fdt);
	struct file **place = BPF_CORE_READ(table, fd), *file = 0;

	if (fd < 0 || (__u64)fd >= BPF_CORE_READ(table, max_fds))
		return 0;
	if (bpf_probe_read_kernel(&file, sizeof(file), place + fd) || !file)
		return 0;
	if ((BPF_CORE_READ(file, f_inode, i_mode) & S_IFMT) != S_IFSOCK)
		return 0;
	return BPF_CORE_READ(file, private_data);
}

/* 0: nobody has asked for it yet, or the socket is NULL. */
static __always_inline __u64 cookie_of_socket(struct socket *socket)
{
	return BPF_CORE_READ(socket, sk, __sk_common.skc_cookie.counter);
}

/* The filters on namespace, port and address, as far as a call tells: a half that they turned away is gone. */
static __always_inline int call_is_wanted(struct socket *socket, __u64 cookie, int ended)
{
	struct sock *sk = socket ? BPF_CORE_READ(socket, sk) : 0;

	if (!config.filters)
		return 1;
	if (sk ? config.netns && netns_of(sk, 0) != config.netns : !current_netns_is_traced())
		return 0;
	return !config.ends || !ended || !cookie || half_find(cookie);
}

/* The threads that are inside socket(). */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, __u64);
	__type(value, __u8);
} creating SEC(".maps");

/* The port that bind() asked for: a call that fails leaves no half behind that could tell. */
static __always_inline void note_port(struct path_event *e, long nr, __u64 cookie)
{
	struct half *h = nr == NR_BIND || nr == NR_LISTEN ? half_find(cookie) : 0;

	if (!h)
		return;
	*(__be16 *)e->header = bpf_htons(h->lport);
	e->header_len = sizeof(__be16);
}

static __always_inline void tell(enum path_kind kind, long nr, __u64 cookie, long code)
{
	struct path_event *e = event_reserve(kind, HOOK_CALLS);

	if (!e)
		return;
	e->syscall = nr;
	e->cookie = cookie;
	e->code = code;
	if (kind == PATH_RETURN)
		note_port(e, nr, cookie);
	event_submit(e);
}

/* icsk_af_ops of the sockets whose operations were told, by cookie. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384);
	__type(key, __u64);
	__type(value, __u64);
} told SEC(".maps");

/*
 * The tables of operations of a TCP socket: once, and once more where connect() has changed them, as it does
 * for an IPv4 address on an IPv6 socket (net/ipv6/tcp_ipv6.c, tcp_v6_connect).
 */
static __noinline int tell_operations(struct socket *socket, __u64 cookie)
{
	struct sock *sk = BPF_CORE_READ(socket, sk);
	__u64 family = (__u64)BPF_CORE_READ((struct inet_connection_sock *)sk, icsk_af_ops), *known;
	struct path_event *e;
	__u64 *tables, *rest;

	if (BPF_CORE_READ(sk, sk_protocol) != IPPROTO_TCP ||
	    BPF_CORE_READ((struct socket___ops *)socket, type) != SOCK_STREAM)
		return 0;
	known = bpf_map_lookup_elem(&told, &cookie);
	if (known && *known == family)
		return 0;
	bpf_map_update_elem(&told, &cookie, &family, BPF_ANY);
	e = event_reserve(PATH_OPS, HOOK_CALLS);
	if (!e)
		return 0;
	tables = (__u64 *)e->saddr;
	tables[0] = (__u64)BPF_CORE_READ((struct socket___ops *)socket, ops);
	tables[1] = (__u64)BPF_CORE_READ((struct sock___prot *)sk, __sk_common.skc_prot);
	rest = (__u64 *)e->daddr;
	rest[0] = family;
	e->cookie = cookie;
	event_submit(e);
	return 0;
}

static __always_inline void look_at(struct socket *socket)
{
	__u64 cookie = socket ? cookie_of_socket(socket) : 0;

	if (cookie)
		tell_operations(socket, cookie);
}

SEC("tp_btf/sys_enter")
int BPF_PROG(sys_enter, struct pt_regs *regs, long nr)
{
	struct socket *socket = 0;
	__u64 id, cookie = 0;
	__u8 yes = 1;

	if (!is_ours(nr) || !current_is_traced())
		return 0;
	if (nr != NR_SOCKET) {
		socket = socket_of_fd(first_argument(regs));
		cookie = cookie_of_socket(socket);
	}
	if (!call_is_wanted(socket, cookie, 0))
		return 0;
	if (nr == NR_SOCKET) {
		id = bpf_get_current_pid_tgid();
		bpf_map_update_elem(&creating, &id, &yes, BPF_ANY);
	}
	tell(PATH_CALL, nr, cookie, 0);
	return 0;
}

/*
 * inet_create has no tracepoint of its own; sock_init_data, which it calls, sets up the socket's timer.
 * Only the first timer of a socket() call is told.
 */
SEC("tp_btf/timer_init")
int BPF_PROG(timer_init)
{
	__u64 id = bpf_get_current_pid_tgid();
	struct path_event *e;

	if (bpf_map_delete_elem(&creating, &id))
		return 0;
	e = event_reserve(PATH_SOCKET, HOOK_CALLS);
	if (!e)
		return 0;
	e->stack = stack_take(ctx, HOOK_CALLS);
	event_submit(e);
	return 0;
}

/* Codes above this are restarts that the caller never sees (include/linux/errno.h). */
#define ERESTARTSYS 512

static __always_inline void connect_returned(__u64 cookie, long code)
{
	struct half *h = half_find(cookie);

	if (!h || h->side != SIDE_CLIENT || code >= 0 || code <= -ERESTARTSYS)
		return;
	h->error = -code;
	if (code == -EINPROGRESS || h->t[MS_ESTABLISHED])
		return;
	half_emit(h, FATE_FAILED, bpf_ktime_get_ns(), HOOK_CALLS);
}

static __always_inline void accept_returned(__u64 cookie)
{
	struct half *h = half_find(cookie);
	__u64 t;

	if (!h || h->side != SIDE_SERVER || h->t[MS_ACCEPTED])
		return;
	t = bpf_ktime_get_ns();
	h->t[MS_ACCEPTED] = t;
	h->flags &= ~HALF_PROVISIONAL;
	half_own(h);
	half_emit(h, FATE_ACCEPTED, t, HOOK_CALLS);
}

SEC("tp_btf/sys_exit")
int BPF_PROG(sys_exit, struct pt_regs *regs, long code)
{
	long nr = number(regs);
	int accepts = nr == NR_ACCEPT || nr == NR_ACCEPT4;
	struct socket *socket;
	__u64 cookie, id;

	if (!is_ours(nr) || !current_is_traced())
		return 0;
	if (nr == NR_SOCKET) {
		id = bpf_get_current_pid_tgid();
		bpf_map_delete_elem(&creating, &id);
	}
	socket = socket_of_fd(accepts || nr == NR_SOCKET ? code : first_argument(regs));
	cookie = socket ? cookie_of_socket(socket) : 0;
	if (!call_is_wanted(socket, cookie, 1))
		return 0;
	if (accepts) {
		look_at(socket_of_fd(first_argument(regs)));
		accept_returned(cookie);
	}
	look_at(socket);
	if (nr == NR_CONNECT)
		connect_returned(cookie, code);
	tell(accepts ? PATH_ACCEPT : PATH_RETURN, nr, cookie, code);
	return 0;
}
