"""The records of `bpf/inspect.h` as numpy dtypes: the build compares the two through BTF."""

from enum import IntEnum

import numpy as np


class RowKind(IntEnum):
    """`enum socket_row_kind`."""

    SOCKET = 1
    REQUEST = 2
    TIME_WAIT = 3
    QUEUED = 4
    OTHER = 5


SOCKET_ROW = np.dtype(
    [
        ("sk", "<u8"),
        ("listener", "<u8"),
        ("ops", "<u8"),
        ("prot", "<u8"),
        ("socket_flags", "<u8"),
        ("inode", "<u8"),
        ("cgroup", "<u8"),
        ("jiffies", "<u8"),
        ("kind", "<u4"),
        ("size", "<u4"),
        ("netns", "<u4"),
        ("pid", "<i4"),
        ("fd", "<i4"),
        ("socket_state", "<u4"),
        ("protocol", "<u4"),
        ("state", "<u4"),
        ("socket_type", "<u2"),
        ("family", "<u2"),
        ("port", "<u2"),
        ("pad", "<u2"),
        ("comm", "S16"),
    ]
)

FILTER = np.dtype([("netns", "<u4"), ("fd", "<i4"), ("ports", "<u4")])
EVERY_FD = -1
