// SPDX-License-Identifier: GPL-2.0-or-later
/* What goes wrong: retransmissions and resets. None of these hooks runs for a healthy connection. */
#include "track.h"

SEC("tp_btf/tcp_retransmit_skb")
int BPF_PROG(tcp_retransmit_skb, struct sock *sk)
{
	struct half *h;

	if (sk->__sk_common.skc_state != TCP_SYN_SENT)
		return 0;
	h = half_find(cookie_of(sk));
	if (h)
		h->syn_retransmits++;
	return 0;
}

SEC("tp_btf/tcp_retransmit_synack")
int BPF_PROG(tcp_retransmit_synack, struct sock *sk, struct request_sock *req)
{
	struct half *h = half_find(req->__req_common.skc_cookie.counter);

	if (h)
		h->synack_retransmits++;
	return 0;
}

SEC("tp_btf/tcp_receive_reset")
int BPF_PROG(tcp_receive_reset, struct sock *sk)
{
	struct half *h = half_find(cookie_of(sk));

	if (h)
		h->flags |= HALF_RESET_IN;
	return 0;
}

SEC("tp_btf/tcp_send_reset")
int BPF_PROG(tcp_send_reset, struct sock *sk)
{
	struct half *h;

	if (!sk)	/* the answer to a segment that belongs to no socket */
		return 0;
	h = half_find(cookie_of(sk));
	if (h)
		h->flags |= HALF_RESET_OUT;
	return 0;
}
