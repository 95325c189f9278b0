/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The system calls that set up connections, and the registers of this architecture. */
#ifndef SYNSCOPE_SYSCALLS_H
#define SYNSCOPE_SYSCALLS_H

#include "kernel.h"

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)
#if defined(__TARGET_ARCH_arm64)
struct pt_regs { __u64 regs[31]; __u64 sp; __s32 syscallno; };
#else
struct pt_regs { unsigned long r9, r8, ax, cx, dx, si, di, orig_ax, sp; };
#endif
#pragma clang attribute pop

#if defined(__TARGET_ARCH_arm64)
enum { NR_SOCKET = 198, NR_BIND = 200, NR_LISTEN = 201, NR_ACCEPT = 202, NR_CONNECT = 203, NR_ACCEPT4 = 242 };
#else
enum { NR_SOCKET = 41, NR_CONNECT = 42, NR_ACCEPT = 43, NR_BIND = 49, NR_LISTEN = 50, NR_ACCEPT4 = 288 };
#endif

static __always_inline long first_argument(struct pt_regs *regs)
{
#if defined(__TARGET_ARCH_arm64)
	return regs->regs[0];
#else
	return regs->di;
#endif
}

static __always_inline long number(struct pt_regs *regs)
{
#if defined(__TARGET_ARCH_arm64)
	return regs->syscallno;
#else
	return regs->orig_ax;
#endif
}

static __always_inline int is_ours(long nr)
{
	return nr == NR_SOCKET || nr == NR_BIND || nr == NR_LISTEN || nr == NR_CONNECT || nr == NR_ACCEPT ||
	       nr == NR_ACCEPT4;
}

#endif
