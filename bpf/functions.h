/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What `functions` detail adds: one row per call of a kernel function. */
#ifndef SYNSCOPE_FUNCTIONS_H
#define SYNSCOPE_FUNCTIONS_H

enum call_flags {
	CALL_RETURNED = 1,	/* exit and ret are there */
	CALL_TAIL = 2,		/* entered by a jump: its caller had left its frame */
	CALL_SOFTIRQ = 4,	/* ran in softirq context: tid is of whoever was interrupted */
	CALL_PEER = 8,		/* cookie is of the other end: the half that this works for has none yet */
};

struct function_call {
	__u64 enter;		/* ns of CLOCK_MONOTONIC */
	__u64 exit;
	__u64 cookie;		/* of the half that it works for, or its listener; 0: its arguments do not tell */
	__u64 args[6];		/* the argument registers */
	__s64 ret;		/* the return register: means something where the function returns something */
	__u32 function;		/* its place in the loader's list */
	__u32 pid;
	__u32 tid;
	__u16 cpu;
	__u8 flags;
	__u8 pad;
};

/* What an argument is, as far as it can tell which half a call works for: from the function's prototype. */
enum argument {
	ARGUMENT_OTHER,
	ARGUMENT_SOCK,		/* begins with a struct sock_common: a sock, a request_sock */
	ARGUMENT_SOCKET,
	ARGUMENT_SKB,
};

struct function_arguments {
	__u8 kind[6];
	__u8 pad[2];
};

#define DEPTH 48		/* hooked functions that can be inside each other */

/* A call under way. */
struct frame {
	struct function_call call;
	__u64 sp;		/* the stack pointer at its entry: callers have greater ones */
	__u64 half;		/* cookie of whom it works for, by its own arguments or its caller's; 0: not known */
	__u8 ours;		/* works for a traced half, and so does what it calls */
	__u8 kept;		/* something inside it is ours */
	__u8 pad[6];
};

/* The calls under way in one context: a task, or the softirq of a CPU. */
struct frames {
	__u32 depth;
	__u32 pad;
	struct frame at[DEPTH];
};

#endif
