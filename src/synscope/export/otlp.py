"""`.otlp.json`: spans as OTLP/JSON has them: ids in hex, 64-bit numbers as strings, enums as numbers.

(opentelemetry.io/docs/specs/otlp, "JSON Protobuf Encoding"; opentelemetry/proto/trace/v1/trace.proto.)
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

from synscope import __version__
from synscope.export.json import encode
from synscope.export.span_events import known
from synscope.export.spans import Span, spans

if TYPE_CHECKING:
    from synscope.connections.model import Connection, Half
    from synscope.events.trace import Header, Trace
    from synscope.export.formats import Say
    from synscope.export.span_events import Event, Value

ONE_LINE = "OpenTelemetry spans: Jaeger, Tempo, a Collector"

AT_ONCE = 500
"""Connections a request: a few MB, while a Collector takes 20 MiB unless told otherwise."""

_ERROR = 2
_SCOPE = {"name": "synscope", "version": __version__}
_MACHINES = {"x86_64": "amd64", "aarch64": "arm64"}

Object = dict[str, Any]


def write(connections: Sequence[Connection], trace: Trace, say: Say) -> Iterator[bytes]:
    """One ExportTraceServiceRequest (or TracesData, which is the same) on one line."""
    before = b'{"resourceSpans":['
    for batch in _batches(connections):
        for resource in _resources(batch, trace.header):
            yield before + encode(resource)
            before = b","
    yield b"]}\n" if before == b"," else b'{"resourceSpans":[]}\n'


def requests(connections: Sequence[Connection], trace: Trace) -> Iterator[bytes]:
    """The same in as many requests as a collector takes."""
    for batch in _batches(connections):
        yield encode({"resourceSpans": list(_resources(batch, trace.header))})


def _batches(connections: Iterable[Connection]) -> Iterator[list[Connection]]:
    left = iter(connections)
    while batch := list(islice(left, AT_ONCE)):
        yield batch


def _resources(batch: Iterable[Connection], header: Header) -> Iterator[Object]:
    """The spans by the process that they belong to."""
    of: dict[tuple[int | None, str | None], list[Span]] = {}
    for connection in batch:
        for span in spans(connection, header):
            of.setdefault(_process(span.owner), []).append(span)
    for process, own in of.items():
        told = [_span(span, header.started_wall_ns - header.started_mono_ns) for span in own]
        yield {
            "resource": {"attributes": _attributes(_resource(process, header))},
            "scopeSpans": [{"scope": _SCOPE, "spans": told}],
        }


def _process(owner: Half | None) -> tuple[int | None, str | None]:
    return (None, None) if owner is None else (owner.pid, owner.comm)


def _resource(process: tuple[int | None, str | None], header: Header) -> dict[str, Value]:
    pid, comm = process
    told: dict[str, Value | None] = {
        "service.name": comm or "unknown_service",
        "process.pid": pid,
        "host.name": header.hostname or None,
        "host.arch": _MACHINES.get(header.machine),
        "os.type": "linux",
        "os.version": header.kernel,
        "synscope.detail": header.detail,
    }
    return known(told)


def _span(span: Span, to_wall: int) -> Object:
    return {
        "traceId": span.trace_id,
        "spanId": span.span_id,
        "parentSpanId": span.parent_id,
        "name": span.name,
        "kind": span.kind,
        "startTimeUnixNano": str(span.start_ns + to_wall),
        "endTimeUnixNano": str(span.end_ns + to_wall),
        "attributes": _attributes(span.attributes),
        "events": [_event(event, to_wall) for event in span.events],
        "status": {} if span.error is None else {"code": _ERROR, "message": span.error},
    }


def _event(event: Event, to_wall: int) -> Object:
    return {
        "timeUnixNano": str(event.t_ns + to_wall),
        "name": event.name,
        "attributes": _attributes(event.attributes),
    }


def _attributes(of: dict[str, Value]) -> list[Object]:
    return [{"key": key, "value": _value(value)} for key, value in of.items()]


def _value(value: Value) -> Object:
    match value:
        case bool():
            return {"boolValue": value}
        case int():
            return {"intValue": str(value)}
        case _:
            return {"stringValue": value}
