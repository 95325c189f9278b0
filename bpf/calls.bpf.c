// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The system calls of path detail: when each began, what it returned, on which socket. A tracepoint
 * on system calls slows every task of the host a little (127 -> 159 ns for getppid), which is why
 * record detail does without.
 */
#include "events.h"

#if defined(__TARGET_ARCH_arm64)
enum { NR_SOCKET = 198, NR_BIND = 200, NR_LISTEN = 201, NR_ACCEPT = 202, NR_CONNECT = 203, NR_ACCEPT4 = 242 };
#else
enum { NR_SOCKET = 41, NR_CONNECT = 42, NR_ACCEPT = 43, NR_BIND = 49, NR_LISTEN = 50, NR_ACCEPT4 = 288 };
#endif

#define S_IFMT 0170000
#define S_IFSOCK 0140000

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)
#if defined(__TARGET_ARCH_arm64)
struct pt_regs { __u64 regs[31]; __s32 syscallno; };
#else
struct pt_regs { unsigned long di; unsigned long orig_ax; };
#endif
#pragma clang attribute pop

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

/* The cookie of the socket behind a descriptor of the current task; 0: not a socket, or none yet. */
static __always_inline __u64 cookie_of_fd(long fd)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct fdtable *table = BPF_CORE_READ(task, files, fdt);
	struct file **place = BPF_CORE_READ(table, fd), *file = 0;
	struct socket *socket;

	if (fd < 0 || (__u64)fd >= BPF_CORE_READ(table, max_fds))
		return 0;
	if (bpf_probe_read_kernel(&file, sizeof(file), place + fd) || !file)
		return 0;
	if ((BPF_CORE_READ(file, f_inode, i_mode) & S_IFMT) != S_IFSOCK)
		return 0;
	socket = BPF_CORE_READ(file, private_data);
	return BPF_CORE_READ(socket, sk, __sk_common.skc_cookie.counter);
}

/* The threads that are inside socket(). */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, __u64);
	__type(value, __u8);
} creating SEC(".maps");

static __always_inline void tell(enum path_kind kind, long nr, __u64 cookie, long code)
{
	struct path_event *e = event_reserve(kind, HOOK_CALLS);

	if (!e)
		return;
	e->syscall = nr;
	e->cookie = cookie;
	e->code = code;
	event_submit(e);
}

SEC("tp_btf/sys_enter")
int BPF_PROG(sys_enter, struct pt_regs *regs, long nr)
{
	__u64 id, cookie = 0;
	__u8 yes = 1;

	if (!is_ours(nr) || !current_is_traced())
		return 0;
	if (nr == NR_SOCKET) {
		id = bpf_get_current_pid_tgid();
		bpf_map_update_elem(&creating, &id, &yes, BPF_ANY);
	} else {
		cookie = cookie_of_fd(first_argument(regs));
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
	half_own(h);
	half_emit(h, FATE_ACCEPTED, t, HOOK_CALLS);
}

SEC("tp_btf/sys_exit")
int BPF_PROG(sys_exit, struct pt_regs *regs, long code)
{
	long nr = number(regs);
	__u64 cookie, id;

	if (!is_ours(nr) || !current_is_traced())
		return 0;
	if (nr == NR_ACCEPT || nr == NR_ACCEPT4) {
		cookie = code >= 0 ? cookie_of_fd(code) : 0;
		accept_returned(cookie);
		tell(PATH_ACCEPT, nr, cookie, code);
		return 0;
	}
	if (nr == NR_SOCKET) {
		id = bpf_get_current_pid_tgid();
		bpf_map_delete_elem(&creating, &id);
		cookie = code >= 0 ? cookie_of_fd(code) : 0;
	} else {
		cookie = cookie_of_fd(first_argument(regs));
	}
	if (nr == NR_CONNECT)
		connect_returned(cookie, code);
	tell(PATH_RETURN, nr, cookie, code);
	return 0;
}
