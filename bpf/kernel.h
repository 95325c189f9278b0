/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's structs, with only the fields that are used. CO-RE moves each access to where the
 * running kernel has the field, so this file serves every version and no vmlinux.h is needed.
 */
#ifndef SYNSCOPE_KERNEL_H
#define SYNSCOPE_KERNEL_H

#include <linux/types.h>
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_tracing.h>

#define AF_INET 2
#define AF_INET6 10
#define SOCK_STREAM 1
#define IPPROTO_TCP 6
#define IPPROTO_MPTCP 262
#define ETH_P_IP 0x0800
#define ETH_P_IPV6 0x86dd
#define EEXIST 17
#define EINPROGRESS 115

/* include/net/tcp_states.h */
enum {
	TCP_ESTABLISHED = 1,
	TCP_SYN_SENT,
	TCP_SYN_RECV,
	TCP_FIN_WAIT1,
	TCP_FIN_WAIT2,
	TCP_TIME_WAIT,
	TCP_CLOSE,
	TCP_CLOSE_WAIT,
	TCP_LAST_ACK,
	TCP_LISTEN,
	TCP_CLOSING,
	TCP_NEW_SYN_RECV,
};

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct ns_common { __u32 inum; };
struct net { struct ns_common ns; };
typedef struct { struct net *net; } possible_net_t;
struct kernfs_node { __u64 id; };
struct cgroup { int level; struct kernfs_node *kn; struct cgroup *ancestors[]; };
struct sock_cgroup_data { struct cgroup *cgroup; };
struct in6_addr { union { __u8 u6_addr8[16]; __be32 u6_addr32[4]; } in6_u; };
typedef struct { __s64 counter; } atomic64_t;

struct sock_common {
	__be32 skc_daddr;
	__be32 skc_rcv_saddr;
	__be16 skc_dport;
	__u16 skc_num;
	unsigned short skc_family;
	volatile unsigned char skc_state;
	possible_net_t skc_net;
	struct in6_addr skc_v6_daddr;
	struct in6_addr skc_v6_rcv_saddr;
	atomic64_t skc_cookie;
	struct sock *skc_listener;	/* of a request_sock: rsk_listener */
};

struct sk_buff_head { struct sk_buff *prev; __u32 qlen; };

struct sock {
	struct sock_common __sk_common;
	__u32 sk_ack_backlog;
	__u32 sk_max_ack_backlog;
	__u16 sk_protocol;
	int sk_err;
	int sk_err_soft;
	struct sk_buff_head sk_error_queue;
	struct sock_cgroup_data sk_cgrp_data;
};

struct request_sock { struct sock_common __req_common; };
struct inet_request_sock { struct request_sock req; };
struct tcp_request_sock {
	struct inet_request_sock req;
	__u32 rcv_isn;
	__u32 snt_isn;
};

/* What a sockops program's context is in the kernel; the public context hides a request_sock. */
struct bpf_sock_ops_kern { struct sock *sk; };
struct bpf_sock_addr_kern { struct sock *sk; };

struct tcp_sock {
	__u32 rcv_nxt;
	__u32 snd_una;
	__u32 snd_nxt;
	__u32 write_seq;
	__u64 tcp_clock_cache;	/* ns of CLOCK_MONOTONIC, tcp_mstamp_refresh() */
};

struct net_device { int ifindex; possible_net_t nd_net; };
struct sock_extended_err { __u32 ee_errno; };
struct sock_exterr_skb { struct sock_extended_err ee; };

struct sk_buff {
	struct net_device *dev;
	struct sock *sk;
	unsigned char *head;
	unsigned char *data;
	__u16 network_header;
	char cb[48];
};

struct inode { unsigned short i_mode; };
struct file { void *private_data; struct inode *f_inode; };
struct fdtable { unsigned int max_fds; struct file **fd; };
struct files_struct { struct fdtable *fdt; };
typedef struct { __u32 val; } kuid_t;
struct cred { kuid_t uid; };
struct css_set { struct cgroup *dfl_cgrp; };
struct nsproxy { struct net *net_ns; };
struct task_struct {
	int pid;
	int tgid;
	const struct cred *cred;
	char comm[16];
	struct files_struct *files;
	struct css_set *cgroups;
	struct nsproxy *nsproxy;
};
struct socket { struct sock *sk; };

#pragma clang attribute pop

/*
 * A kernel pointer that the verifier takes for a number, made readable by plain loads: 6.2 and later
 * (a35b9af4ec2c "bpf: Add a kfunc for generic type cast"). The call itself becomes one move; a probe
 * read costs some 20 ns.
 */
extern void *bpf_rdonly_cast(const void *object, __u32 type) __ksym __weak;

#define CAST(type, pointer) ((type *)bpf_rdonly_cast((const void *)(pointer), bpf_core_type_id_kernel(type)))

/*
 * `field` of the struct `type` at `pointer`, by the cheapest means that this kernel has. `cast`, in the
 * caller's scope, is a constant: a program asks config.cast once, and the verifier drops the other half.
 */
#define GET(type, pointer, field)                                                                      \
	(cast ? CAST(type, pointer)->field : BPF_CORE_READ((type *)(pointer), field))

#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

#endif
