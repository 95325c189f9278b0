"""`bpf/segments.bpf.c`: segments thrown away, and, in path detail, segments leaving and coming."""

from synscope.probes.probe import Probe

PROBES = (
    Probe("kfree_skb", "tp_btf/kfree_skb", "segments thrown away, with reason and place"),
    Probe("net_dev_queue", "tp_btf/net_dev_queue", "segments leaving, with their path", "path"),
    Probe("netif_receive_skb", "tp_btf/netif_receive_skb", "segments coming", "path"),
)
