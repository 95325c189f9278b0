// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What inlined functions do (path detail): the routes that connect() looks up, the timers that wait for
 * the SYN-ACK and the final ACK. src/synscope/connections/effects.py tells whose doing each is.
 *
 * All of the host's timers and routed packets come by here: the first comparison lets go what is no
 * connection's beginning.
 */
#include "events.h"
#include <asm-generic/errno.h>

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct timer_list { void *function; };
struct inet_connection_sock___timed { struct timer_list icsk_retransmit_timer; };
struct sock___shared { struct timer_list tcp_retransmit_timer; };
struct request_sock___timed { struct timer_list rsk_timer; };

union flowi_uli {
	struct { __be16 dport; __be16 sport; } ports;
};
struct flowi_common { __u8 flowic_proto; };
struct flowi4 {
	struct flowi_common __fl_common;
	__be32 saddr;
	__be32 daddr;
	union flowi_uli uli;
};
struct flowi6 {
	struct flowi_common __fl_common;
	struct in6_addr daddr;
	struct in6_addr saddr;
	union flowi_uli uli;
};
struct fib_nh_common { struct net_device *nhc_dev; };
struct fib6_nh { struct fib_nh_common nh_common; };
struct fib6_info { __u8 fib6_type; };
struct fib6_result {
	struct fib6_nh *nh;
	struct fib6_info *f6i;
	__u8 fib6_type;
};
struct fib6_table { __u32 tb6_id; };
struct netns_ipv6 { struct fib6_info *fib6_null_entry; };
struct net___v6 { struct netns_ipv6 ipv6; };

#pragma clang attribute pop

#define THREADS 65536

/* Which socket a thread connects, by the low bits of its tid. A hint: the half has the thread's tid. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, THREADS);
	__type(key, __u32);
	__type(value, __u64);
} connecting_threads SEC(".maps");

/* Attached after the program that claims the half (sockets.bpf.c), and so run after it. */
static __always_inline int begins(struct bpf_sock_addr *ctx)
{
	__u64 cookie = bpf_get_socket_cookie(ctx), *place;
	struct half *h = half_find(cookie);
	__u32 key;

	if (!h || h->side != SIDE_CLIENT)
		return 1;
	key = h->tid & (THREADS - 1);
	place = bpf_map_lookup_elem(&connecting_threads, &key);
	if (place)
		*place = cookie;
	return 1;
}

SEC("cgroup/connect4")
int connecting4(struct bpf_sock_addr *ctx)
{
	return begins(ctx);
}

SEC("cgroup/connect6")
int connecting6(struct bpf_sock_addr *ctx)
{
	return begins(ctx);
}

/*
 * The half that this thread is connecting to that port, until its SYN leaves. A softirq on top of it
 * looks up routes of its own, to other ports.
 */
static __always_inline struct half *connecting_to(__be16 port)
{
	__u32 tid = bpf_get_current_task_btf()->pid, key = tid & (THREADS - 1);
	__u64 *cookie = bpf_map_lookup_elem(&connecting_threads, &key);
	struct half *h = cookie ? half_find(*cookie) : 0;

	if (!h || h->tid != tid || h->side != SIDE_CLIENT || h->t[MS_SYN_OUT])
		return 0;
	return h->rport == bpf_ntohs(port) ? h : 0;
}

/* Where a route event has what a segment's has not: after the ports, which are where a header has them. */
struct route {
	__be16 sport;
	__be16 dport;
	__u32 table;
};

static __always_inline struct path_event *route_reserve(void *ctx, struct half *h, union flowi_uli *uli,
							__u32 table, int error)
{
	struct path_event *e = event_reserve(PATH_ROUTE, HOOK_EFFECTS);
	struct route *route;

	if (!e)
		return 0;
	route = (void *)e->header;
	route->sport = BPF_CORE_READ(uli, ports.sport);
	route->dport = BPF_CORE_READ(uli, ports.dport);
	route->table = table;
	e->header_len = sizeof(*route);
	e->cookie = h->cookie;
	e->code = error;
	e->stack = stack_take(ctx, HOOK_EFFECTS);
	return e;
}

SEC("tp_btf/fib_table_lookup")
int BPF_PROG(fib_table_lookup, __u32 table, struct flowi4 *flow, struct fib_nh_common *hop, int error)
{
	struct path_event *e;
	struct half *h;

	if (flow->__fl_common.flowic_proto != IPPROTO_TCP)
		return 0;
	h = connecting_to(BPF_CORE_READ(flow, uli.ports.dport));
	e = h ? route_reserve(ctx, h, &flow->uli, table, error) : 0;
	if (!e)
		return 0;
	e->family = AF_INET;
	*(__be32 *)e->saddr = flow->saddr;
	*(__be32 *)e->daddr = flow->daddr;
	if (hop)
		e->ifindex = BPF_CORE_READ(hop, nhc_dev, ifindex);
	event_submit(e);
	return 0;
}

