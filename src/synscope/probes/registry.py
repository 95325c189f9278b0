"""Every program of the kernel half: in which object, on which hook, for which detail.

A new hook is a program in one `bpf/<stem>.bpf.c` and a line in `probes/<stem>.py`.
"""

from itertools import chain

from synscope.probes import calls, effects, failures, segments, sockets, sockops, state
from synscope.probes.probe import Probe

OBJECTS: dict[str, tuple[Probe, ...]] = {
    "state": state.PROBES,
    "sockops": sockops.PROBES,
    "sockets": sockets.PROBES,
    "failures": failures.PROBES,
    "segments": segments.PROBES,
    "calls": calls.PROBES,
    "effects": effects.PROBES,
}


def probes_of(detail: str, until_close: bool = False) -> dict[str, tuple[Probe, ...]]:
    """The probes that are wanted, by subject; subjects that have none are left out.

    What happens after the fate is decided, only the state changes themselves tell.
    """
    chosen = {
        stem: tuple(
            p
            for p in probes
            if detail != "record" or p.detail == "record" or (until_close and stem == "state")
        )
        for stem, probes in OBJECTS.items()
    }
    return {stem: probes for stem, probes in chosen.items() if probes}


def objects_of(detail: str, until_close: bool = False) -> dict[str, tuple[Probe, ...]]:
    """The same by object to load: one for all but `record`, which does without most of it (bpf/all.bpf.c)."""
    subjects = probes_of(detail, until_close)
    return subjects if detail == "record" else {"all": tuple(chain.from_iterable(subjects.values()))}


def functions_of(detail: str) -> dict[str, str]:
    """The kernel functions whose addresses these probes need, by the field of `CONFIG` that gets them."""
    chosen = (probe for probes in probes_of(detail).values() for probe in probes)
    return {field: function for probe in chosen for field, function in probe.functions.items()}
