"""Held against OpenTelemetry's own protobuf and its own list of attribute names."""

import base64
import importlib
import json
import pkgutil

import msgspec
import pytest
from google.protobuf import json_format
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status
from opentelemetry.semconv._incubating import attributes as conventions

import samples
from synscope.connections.model import Finding
from synscope.export import otlp

TRACE = samples.trace()
TO_WALL = TRACE.header.started_wall_ns - TRACE.header.started_mono_ns
IDS = ("traceId", "spanId", "parentSpanId")


def parsed(*connections):
    """The file, read by protobuf: whose JSON has bytes in base64 where OTLP has hex."""

    def in_base64(found):
        for name in IDS:
            if name in found:
                found[name] = base64.b64encode(bytes.fromhex(found[name])).decode()
        return found

    told = json.loads(b"".join(otlp.write(connections, TRACE, print)), object_hook=in_base64)
    return json_format.ParseDict(told, ExportTraceServiceRequest())


def spans_of(request):
    return [span for each in request.resource_spans for scope in each.scope_spans for span in scope.spans]


def values(attributes):
    return {each.key: getattr(each.value, each.value.WhichOneof("value")) for each in attributes}


def known_names():
    """Every attribute of the semantic conventions."""
    modules = [each.name for each in pkgutil.iter_modules(conventions.__path__)]
    found = (vars(importlib.import_module(f"{conventions.__name__}.{name}")) for name in modules)
    return {value for names in found for value in names.values() if isinstance(value, str)}


@pytest.mark.parametrize("sample", samples.SAMPLES)
def test_it_is_an_export_request_of_opentelemetry(sample):
    spans = spans_of(parsed(samples.SAMPLES[sample]()))
    assert all((len(span.trace_id), len(span.span_id)) == (16, 8) for span in spans)
    assert len({span.span_id for span in spans}) == len(spans)
    (root,) = (span for span in spans if not span.parent_span_id)
    assert {span.trace_id for span in spans} == {root.trace_id}
    assert {span.parent_span_id for span in spans} <= {b"", *(span.span_id for span in spans)}
    assert all(span.start_time_unix_nano <= span.end_time_unix_nano for span in spans)


@pytest.mark.parametrize("sample", samples.SAMPLES)
def test_names_are_those_of_the_conventions_or_synscopes_own(sample):
    request = parsed(samples.SAMPLES[sample]())
    spans = spans_of(request)
    given = [each.resource.attributes for each in request.resource_spans]
    given += [span.attributes for span in spans] + [
        event.attributes for span in spans for event in span.events
    ]
    names = {name for attributes in given for name in values(attributes)}
    assert {name for name in names if not name.startswith("synscope.")} <= known_names()


def test_a_connection_of_two_halves():
    request = parsed(samples.healthy())
    client, server = (values(each.resource.attributes) for each in request.resource_spans)
    assert (client["process.pid"], server["process.pid"]) == (4711, 4710)
    assert client["service.name"] == "python3"
    root, *others = spans_of(request)
    assert (root.name, root.kind) == ("socket connect", Span.SPAN_KIND_CLIENT)
    assert root.start_time_unix_nano == samples.START + TO_WALL
    assert root.end_time_unix_nano - root.start_time_unix_nano == 58_000
    accept = next(span for span in others if span.name == "socket accept")
    assert (accept.kind, accept.parent_span_id) == (Span.SPAN_KIND_SERVER, root.span_id)
    told = values(root.attributes)
    assert (told["network.transport"], told["network.type"]) == ("tcp", "ipv4")
    assert (told["client.port"], told["server.port"], told["network.peer.port"]) == (50164, 8080, 8080)
    assert root.status.code == Status.STATUS_CODE_UNSET and "error.type" not in told


def test_phases_are_children_of_their_side():
    connection = samples.healthy()
    root, *others = spans_of(parsed(connection))
    accept = next(span for span in others if span.name == "socket accept")
    for side, parent in (("client", root), ("server", accept)):
        told = [
            (
                span.name,
                span.start_time_unix_nano - TO_WALL,
                span.end_time_unix_nano - span.start_time_unix_nano,
            )
            for span in others
            if span.parent_span_id == parent.span_id and span is not accept
        ]
        assert told == [
            (one.name, one.start_ns, one.duration_ns) for one in connection.phases if one.side == side
        ]


def test_states_and_segments_are_events():
    root = spans_of(parsed(samples.healthy()))[0]
    states = [values(event.attributes) for event in root.events if event.name == "state"]
    assert [each["network.connection.state"] for each in states] == ["syn_sent", "established"]
    sent = [values(event.attributes) for event in root.events if event.name == "segment sent"]
    assert [each["synscope.segment.flags"] for each in sent] == ["SYN", "ACK"]


def test_a_failure_has_an_error_type_and_a_status():
    finding = Finding(
        code="refused-no-listener", severity="error", summary="Nothing.", error_type="connection_refused"
    )
    root = spans_of(parsed(samples.refused()))[0]
    assert values(root.attributes)["error.type"] == "refused"
    root = spans_of(parsed(msgspec.structs.replace(samples.refused(), findings=(finding,))))[0]
    assert values(root.attributes)["error.type"] == "connection_refused"
    assert (root.status.code, root.status.message) == (Status.STATUS_CODE_ERROR, "Nothing.")
    assert root.events[-1].name == "finding"


def test_ids_are_the_same_each_time_and_of_each_connection_others():
    first, again = (spans_of(parsed(samples.healthy(), samples.healthy(id="c2"))) for _ in range(2))
    assert [span.span_id for span in first] == [span.span_id for span in again]
    assert len({span.trace_id for span in first}) == 2


def test_many_are_sent_in_several_requests():
    many = [samples.healthy(id=f"c{n}") for n in range(otlp.AT_ONCE + 1)]
    requests = [json.loads(each) for each in otlp.requests(many, TRACE)]
    assert len(requests) == 2
    spans = [
        span for each in requests for of in each["resourceSpans"] for span in of["scopeSpans"][0]["spans"]
    ]
    assert len(spans) == len(spans_of(parsed(*many)))


def test_none():
    assert json.loads(b"".join(otlp.write([], TRACE, print))) == {"resourceSpans": []}