/* include/uapi/linux/rtnetlink.h */
enum { RTN_BLACKHOLE = 6, RTN_UNREACHABLE, RTN_PROHIBIT, RTN_THROW };

/* As fib_table_lookup has it; net/ipv6/route.c, fib6_prop, and -EAGAIN where the table has no route. */
static __always_inline int error_of(struct net *net, struct fib6_result *result)
{
	struct net___v6 *v6 = (void *)net;

	if (BPF_CORE_READ(result, f6i) == BPF_CORE_READ(v6, ipv6.fib6_null_entry))
		return -EAGAIN;
	switch (BPF_CORE_READ(result, fib6_type)) {
	case RTN_BLACKHOLE:
		return -EINVAL;
	case RTN_UNREACHABLE:
		return -EHOSTUNREACH;
	case RTN_PROHIBIT:
		return -EACCES;
	case RTN_THROW:
		return -EAGAIN;
	}
	return 0;
}

SEC("tp_btf/fib6_table_lookup")
int BPF_PROG(fib6_table_lookup, struct net *net, struct fib6_result *result, struct fib6_table *table,
	     struct flowi6 *flow)
{
	struct path_event *e;
	struct half *h;

	if (flow->__fl_common.flowic_proto != IPPROTO_TCP)
		return 0;
	h = connecting_to(BPF_CORE_READ(flow, uli.ports.dport));
	e = h ? route_reserve(ctx, h, &flow->uli, table->tb6_id, error_of(net, result)) : 0;
	if (!e)
		return 0;
	e->family = AF_INET6;
	BPF_CORE_READ_INTO(&e->saddr, flow, saddr);
	BPF_CORE_READ_INTO(&e->daddr, flow, daddr);
	e->netns = net->ns.inum;
	e->ifindex = BPF_CORE_READ(result, nh, nh_common.nhc_dev, ifindex);
	event_submit(e);
	return 0;
}

/* The struct that a timer is in. clang would add the negated offset, which 6.1's verifier cannot follow. */
static __always_inline void *around(struct timer_list *timer, __u64 offset)
{
	void *outer = timer;

	asm volatile("%0 -= %1" : "+r"(outer) : "r"(offset));
	return outer;
}

/* Since 6.19 the retransmission timer is struct sock's own. */
static __always_inline void *sock_of(struct timer_list *timer)
{
	if (bpf_core_field_exists(struct inet_connection_sock___timed, icsk_retransmit_timer))
		return around(timer, bpf_core_field_offset(struct inet_connection_sock___timed, icsk_retransmit_timer));
	return around(timer, bpf_core_field_offset(struct sock___shared, tcp_retransmit_timer));
}

/* The cookie of the half that waits by this timer for an answer; 0: none. */
static __always_inline __u64 cookie_waiting(struct timer_list *timer, __u64 function, const int cast)
{
	void *sk;

	if (function == config.request_timer) {
		sk = around(timer, bpf_core_field_offset(struct request_sock___timed, rsk_timer));
	} else {
		sk = sock_of(timer);
		if (GET(struct sock_common, sk, skc_state) != TCP_SYN_SENT)
			return 0;
	}
	return GET(struct sock_common, sk, skc_cookie.counter);
}

static __always_inline void starts(void *ctx, struct timer_list *timer, __u64 function, const int cast)
{
	struct half *h = half_find(cookie_waiting(timer, function, cast));
	struct path_event *e = h ? event_reserve(PATH_TIMER, HOOK_EFFECTS) : 0;

	if (!e)
		return;
	e->cookie = h->cookie;
	e->stack = stack_take(ctx, HOOK_EFFECTS);
	event_submit(e);
}

SEC("tp_btf/timer_start")
int BPF_PROG(timer_start, struct timer_list *timer)
{
	__u64 function = (__u64)timer->function;

	if (function != config.write_timer && function != config.request_timer)
		return 0;
	if (config.cast)
		starts(ctx, timer, function, 1);
	else
		starts(ctx, timer, function, 0);
	return 0;
}

/*
 * tcp_connect_init asks for a full socket's initial window: of a server's child its request has been asked
 * before. A program of its own, for record detail does without.
 */
SEC("sockops")
int initial_window(struct bpf_sock_ops *ctx)
{
	struct path_event *e;
	struct half *h;

	if (ctx->op != BPF_SOCK_OPS_RWND_INIT || !ctx->is_fullsock)
		return 1;
	h = half_find(BPF_CORE_READ((struct bpf_sock_ops_kern *)ctx, sk, __sk_common.skc_cookie.counter));
	e = h ? event_reserve(PATH_WINDOW, HOOK_EFFECTS) : 0;
	if (!e)
		return 1;
	e->cookie = h->cookie;
	event_submit(e);
	return 1;
}
