// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * functions detail: entry and return of every catalogued kernel function that works for a traced half.
 *
 * One program runs at each entry and one at each return, of all functions; the loader's cookie tells
 * which. A call is ours by the sockets and segments among its arguments, never by the process alone,
 * because softirq work runs in whatever task it interrupted; one whose arguments do not tell is what its
 * caller is. Open calls are kept by context, so that a row leaves when its call returns, and a caller that
 * nothing was known of (net_rx_action) is told after all when something inside it was ours.
 */
#include "track.h"
#include "packet.h"
#include "syscalls.h"
#include "functions.h"

#define FUNCTIONS 512

/* Keep the structs in the object's BTF, where the build reads their layout. */
struct function_call *const volatile layout SEC(".rodata.layout") = 0;

/* Set by the loader before the programs are loaded. */
const volatile struct function_arguments arguments[FUNCTIONS] SEC(".rodata.args") = {};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);	/* the loader sets the size */
} calls SEC(".maps");

/* Whether calls are told: the loader attaches and detaches one function after the other. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} telling SEC(".maps");

/* By thread. Only threads that are inside a call of ours have an entry. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, __u32);
	__type(value, struct frames);
} tasks SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct frames);
} softirqs SEC(".maps");

/* What an entry of `tasks` begins as: too large for a program's stack. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct frames);
} empty SEC(".maps");

#define SOFTIRQ_OFFSET 0x100	/* include/linux/preempt.h: softirq is being served, not only disabled */
#define HARDIRQ_MASK 0xf0000
#define NMI_MASK 0xf00000	/* set, with a hardirq, around a kprobe that is an int3 */

#if defined(__TARGET_ARCH_arm64)
#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)
struct thread_info { union { __u64 preempt_count; }; };
struct task_struct___info { struct thread_info thread_info; };
#pragma clang attribute pop

static __always_inline __u32 preempt_count(void)
{
	struct task_struct___info *task = (void *)bpf_get_current_task_btf();

	return BPF_CORE_READ(task, thread_info.preempt_count);
}
#else
/* A variable of each CPU, which from 6.2 to 6.14 was inside another. */
struct pcpu_hot { int preempt_count; } __attribute__((preserve_access_index));
extern int __preempt_count __ksym __weak;
extern struct pcpu_hot pcpu_hot __ksym __weak;

static __always_inline __u32 preempt_count(void)
{
	if (&__preempt_count)
		return *(int *)bpf_this_cpu_ptr(&__preempt_count);
	if (&pcpu_hot)
		return ((struct pcpu_hot *)bpf_this_cpu_ptr(&pcpu_hot))->preempt_count;
	return 0;
}
#endif

static __always_inline void read_registers(struct pt_regs *regs, __u64 args[6])
{
#if defined(__TARGET_ARCH_arm64)
	args[0] = regs->regs[0];
	args[1] = regs->regs[1];
	args[2] = regs->regs[2];
	args[3] = regs->regs[3];
	args[4] = regs->regs[4];
	args[5] = regs->regs[5];
#else
	args[0] = regs->di;
	args[1] = regs->si;
	args[2] = regs->dx;
	args[3] = regs->cx;
	args[4] = regs->r8;
	args[5] = regs->r9;
#endif
}

static __always_inline __s64 returned(struct pt_regs *regs)
{
#if defined(__TARGET_ARCH_arm64)
	return regs->regs[0];
#else
	return regs->ax;
#endif
}

/* Where a probe hit. */
struct place {
	__u32 function;
	__u8 softirq;
};

/* 0 when this call may be told. */
static __always_inline int where(void *ctx, struct place *place)
{
	__u64 function = bpf_get_attach_cookie(ctx);
	__u32 zero = 0, in = preempt_count();
	__u64 *on = bpf_map_lookup_elem(&telling, &zero);

	if (!on || !*on || function >= FUNCTIONS)
		return -1;
	if (in & HARDIRQ_MASK && !(in & NMI_MASK))	/* it interrupts: its caller here is none of its */
		return -1;
	place->function = function;
	place->softirq = !!(in & SOFTIRQ_OFFSET);
	return 0;
}

