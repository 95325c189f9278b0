/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What every program shares: the settings, the table of halves, the ring, the counts of what was lost.
 *
 * The table is made of arrays, because an array's lookup is inlined by the JIT while a hash map's costs
 * a call, a jhash, and a bucket lock at each update. `entries` finds a half's slot by the low bits of
 * its socket cookie, WAYS neighbours deep; `halves` holds the slots; a freed slot goes to this CPU's
 * `spare` slots first, so that a busy host keeps using the same few, which stay in its cache
 * (docs/explanation/decisions/0005-table-of-arrays.md).
 */
#ifndef SYNSCOPE_TRACK_H
#define SYNSCOPE_TRACK_H

#include "kernel.h"
#include <stddef.h>
#include "halves.h"

char LICENSE[] SEC("license") = "GPL";

#define WAYS 4
#define SPARE 8
#define ENTRIES 65536
#define PORTS 65536

/* Set by the loader before the programs are loaded: branches on it are pruned by the verifier. */
struct config {
	__u64 cgroup;		/* id of the cgroup to trace; 0: any */
	__u32 cgroup_level;
	__u32 netns;		/* ns.inum; 0: any */
	__u32 pid;		/* tgid; 0: any */
	__u32 slots;		/* halves that can be under way at once */
	__u8 address[16];	/* local or remote; IPv4 in the first four bytes */
	__u16 port;		/* local or remote, host order; 0: any */
	__u8 address_family;	/* 0: any address */
	__u8 peers;		/* also the other end on this host, whoever owns it */
	__u8 path;		/* stacks and events */
	__u8 until_close;
	__u8 keep;		/* path or until_close: a half stays after its fate is decided */
	__u8 filters;		/* netns, port or address is set */
	__u8 cast;		/* the kernel has bpf_rdonly_cast */
	__u8 ends;		/* port or address is set: nobody is judged before both ends are known */
	__u16 queue_purge;	/* the drop reason of sockets being emptied at close(): never a fault */
	__u8 pad2[4];
	__u64 write_timer;	/* address of tcp_write_timer */
	__u64 request_timer;	/* address of reqsk_timer_handler */
};

const volatile struct config config SEC(".rodata.config") = { .slots = 1 };

struct entry {
	__u64 cookie;		/* 0: free */
	__u32 slot;		/* 0: none yet; slot 0 is never used */
	__u32 displaced;	/* halves that belong here but found the place taken: most often 0 */
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, ENTRIES);
	__type(key, __u32);
	__type(value, struct entry);
} entries SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);		/* the loader sets the size */
	__type(key, __u32);
	__type(value, struct half);
} halves SEC(".maps");

/* Slots that were used and are free again, by CPU; each place is taken and filled atomically, because
 * a program can be interrupted by another of ours in softirq. */
struct spare {
	__u64 slot[SPARE];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct spare);
} spares SEC(".maps");

/* Free slots that no CPU keeps. */
struct {
	__uint(type, BPF_MAP_TYPE_STACK);
	__uint(max_entries, 1);		/* the loader sets the size */
	__uint(value_size, sizeof(__u32));
} freed SEC(".maps");

/* Slots up to this one have been used at least once. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} used SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);	/* the loader sets the size */
} ring SEC(".maps");

/* Which port pairs are under trace. A hint, overwritten by whoever comes later: every use of it holds
 * the cookie against the half's own ports, or a SYN against the ISN. */
struct flow {
	__u64 client;
	__u64 server;
	__u32 isn;		/* the client's, also when its half is gone; 0: a peer, who brings none along */
	__u32 pad;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, PORTS);
	__type(key, __u32);
	__type(value, struct flow);
} flows SEC(".maps");

/* Ports on which a traced socket listens: its cookie. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, PORTS);
	__type(key, __u32);
	__type(value, __u64);
} listening SEC(".maps");

/* The child that LISTEN -> SYN_RECV was last seen for on this CPU, by pointer (see state.bpf.c). */
struct clone {
	__u64 sk;
	__u64 t;
	__s32 stack;
	__u32 pad;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct clone);
} clones SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_STACK_TRACE);
	__uint(max_entries, 1);		/* the loader sets the size */
	__uint(key_size, sizeof(__u32));
	__uint(value_size, 64 * sizeof(__u64));
} stacks SEC(".maps");

