/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where the events of `path` detail go. */
#ifndef SYNSCOPE_EVENTS_H
#define SYNSCOPE_EVENTS_H

#include "track.h"
#include "path.h"

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);	/* the loader sets the size */
} events SEC(".maps");

/* Keeps the struct in the object's BTF, where the build reads its layout. */
struct path_event *const volatile layout SEC(".rodata.layout") = 0;

/* Room for one event, cleared, with the time and whoever runs now; NULL (and counted) when there is none. */
static __always_inline struct path_event *event_reserve(enum path_kind kind, enum hook hook)
{
	struct path_event *e = bpf_ringbuf_reserve(&events, sizeof(*e), 0);
	struct task_struct *task = bpf_get_current_task_btf();	/* sockops of 6.1 has no helper for its ids */
	__u64 *words = (__u64 *)e;

	if (!e) {
		count(hook, LOST_RING_FULL);
		return 0;
	}
#pragma unroll
	for (int i = 0; i < (int)(sizeof(*e) / sizeof(*words)); i++)
		words[i] = 0;
	e->t = bpf_ktime_get_ns();
	e->kind = kind;
	e->pid = task->tgid;
	e->tid = task->pid;
	e->cpu = bpf_get_smp_processor_id();
	e->stack = -1;
	return e;
}

static __always_inline void event_submit(struct path_event *e)
{
	bpf_ringbuf_submit(e, BPF_RB_NO_WAKEUP);
}

#endif
