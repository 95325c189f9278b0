// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * sockops: the moments between state changes, from callbacks that the kernel makes for every socket.
 *
 * No callback flag is set and no reply is given, so no socket behaves differently and no other
 * sockops program of this host (Cilium's, say) is disturbed.
 *
 * In record detail the states are told from here, without a tracepoint that runs at each change of
 * every socket of the host: a callback sees the state that its socket is in. In path detail, and until
 * close, inet_sock_set_state tells them (state.bpf.c).
 *
 * NEEDS_ECN is asked just before a SYN (tcp_ecn_send_syn) and just before a SYN-ACK
 * (tcp_v4_send_synack) is built: the closest mark of "it leaves" that costs nothing per packet.
 */
#include "track.h"

/* The kernel's own context has the socket; the public one hides a request_sock. */
#define SOCK_OF(ctx) ((void *)GET(struct bpf_sock_ops_kern, ctx, sk))

/* A helper's call only where the socket has no cookie yet. */
#define COOKIE(ctx, sk) (GET(struct sock, sk, __sk_common.skc_cookie.counter) ?: bpf_get_socket_cookie(ctx))

/*
 * The kernel's own time of the segment that it is sending or has just taken in hand: it looked at the
 * clock for that (tcp_connect, tcp_rcv_state_process), so we need not look again.
 */
static __always_inline __u64 segment_time(void *sk, const int cast)
{
	return GET(struct tcp_sock, sk, tcp_clock_cache) ?: bpf_ktime_get_ns();
}

/* The filters as far as they speak of a listener: one on any address has children on all of them. */
static __always_inline int listener_is_wanted(struct half *h)
{
	if (!config.filters)
		return 1;
	if (config.netns && h->netns != config.netns)
		return 0;
	if (config.port && h->lport != config.port)
		return 0;
	return !config.address_family || is_any_address(h->local) || is_wanted_address(h->family, h->local);
}

/* Rare, and out of the way of what runs for every connection. */
static __noinline int listens(struct bpf_sock_ops *ctx, const int cast)
{
	void *sk = SOCK_OF(ctx);
	__u64 cookie = COOKIE(ctx, sk), t = bpf_ktime_get_ns();
	struct half *h = half_find(cookie);
	__u64 *listener;
	__u32 port;

	if (!h) {
		if (!current_is_traced())
			return 0;
		h = half_claim(cookie, SIDE_LISTENER, HOOK_SOCKOPS);
		if (!h)
			return 0;
	}
	h->side = SIDE_LISTENER;
	h->t[MS_LISTEN] = t;
	half_own(h);
	copy_ends(h, sk, cast);
	h->netns = netns_of(sk, cast);
	if (!listener_is_wanted(h)) {
		half_free(h);
		return 0;
	}
	h->flags &= ~HALF_PROVISIONAL;
	h->backlog_max = GET(struct sock, sk, sk_max_ack_backlog);
	h->known |= KNOWN_BACKLOG;
	if (!config.keep)
		half_transition(h, TCP_CLOSE, TCP_LISTEN, t, -1, HOOK_SOCKOPS);
	port = h->lport;
	listener = bpf_map_lookup_elem(&listening, &port);
	if (listener)
		*listener = cookie;
	half_emit(h, FATE_LISTENING, t, HOOK_SOCKOPS);
	return 0;
}

/* The SYN is about to leave: both ports and the ISN are chosen. */
static __always_inline void syn_out(void *sk, const int cast)
{
	__u64 cookie = GET(struct sock, sk, __sk_common.skc_cookie.counter);
	struct half *h = half_find(cookie);
	struct flow *flow;

	if (!h || h->t[MS_SYN_OUT])
		return;
	h->t[MS_SYN_OUT] = segment_time(sk, cast);
	copy_ends(h, sk, cast);
	if (!config.keep)
		half_transition(h, TCP_CLOSE, TCP_SYN_SENT, h->t[MS_SYN_OUT], -1, HOOK_SOCKOPS);
	if (config.filters) {
		if (!ends_are_wanted(h)) {
			half_free(h);
			return;
		}
		if (!(h->flags & HALF_PEER))
			h->flags &= ~HALF_PROVISIONAL;
	}
	h->isn = GET(struct tcp_sock, sk, snd_una);	/* write_seq has counted the SYN already */
	h->known |= KNOWN_ISN;
	flow = flow_of(h->lport, h->rport);
	if (!flow)
		return;
	flow->client = cookie;
	flow->isn = h->flags & HALF_PEER ? 0 : h->isn;
}

static __always_inline void synack_out(void *req, const int cast)
{
	struct half *h = half_find(GET(struct sock_common, req, skc_cookie.counter));

	if (h && !h->t[MS_SYNACK_OUT])
		h->t[MS_SYNACK_OUT] = bpf_ktime_get_ns();
}

/* Is this the SYN of a half that is traced? One that is a peer itself brings none along. */
static __always_inline int answers_traced(__u16 client, __u16 server, __u32 isn)
{
	struct flow *flow = flow_of(client, server);

	return flow && isn && flow->isn == isn;
}

/*
 * As what a child of an unknown listener is followed: 0, for the listener's cgroup is traced; HALF_PEER,
 * for its client is; HALF_PROVISIONAL, for its accept() will tell; -1: it is not.
 */
static __noinline int role_of(void *sk, __u16 client, __u16 server, __u32 isn, const int cast)
{
	if (!config.pid && sock_is_traced(sk, cast))
		return 0;
	if (config.peers && answers_traced(client, server, isn))
		return HALF_PEER;
	return config.pid ? HALF_PROVISIONAL : -1;
}

/* Who may follow this request: its listener's owner, or the traced client that it answers. */
static __always_inline int request_is_wanted(struct half *h, void *listener, const int cast)
{
	struct half *lh = half_find(h->listener);
	int role = 0;

	if (!lh || lh->side != SIDE_LISTENER)
		role = role_of(listener, h->rport, h->lport, h->peer_isn, cast);
	if (role < 0)
		return 0;
	h->flags |= role;
	return half_is_wanted(h);
}

/* The table was full: the child shall not be taken for one from a SYN cookie. */
static __noinline int remember_request(void *req, __u64 cookie, const int cast)
{
	struct flow *flow = flow_of(bpf_ntohs(GET(struct sock_common, req, skc_dport)),
				    GET(struct sock_common, req, skc_num));

	if (flow)
		flow->server = cookie;
	return 0;
}

/* tcp_conn_request has accepted a SYN: the cookie is already that of the child to come. */
static __always_inline void requested(struct bpf_sock_ops *ctx, const int cast)
{
	void *req = SOCK_OF(ctx);
	void *listener = GET(struct sock_common, req, skc_listener);
	__u64 cookie = bpf_get_socket_cookie(ctx);
	struct flow *flow;
	struct half *h;

	if (!listener)
		return;
	h = half_claim(cookie, SIDE_SERVER, HOOK_SOCKOPS);
	if (unlikely(!h)) {
		remember_request(req, cookie, cast);
		return;
	}
	h->t[MS_REQUEST] = bpf_ktime_get_ns();
	copy_ends(h, req, cast);
	h->listener = GET(struct sock_common, listener, skc_cookie.counter);
	h->peer_isn = GET(struct tcp_request_sock, req, rcv_isn);
	h->isn = GET(struct tcp_request_sock, req, snt_isn);
	h->netns = netns_of(req, cast);
	h->known |= KNOWN_ISN | KNOWN_PEER_ISN | KNOWN_BACKLOG;
	h->backlog = GET(struct sock, listener, sk_ack_backlog);
	h->backlog_max = GET(struct sock, listener, sk_max_ack_backlog);
	if (!request_is_wanted(h, listener, cast)) {
		half_free(h);
		return;
	}
	flow = flow_of(h->rport, h->lport);
	if (flow)
		flow->server = cookie;
}

/* Copy the received segment's TCP header, options included: at least 20 bytes, at most 60. */
static __always_inline void copy_header(struct half *h, struct bpf_sock_ops *ctx)
{
	void *data = ctx->skb_data, *end = ctx->skb_data_end;
	__u32 *from = data, *to = (__u32 *)h->header;
	__u8 length = 0;

#pragma clang loop unroll(disable)
	for (int i = 0; i < HALF_HEADER / 4; i++) {
		if ((void *)(from + i + 1) > end)
			break;
		to[i] = from[i];
		length = i * 4 + 4;
	}
	h->header_len = length;
}

static __always_inline void active_established(struct bpf_sock_ops *ctx, const int cast)
{
	void *sk = SOCK_OF(ctx);
	struct half *h = half_find(GET(struct sock, sk, __sk_common.skc_cookie.counter));

	if (!h)
		return;
	h->peer_isn = GET(struct tcp_sock, sk, rcv_nxt) - 1;
	h->known |= KNOWN_PEER_ISN;
	copy_header(h, ctx);
	if (!config.keep) {
		h->t[MS_SYNACK_IN] = h->t[MS_ESTABLISHED] = segment_time(sk, cast);
		half_transition(h, TCP_SYN_SENT, TCP_ESTABLISHED, h->t[MS_ESTABLISHED], -1, HOOK_SOCKOPS);
	}
	half_decide(h, FATE_ESTABLISHED, h->t[MS_ESTABLISHED], HOOK_SOCKOPS);
}

/* Was there a request that found no room in the table? A cookie alone says nothing: others ask for them too. */
static __always_inline int was_requested(void *sk, __u64 cookie, const int cast)
{
	struct flow *flow = flow_of(bpf_ntohs(GET(struct sock_common, sk, skc_dport)),
				    GET(struct sock_common, sk, skc_num));

	return cookie && flow && flow->server == cookie;
}

/* The cookie of the traced listener on this child's port, in its network namespace, or 0. */
static __always_inline __u64 listener_of(void *sk, const int cast)
{
	__u64 cookie = listener_on(GET(struct sock_common, sk, skc_num));
	struct half *h = half_find(cookie);

	return h && h->side == SIDE_LISTENER && h->netns == netns_of(sk, cast) ? cookie : 0;
}

/*
 * A child without a request: its SYN was answered with a cookie, and nothing was kept of it. Or the
 * request was turned away because it is not traced: then neither is the child.
 */
static __noinline int from_syn_cookie(struct bpf_sock_ops *ctx, const int cast)
{
	void *sk = SOCK_OF(ctx);
	__u64 cookie = GET(struct sock, sk, __sk_common.skc_cookie.counter);
	__u64 listener = listener_of(sk, cast);
	__u32 peer_isn = GET(struct tcp_sock, sk, rcv_nxt) - 1;
	struct half *h;
	int role = 0;

	if (!listener)
		role = role_of(sk, bpf_ntohs(GET(struct sock_common, sk, skc_dport)),
			       GET(struct sock_common, sk, skc_num), peer_isn, cast);
	if (role < 0 || was_requested(sk, cookie, cast))
		return 0;
	h = half_claim(COOKIE(ctx, sk), SIDE_SERVER, HOOK_SOCKOPS);
	if (!h)
		return 0;
	h->flags |= HALF_SYN_COOKIE | role;
	h->listener = listener;
	h->netns = netns_of(sk, cast);
	copy_ends(h, sk, cast);
	h->isn = GET(struct tcp_sock, sk, snd_una) - 1;
	h->peer_isn = peer_isn;
	h->known |= KNOWN_ISN | KNOWN_PEER_ISN;
	if (!half_is_wanted(h))
		half_free(h);
	return 0;
}

/*
 * Record detail: the child came from LISTEN by the segment in hand, and is ESTABLISHED by the time that
 * this callback has returned; a child of TCP Fast Open stays in SYN_RECV until its ACK comes.
 */
static __always_inline void child_is_ready(struct half *h, void *sk, const int cast)
{
	__u64 t = h->flags & HALF_TFO ? bpf_ktime_get_ns() : segment_time(sk, cast);

	h->t[MS_ACK_IN] = h->t[MS_QUEUED] = t;
	half_transition(h, TCP_LISTEN, TCP_SYN_RECV, t, -1, HOOK_SOCKOPS);
	if (h->flags & HALF_TFO)
		return;
	h->t[MS_ESTABLISHED] = t;
	half_transition(h, TCP_SYN_RECV, TCP_ESTABLISHED, t, -1, HOOK_SOCKOPS);
}

/* A simultaneous open ends with the passive callback too (RFC 9293 section 3.5). */
static __always_inline void opened_from_both_sides(struct bpf_sock_ops *ctx, struct half *h, void *sk,
						   const int cast)
{
	__u64 t = segment_time(sk, cast);

	h->peer_isn = GET(struct tcp_sock, sk, rcv_nxt) - 1;
	h->known |= KNOWN_PEER_ISN;
	copy_header(h, ctx);
	if (config.keep)
		return;
	half_transition(h, TCP_SYN_SENT, TCP_SYN_RECV, t, -1, HOOK_SOCKOPS);
	half_transition(h, TCP_SYN_RECV, TCP_ESTABLISHED, t, -1, HOOK_SOCKOPS);
	h->t[MS_ESTABLISHED] = t;
	half_decide(h, FATE_ESTABLISHED, t, HOOK_SOCKOPS);
}

/* The child is in the accept queue (inet_csk_complete_hashdance comes first) and about to be ESTABLISHED. */
static __always_inline void passive_established(struct bpf_sock_ops *ctx, const int cast)
{
	void *sk = SOCK_OF(ctx);
	__u64 cookie = GET(struct sock, sk, __sk_common.skc_cookie.counter);
	struct half *h = half_find(cookie);

	if (unlikely(!h)) {
		from_syn_cookie(ctx, cast);
		h = half_find(GET(struct sock, sk, __sk_common.skc_cookie.counter));
	}
	if (!h)
		return;
	if (unlikely(h->side != SIDE_SERVER)) {
		opened_from_both_sides(ctx, h, sk, cast);
		return;
	}
	copy_header(h, ctx);
	if (unlikely(h->header[13] & 2))	/* the segment that made the child is a SYN, not an ACK */
		h->flags |= HALF_TFO;
	if (config.keep)
		h->t[MS_QUEUED] = bpf_ktime_get_ns();
	else
		child_is_ready(h, sk, cast);
}

static __always_inline void dispatch(struct bpf_sock_ops *ctx, const int cast)
{
	switch (ctx->op) {
	case BPF_SOCK_OPS_NEEDS_ECN:
		if (ctx->is_fullsock)
			syn_out(SOCK_OF(ctx), cast);
		else
			synack_out(SOCK_OF(ctx), cast);
		break;
	case BPF_SOCK_OPS_RWND_INIT:
		if (!ctx->is_fullsock)
			requested(ctx, cast);
		break;
	case BPF_SOCK_OPS_ACTIVE_ESTABLISHED_CB:
		active_established(ctx, cast);
		break;
	case BPF_SOCK_OPS_PASSIVE_ESTABLISHED_CB:
		passive_established(ctx, cast);
		break;
	case BPF_SOCK_OPS_TCP_LISTEN_CB:
		listens(ctx, cast);
		break;
	}
}

SEC("sockops")
int tcp_events(struct bpf_sock_ops *ctx)
{
	if (config.cast)
		dispatch(ctx, 1);
	else
		dispatch(ctx, 0);
	return 1;
}