/* What went missing, by the hook that lost it. */
enum hook {
	HOOK_STATE,
	HOOK_SOCKOPS,
	HOOK_SOCK_CREATE,
	HOOK_SOCK_RELEASE,
	HOOK_CONNECT,
	HOOK_BIND,
	HOOK_GETPEERNAME,
	HOOK_FAILURES,
	HOOK_SEGMENTS,
	HOOK_CALLS,
	HOOK_EFFECTS,
	HOOK_FUNCTIONS,
	HOOK_COUNT,
};

enum loss {
	LOST_RING_FULL,		/* a record or event did not fit into the ring */
	LOST_TABLE_FULL,	/* no free slot for a half */
	LOST_STACK,		/* the stack map was full or two stacks collided */
	LOST_TRANSITIONS,	/* more state changes than a record holds */
	LOST_RETURN,		/* a function's return was not seen: its call comes without */
	LEFT_OUT_MPTCP,		/* not a loss: an MPTCP socket was recognised and left out */
	LOSS_COUNT,
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, HOOK_COUNT * LOSS_COUNT);
	__type(key, __u32);
	__type(value, __u64);
} losses SEC(".maps");

static __noinline int count(enum hook hook, enum loss loss)
{
	__u32 key = hook * LOSS_COUNT + loss;
	__u64 *n = bpf_map_lookup_elem(&losses, &key);

	if (n)
		*n += 1;
	return 0;
}

/*
 * Two stacks whose hashes meet in one bucket of the map are told apart by leaving out the innermost
 * frame, and then the next: those two are the BPF program and its trampoline, and nobody's loss.
 */
static __always_inline __s32 stack_take(void *ctx, enum hook hook)
{
	__s32 id = bpf_get_stackid(ctx, &stacks, 0);

	if (id == -EEXIST)
		id = bpf_get_stackid(ctx, &stacks, 1);
	if (id == -EEXIST)
		id = bpf_get_stackid(ctx, &stacks, 2);
	if (id < 0)
		count(hook, LOST_STACK);
	return id;
}

static __always_inline struct entry *entry_at(__u64 cookie, __u32 way)
{
	__u32 key = (cookie + way) & (ENTRIES - 1);

	return bpf_map_lookup_elem(&entries, &key);
}

static __always_inline struct half *slot_at(__u32 slot)
{
	return bpf_map_lookup_elem(&halves, &slot);
}

/* Out of line, as all that is rare: the code that runs for every connection stays short and in the cache. */
static __noinline struct entry *entry_find_displaced(__u64 cookie)
{
	struct entry *e;

	for (int way = 1; way < WAYS; way++) {
		e = entry_at(cookie, way);
		if (e && e->cookie == cookie)
			return e;
	}
	return 0;
}

static __always_inline struct entry *entry_find(__u64 cookie)
{
	struct entry *e = entry_at(cookie, 0);

	if (!e || !cookie)
		return 0;
	if (likely(e->cookie == cookie))
		return e;
	return unlikely(e->displaced) ? entry_find_displaced(cookie) : 0;
}

/* The half of this socket, or NULL where it is not traced. */
static __always_inline struct half *half_find(__u64 cookie)
{
	struct entry *e = entry_find(cookie);

	return e && e->slot ? slot_at(e->slot) : 0;
}

static __noinline struct entry *entry_claim_displaced(__u64 cookie)
{
	struct entry *home = entry_at(cookie, 0), *e;

	for (int way = 1; home && way < WAYS; way++) {
		e = entry_at(cookie, way);
		if (e && !e->cookie && !__sync_val_compare_and_swap(&e->cookie, 0, cookie)) {
			__sync_fetch_and_add(&home->displaced, 1);
			return e;
		}
	}
	return 0;
}

