// SPDX-License-Identifier: GPL-2.0-or-later
/* The cgroup hooks: what the owner asks of its socket, seen in the owner's own context. */
#include "track.h"

/* By a load where the kernel allows it; a call only where the socket has no cookie yet. */
static __always_inline __u64 cookie_at(void *ctx, void *sk)
{
	__u64 cookie = config.cast ? cookie_of(CAST(struct sock, sk)) : 0;

	return cookie ?: bpf_get_socket_cookie(ctx);
}

SEC("cgroup/sock_create")
int sock_create(struct bpf_sock *ctx)
{
	struct half *h;

	if (ctx->type != SOCK_STREAM || !current_is_traced() || !current_netns_is_traced())
		return 1;
	if (ctx->protocol == IPPROTO_MPTCP)
		count(HOOK_SOCK_CREATE, LEFT_OUT_MPTCP);
	if (ctx->protocol != IPPROTO_TCP)
		return 1;
	h = half_claim(bpf_get_socket_cookie(ctx), SIDE_NONE, HOOK_SOCK_CREATE);
	if (!h)
		return 1;
	h->family = ctx->family;
	half_own(h);
	h->t[MS_SOCKET] = bpf_ktime_get_ns();
	return 1;
}

/* Record detail: close() is the end of what has not been told yet. */
static __always_inline void closed_by_owner(struct half *h, __u64 t)
{
	h->t[MS_CLOSED] = t;
	if (h->side == SIDE_CLIENT) {
		half_transition(h, TCP_SYN_SENT, TCP_CLOSE, t, -1, HOOK_SOCK_RELEASE);
		half_emit(h, FATE_FAILED, t, HOOK_SOCK_RELEASE);
	} else {
		if (h->side == SIDE_LISTENER)
			listening_no_more(h);
		half_emit(h, FATE_CLOSED, t, HOOK_SOCK_RELEASE);
	}
	half_free(h);
}

/* close() of a socket that did something. A connect() that never sent a SYN has no other end than this. */
static __noinline int released(struct half *h)
{
	__u64 t = bpf_ktime_get_ns();

	if (h->side == SIDE_SERVER && current_is_traced())	/* accepted, by a call that no hook saw */
		h->flags &= ~HALF_PROVISIONAL;
	if (h->side == SIDE_CLIENT && !h->transition_count) {
		if (!(h->flags & HALF_EMITTED))
			half_emit(h, FATE_RELEASED, t, HOOK_SOCK_RELEASE);
		half_free(h);
	} else if (!config.keep) {
		closed_by_owner(h, t);
	} else if (h->side == SIDE_CLIENT && h->fate == FATE_FAILED) {
		half_free(h);
	}
	return 0;
}

SEC("cgroup/sock_release")
int sock_release(struct bpf_sock *ctx)
{
	struct half *h = half_find(cookie_at(ctx, ctx));

	if (!h)
		return 1;
	h->flags |= HALF_RELEASED;
	if (h->side == SIDE_NONE)
		half_free(h);
	else
		released(h);
	return 1;
}

/* A socket may connect() again after a failure: what the first attempt left is sent before it is lost. */
static __always_inline void start_attempt(struct half *h)
{
	__u64 socket = h->t[MS_SOCKET], bind = h->t[MS_BIND];
	__u8 attempt = h->attempt, family = h->family;
	__u16 peer = h->flags & HALF_PEER;

	if (h->t[MS_CONNECT]) {
		if (!(h->flags & HALF_EMITTED))
			half_emit(h, FATE_RELEASED, bpf_ktime_get_ns(), HOOK_CONNECT);
		half_clear(h, SIDE_CLIENT);
		h->flags = peer;
		h->t[MS_SOCKET] = socket;
		h->t[MS_BIND] = bind;
		h->family = family;
	}
	h->side = SIDE_CLIENT;
	h->attempt = attempt + 1;
}

static __always_inline __u32 netns_at(struct bpf_sock_addr *ctx)
{
	if (config.cast)
		return netns_of(ctx->sk, 1);
	return netns_of(BPF_CORE_READ((struct bpf_sock_addr_kern *)ctx, sk), 0);
}

/* Does the traced listener on that port wait for this client? In another namespace, that is to be seen. */
static __always_inline int waits_for(struct half *h)
{
	struct half *lh = half_find(listener_on(h->rport));
	__u64 *local, *remote = (void *)h->remote;

	if (!lh || lh->side != SIDE_LISTENER || lh->netns != h->netns)
		return 0;
	local = (void *)lh->local;
	return is_any_address(lh->local) || lh->family != h->family ||
	       (local[0] == remote[0] && local[1] == remote[1]);
}

