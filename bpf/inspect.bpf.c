// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Sockets as the kernel holds them, by iterators: nothing is attached to the kernel's work. Each socket's
 * struct is copied whole, and Python finds the fields in it by the kernel's own types. A socket that has no
 * cookie yet gets one, as ss would give it.
 */
#include "kernel.h"
#include "inspect.h"

char LICENSE[] SEC("license") = "GPL";

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)
struct seq_file;
struct bpf_iter_meta { struct seq_file *seq; };
struct bpf_iter__tcp { struct bpf_iter_meta *meta; struct sock_common *sk_common; };
struct bpf_iter__task_file {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
	__u32 fd;
	struct file *file;
};
struct inode___number { unsigned long i_ino; };
struct socket___ops {
	enum { SS_FREE } state;	/* its values are not needed: CO-RE asks for an enum */
	short type;
	unsigned long flags;
	void *ops;
};
struct socket_alloc { struct inode___number vfs_inode; };
struct sock_common___prot { void *skc_prot; };
struct sock___prot { struct sock_common___prot __sk_common; };
struct sock___socket { struct socket *sk_socket; };
struct request_sock_queue { struct request_sock *rskq_accept_head; };
struct request_sock___queue { struct request_sock *dl_next; struct sock *sk; };
struct inet_connection_sock { struct request_sock_queue icsk_accept_queue; };
struct tcp_timewait_sock { int tw_sk; };
#pragma clang attribute pop

/* Its BTF is compared with Python's dtypes. */
const struct socket_row row_layout = {};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct socket_filter);
} filter SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 65536);
	__type(key, __u32);
	__type(value, __u8);
} ports SEC(".maps");

struct output { struct socket_row row; __u8 sock[SOCK_BYTES]; };

/* Too large for the stack. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct output);
} scratch SEC(".maps");

static __always_inline struct socket_filter *the_filter(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&filter, &zero);
}

static __always_inline struct output *cleared(void)
{
	__u32 zero = 0;
	struct output *out = bpf_map_lookup_elem(&scratch, &zero);

	if (out)
		__builtin_memset(&out->row, 0, sizeof(out->row));
	return out;
}

static __always_inline int has_port(struct sock_common *sk)
{
	__u32 local = BPF_CORE_READ(sk, skc_num), remote = bpf_ntohs(BPF_CORE_READ(sk, skc_dport));

	return bpf_map_lookup_elem(&ports, &local) || bpf_map_lookup_elem(&ports, &remote);
}

static __always_inline int is_wanted(struct sock_common *sk, struct socket_filter *only)
{
	if (only->netns && BPF_CORE_READ(sk, skc_net.net, ns.inum) != only->netns)
		return 0;
	return !only->ports || has_port(sk);
}

static __always_inline void note_socket(struct socket_row *row, struct socket *socket)
{
	row->socket_state = BPF_CORE_READ((struct socket___ops *)socket, state);
	row->socket_type = BPF_CORE_READ((struct socket___ops *)socket, type);
	row->socket_flags = BPF_CORE_READ((struct socket___ops *)socket, flags);
	row->ops = (__u64)BPF_CORE_READ((struct socket___ops *)socket, ops);
	row->inode = BPF_CORE_READ((struct socket_alloc *)socket, vfs_inode.i_ino);
}

/* A full socket, whose struct socket may be missing: a child that nobody has accepted, an orphan. */
static __always_inline void note_sock(struct socket_row *row, struct sock *sk)
{
	struct socket *socket = BPF_CORE_READ((struct sock___socket *)sk, sk_socket);

	row->kind = ROW_SOCKET;
	row->prot = (__u64)BPF_CORE_READ((struct sock___prot *)sk, __sk_common.skc_prot);
	row->protocol = BPF_CORE_READ(sk, sk_protocol);
	row->cgroup = BPF_CORE_READ(sk, sk_cgrp_data.cgroup, kn, id);
	if (socket)
		note_socket(row, socket);
}

static __always_inline void note_common(struct socket_row *row, struct sock_common *sk)
{
	row->sk = (__u64)sk;
	row->family = BPF_CORE_READ(sk, skc_family);
	row->state = BPF_CORE_READ(sk, skc_state);
	row->port = BPF_CORE_READ(sk, skc_num);
	row->netns = BPF_CORE_READ(sk, skc_net.net, ns.inum);
	row->jiffies = bpf_jiffies64();
}

