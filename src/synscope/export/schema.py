"""The JSON Schema of a connection, made from the types that are encoded, with a word on every field."""

from typing import Any

import msgspec

from synscope.connections.model import Connection
from synscope.events.wire import MILESTONES

ID = "synscope.connection/1"
DIALECT = "https://json-schema.org/draft/2020-12/schema"

TYPES: dict[str, str] = {
    "Connection": "One TCP connection attempt as the kernel saw it: two halves joined, or one half alone.",
    "Half": "One side: its socket, its owner, its initial sequence number.",
    "Listener": "The listening socket behind a server half.",
    "Milestone": "A moment in a half's life.",
    "Transition": "A change of a socket's state.",
    "Segment": "A segment of the handshake, or an RST.",
    "Phase": "The time between two moments of one side.",
    "Call": "A function in the kernel's call path.",
    "Finding": "A verdict on the connection.",
}

FIELDS: dict[str, dict[str, str]] = {
    "Connection": {
        "schema": "the contract that this object keeps",
        "id": "c1, c2, … within the trace",
        "outcome": "what became of the attempt; null where the evidence does not decide it",
        "errno": "name of the error that the failing call returned",
        "family": "address family of the sockets",
        "mapped": "IPv4 on an IPv6 socket (::ffff:a.b.c.d)",
        "client": "the half that called connect(); null where it was not seen",
        "server": "the half that a listener made; null where it was not seen",
        "milestones": "in time order",
        "transitions": "changes of state of both sides, in time order",
        "segments": "the handshake's segments, in the order in which they were sent",
        "phases": "the client's, then the server's; without gaps or overlaps on one side",
        "calls": "call trees, by side and context; empty in record detail",
        "findings": "verdicts, the cause first",
        "lost": "what is known to be missing from this connection's evidence: count by hook and reason",
    },
    "Half": {
        "address": "the side's own address",
        "port": "the side's own port; null while none was bound",
        "peer_address": "the other end's address, as this side's socket names it",
        "peer_port": "the other end's port, as this side's socket names it",
        "netns": "inode number of the network namespace",
        "cgroup": "id of the socket's cgroup",
        "pid": "process id of the socket's owner",
        "tid": "thread id of the socket's owner",
        "comm": "the owner's name, as the kernel has it: may hold any character",
        "uid": "user id of the owner",
        "cookie": "the socket's cookie (SO_COOKIE)",
        "isn": "initial sequence number (RFC 9293 section 3.4.1)",
        "ops": "operation pointers read from the socket, by table, as symbol names",
        "listener": "the listener behind a server half",
        "traced": "false for the other end of a traced half whose owner is not under trace",
        "retransmits": "SYNs (client) or SYN-ACKs (server) sent again",
        "sk_err": "name of the socket's pending error",
        "sk_err_soft": "name of the socket's soft error (an ICMP message, for instance)",
        "drop_reason": "enum skb_drop_reason of the last segment of this half that the kernel freed",
        "drop_location": "kernel function that freed it",
        "total_ns": "what the side's phases sum to, ns; null where it has none",
    },
    "Listener": {
        "cookie": "the listening socket's cookie",
        "backlog_at_syn": "connections in the accept queue when the SYN came (sk_ack_backlog)",
        "backlog_max": "limit of the accept queue (sk_max_ack_backlog); full means more than this",
        "syn_cookie": "whether the SYN was answered with a SYN cookie",
    },
    "Milestone": {
        "name": "which moment",
        "side": "whose",
        "t_ns": "when, ns of CLOCK_MONOTONIC",
    },
    "Transition": {
        "side": "whose socket",
        "from": "state before, as in the kernel without TCP_",
        "to": "state after, as in the kernel without TCP_",
        "t_ns": "when, ns of CLOCK_MONOTONIC",
        "by": "kernel function that made the change; null where no stack was taken",
    },
    "Segment": {
        "n": "number within the connection, from 1",
        "from": "the side that sent it",
        "flags": "as tcpdump writes them: S, S., ., R.",
        "seq": "sequence number",
        "ack": "acknowledgment number; null without the ACK flag",
        "window": "window field, not scaled",
        "options": "TCP options by name, in wire order; null where not captured",
        "sent_ns": "when the sender's host passed it to a device, ns of CLOCK_MONOTONIC",
        "received_ns": "when the receiver's host took it from a device, ns of CLOCK_MONOTONIC",
        "retransmission": "whether the same had been sent before",
        "dropped": "reason and function, where the kernel freed it instead of delivering it",
        "inferred": "true where it was not captured, and its fields are known from the sockets",
    },
    "Phase": {
        "name": "what the time was spent on",
        "side": "whose",
        "start_ns": "when it began, ns of CLOCK_MONOTONIC",
        "duration_ns": "how long it took, ns",
    },
    "Call": {
        "function": "kernel function",
        "evidence": "how it is known",
        "side": "on whose behalf it ran",
        "context": "where it ran",
        "seen_ns": "when it was first seen, ns of CLOCK_MONOTONIC",
        "enter_ns": "when it was entered; null where only a stack or the order of calls shows it",
        "exit_ns": "when it returned; null where it did not, or enter_ns is null",
        "args": "arguments but for pointers, by name; null where the call was not traced by itself",
        "ret": "return value: an error by its name; null where it returns nothing, or has not returned",
        "marks": "what was seen to happen in it, in time order",
        "children": "the functions that it called",
    },
    "Finding": {
        "code": "stable code of the verdict",
        "severity": "how bad it is",
        "summary": "the verdict in a sentence",
        "evidence": "what speaks for it",
        "counter_evidence": "what rules out the causes that would look alike",
        "doubts": "what is missing from the evidence; each lowers the confidence",
        "remedy": "what mends it",
        "confidence": "from 0 to 1",
        "conn_state": "Zeek's conn_state of such a connection; null where Zeek would see nothing",
        "error_type": "OpenTelemetry's error.type; null where nothing failed",
    },
}


def schema() -> dict[str, Any]:
    """JSON Schema 2020-12 of one line of `--json`.

    Every field is always there; fields may be added within version 1, so others are allowed.
    """
    (root,), components = msgspec.json.schema_components(
        [Connection], ref_template="#/$defs/{name}", schema_hook=_anything
    )
    for name, definition in components.items():
        _describe(name, definition)
    components["Connection"]["properties"]["schema"] = {"const": ID, **_word("Connection", "schema")}
    components["Milestone"]["properties"]["name"] = {"enum": list(MILESTONES), **_word("Milestone", "name")}
    return {"$schema": DIALECT, "$id": ID, **root, "$defs": components}


def _anything(kind: type) -> dict[str, Any]:
    """The value of a TCP option, `object` in the model (msgspec takes no empty schema)."""
    if kind is not object:
        raise NotImplementedError(kind)
    return {"type": ["string", "integer", "boolean", "array", "object", "null"]}


def _describe(name: str, definition: dict[str, Any]) -> None:
    """Give a type and its fields their words; what msgspec took from docstrings is for Python's readers."""
    definition["description"] = TYPES[name]
    for field, content in definition["properties"].items():
        content.pop("default", None)
        content.update(_word(name, field))
    definition["required"] = list(definition["properties"])


def _word(name: str, field: str) -> dict[str, str]:
    return {"description": FIELDS[name][field]}
