// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Called by the loader, not by the kernel: copies kernel memory, its text and its tables of operations,
 * to where the loader can read it. There is no /proc/kcore on a locked kernel.
 */
#include <linux/types.h>
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define TEXT_BYTES 65536

char LICENSE[] SEC("license") = "GPL";

struct text { __u8 bytes[TEXT_BYTES]; };

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct text);
} text SEC(".maps");

/* Address and size, at most TEXT_BYTES; 0, or a negative errno. A raw tracepoint for reclaim.bpf.c's reason. */
SEC("raw_tp")
int read_text(struct bpf_raw_tracepoint_args *ctx)
{
	__u32 zero = 0;
	__u64 size = ctx->args[1];
	struct text *to = bpf_map_lookup_elem(&text, &zero);

	if (!to || size > TEXT_BYTES)
		return -1;
	return bpf_probe_read_kernel(to->bytes, size, (void *)ctx->args[0]);
}
