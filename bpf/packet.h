/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A segment as the hooks on packets see it: addresses and the fixed part of its TCP header. */
#ifndef SYNSCOPE_PACKET_H
#define SYNSCOPE_PACKET_H

#include "track.h"

#define FIN 0x01
#define SYN 0x02
#define RST 0x04
#define ACK 0x10

struct tcp_fixed {
	__be16 source;
	__be16 dest;
	__be32 seq;
	__be32 ack;
	__u8 offset;	/* high four bits: the header's length in words */
	__u8 flags;
	__be16 window;
	__be16 check;
	__be16 urgent;
};

struct packet {
	void *network;
	void *transport;
	__u32 length;	/* of the TCP segment, header included */
	__u8 family;
	struct tcp_fixed tcp;
};

/* 0 when a TCP segment's IP header is here and both could be read. IPv6 extension headers are not followed. */
static __always_inline int packet_at(void *network, struct packet *p)
{
	__u8 start[8] = {};

	p->network = network;
	if (bpf_probe_read_kernel(start, sizeof(start), p->network))
		return -1;
	if (start[0] >> 4 == 4) {
		__u8 protocol = 0;
		__u32 header = (start[0] & 15) * 4;

		bpf_probe_read_kernel(&protocol, 1, p->network + 9);
		if (protocol != IPPROTO_TCP || ((start[6] & 0x1f) | start[7]))	/* a later fragment */
			return -1;
		p->family = AF_INET;
		p->transport = p->network + header;
		p->length = (start[2] << 8 | start[3]) - header;
	} else if (start[0] >> 4 == 6) {
		if (start[6] != IPPROTO_TCP)
			return -1;
		p->family = AF_INET6;
		p->transport = p->network + 40;
		p->length = start[4] << 8 | start[5];
	} else {
		return -1;
	}
	return bpf_probe_read_kernel(&p->tcp, sizeof(p->tcp), p->transport);
}

static __always_inline int packet_read(struct sk_buff *skb, struct packet *p)
{
	return packet_at(skb->head + skb->network_header, p);
}

static __always_inline int packet_has_data(struct packet *p)
{
	return p->length > (p->tcp.offset >> 4) * 4;
}

#endif