static __always_inline struct frames *frames_here(int softirq)
{
	__u32 key = 0;

	if (softirq)
		return bpf_map_lookup_elem(&softirqs, &key);
	key = bpf_get_current_pid_tgid();
	return bpf_map_lookup_elem(&tasks, &key);
}

static __always_inline struct frames *frames_begin(void)
{
	__u32 zero = 0, tid = bpf_get_current_pid_tgid();
	struct frames *none = bpf_map_lookup_elem(&empty, &zero);

	if (!none)
		return 0;
	bpf_map_update_elem(&tasks, &tid, none, BPF_NOEXIST);
	return bpf_map_lookup_elem(&tasks, &tid);
}

static __always_inline struct frame *frame_at(struct frames *f, __u32 at)
{
	barrier_var(at);	/* clang shall neither check a copy nor compute the address before the check */
	if (at >= DEPTH)
		return 0;
	barrier_var(at);
	return &f->at[at];
}

static __always_inline struct frame *innermost(struct frames *f)
{
	return frame_at(f, f->depth - 1);
}

/* The innermost call is over. Not static, as those below: then the verifier looks at it only once. */
__noinline int pop(struct frames *f)
{
	struct frame *frame, *caller;

	if (!f)
		return 0;
	frame = innermost(f);
	if (!frame)
		return 0;
	f->depth--;
	if (!frame->ours && !frame->kept)
		return 0;
	caller = innermost(f);
	if (caller)
		caller->kept = 1;
	if (!(frame->call.flags & CALL_RETURNED))
		count(HOOK_FUNCTIONS, LOST_RETURN);
	if (bpf_ringbuf_output(&calls, &frame->call, sizeof(frame->call), BPF_RB_NO_WAKEUP))
		count(HOOK_FUNCTIONS, LOST_RING_FULL);
	return 0;
}

/*
 * What is left of calls whose return was not seen. Whoever is called has the lesser stack pointer; one
 * that was jumped to has its caller's, but no function jumps to itself.
 */
static __always_inline void pop_stale(struct frames *f, __u32 function, __u64 sp)
{
	struct frame *frame;

#pragma clang loop unroll(disable)
	for (int i = 0; i < DEPTH; i++) {
		frame = innermost(f);
		if (!frame)
			return;
		if (frame->sp > sp || (frame->sp == sp && frame->call.function != function))
			return;
		pop(f);
	}
}

/* What a call's arguments tell of whom it works for: cookies. */
struct identity {
	__u64 half;
	__u64 listener;
	__u64 other;	/* somebody who is not traced, or whose fate is decided */
	__u8 peer;	/* half is the other end */
};

/*
 * A half whose fate is decided is of interest only where something that began before goes on: the
 * handshake's last segment, but not those of the connection's life.
 */
static __always_inline int is_under_way(struct half *h, int inside)
{
	return inside || config.until_close || !h->t[MS_DECIDED];
}

__noinline int consider(struct identity *id, __u64 cookie, int inside)
{
	struct half *h = half_find(cookie);

	if (!id)
		return 0;
	if (h && h->side == SIDE_LISTENER)
		id->listener = cookie;
	else if (h && is_under_way(h, inside))
		id->half = cookie;
	else if (cookie)
		id->other = cookie;
	return 0;
}

/* Cookie of the half on this host that has these ports, or 0. */
static __always_inline __u64 half_with(__u16 local, __u16 remote)
{
	struct half *h = client_between(local, remote);

	if (h)
		return h->cookie;
	h = server_between(remote, local);
	return h ? h->cookie : 0;
}