static __always_inline struct entry *entry_claim(__u64 cookie)
{
	struct entry *e = entry_at(cookie, 0);

	if (likely(e && !e->cookie && !__sync_val_compare_and_swap(&e->cookie, 0, cookie)))
		return e;
	return entry_claim_displaced(cookie);
}

static __always_inline void entry_free(struct entry *e)
{
	struct entry *home = entry_at(e->cookie, 0);

	e->slot = 0;
	if (unlikely(home && home->cookie != e->cookie))
		__sync_fetch_and_add(&home->displaced, -1);
	e->cookie = 0;
}

/* A slot that no CPU keeps: one never used so far, else one that was given back. */
static __noinline __u32 slot_take_shared(void)
{
	__u32 zero = 0, slot = 0;
	__u64 *top = bpf_map_lookup_elem(&used, &zero);

	if (top && *top < config.slots - 1) {
		slot = __sync_fetch_and_add(top, 1) + 1;
		if (slot < config.slots)
			return slot;
	}
	slot = 0;
	bpf_map_pop_elem(&freed, &slot);
	return slot;
}

static __always_inline __u32 slot_take(void)
{
	__u32 zero = 0, slot;
	struct spare *spare = bpf_map_lookup_elem(&spares, &zero);

	if (!spare)
		return 0;
#pragma clang loop unroll(disable)
	for (int i = 0; i < SPARE; i++) {
		if (!spare->slot[i])
			continue;
		slot = __sync_lock_test_and_set(&spare->slot[i], 0);
		if (slot)
			return slot;
	}
	return slot_take_shared();
}

static __noinline int slot_give_shared(__u32 slot)
{
	return bpf_map_push_elem(&freed, &slot, 0);
}

static __always_inline int slot_give(__u32 slot)
{
	__u32 zero = 0;
	struct spare *spare = bpf_map_lookup_elem(&spares, &zero);

	if (!spare)
		return 0;
#pragma clang loop unroll(disable)
	for (int i = 0; i < SPARE; i++)
		if (!spare->slot[i] && !__sync_val_compare_and_swap(&spare->slot[i], 0, slot))
			return 0;
	return slot_give_shared(slot);
}

static __always_inline void half_clear(struct half *h, enum side side)
{
	__u64 *words = (__u64 *)h;

	/* A loop of four instructions: code that every connection runs costs by its length, for the kernel's
	 * own path has pushed it out of the cache. The cookie, word 0, stays. */
#pragma clang loop unroll(disable)
	for (int i = 1; i <= (int)(offsetof(struct half, header) / sizeof(*words)); i++)
		words[i] = 0;
	h->side = side;
}

/* A slot for a socket that has none yet; NULL when the table is full. */
static __always_inline struct half *half_claim_slot(__u64 cookie, enum side side)
{
	struct entry *e = entry_claim(cookie);
	struct half *h;
	__u32 slot;

	if (unlikely(!e))
		return 0;
	slot = slot_take();
	h = slot ? slot_at(slot) : 0;
	if (unlikely(!h)) {
		entry_free(e);
		return 0;
	}
	half_clear(h, side);
	h->cookie = cookie;
	e->slot = slot;
	return h;
}

static __always_inline struct half *half_claim(__u64 cookie, enum side side, enum hook hook)
{
	struct half *h = half_claim_slot(cookie, side);

	if (unlikely(!h))
		count(hook, LOST_TABLE_FULL);
	return h;
}

static __always_inline int half_free(struct half *h)
{
	struct entry *e;
	__u32 slot;

	if (!h)
		return 0;
	e = entry_find(h->cookie);
	h->cookie = 0;
	if (!e)
		return 0;
	slot = e->slot;
	entry_free(e);
	return slot ? slot_give(slot) : 0;
}

static __noinline int is_kept_back(struct half *h);

static __always_inline void half_emit(struct half *h, enum fate fate, __u64 t, enum hook hook)
{
	if (unlikely(h->flags & HALF_PROVISIONAL) && is_kept_back(h))
		return;
	h->fate = fate;
	if (!h->t[MS_DECIDED])
		h->t[MS_DECIDED] = t;
	if (unlikely(bpf_ringbuf_output(&ring, h, sizeof(*h), BPF_RB_NO_WAKEUP)))
		count(hook, LOST_RING_FULL);
	h->flags |= HALF_EMITTED;
}

