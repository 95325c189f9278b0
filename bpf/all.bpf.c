// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Every subject's programs in one object, for path detail: libbpf reads the kernel's types once for an
 * object, and looks for each struct among them once. Names are therefore unique in all of these files.
 */
#include "state.bpf.c"
#include "sockops.bpf.c"
#include "sockets.bpf.c"
#include "failures.bpf.c"
#include "segments.bpf.c"
#include "calls.bpf.c"
#include "effects.bpf.c"
