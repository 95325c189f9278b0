/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The wire format: one fixed-size record per half of a connection.
 *
 * src/synscope/events/wire.py states the same layout as a numpy dtype; the build compares the two
 * through the object's BTF, so that neither can change alone.
 */
#ifndef SYNSCOPE_HALVES_H
#define SYNSCOPE_HALVES_H

/* In the order in which a connection passes them; the names are those of the JSON. */
enum milestone {
	MS_SOCKET,
	MS_BIND,
	MS_LISTEN,
	MS_CONNECT,
	MS_SYN_OUT,
	MS_SYN_IN,
	MS_REQUEST,
	MS_SYNACK_OUT,
	MS_SYNACK_IN,
	MS_ACK_OUT,
	MS_ACK_IN,
	MS_ESTABLISHED,
	MS_QUEUED,
	MS_ACCEPTED,
	MS_CLOSED,
	MS_DECIDED,		/* when the fate was decided: not a milestone of the JSON */
	MS_COUNT,
};

enum side {
	SIDE_NONE,		/* a socket that has neither connected nor listened yet */
	SIDE_CLIENT,
	SIDE_SERVER,
	SIDE_LISTENER,
};

enum fate {
	FATE_OPEN,		/* undecided: swept up at the end of the trace */
	FATE_ESTABLISHED,	/* client: ESTABLISHED */
	FATE_ACCEPTED,		/* server: handed to its owner by accept() */
	FATE_FAILED,		/* CLOSE before ESTABLISHED, or a failing connect() */
	FATE_CLOSED,		/* CLOSE after ESTABLISHED */
	FATE_RELEASED,		/* close() before any SYN was sent */
	FATE_LISTENING,
};

enum half_flags {
	HALF_PEER = 1,		/* not of the traced command: the other end of a half that is */
	HALF_SYN_COOKIE = 2,	/* the child came from a SYN cookie: no request was kept */
	HALF_EMITTED = 4,	/* left through the ring once already */
	HALF_RESET_IN = 8,	/* an RST was received */
	HALF_RESET_OUT = 16,	/* an RST was sent */
	HALF_ACK_SENT = 32,	/* the final ACK was seen leaving (path detail) */
	HALF_ACK_RECEIVED = 64,	/* the final ACK was seen arriving (path detail) */
	HALF_RELEASED = 128,	/* close() has been called */
	HALF_TFO = 256,		/* the child was made by a SYN with data (TCP Fast Open, RFC 7413) */
	HALF_PROVISIONAL = 512,	/* not known yet to be wanted: nothing of it leaves until it is */
};

#define HALF_TRANSITIONS 7
#define HALF_HEADER 60		/* a TCP header's greatest length, RFC 9293 section 3.1 */

struct transition {
	__u64 t;		/* ns of CLOCK_MONOTONIC */
	__s32 stack;		/* id in the stack map; negative: none taken */
	__u8 from;
	__u8 to;
	__u16 pad;
};

struct half {
	__u64 cookie;		/* 0: the slot is free */
	__u64 listener;		/* the listener's cookie; server halves only */
	__u64 cgroup;		/* the owner's */
	__u64 drop_location;	/* kernel address that freed a segment of this half, or 0 */
	__u64 t[MS_COUNT];	/* ns of CLOCK_MONOTONIC, 0: not seen */
	__u8 local[16];		/* IPv4 in the first four bytes */
	__u8 remote[16];
	char comm[16];
	__u32 netns;		/* ns.inum, as in /proc/PID/ns/net */
	__u32 pid;		/* tgid of the owner; 0: not known */
	__u32 tid;
	__u32 uid;
	__u32 isn;
	__u32 peer_isn;
	__u32 backlog;		/* server: the accept queue at the SYN; listener: now */
	__u32 backlog_max;
	__u16 lport;		/* host order */
	__u16 rport;
	__u16 error;		/* errno of a failing call, positive; 0: none seen */
	__u16 sk_err;
	__u16 sk_err_soft;
	__u16 flags;
	__u16 drop_reason;	/* enum skb_drop_reason of this kernel: names are in its BTF */
	__u8 side;
	__u8 fate;
	__u8 family;		/* 2 AF_INET, 10 AF_INET6; 0 not known yet */
	__u8 attempt;		/* connect() calls on this socket so far */
	__u8 transition_count;	/* may exceed HALF_TRANSITIONS: the rest were lost */
	__u8 syn_retransmits;
	__u8 synack_retransmits;
	__u8 known;		/* KNOWN_*: which of the 0-valued fields are zero, not unknown */
	__u8 header_len;
	__u8 pad;
	/* From here on only what the counts above say is there: the rest is not even cleared. */
	__u8 header[HALF_HEADER]; /* of the received SYN-ACK (client) or final ACK (server) */
	__u8 pad2[4];
	struct transition transitions[HALF_TRANSITIONS];
};

enum known {
	KNOWN_ISN = 1,
	KNOWN_PEER_ISN = 2,
	KNOWN_BACKLOG = 4,
	KNOWN_UID = 8,
};

#endif
