// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Segments. kfree_skb (record detail) tells which of a half's segments the kernel threw away, and
 * where. net_dev_queue and netif_receive_skb (path detail) tell when SYN, SYN-ACK, final ACK and RST
 * left and came, with the stack; anything else of an established connection is let go at a glance.
 */
#include "events.h"
#include "packet.h"

/* The two ends on this host, whichever there are. */
struct ends {
	struct half *client;
	struct half *server;
	int from_client;
	__u64 cookie;	/* the client's, else the server's, else 0 */
};

/* Numbers, not pointers: clang makes `client || server` an OR of two pointers, which the verifier refuses. */
static __always_inline void note_cookie(struct ends *ends)
{
	ends->cookie = 0;
	if (ends->server)
		ends->cookie = ends->server->cookie;
	barrier_var(ends->cookie);
	if (ends->client)
		ends->cookie = ends->client->cookie;
	barrier_var(ends->cookie);
}

static __always_inline void find_ends(struct packet *p, struct ends *ends)
{
	__u16 source = bpf_ntohs(p->tcp.source), dest = bpf_ntohs(p->tcp.dest);

	ends->client = client_between(source, dest);
	ends->server = server_between(source, dest);
	ends->from_client = 1;
	note_cookie(ends);
	if (ends->cookie)
		return;
	ends->client = client_between(dest, source);
	ends->server = server_between(dest, source);
	ends->from_client = 0;
	note_cookie(ends);
}

/* A SYN that NAT gave other ports in OUTPUT: on its own host it still belongs to its socket. */
static __always_inline void find_sender(struct sk_buff *skb, struct packet *p, struct ends *ends)
{
	struct sock *sk = skb->sk;
	struct half *h;

	if (ends->cookie || (p->tcp.flags & (SYN | ACK)) != SYN || !sk)
		return;
	h = half_find(cookie_of(sk));
	if (!h || h->side != SIDE_CLIENT)
		return;
	ends->client = h;
	ends->from_client = 1;
	ends->cookie = h->cookie;
}

/* Nothing of either end is known yet, but a traced listener waits for it. */
static __always_inline int is_awaited(struct packet *p)
{
	if ((p->tcp.flags & (SYN | ACK)) != SYN)
		return 0;
	return (!config.cgroup && !config.pid && !config.port) || listener_on(bpf_ntohs(p->tcp.dest));
}

/* The ACK that ends the handshake, and not one of the many that follow. */
static __always_inline int is_final_ack(struct packet *p, struct ends *ends, __u8 mark)
{
	struct half *h = ends->client ? ends->client : ends->server;
	__u32 isn;

	if (!h || !ends->from_client || h->flags & mark)
		return 0;
	isn = ends->client ? h->isn : h->peer_isn;
	if (bpf_ntohl(p->tcp.seq) != isn + 1)
		return 0;
	h->flags |= mark;
	return 1;
}

static __always_inline int is_wanted(struct packet *p, struct ends *ends, __u8 mark)
{
	if (p->tcp.flags & (SYN | RST))
		return ends->cookie || is_awaited(p);
	return is_final_ack(p, ends, mark);
}

static __always_inline __u32 senders_netns(struct ends *ends)
{
	if (ends->from_client && ends->client)
		return ends->client->netns;
	if (!ends->from_client && ends->server)
		return ends->server->netns;
	return 0;
}

static __always_inline void fill(struct path_event *e, struct sk_buff *skb, struct packet *p,
				 struct ends *ends)
{
	__u32 size = (p->tcp.offset >> 4) * 4;

	e->cookie = ends->cookie;
	e->family = p->family;
	e->payload = packet_has_data(p);
	if (p->family == AF_INET) {
		bpf_probe_read_kernel(e->saddr, 4, p->network + 12);
		bpf_probe_read_kernel(e->daddr, 4, p->network + 16);
	} else {
		bpf_probe_read_kernel(e->saddr, 16, p->network + 8);
		bpf_probe_read_kernel(e->daddr, 16, p->network + 24);
	}
	if (size > PATH_HEADER)
		size = PATH_HEADER;
	e->header_len = size;
	bpf_probe_read_kernel(e->header, size, p->transport);
	if (skb->dev) {
		e->ifindex = skb->dev->ifindex;
		e->netns = skb->dev->nd_net.net->ns.inum;
	} else {	/* freed before it reached any device: it is still with its sender */
		e->netns = senders_netns(ends);
	}
}

static __always_inline void segment(void *ctx, struct sk_buff *skb, enum path_kind kind, __u8 mark)
{
	struct packet p = {};
	struct path_event *e;
	struct ends ends;

	if (packet_read(skb, &p))
		return;
	if (!(p.tcp.flags & (SYN | RST)) && (p.tcp.flags & FIN || packet_has_data(&p)))
		return;
	find_ends(&p, &ends);
	find_sender(skb, &p, &ends);
	if (!is_wanted(&p, &ends, mark))
		return;
	e = event_reserve(kind, HOOK_SEGMENTS);
	if (!e)
		return;
	fill(e, skb, &p, &ends);
	e->stack = stack_take(ctx, HOOK_SEGMENTS);
	event_submit(e);
}

SEC("tp_btf/net_dev_queue")
int BPF_PROG(net_dev_queue, struct sk_buff *skb)
{
	segment(ctx, skb, PATH_SENT, HALF_ACK_SENT);
	return 0;
}

SEC("tp_btf/netif_receive_skb")
int BPF_PROG(netif_receive_skb, struct sk_buff *skb)
{
	segment(ctx, skb, PATH_RECEIVED, HALF_ACK_RECEIVED);
	return 0;
}

static __always_inline void mark_dropped(struct half *h, void *location, int reason)
{
	if (!h || h->t[MS_ACCEPTED] || h->flags & HALF_EMITTED)
		return;
	h->drop_location = (__u64)location;
	h->drop_reason = reason;
}

SEC("tp_btf/kfree_skb")
int BPF_PROG(kfree_skb, struct sk_buff *skb, void *location, int reason)
{
	struct packet p = {};
	struct path_event *e;
	struct ends ends;

	if (config.queue_purge && reason == config.queue_purge)
		return 0;
	if (packet_read(skb, &p) || p.tcp.flags & FIN)
		return 0;
	find_ends(&p, &ends);
	find_sender(skb, &p, &ends);
	/* A SYN with other ports than its socket's was translated on its way to a traced listener. */
	if (!ends.cookie && !(config.path && is_awaited(&p)))
		return 0;
	/* A freed RST has done its work, and data is none of our concern. */
	if (p.tcp.flags & RST || (!(p.tcp.flags & SYN) && packet_has_data(&p)))
		return 0;
	/* A SYN that comes again to its request was answered again, and freed without a reason. */
	if (p.tcp.flags & ACK || !ends.server) {
		mark_dropped(ends.client, location, reason);
		mark_dropped(ends.server, location, reason);
	}
	if (!config.path)
		return 0;
	e = event_reserve(PATH_DROPPED, HOOK_SEGMENTS);
	if (!e)
		return 0;
	fill(e, skb, &p, &ends);
	e->location = (__u64)location;
	e->code = reason;
	e->stack = stack_take(ctx, HOOK_SEGMENTS);
	event_submit(e);
	return 0;
}