/* The fate is decided: the record leaves, and the slot with it unless more is wanted of this half. */
static __always_inline void half_decide(struct half *h, enum fate fate, __u64 t, enum hook hook)
{
	half_emit(h, fate, t, hook);
	if (!config.keep)
		half_free(h);
}

static __always_inline void half_transition(struct half *h, int from, int to, __u64 t, __s32 stack,
					    enum hook hook)
{
	__u32 n = h->transition_count;

	barrier_var(n);		/* else clang checks one copy and uses another, which the verifier refuses */
	if (unlikely(n >= HALF_TRANSITIONS)) {
		count(hook, LOST_TRANSITIONS);
		return;
	}
	h->transitions[n].t = t;
	h->transitions[n].stack = stack;
	h->transitions[n].from = from;
	h->transitions[n].to = to;
	h->transition_count = n + 1;
}

/*
 * In process context only: whoever runs now owns the socket. Read from the task itself: the helpers
 * for uid, cgroup and comm cost 170 ns together. `uid` is the initial user namespace's.
 */
static __always_inline void half_own(struct half *h)
{
	struct task_struct *task = bpf_get_current_task_btf();
	__u64 *from = (void *)task->comm, *to = (void *)h->comm;

	if (h->tid == (__u32)task->pid)
		return;
	h->pid = task->tgid;
	h->tid = task->pid;
	h->uid = task->cred->uid.val;
	h->known |= KNOWN_UID;
	h->cgroup = task->cgroups->dfl_cgrp->kn->id;
	to[0] = from[0];
	to[1] = from[1];
}

static __noinline int cgroup_is_traced(struct cgroup *cg)
{
	__u32 level = config.cgroup_level;

	if (!cg)
		return 0;
	if (BPF_CORE_READ(cg, kn, id) == config.cgroup)
		return 1;
	if (BPF_CORE_READ(cg, level) < (int)level)
		return 0;
	cg = BPF_CORE_READ(cg, ancestors[level]);
	return cg && BPF_CORE_READ(cg, kn, id) == config.cgroup;
}

/* ns.inum of the socket's network namespace, from whatever pointer to it. */
static __always_inline __u32 netns_of(void *sk, const int cast)
{
	struct net *net = GET(struct sock_common, sk, skc_net.net);

	return GET(struct net, net, ns.inum);
}

/* In process context only. From the task, because sockops programs of 6.1 have no helper for either. */
static __always_inline int current_is_traced(void)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct cgroup *cg;

	if (config.pid && (__u32)task->tgid != config.pid)
		return 0;
	if (!config.cgroup)
		return 1;
	cg = task->cgroups->dfl_cgrp;
	return cg->kn->id == config.cgroup || cgroup_is_traced(cg);
}

/* A new socket is in the namespace of whoever asks for it. */
static __always_inline int current_netns_is_traced(void)
{
	return !config.netns || bpf_get_current_task_btf()->nsproxy->net_ns->ns.inum == config.netns;
}

/* Is this socket's cgroup the traced one or below it? A pid is decided by accept(), in process context. */
static __always_inline int sock_is_traced(struct sock *sk, const int cast)
{
	if (config.pid || !config.cgroup)
		return 1;
	return cgroup_is_traced(GET(struct sock, sk, sk_cgrp_data.cgroup));
}

/*
 * `volatile`, or clang takes the settings for the zeros that they are initialised with. An IPv4 address
 * is wanted as an IPv6 socket has it too, ::ffff:a.b.c.d.
 */
static __always_inline int is_wanted_address(__u8 family, const __u8 *address)
{
	const volatile __u32 *wanted = (const volatile void *)config.address;
	const __u32 *own = (const void *)address;

	if (config.address_family == AF_INET6)
		return family == AF_INET6 && own[0] == wanted[0] && own[1] == wanted[1] &&
		       own[2] == wanted[2] && own[3] == wanted[3];
	if (family == AF_INET)
		return own[0] == wanted[0];
	return !own[0] && !own[1] && own[2] == bpf_htonl(0xffff) && own[3] == wanted[0];
}

