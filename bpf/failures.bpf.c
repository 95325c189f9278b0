// SPDX-License-Identifier: GPL-2.0-or-later
/* What goes wrong: errors, retransmissions, resets. None of these hooks runs for a healthy connection. */
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

/*
 * What an ICMP message says is queued before it ends the attempt, or is only noted (ip_icmp_error,
 * ipv6_icmp_error): the owner may read sk_err_soft, and so clear it, before anyone else can.
 */
static __noinline int icmp_came(struct sock *sk)
{
	struct sk_buff *last = BPF_CORE_READ(sk, sk_error_queue.prev);
	struct half *h = half_find(cookie_of(sk));
	struct sock_exterr_skb *said;

	if (!h || !last || !BPF_CORE_READ(sk, sk_error_queue.qlen))
		return 0;
	said = (void *)&last->cb;
	h->sk_err_soft = BPF_CORE_READ(said, ee.ee_errno);
	return 0;
}

/*
 * The error that a socket ended with. With sk_err 0 it is a soft one that may pass, or the end of a
 * connect() that had failed before. Record detail only: else the change to CLOSE has it.
 */
SEC("tp_btf/inet_sk_error_report")
int BPF_PROG(inet_sk_error_report, struct sock *sk)
{
	struct half *h;
	__u64 t;

	if (!sk->sk_err && sk->sk_protocol == IPPROTO_TCP && sk->__sk_common.skc_state == TCP_SYN_SENT)
		return icmp_came(sk);
	if (config.keep || !sk->sk_err || sk->sk_protocol != IPPROTO_TCP)
		return 0;
	h = half_find(cookie_of(sk));
	if (!h)
		return 0;
	h->sk_err = sk->sk_err;
	if (h->side != SIDE_CLIENT || sk->__sk_common.skc_state != TCP_CLOSE)
		return 0;
	t = bpf_ktime_get_ns();
	half_transition(h, TCP_SYN_SENT, TCP_CLOSE, t, -1, HOOK_FAILURES);
	h->t[MS_CLOSED] = t;
	half_decide(h, FATE_FAILED, t, HOOK_FAILURES);
	return 0;
}
