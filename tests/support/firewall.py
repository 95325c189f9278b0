"""nft rules in a namespace of a test's own."""

from support.namespaces import Namespace

SYN = "tcp flags & (syn | ack) == syn"
SYN_ACK = "tcp flags & (syn | ack) == (syn | ack)"
EVERY_SECOND = "numgen inc mod 2 0 drop"  # the first, the third, …


def filter_rule(namespace: Namespace, hook: str, rule: str = "drop") -> None:
    """One rule on `input` or `output`; by default, nothing gets through."""
    namespace.run(
        "nft", f"add table inet t; add chain inet t {hook} {{ type filter hook {hook} priority 0; }}"
    )
    namespace.run("nft", f"add rule inet t {hook} {rule}")