/* The filters on namespace, port and address, as far as the ends are known. */
static __always_inline int ends_are_wanted(struct half *h)
{
	if (config.netns && h->netns != config.netns)
		return 0;
	if (config.port && h->lport != config.port && h->rport != config.port)
		return 0;
	return !config.address_family || is_wanted_address(h->family, h->local) ||
	       is_wanted_address(h->family, h->remote);
}

static __always_inline int half_is_wanted(struct half *h)
{
	return !config.filters || ends_are_wanted(h);
}

static __always_inline int is_any_address(const __u8 *address)
{
	const __u64 *words = (const void *)address;

	return !words[0] && !words[1];
}

static __always_inline struct flow *flow_of(__u16 client, __u16 server)
{
	__u32 key = (client ^ server * 0x9e37u) & (PORTS - 1);

	return bpf_map_lookup_elem(&flows, &key);
}

/* The client half on this host that goes from one port to the other, or NULL. */
static __always_inline struct half *client_between(__u16 client, __u16 server)
{
	struct flow *flow = flow_of(client, server);
	struct half *h = flow ? half_find(flow->client) : 0;

	return h && h->side == SIDE_CLIENT && h->lport == client && h->rport == server ? h : 0;
}

/* The server half on this host of such a connection, or NULL. */
static __always_inline struct half *server_between(__u16 client, __u16 server)
{
	struct flow *flow = flow_of(client, server);
	struct half *h = flow ? half_find(flow->server) : 0;

	return h && h->side == SIDE_SERVER && h->rport == client && h->lport == server ? h : 0;
}

/*
 * Of a half that is provisional. A client whose SYN never left is judged by the ends that it had; another's
 * client, by whether a traced listener has its SYN; a child that was never accepted is nobody's.
 */
static __noinline int is_kept_back(struct half *h)
{
	struct half *server;

	if (h->side != SIDE_CLIENT || !half_is_wanted(h))
		return 1;
	if (h->flags & HALF_PEER) {
		server = server_between(h->lport, h->rport);
		if (!server || server->flags & (HALF_PEER | HALF_PROVISIONAL) || server->peer_isn != h->isn)
			return 1;
	}
	h->flags &= ~HALF_PROVISIONAL;
	return 0;
}

/* The port is anybody's again. Unless another traced socket has taken it over (SO_REUSEPORT, a restart). */
static __always_inline void listening_no_more(struct half *h)
{
	__u32 key = h->lport;
	__u64 *cookie = bpf_map_lookup_elem(&listening, &key);

	if (cookie && *cookie == h->cookie)
		*cookie = 0;
}

static __always_inline __u64 listener_on(__u16 port)
{
	__u32 key = port;
	__u64 *cookie = bpf_map_lookup_elem(&listening, &key);

	return cookie ? *cookie : 0;
}

/* Both ends of a socket, from whatever pointer to it. */
static __always_inline void copy_ends(struct half *h, void *sk, const int cast)
{
	__be32 *local = (void *)h->local, *remote = (void *)h->remote;

	h->family = GET(struct sock_common, sk, skc_family);
	h->lport = GET(struct sock_common, sk, skc_num);
	h->rport = bpf_ntohs(GET(struct sock_common, sk, skc_dport));
	if (likely(h->family == AF_INET)) {
		local[0] = GET(struct sock_common, sk, skc_rcv_saddr);
		remote[0] = GET(struct sock_common, sk, skc_daddr);
		return;
	}
#pragma unroll
	for (int i = 0; i < 4; i++) {
		local[i] = GET(struct sock_common, sk, skc_v6_rcv_saddr.in6_u.u6_addr32[i]);
		remote[i] = GET(struct sock_common, sk, skc_v6_daddr.in6_u.u6_addr32[i]);
	}
}

/* Of a BTF pointer. 0: nobody has asked for it yet, so it is none of ours. */
static __always_inline __u64 cookie_of(const struct sock *sk)
{
	return sk->__sk_common.skc_cookie.counter;
}

#endif
