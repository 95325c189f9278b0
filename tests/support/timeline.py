"""A Perfetto trace, decoded by the messages that Perfetto publishes, and laid out as its rules say."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from perfetto.protos.perfetto.trace import perfetto_trace_pb2 as protos

_EVENT = protos.TrackEvent


@dataclass
class Slice:
    """A slice (`end` None: it did not end), or an instant (`end` is `begin`)."""

    track: str
    name: str
    category: str
    begin: int
    end: int | None
    notes: dict[str, str]
    inside: "Slice | None"
    flows: list[int] = field(default_factory=list)


class Timeline:
    """What a file holds.

    Attributes:
        slices: in the order of their begin.
        processes, threads: names, by pid and by (pid, tid).
        clocks: the moment that is told on several clocks, by clock number.
    """

    def __init__(self, data: bytes) -> None:
        read = protos.Trace.FromString(data)
        assert read.SerializeToString() == data or read.ByteSize() == len(data)  # no field is unknown
        self.processes: dict[int, str] = {}
        self.threads: dict[tuple[int, int], str] = {}
        self.clocks: dict[int, int] = {}
        self._tracks: dict[int, str] = {}
        for packet in read.packet:
            self._describe(packet)
        self.slices = list(self._slices([one for one in read.packet if one.HasField("track_event")]))

    def named(self, name: str, category: str = "") -> list[Slice]:
        """Those of a name."""
        return [one for one in self.slices if one.name == name and category in ("", one.category)]

    def of(self, category: str) -> list[Slice]:
        """Those of a category."""
        return [one for one in self.slices if one.category == category]

    def _describe(self, packet: protos.TracePacket) -> None:
        for clock in packet.clock_snapshot.clocks:
            self.clocks[clock.clock_id] = clock.timestamp
        if not packet.HasField("track_descriptor"):
            return
        track = packet.track_descriptor
        name = track.name
        if track.HasField("process"):
            name = f"process {track.process.pid}"
            self.processes[track.process.pid] = track.process.process_name
        if track.HasField("thread"):
            name = f"thread {track.thread.tid}"
            self.threads[track.thread.pid, track.thread.tid] = track.thread.thread_name
        parent = self._tracks[track.parent_uuid] + " / " if track.parent_uuid else ""
        assert track.uuid not in self._tracks
        self._tracks[track.uuid] = parent + name

    def _slices(self, packets: list[protos.TracePacket]) -> Iterator[Slice]:
        open_: dict[int, list[Slice]] = {}
        for packet in sorted(packets, key=lambda one: one.timestamp):
            assert packet.timestamp_clock_id == protos.BUILTIN_CLOCK_MONOTONIC
            event, t_ns = packet.track_event, packet.timestamp
            stack = open_.setdefault(event.track_uuid, [])
            if event.type == _EVENT.TYPE_SLICE_END:
                stack.pop().end = t_ns
                continue
            notes = {note.name: note.string_value for note in event.debug_annotations}
            end = t_ns if event.type == _EVENT.TYPE_INSTANT else None
            track, above = self._tracks[event.track_uuid], stack[-1] if stack else None
            found = Slice(track, event.name, event.categories[0], t_ns, end, notes, above, [*event.flow_ids])
            if event.type == _EVENT.TYPE_SLICE_BEGIN:
                stack.append(found)
            yield found