/* By its ports. A segment that a socket owns is leaving, any other has come or is on its way up. */
static __always_inline void consider_segment(struct identity *id, struct sk_buff *skb, int leaving, int inside)
{
	unsigned char *head = BPF_CORE_READ(skb, head);
	struct packet p = {};
	__u64 own, peers;
	__u16 local, remote;

	if (packet_at(head + BPF_CORE_READ(skb, network_header), &p))
		return;
	local = bpf_ntohs(leaving ? p.tcp.source : p.tcp.dest);
	remote = bpf_ntohs(leaving ? p.tcp.dest : p.tcp.source);
	own = half_with(local, remote);
	if (own) {
		consider(id, own, inside);
		return;
	}
	peers = half_with(remote, local);
	if (peers) {
		consider(id, peers, inside);
		id->peer = id->half == peers;
	} else if (!leaving && (p.tcp.flags & (SYN | ACK)) == SYN && listener_on(local)) {
		id->listener = listener_on(local);
	} else {
		id->other = -1;
	}
}

__noinline int consider_skb(struct identity *id, __u64 address, int inside)
{
	struct sk_buff *skb = (void *)address;
	struct sock *sk;
	__u64 cookie;

	if (!id)
		return 0;
	sk = BPF_CORE_READ(skb, sk);
	cookie = sk ? BPF_CORE_READ(sk, __sk_common.skc_cookie.counter) : 0;
	if (cookie)
		consider(id, cookie, inside);
	else
		consider_segment(id, skb, sk != 0, inside);
	return 0;
}

static __always_inline __u64 cookie_at(__u64 address)
{
	struct sock_common *sk = (void *)address;

	return sk ? BPF_CORE_READ(sk, skc_cookie.counter) : 0;
}

static __always_inline __u64 sock_of(__u64 address)
{
	struct socket *socket = (void *)address;

	return (__u64)BPF_CORE_READ(socket, sk);
}

/* What is done for a traced client in the name of a listener that is not traced is the client's all the same. */
__noinline int consider_sock(struct identity *id, __u64 address, int inside)
{
	struct sock_common *sk = (void *)address;
	__u64 cookie = cookie_at(address);

	if (inside && cookie && BPF_CORE_READ(sk, skc_state) == TCP_LISTEN && !half_find(cookie))
		return 0;
	return consider(id, cookie, inside);
}

/* A traced task inside one of the system calls that set up connections. */
static __always_inline int in_traced_call(void)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct pt_regs *regs = (struct pt_regs *)bpf_task_pt_regs(task);

	return is_ours(number(regs)) && current_is_traced();
}

static __always_inline void identify(struct identity *id, struct function_call *call, int inside)
{
	__u64 skb = 0;
	__u32 function = call->function & (FUNCTIONS - 1);

#pragma unroll
	for (int i = 0; i < 6; i++) {
		switch (arguments[function].kind[i]) {
		case ARGUMENT_SOCK:
			consider_sock(id, call->args[i], inside);
			break;
		case ARGUMENT_SOCKET:
			consider_sock(id, sock_of(call->args[i]), inside);
			break;
		case ARGUMENT_SKB:
			skb = call->args[i];
			break;
		}
	}
	if (!id->half && skb)
		consider_skb(id, skb, inside);
}

/* Whom the call works for: by its arguments, else by its caller, else by the task. */
static __always_inline void attribute(struct frame *frame, struct frame *caller, int softirq)
{
	struct identity id = {};
	int inside = caller && caller->ours;

	identify(&id, &frame->call, inside);
	if (id.half || id.listener) {
		frame->ours = 1;
		frame->half = frame->call.cookie = id.half ? id.half : id.listener;
		if (id.peer)
			frame->call.flags |= CALL_PEER;
	} else if (inside) {
		frame->ours = !id.other || id.other == caller->half;
		frame->half = caller->half;
	} else {
		frame->ours = !caller && !softirq && !id.other && in_traced_call();
	}
}

