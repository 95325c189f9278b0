/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What inspect.bpf.c writes, and src/synscope/probes/inspect.py reads. */
#ifndef SYNSCOPE_INSPECT_H
#define SYNSCOPE_INSPECT_H

#include <linux/types.h>

#define SOCK_BYTES 4096
#define QUEUE_MOST 200	/* rows of one socket must fit into the 8 pages of a seq_file's buffer */

enum socket_row_kind {
	ROW_SOCKET = 1,		/* a full struct sock of TCP: `size` bytes of it follow */
	ROW_REQUEST,		/* a tcp_request_sock likewise */
	ROW_TIME_WAIT,		/* a tcp_timewait_sock likewise */
	ROW_QUEUED,		/* `sk` waits in the accept queue of `listener` */
	ROW_OTHER,		/* of another family or protocol: nothing more is read of it */
};

/* Addresses are for joining the rows with one another and for reading the tables. */
struct socket_row {
	__u64 sk;
	__u64 listener;
	__u64 ops;		/* of struct socket, as are the fields of `socket_…`; 0: there is none */
	__u64 prot;
	__u64 socket_flags;
	__u64 inode;
	__u64 cgroup;
	__u64 jiffies;
	__u32 kind;
	__u32 size;
	__u32 netns;
	__s32 pid;		/* who has it open as `fd`; -1 in rows of iter/tcp */
	__s32 fd;
	__u32 socket_state;
	__u32 protocol;
	__u32 state;
	__u16 socket_type;
	__u16 family;
	__u16 port;
	__u16 pad;
	char comm[16];
};

/* Which sockets are read. 0 asks for nothing, but descriptor 0 is one: fd is -1 for all. */
struct socket_filter {
	__u32 netns;
	__s32 fd;
	__u32 ports;		/* only those with a local or remote port of the map `ports` */
};

#endif
