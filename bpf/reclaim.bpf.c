// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Called by the loader, not by the kernel: gives up a half that no hook will ever end. A request that is
 * dropped, and a child that its listener takes along when it closes, end without a word in record detail.
 */
#include "track.h"

/* A raw tracepoint that is never attached: a SEC("syscall") program of 6.1 may not use the stack map. */
SEC("raw_tp")
int reclaim(struct bpf_raw_tracepoint_args *ctx)
{
	struct half *h = half_find(ctx->args[0]);

	if (!h || h->side != SIDE_SERVER || h->t[MS_ACCEPTED])
		return 0;
	half_emit(h, h->t[MS_ESTABLISHED] ? FATE_CLOSED : FATE_FAILED, bpf_ktime_get_ns(), HOOK_SOCKOPS);
	half_free(h);
	return 1;
}
