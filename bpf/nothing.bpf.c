// SPDX-License-Identifier: GPL-2.0-or-later
/* Attached, and detached at once, to learn how this kernel lets programs into its functions, if at all. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

SEC("kprobe")
int nothing(void *regs)
{
	return 0;
}
