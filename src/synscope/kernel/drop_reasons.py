"""Why the kernel freed a segment: `enum skb_drop_reason`, whose numbers differ from kernel to kernel."""

from synscope.kernel.btf import Btf

_PREFIX = "SKB_DROP_REASON_"
_NOT_REASONS = ("SKB_DROP_REASON_MAX", "SKB_DROP_REASON_SUBSYS_MASK")  # bounds of the numbers


def drop_reasons(btf: Btf) -> dict[int, str]:
    """Number to name without `SKB_DROP_REASON_`, as `btf`'s kernel has them; empty before 5.17.

    Values without that prefix (`SKB_NOT_DROPPED_YET`, `SKB_CONSUMED`) keep their whole name.
    Source: include/net/dropreason-core.h (include/linux/skbuff.h before 6.0).
    """
    values = btf.enum_values("skb_drop_reason")
    return {number: name.removeprefix(_PREFIX) for name, number in values.items() if name not in _NOT_REASONS}
