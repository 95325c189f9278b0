/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What `path` detail adds: one event per call or segment, each with its kernel stack. */
#ifndef SYNSCOPE_PATH_H
#define SYNSCOPE_PATH_H

enum path_kind {
	PATH_SOCKET = 1,	/* inet_create, seen through a timer that it sets up */
	PATH_SENT,		/* a segment was handed to a device */
	PATH_RECEIVED,		/* a segment came from a device */
	PATH_DROPPED,		/* a segment was freed with a reason */
	PATH_CALL,		/* a system call began */
	PATH_RETURN,		/* a system call ended: code is what it returned */
	PATH_ACCEPT,		/* accept() ended: cookie is the child's */
	PATH_OPS,		/* a socket's operation pointers were read */
	PATH_ROUTE,		/* connect() looked up a route, before its SYN left */
	PATH_TIMER,		/* the timer of a SYN or a SYN-ACK was started */
	PATH_WINDOW,		/* tcp_connect_init asked for the initial window (sockops): no stack */
};

#define PATH_HEADER 60

struct path_event {
	__u64 t;		/* ns of CLOCK_MONOTONIC */
	__u64 cookie;		/* of the half that it belongs to; 0: not known */
	__u64 location;		/* PATH_DROPPED: the kernel address that freed it */
	__s64 code;		/* PATH_RETURN, PATH_ACCEPT: the return value; PATH_DROPPED: the reason;
				 * PATH_ROUTE: what the table said, -EAGAIN: it has no such route */
	__s32 stack;		/* id in the stack map; negative: none */
	__u32 netns;
	__u32 pid;
	__u32 tid;
	__u8 kind;
	__u8 family;
	__u8 payload;		/* segments: 1 when it carries data */
	__u8 header_len;
	__u16 syscall;		/* calls: its number on this architecture */
	__u16 ifindex;		/* segments, PATH_ROUTE: the device's index, low 16 bits; 0: none */
	__u8 saddr[16];		/* PATH_OPS: the addresses of socket->ops and sk->sk_prot */
	__u8 daddr[16];		/* PATH_OPS: that of icsk_af_ops, in its first half */
	__u8 header[PATH_HEADER]; /* the TCP header, ports first; PATH_ROUTE: both ports (0: not chosen
				   * yet) in network order, then the table's number, host order; PATH_RETURN of
				   * bind() and listen(): the port asked for, network order */
	__u32 cpu;
};

#endif
