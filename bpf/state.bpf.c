// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * inet_sock_set_state: which state each socket moves through, and, with its stack, who moves it. For
 * path detail and until close; record detail has its states from sockops.bpf.c.
 */
#include "track.h"

static __always_inline __s32 take_stack(void *ctx)
{
	return config.path ? stack_take(ctx, HOOK_STATE) : -1;
}

/*
 * The child's first change, LISTEN -> SYN_RECV in inet_csk_clone_lock. On 6.1 and 6.12 (no longer
 * on 6.18) the clone still bears its listener's cookie here and no remote port: what is seen is kept by
 * pointer, and picked up by the SYN_RECV -> ESTABLISHED that follows on this CPU in the same softirq.
 */
static __always_inline void remember_clone(const struct sock *sk, __u64 t, __s32 stack)
{
	__u32 zero = 0;
	struct clone *clone = bpf_map_lookup_elem(&clones, &zero);

	if (!clone)
		return;
	clone->sk = (__u64)sk;
	clone->t = t;
	clone->stack = stack;
}

static __always_inline void recall_clone(struct half *h, const struct sock *sk)
{
	__u32 zero = 0;
	struct clone *clone = bpf_map_lookup_elem(&clones, &zero);

	if (!clone || clone->sk != (__u64)sk)
		return;
	half_transition(h, TCP_LISTEN, TCP_SYN_RECV, clone->t, clone->stack, HOOK_STATE);
	h->t[MS_ACK_IN] = clone->t;
	clone->sk = 0;
}

static __always_inline void established(struct half *h, struct sock *sk, int from, __u64 t)
{
	if (from == TCP_SYN_SENT) {
		h->t[MS_SYNACK_IN] = t;
	} else if (h->side == SIDE_SERVER && !h->t[MS_ACK_IN]) {
		recall_clone(h, sk);
	}
	h->t[MS_ESTABLISHED] = t;
}

static __always_inline void closed(struct half *h, struct sock *sk, __u64 t)
{
	h->sk_err = sk->sk_err;
	if (sk->sk_err_soft)	/* else what failures.bpf.c has noted of it: its owner may have read it */
		h->sk_err_soft = sk->sk_err_soft;
	if (h->side == SIDE_LISTENER) {
		listening_no_more(h);
		half_emit(h, FATE_CLOSED, t, HOOK_STATE);
		half_free(h);
		return;
	}
	if (!h->t[MS_ESTABLISHED])
		half_emit(h, FATE_FAILED, t, HOOK_STATE);
	else if (config.until_close || !(h->flags & HALF_EMITTED))
		half_emit(h, FATE_CLOSED, t, HOOK_STATE);
	/* In path detail connect()'s own return, which names the errno, may be still to come. */
	if (!config.path || h->t[MS_ESTABLISHED] || h->side != SIDE_CLIENT || h->flags & HALF_RELEASED)
		half_free(h);
}

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(inet_sock_set_state, struct sock *sk, int from, int to)
{
	struct half *h;
	__s32 stack;
	__u64 t;

	if (sk->sk_protocol != IPPROTO_TCP)
		return 0;
	if (from == TCP_LISTEN && to == TCP_SYN_RECV) {
		h = half_find(cookie_of(sk));
		t = bpf_ktime_get_ns();
		stack = h ? take_stack(ctx) : -1;
		if (!h || h->side != SIDE_SERVER) {
			remember_clone(sk, t, stack);
			return 0;
		}
		h->t[MS_ACK_IN] = t;
		half_transition(h, from, to, t, stack, HOOK_STATE);
		return 0;
	}
	h = half_find(cookie_of(sk));
	if (!h)
		return 0;
	t = bpf_ktime_get_ns();
	if (to == TCP_ESTABLISHED)
		established(h, sk, from, t);
	half_transition(h, from, to, t, take_stack(ctx), HOOK_STATE);
	if (to == TCP_SYN_SENT)
		h->side = SIDE_CLIENT;
	else if ((to == TCP_FIN_WAIT1 || to == TCP_LAST_ACK || to == TCP_CLOSE) && !h->t[MS_CLOSED])
		h->t[MS_CLOSED] = t;
	if (to == TCP_CLOSE)
		closed(h, sk, t);
	return 0;
}
