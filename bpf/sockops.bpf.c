// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * sockops: the moments between state changes, from callbacks that the kernel makes for every socket.
 *
 * No callback flag is set and no reply is given, so no socket behaves differently and no other
 * sockops program of this host (Cilium's, say) is disturbed.
 *
 * NEEDS_ECN is asked just before a SYN (tcp_ecn_send_syn) and just before a SYN-ACK
 * (tcp_v4_send_synack) is built: the closest mark of "it leaves" that costs nothing per packet.
 */
#include "track.h"

static __always_inline void listens(struct bpf_sock_ops *ctx, __u64 cookie)
{
	struct half *h = half_find(cookie);
	__u32 port = ctx->local_port;
	__u64 *listener;
	struct tcp_sock *tp;
	__u64 t;

	if (!h) {
		if (!current_is_traced())
			return;
		h = half_claim(cookie, SIDE_LISTENER, HOOK_SOCKOPS);
		if (!h)
			return;
	}
	t = bpf_ktime_get_ns();
	h->side = SIDE_LISTENER;
	h->t[MS_LISTEN] = t;
	h->lport = port;
	half_own(h);
	if (ctx->sk) {
		tp = bpf_skc_to_tcp_sock(ctx->sk);
		if (tp) {
			struct sock *sk = (struct sock *)tp;

			copy_addresses(h, &sk->__sk_common);
			h->netns = sk->__sk_common.skc_net.net->ns.inum;
			h->backlog_max = sk->sk_max_ack_backlog;
			h->known |= KNOWN_BACKLOG;
		}
	}
	listener = bpf_map_lookup_elem(&listening, &port);
	if (listener)
		*listener = cookie;
	half_emit(h, FATE_LISTENING, t, HOOK_SOCKOPS);
}

/* The SYN is about to leave: both ports and the ISN are chosen. */
static __always_inline void syn_out(struct bpf_sock_ops *ctx, __u64 cookie)
{
	struct half *h = half_find(cookie);
	struct tcp_sock *tp;
	struct flow *flow;
	struct sock *sk;

	if (!h || !ctx->sk)
		return;
	tp = bpf_skc_to_tcp_sock(ctx->sk);
	if (!tp)
		return;
	sk = (struct sock *)tp;
	copy_addresses(h, &sk->__sk_common);
	h->lport = sk->__sk_common.skc_num;
	h->rport = bpf_ntohs(sk->__sk_common.skc_dport);
	if (!half_is_wanted(h)) {
		half_free(h);
		return;
	}
	h->isn = tp->snd_una;	/* write_seq has counted the SYN already */
	h->known |= KNOWN_ISN;
	flow = flow_of(h->lport, h->rport);
	if (flow)
		flow->client = cookie;
	if (!h->t[MS_SYN_OUT])
		h->t[MS_SYN_OUT] = bpf_ktime_get_ns();
}

/* Both ends from the context, which has them for a request_sock too. */
static __always_inline void context_addresses(struct half *h, struct bpf_sock_ops *ctx)
{
	__u32 *local = (void *)h->local, *remote = (void *)h->remote;

	h->family = ctx->family;
	h->lport = ctx->local_port;
	h->rport = bpf_ntohl(ctx->remote_port);
	if (h->family == AF_INET) {
		local[0] = ctx->local_ip4;
		remote[0] = ctx->remote_ip4;
		return;
	}
	local[0] = ctx->local_ip6[0];
	local[1] = ctx->local_ip6[1];
	local[2] = ctx->local_ip6[2];
	local[3] = ctx->local_ip6[3];
	remote[0] = ctx->remote_ip6[0];
	remote[1] = ctx->remote_ip6[1];
	remote[2] = ctx->remote_ip6[2];
	remote[3] = ctx->remote_ip6[3];
}

/* Does this request answer the SYN of a half that is traced? */
static __always_inline int answers_traced(struct half *h)
{
	struct half *client = client_between(h->rport, h->lport);

	return client && client->isn == h->peer_isn;
}

/* Who may follow this request: its listener's owner, or the traced client that it answers. */
static __always_inline int request_is_wanted(struct half *h, struct sock *listener)
{
	struct half *lh = half_find(h->listener);

	if (lh && lh->side == SIDE_LISTENER)
		h->flags |= lh->flags & HALF_PEER;
	else if (!sock_is_traced(listener)) {
		if (!config.peers || !answers_traced(h))
			return 0;
		h->flags |= HALF_PEER;
	}
	return half_is_wanted(h);
}

/*
 * tcp_conn_request has accepted a SYN: the cookie is already that of the child to come. The context's
 * `sk` is NULL for a request_sock, so its pointer is read from the kernel's own context.
 */
static __always_inline void requested(struct bpf_sock_ops *ctx, __u64 cookie)
{
	struct tcp_request_sock *req = (void *)BPF_CORE_READ((struct bpf_sock_ops_kern *)ctx, sk);
	struct sock_common *skc = &req->req.req.__req_common;
	struct sock *listener = BPF_CORE_READ(skc, skc_listener);
	__u32 isns[2], backlog[2];
	struct flow *flow;
	struct half *h;

	if (!listener)
		return;
	h = half_claim(cookie, SIDE_SERVER, HOOK_SOCKOPS);
	if (!h)
		return;
	context_addresses(h, ctx);
	h->listener = BPF_CORE_READ(listener, __sk_common.skc_cookie.counter);
	bpf_core_read(isns, sizeof(isns), &req->rcv_isn);	/* snt_isn comes next in every version */
	h->peer_isn = isns[0];
	h->isn = isns[1];
	if (config.netns || config.path)	/* else its child tells, at no cost */
		h->netns = BPF_CORE_READ(skc, skc_net.net, ns.inum);
	if (!request_is_wanted(h, listener)) {
		half_free(h);
		return;
	}
	h->known |= KNOWN_ISN | KNOWN_PEER_ISN | KNOWN_BACKLOG;
	bpf_core_read(backlog, sizeof(backlog), &listener->sk_ack_backlog); /* then sk_max_ack_backlog */
	h->backlog = backlog[0];
	h->backlog_max = backlog[1];
	flow = flow_of(h->rport, h->lport);
	if (flow)
		flow->server = cookie;
	h->t[MS_REQUEST] = bpf_ktime_get_ns();
}

/* Copy the received segment's TCP header, options included: at least 20 bytes, at most 60. */
static __always_inline void copy_header(struct half *h, struct bpf_sock_ops *ctx)
{
	void *data = ctx->skb_data, *end = ctx->skb_data_end;
	__u8 length = 0;

#pragma unroll
	for (int i = 0; i < HALF_HEADER / 4; i++) {
		__u32 *from = data + i * 4;

		if ((void *)(from + 1) > end)
			break;
		((__u32 *)h->header)[i] = *from;
		length = i * 4 + 4;
	}
	h->header_len = length;
}

static __always_inline void active_established(struct bpf_sock_ops *ctx, __u64 cookie)
{
	struct half *h = half_find(cookie);
	struct tcp_sock *tp;

	if (!h || !ctx->sk)
		return;
	tp = bpf_skc_to_tcp_sock(ctx->sk);
	if (!tp)
		return;
	h->peer_isn = tp->rcv_nxt - 1;
	h->known |= KNOWN_PEER_ISN;
	copy_header(h, ctx);
	half_decide(h, FATE_ESTABLISHED, h->t[MS_ESTABLISHED], HOOK_SOCKOPS);
}

/* A child without a request: its SYN was answered with a cookie, and nothing was kept of it. */
static __always_inline struct half *from_syn_cookie(struct sock *sk, struct tcp_sock *tp, __u64 cookie)
{
	__u16 lport = sk->__sk_common.skc_num;
	struct half *h;

	if (!listener_on(lport) && !sock_is_traced(sk))
		return 0;
	h = half_claim(cookie, SIDE_SERVER, HOOK_SOCKOPS);
	if (!h)
		return 0;
	h->flags |= HALF_SYN_COOKIE;
	h->listener = listener_on(lport);
	h->lport = lport;
	h->rport = bpf_ntohs(sk->__sk_common.skc_dport);
	h->netns = sk->__sk_common.skc_net.net->ns.inum;
	copy_addresses(h, &sk->__sk_common);
	h->isn = tp->snd_una - 1;
	h->peer_isn = tp->rcv_nxt - 1;
	h->known |= KNOWN_ISN | KNOWN_PEER_ISN;
	if (half_is_wanted(h))
		return h;
	half_free(h);
	return 0;
}

/* The child is in the accept queue (inet_csk_complete_hashdance comes first) and about to be ESTABLISHED. */
static __always_inline void passive_established(struct bpf_sock_ops *ctx, __u64 cookie)
{
	struct half *h = half_find(cookie);
	struct tcp_sock *tp;

	if (!ctx->sk)
		return;
	if (!h) {
		tp = bpf_skc_to_tcp_sock(ctx->sk);
		h = tp ? from_syn_cookie((struct sock *)tp, tp, cookie) : 0;
		if (!h)
			return;
	}
	if (h->side != SIDE_SERVER)	/* a simultaneous open ends here too (RFC 9293 section 3.5) */
		return;
	copy_header(h, ctx);
	if (h->header[13] & 2)	/* the segment that made the child is a SYN, not an ACK */
		h->flags |= HALF_TFO;
	if (config.path)
		h->t[MS_QUEUED] = bpf_ktime_get_ns();
}

SEC("sockops")
int tcp_events(struct bpf_sock_ops *ctx)
{
	__u32 op = ctx->op;

	if (op == BPF_SOCK_OPS_NEEDS_ECN) {
		__u64 cookie = bpf_get_socket_cookie(ctx);

		if (ctx->is_fullsock) {
			syn_out(ctx, cookie);
		} else {
			struct half *h = half_find(cookie);

			if (h && !h->t[MS_SYNACK_OUT])
				h->t[MS_SYNACK_OUT] = bpf_ktime_get_ns();
		}
	} else if (op == BPF_SOCK_OPS_RWND_INIT) {
		if (!ctx->is_fullsock)
			requested(ctx, bpf_get_socket_cookie(ctx));
	} else if (op == BPF_SOCK_OPS_ACTIVE_ESTABLISHED_CB) {
		active_established(ctx, bpf_get_socket_cookie(ctx));
	} else if (op == BPF_SOCK_OPS_PASSIVE_ESTABLISHED_CB) {
		passive_established(ctx, bpf_get_socket_cookie(ctx));
	} else if (op == BPF_SOCK_OPS_TCP_LISTEN_CB) {
		listens(ctx, bpf_get_socket_cookie(ctx));
	}
	return 1;
}