static __always_inline void push(struct frames *f, struct frame *frame)
{
	struct frame *to = frame_at(f, f->depth);

	if (!to) {
		count(HOOK_FUNCTIONS, LOST_TABLE_FULL);
		return;
	}
	*to = *frame;
	f->depth++;
}

/* 1 when the call's return is waited for. */
static __always_inline int entered(struct pt_regs *regs)
{
	struct frame frame = {}, *caller = 0;
	struct place place = {};
	__u64 id = bpf_get_current_pid_tgid();
	struct frames *f;

	if (where(regs, &place))
		return 0;
	f = frames_here(place.softirq);
	frame.sp = regs->sp;
	if (f) {
		pop_stale(f, place.function, frame.sp);
		caller = innermost(f);
	}
	read_registers(regs, frame.call.args);
	frame.call.function = place.function;
	attribute(&frame, caller, place.softirq);
	if (!caller && !frame.ours && !place.softirq)
		return 0;
	if (!f)
		f = frames_begin();
	if (!f) {
		count(HOOK_FUNCTIONS, LOST_TABLE_FULL);
		return 0;
	}
	if (place.softirq)
		frame.call.flags |= CALL_SOFTIRQ;
	if (caller && caller->sp == frame.sp)
		frame.call.flags |= CALL_TAIL;
	frame.call.pid = id >> 32;
	frame.call.tid = id;
	frame.call.cpu = bpf_get_smp_processor_id();
	frame.call.enter = bpf_ktime_get_ns();
	push(f, &frame);
	return 1;
}

/* A socket that had no cookie yet, or was not there, when the call that makes it was entered. */
static __always_inline __u64 cookie_by_now(struct function_call *call)
{
	__u32 function = call->function & (FUNCTIONS - 1);
	__u64 cookie = 0;

#pragma unroll
	for (int i = 0; i < 2; i++)
		if (arguments[function].kind[i] == ARGUMENT_SOCKET)
			cookie = cookie_at(sock_of(call->args[i]));
	return half_find(cookie) ? cookie : 0;
}

static __always_inline void left(struct pt_regs *regs)
{
	__u64 now = bpf_ktime_get_ns();
	struct place place = {};
	struct frame *frame = 0;
	struct frames *f;
	__u32 at, tid;

	if (where(regs, &place))
		return;
	f = frames_here(place.softirq);
	if (!f)
		return;
	at = f->depth;
#pragma clang loop unroll(disable)
	for (int i = 0; i < DEPTH; i++) {
		frame = frame_at(f, --at);
		if (!frame)
			return;		/* its entry was before all others or was not seen */
		if (frame->call.function == place.function)
			break;
	}
	frame = frame_at(f, at);
	if (!frame)
		return;
	frame->call.exit = now;
	frame->call.ret = returned(regs);
	frame->call.flags |= CALL_RETURNED;
	if (frame->ours && !frame->call.cookie)
		frame->call.cookie = cookie_by_now(&frame->call);
#pragma clang loop unroll(disable)
	for (int i = 0; i < DEPTH && f->depth > at; i++)
		pop(f);
	if (!at && !place.softirq) {
		tid = bpf_get_current_pid_tgid();
		bpf_map_delete_elem(&tasks, &tid);
	}
}

/* For kprobe.multi as well: the loader chooses the kind of attachment. */
SEC("kprobe")
int enter(struct pt_regs *regs)
{
	entered(regs);
	return 0;
}

SEC("kretprobe")
int leave(struct pt_regs *regs)
{
	left(regs);
	return 0;
}

extern _Bool bpf_session_is_return(void) __ksym __weak;

/* kprobe.session, 6.10 and later: 1 at the entry spares the return. */
SEC("kprobe")
int session(struct pt_regs *regs)
{
	if (!bpf_session_is_return())
		return !entered(regs);
	left(regs);
	return 0;
}
