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

static __always_inline __u32 netns_of_device(struct sk_buff *skb)
{
	return skb->dev ? skb->dev->nd_net.net->ns.inum : 0;
}

/* How far the sequence numbers of a setup get from the ISN where data comes with the SYN (RFC 7413). */
#define NEAR 0xffff

/* Does the segment go between the half's own two ends? IPv4, or the last four bytes of IPv6 (mapped ones too). */
static __always_inline int is_between_ends(struct packet *p, struct half *h, int outgoing)
{
	__u32 source = p->family == AF_INET ? 12 : 20, dest = p->family == AF_INET ? 16 : 36;
	const __be32 *local = (void *)h->local, *remote = (void *)h->remote;
	int word = h->family == AF_INET ? 0 : 3;
	__be32 from = 0, to = 0;

	bpf_probe_read_kernel(&from, 4, p->network + source);
	bpf_probe_read_kernel(&to, 4, p->network + dest);
	return outgoing ? from == local[word] && to == remote[word] : to == local[word] && from == remote[word];
}

/*
 * Others may use the same ports, in another namespace, and addresses may be translated: what the segment
 * says of the ISNs tells whose it is. Exactly, in another namespace than the half's: ISNs of one 4-tuple are
 * only as far apart as they are in time (net/core/secure_seq.c). At home, what goes between the half's own
 * addresses is its own whatever it says: a forged segment, an RST that comes late.
 */
static __noinline int is_stranger(struct packet *p, struct half *h, __u32 netns, int from_client)
{
	__u32 client = h->side == SIDE_CLIENT ? h->isn : h->peer_isn;
	__u32 server = h->side == SIDE_CLIENT ? h->peer_isn : h->isn;
	__u32 most = h->netns == netns ? NEAR : 1;

	if (h->netns == netns &&
	    (p->tcp.flags & RST || is_between_ends(p, h, from_client == (h->side == SIDE_CLIENT))))
		return 0;
	if (from_client)
		return bpf_ntohl(p->tcp.seq) - client > most;
	if (p->tcp.flags & ACK)
		return bpf_ntohl(p->tcp.ack) - client > most;
	return !(p->tcp.flags & SYN) && bpf_ntohl(p->tcp.seq) - server > most;
}

static __always_inline void let_go_strangers(struct packet *p, struct ends *ends, __u32 netns)
{
	if (ends->client && is_stranger(p, ends->client, netns, ends->from_client))
		ends->client = 0;
	if (ends->server && is_stranger(p, ends->server, netns, ends->from_client))
		ends->server = 0;
}

static __always_inline void find_ends(struct sk_buff *skb, struct packet *p, struct ends *ends)
{
	__u16 source = bpf_ntohs(p->tcp.source), dest = bpf_ntohs(p->tcp.dest);
	__u32 netns = netns_of_device(skb);

	ends->client = client_between(source, dest);
	ends->server = server_between(source, dest);
	ends->from_client = 1;
	let_go_strangers(p, ends, netns);
	note_cookie(ends);
	if (ends->cookie)
		return;
	ends->client = client_between(dest, source);
	ends->server = server_between(dest, source);
	ends->from_client = 0;
	let_go_strangers(p, ends, netns);
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

static __always_inline int is_wanted_end(struct packet *p, __u32 offset4, __u32 offset6)
{
	__u8 address[16] = {};

	if (p->family == AF_INET)
		bpf_probe_read_kernel(address, 4, p->network + offset4);
	else
		bpf_probe_read_kernel(address, 16, p->network + offset6);
	return is_wanted_address(p->family, address);
}

/* The filters on namespace, port and address, of a segment of which no end is known. */
static __noinline int packet_is_wanted(struct packet *p, __u32 netns)
{
	if (config.netns && netns != config.netns)
		return 0;
	if (config.port && bpf_ntohs(p->tcp.source) != config.port && bpf_ntohs(p->tcp.dest) != config.port)
		return 0;
	return !config.address_family || is_wanted_end(p, 12, 8) || is_wanted_end(p, 16, 24);
}

/* Nothing of either end is known yet, but a traced listener waits for it in this network namespace. */
static __always_inline int is_awaited(struct sk_buff *skb, struct packet *p)
{
	struct half *lh;

	if ((p->tcp.flags & (SYN | ACK)) != SYN)
		return 0;
	if (config.filters && !packet_is_wanted(p, netns_of_device(skb)))
		return 0;
	if (!config.cgroup && !config.pid)
		return 1;
	lh = half_find(listener_on(bpf_ntohs(p->tcp.dest)));
	return lh && lh->side == SIDE_LISTENER && lh->netns == netns_of_device(skb);
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

static __always_inline int is_wanted(struct sk_buff *skb, struct packet *p, struct ends *ends, __u8 mark)
{
	if (p->tcp.flags & (SYN | RST))
		return ends->cookie || is_awaited(skb, p);
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
		e->netns = netns_of_device(skb);
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
	find_ends(skb, &p, &ends);
	find_sender(skb, &p, &ends);
	if (!is_wanted(skb, &p, &ends, mark))
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
	find_ends(skb, &p, &ends);
	find_sender(skb, &p, &ends);
	/* A SYN with other ports than its socket's was translated on its way to a traced listener. */
	if (!ends.cookie && !(config.path && is_awaited(skb, &p)))
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
