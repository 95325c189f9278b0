"""What was seen of a peer's initial sequence numbers, and arithmetic on a circle of 2^32 numbers."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from synscope.tcp.isn.generators import SPACE

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

UNKNOWN = -1
MOST_FLOWS = 50


class Samples(NamedTuple):
    """One element a connection, in order of time.

    Attributes:
        t_ns: when the number was seen.
        isn: the number.
        flow: which 4-tuple, as a number: equal for equal ones.
        other: the other side's initial sequence number; UNKNOWN.
        window: of the segment that brought the number; UNKNOWN.
        cookie: 1 where the host that sent it was seen to make a SYN cookie, 0 where it was seen to keep a
            request; UNKNOWN.
    """

    t_ns: Ints
    isn: Ints
    flow: Ints
    other: Ints
    window: Ints
    cookie: Ints

    def chosen(self, which: Any) -> "Samples":
        """Those that a mask or an array of places chooses."""
        return Samples(*(column[which] for column in self))

    def as_one_flow(self) -> "Samples":
        """As if all had the same 4-tuple."""
        return self._replace(flow=np.zeros_like(self.flow))

    @property
    def seconds(self) -> Floats:
        """Times since the first."""
        since_first: Floats = (self.t_ns - self.t_ns[0]) / 1e9
        return since_first

    def repeated(self, least: int) -> "Samples":
        """Those whose 4-tuple was used `least` times or more; of very many, those used most."""
        flows, counts = np.unique(self.flow, return_counts=True)
        order = np.argsort(-counts, kind="stable")[:MOST_FLOWS]
        return self.chosen(np.isin(self.flow, flows[order][counts[order] >= least]))

    def first_of_each(self) -> "Samples":
        """The first of each 4-tuple."""
        return self.chosen(np.sort(np.unique(self.flow, return_index=True)[1]))

    def most_used(self) -> "Samples":
        """Those of the 4-tuple that was used most."""
        flows, counts = np.unique(self.flow, return_counts=True)
        return self.chosen(self.flow == flows[counts.argmax()])


def samples(  # noqa: PLR0917 - one argument a column
    t_ns: Any, isn: Any, flow: Any, other: Any = UNKNOWN, window: Any = UNKNOWN, cookie: Any = UNKNOWN
) -> Samples:
    """From columns of any kind, in any order; a column that is one number holds it for all."""
    columns = np.broadcast_arrays(
        *(np.asarray(one, np.int64) for one in (t_ns, isn, flow, other, window, cookie))
    )
    order = np.argsort(columns[0], kind="stable")
    return Samples(*(column[order] for column in columns))


def signed(difference: Any) -> Any:
    """A difference of sequence numbers, the short way round: -2^31 to 2^31 - 1."""
    return (difference + SPACE // 2) % SPACE - SPACE // 2


def arc(values: Any, share: float = 1.0) -> tuple[float, float]:
    """Where the shortest arc begins that holds this share of the values, and how long it is."""
    ordered = np.sort(np.asarray(values, np.float64) % SPACE)
    held = max(1, int(np.ceil(share * len(ordered))))
    round_trip = np.concatenate([ordered, ordered + SPACE])
    lengths = round_trip[held - 1 : held - 1 + len(ordered)] - ordered
    at = int(lengths.argmin())
    return float(ordered[at]), float(lengths[at])