/* Both addresses are as known as they will be before the SYN leaves. Out of line: for filters and peers only. */
static __noinline int doubt(struct half *h)
{
	if (config.ends || (h->flags & HALF_PEER && !waits_for(h)))
		h->flags |= HALF_PROVISIONAL;
	return 0;
}

static __always_inline struct half *connecting(struct bpf_sock_addr *ctx)
{
	__u64 cookie = cookie_at(ctx, ctx->sk);
	struct half *h = half_find(cookie);
	__u16 rport = bpf_ntohs(ctx->user_port);
	__u32 netns = netns_at(ctx);

	if (!h) {
		int traced = current_is_traced();

		if (ctx->protocol != IPPROTO_TCP || (config.netns && netns != config.netns))
			return 0;
		if (!traced && !(config.peers && listener_on(rport)))
			return 0;
		h = half_claim(cookie, SIDE_CLIENT, HOOK_CONNECT);
		if (!h)
			return 0;
		if (!traced)
			h->flags |= HALF_PEER;
	}
	start_attempt(h);
	half_own(h);
	h->rport = rport;
	h->netns = netns;
	h->t[MS_CONNECT] = bpf_ktime_get_ns();
	return h;
}

SEC("cgroup/connect4")
int connect4(struct bpf_sock_addr *ctx)
{
	struct half *h = connecting(ctx);

	if (h) {
		h->family = AF_INET;
		*(__u32 *)h->remote = ctx->user_ip4;
		if (config.ends || h->flags & HALF_PEER)
			doubt(h);
	}
	return 1;
}

SEC("cgroup/connect6")
int connect6(struct bpf_sock_addr *ctx)
{
	struct half *h = connecting(ctx);
	__u32 *remote;

	if (h) {
		remote = (void *)h->remote;
		h->family = AF_INET6;
		remote[0] = ctx->user_ip6[0];
		remote[1] = ctx->user_ip6[1];
		remote[2] = ctx->user_ip6[2];
		remote[3] = ctx->user_ip6[3];
		if (config.ends || h->flags & HALF_PEER)
			doubt(h);
	}
	return 1;
}

/* bind() is asked for; post_bind tells that it was granted, and which port. */
static __always_inline void binding(struct bpf_sock_addr *ctx)
{
	struct half *h = half_find(bpf_get_socket_cookie(ctx));

	if (!h)
		return;
	h->t[MS_BIND] = bpf_ktime_get_ns();
	h->lport = bpf_ntohs(ctx->user_port);
}

SEC("cgroup/bind4")
int bind4(struct bpf_sock_addr *ctx)
{
	binding(ctx);
	return 1;
}

SEC("cgroup/bind6")
int bind6(struct bpf_sock_addr *ctx)
{
	binding(ctx);
	return 1;
}

SEC("cgroup/post_bind4")
int post_bind4(struct bpf_sock *ctx)
{
	struct half *h = half_find(bpf_get_socket_cookie(ctx));

	if (h) {
		h->lport = ctx->src_port;
		*(__u32 *)h->local = ctx->src_ip4;
	}
	return 1;
}

SEC("cgroup/post_bind6")
int post_bind6(struct bpf_sock *ctx)
{
	struct half *h = half_find(bpf_get_socket_cookie(ctx));
	__u32 *local;

	if (h) {
		local = (void *)h->local;
		h->lport = ctx->src_port;
		local[0] = ctx->src_ip6[0];
		local[1] = ctx->src_ip6[1];
		local[2] = ctx->src_ip6[2];
		local[3] = ctx->src_ip6[3];
	}
	return 1;
}

/*
 * accept() asks for the peer's name when its caller passes an address, as nearly every server does:
 * that is the moment of accept() without a hook on every system call of the host.
 */
static __always_inline void accepted(struct bpf_sock_addr *ctx)
{
	struct half *h = half_find(cookie_at(ctx, ctx->sk));
	__u64 t;

	if (!h || h->side != SIDE_SERVER || h->t[MS_ACCEPTED])
		return;
	if (config.pid && !(h->flags & HALF_PEER)) {
		if (!current_is_traced()) {
			half_free(h);
			return;
		}
		h->flags &= ~HALF_PROVISIONAL;
	}
	t = bpf_ktime_get_ns();
	h->t[MS_ACCEPTED] = t;
	half_own(h);
	half_decide(h, FATE_ACCEPTED, t, HOOK_GETPEERNAME);
}

SEC("cgroup/getpeername4")
int getpeername4(struct bpf_sock_addr *ctx)
{
	accepted(ctx);
	return 1;
}

SEC("cgroup/getpeername6")
int getpeername6(struct bpf_sock_addr *ctx)
{
	accepted(ctx);
	return 1;
}