static __always_inline int write_row(struct seq_file *seq, struct output *out, __u32 size)
{
	if (size > SOCK_BYTES)
		size = SOCK_BYTES;
	out->row.size = size;
	if (bpf_probe_read_kernel(out->sock, size, (void *)out->row.sk))
		return 0;
	bpf_seq_write(seq, &out->row, sizeof(out->row));
	return bpf_seq_write(seq, out->sock, size);
}

/* The listener is locked (net/ipv4/tcp_ipv4.c, bpf_iter_tcp_seq_show): nobody takes from its queue meanwhile. */
static __always_inline void write_queue(struct seq_file *seq, struct output *out, struct sock *listener)
{
	struct request_sock *req;

	req = BPF_CORE_READ((struct inet_connection_sock *)listener, icsk_accept_queue.rskq_accept_head);
	__builtin_memset(&out->row, 0, sizeof(out->row));
	out->row.kind = ROW_QUEUED;
	out->row.listener = (__u64)listener;
	for (int i = 0; i < QUEUE_MOST && req; i++) {
		out->row.sk = (__u64)BPF_CORE_READ((struct request_sock___queue *)req, sk);
		bpf_seq_write(seq, &out->row, sizeof(out->row));
		req = BPF_CORE_READ((struct request_sock___queue *)req, dl_next);
	}
}

SEC("iter/tcp")
int tcp_sockets(struct bpf_iter__tcp *ctx)
{
	struct sock_common *sk = ctx->sk_common;
	struct socket_filter *only = the_filter();
	struct output *out = cleared();

	if (!sk || !only || !out || !is_wanted(sk, only))
		return 0;
	bpf_get_socket_cookie(sk);
	note_common(&out->row, sk);
	out->row.pid = out->row.fd = -1;
	if (out->row.state == TCP_TIME_WAIT) {
		out->row.kind = ROW_TIME_WAIT;
		write_row(ctx->meta->seq, out, bpf_core_type_size(struct tcp_timewait_sock));
	} else if (out->row.state == TCP_NEW_SYN_RECV) {
		out->row.kind = ROW_REQUEST;
		out->row.listener = (__u64)BPF_CORE_READ(sk, skc_listener);
		write_row(ctx->meta->seq, out, bpf_core_type_size(struct tcp_request_sock));
	} else {
		note_sock(&out->row, (struct sock *)sk);
		write_row(ctx->meta->seq, out, bpf_core_type_size(struct tcp_sock));
		if (out->row.state == TCP_LISTEN)
			write_queue(ctx->meta->seq, out, (struct sock *)sk);
	}
	return 0;
}

/* A raw socket may have TCP's protocol number. */
static __always_inline int is_tcp(struct socket_row *row)
{
	return (row->family == AF_INET || row->family == AF_INET6) && row->protocol == IPPROTO_TCP &&
	       row->socket_type == SOCK_STREAM;
}

static __always_inline void note_owner(struct socket_row *row, struct task_struct *task, int fd)
{
	row->pid = BPF_CORE_READ(task, tgid);
	row->fd = fd;
	BPF_CORE_READ_STR_INTO(&row->comm, task, comm);
}

SEC("iter/task_file")
int open_sockets(struct bpf_iter__task_file *ctx)
{
	struct socket_filter *only = the_filter();
	struct task_struct *task = ctx->task;
	struct file *file = ctx->file;
	int fd = ctx->fd;
	struct socket *socket;
	struct output *out;
	struct sock *sk;

	if (!task || !file || !only || (only->fd >= 0 && only->fd != fd))
		return 0;
	socket = bpf_sock_from_file(file);
	if (!socket)
		return 0;
	sk = socket->sk;
	out = cleared();
	if (!sk || !out || !is_wanted((struct sock_common *)sk, only))
		return 0;
	bpf_get_socket_cookie(sk);
	note_common(&out->row, (struct sock_common *)sk);
	note_sock(&out->row, sk);
	note_owner(&out->row, task, fd);
	if (is_tcp(&out->row)) {
		write_row(ctx->meta->seq, out, bpf_core_type_size(struct tcp_sock));
	} else if (!only->ports) {
		out->row.kind = ROW_OTHER;
		bpf_seq_write(ctx->meta->seq, &out->row, sizeof(out->row));
	}
	return 0;
}
