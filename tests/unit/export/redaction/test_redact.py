"""What --redact leaves out is in no format, and what it keeps tells the same story."""

import base64
import ipaddress
import json
import re
import zlib

import msgspec
import numpy as np
import pytest

import rows
from synscope.cli import resaved
from synscope.cli.telling import connections_of
from synscope.diagnosis.nft_match import Packet
from synscope.diagnosis.nftables import Ruleset
from synscope.events.decode import address_text
from synscope.events.trace import Firewall, Footer, Header, Trace
from synscope.events.wire import FUNCTION_CALL, HALF, PATH_EVENT, PathKind
from synscope.export.formats import MODULES, format_of
from synscope.export.json import encode
from synscope.export.redaction.redact import Redaction
from synscope.kernel.prototypes import Function, Parameter

CLIENT, SERVER, SIX, OTHER = "10.141.7.33", "172.29.14.201", "2a01:4f8:7a3:c91e::5ca1", "10.141.9.9"
NAMES = (
    "sekretd",
    "geheimhost",
    "/srv/verborgen/sekretd",
    "--token=hush",
    "acmefilter",
    "eth-acme",
    "acmetable",
)


def ruleset() -> Firewall:
    chain = {
        "family": "ip",
        "table": "acmetable",
        "name": "output",
        "handle": 1,
        "prio": 0,
        "policy": "accept",
    }
    rule = {
        "family": "ip",
        "table": "acmetable",
        "chain": "output",
        "handle": 4,
        "comment": "acmefilter",
        "expr": [
            {"match": {"op": "==", "left": {"meta": {"key": "oifname"}}, "right": "eth-acme"}},
            {
                "match": {
                    "op": "==",
                    "left": {"payload": {"protocol": "ip", "field": "daddr"}},
                    "right": {"prefix": {"addr": "172.29.0.0", "len": 16}},
                }
            },
            {"drop": None},
        ],
    }
    listing = {"nftables": [{"chain": {**chain, "type": "filter", "hook": "output"}}, {"rule": rule}]}
    text = (
        "table ip acmetable { # handle 1\n\tchain output { # handle 1\n"
        '\t\toifname "eth-acme" ip daddr 172.29.0.0/16 tcp dport 80 drop comment "acmefilter" # handle 4\n'
        "\t}\n}\n"
    )
    return Firewall(ruleset=json.dumps(listing), text=text, later=json.dumps(listing))


def packed(address: str) -> bytes:
    return ipaddress.ip_address(address).packed


def number(address: str) -> int:
    """As a register of a little-endian machine holds it."""
    return int.from_bytes(packed(address), "little")


def calls():
    """ip_route(saddr, key, skb) returns an address; no prototype tells of the others."""
    made = np.zeros(1, FUNCTION_CALL)
    made["args"][0] = [number(CLIENT), int.from_bytes(packed(SERVER), "big"), 1 << 40, *[number(SERVER)] * 3]
    made["ret"] = number(OTHER)
    made["flags"], made["cookie"], made["enter"], made["exit"] = 1, 1, rows.T0 + 11_000, rows.T0 + 12_000
    made["tid"] = made["pid"] = 4711
    return made


ROUTE = Function(
    "ip_route",
    [Parameter("saddr", "const __be32", 4), Parameter("key", "u32", 4), Parameter("skb", "struct sk_buff *")],
    Parameter("", "__be32", 4),
)


def secret_trace():
    syn = rows.tcp_header(50164, 8080, rows.CLIENT_ISN, options=bytes([253, 8, 1, 2, *packed(CLIENT)]))
    syn = syn[:16] + b"\xab\xcd" + syn[18:]
    v4 = {"source": CLIENT, "target": SERVER}
    trace = rows.trace(
        [
            rows.listener_row(local=SERVER, comm="sekretd"),
            rows.client_row(local=CLIENT, remote=SERVER, comm="sekretd"),
            rows.server_row(local=SERVER, remote=CLIENT, comm="sekretd"),
            rows.client_row(local=SIX, remote=f"::ffff:{CLIENT}", cookie=7, comm="sekretd", t0=2 * rows.T0),
        ],
        [
            rows.segment_event(PathKind.SENT, 25_000, syn, cookie=1, **v4),
            rows.segment_event(PathKind.RECEIVED, 35_000, syn, cookie=2, **v4),
            rows.segment_event(PathKind.DROPPED, 36_000, syn, cookie=1, code=8, **v4),
        ],
        {1: ["tcp_connect+0x1", "bpf_prog_6deef7357e7b4530_acmefilter+0x4 [bpf]"]},
        header={"hostname": "geheimhost", "command": ["/srv/verborgen/sekretd", "--token=hush"]},
        footer={"functions": [ROUTE], "firewalls": {rows.NETNS: ruleset()}},
    )
    trace.calls = calls()
    trace.header.calls_clock = "ns"
    return trace


def forms(address: str) -> set[bytes]:
    """An address as a file can have it."""
    found = ipaddress.ip_address(address)
    octets = found.packed
    texts = {
        str(found),
        found.exploded,
        octets.hex(),
        octets[::-1].hex(),
        str(int(found)),
        str(number(address)),
    }
    return {octets, octets[::-1], *(text.encode() for text in texts)}


SECRETS = {form for address in (CLIENT, SERVER, SIX, OTHER) for form in forms(address)} | {
    name.encode() for name in (*NAMES, "172.29.0.0", "6deef7357e7b4530")
}


def unpacked(content: bytes) -> bytes:
    """The same with what a report holds deflated."""
    for found in re.findall(rb">([A-Za-z0-9+/=]{40,})<", content):
        try:
            content += zlib.decompress(base64.b64decode(found), -15)
        except (zlib.error, ValueError):
            continue
    return content


def raw(trace) -> bytes:
    """All that a trace file can hold of it."""
    meta = msgspec.json.encode(trace.header) + msgspec.json.encode(trace.footer)
    return meta + b"".join(part.tobytes() for part in (trace.halves, trace.events, trace.calls))


def found_in(content: bytes) -> set[bytes]:
    lower = content.lower()
    return {secret for secret in SECRETS if secret in content or secret in lower}


def test_the_trace_itself_holds_no_secret():
    assert found_in(raw(secret_trace())) >= {b"sekretd", packed(CLIENT), packed(SIX), b"acmefilter"}
    assert found_in(raw(Redaction().trace(secret_trace()))) == set()


@pytest.mark.parametrize("suffix", [*MODULES, resaved.SUFFIX])
def test_no_format_holds_one(suffix):
    redacted = Redaction().trace(secret_trace())
    form = resaved if suffix == resaved.SUFFIX else format_of(suffix)
    said: list[str] = []
    content = b"".join(form.write(connections_of(redacted, None), redacted, said.append))
    assert content
    assert found_in(unpacked(content) + "".join(said).encode()) == set()


def test_the_original_is_left_as_it_is():
    trace = secret_trace()
    before = raw(trace)
    Redaction().trace(trace)
    assert raw(trace) == before


def test_the_story_is_the_same():
    """But for the names and addresses."""
    trace = secret_trace()
    told, redacted = (
        b"".join(encode(one) for one in connections_of(each, None)).decode()
        for each in (trace, Redaction().trace(trace))
    )
    pairs = {CLIENT: "192.0.2.2", SERVER: "192.0.2.1", SIX: "2001:db8::1", OTHER: "192.0.2.3"}
    for secret, pseudonym in pairs.items():
        told = told.replace(secret, pseudonym)
        for order in ("little", "big"):
            numbers = (str(int.from_bytes(packed(one), order)) for one in (secret, pseudonym))
            told = told.replace(*numbers)
    assert redacted == told.replace("sekretd", "process-1").replace(f"0102{packed(CLIENT).hex()}", "0" * 12)


def test_equal_ends_stay_equal_and_keep_their_kind():
    redaction = Redaction()
    kinds = ["127.0.0.1", "127.9.9.9", "169.254.3.4", "fe80::99", "224.0.0.251", "ff02::fb", "8.8.8.8", "::"]
    halves = np.concatenate([rows.client_row(local=one, remote=one) for one in kinds])
    made = redaction.trace(rows.trace([halves])).halves
    assert (made["local"] == made["remote"]).all()
    texts = [
        ipaddress.ip_address(address_text(bytes(row["local"].item()), int(row["family"])) or "")
        for row in made
    ]
    before = [ipaddress.ip_address(one) for one in kinds]
    for attribute in ("version", "is_loopback", "is_link_local", "is_multicast", "is_unspecified"):
        assert [getattr(one, attribute) for one in texts] == [getattr(one, attribute) for one in before]
    assert str(texts[0]) == "127.0.0.1"
    assert texts[1] != before[1]


def test_two_traces_of_one_redaction_agree():
    redaction = Redaction()
    first = redaction.trace(rows.trace([rows.client_row(remote=SERVER, comm="a")]))
    second = redaction.trace(
        rows.trace([rows.client_row(remote=OTHER, comm="b"), rows.client_row(remote=SERVER)])
    )
    assert second.halves["remote"][1] == first.halves["remote"][0] != second.halves["remote"][0]
    assert second.halves["comm"][0] != first.halves["comm"][0]


def test_more_addresses_than_the_ranges_for_documentation():
    halves = np.repeat(rows.client_row(), 2_000)
    halves["remote"] = [packed(f"10.3.{at >> 8}.{at & 255}").ljust(16, b"\0") for at in range(2_000)]
    made = Redaction().trace(rows.trace([halves])).halves["remote"]
    assert len({one.tobytes() for one in made}) == 2_000


def test_an_empty_trace():
    assert len(Redaction().trace(rows.trace([])).halves) == 0


def test_a_prefix_of_a_rule_still_meets_the_address():
    made = Redaction().trace(secret_trace()).footer.firewalls[rows.NETNS]
    (rule,) = (one["rule"] for one in json.loads(made.ruleset)["nftables"] if "rule" in one)
    assert rule["expr"][1]["match"]["right"] == {"set": ["192.0.2.1"]}
    assert "tcp dport 80 drop" in made.text
    assert "# handle 4" in made.text
    assert f"table ip {rule['table']} {{" in made.text


def test_the_redacted_rules_drop_what_the_rules_drop():
    trace = secret_trace()
    redacted = Redaction().trace(trace)
    rulesets = [Ruleset(each.footer.firewalls[rows.NETNS]) for each in (trace, redacted)]
    packets = [
        Packet(*ends, None, 80, frozenset({"syn"})) for ends in ((CLIENT, SERVER), ("192.0.2.2", "192.0.2.1"))
    ]
    first, second = (
        [(one.certain, one.packets) for one in rules.droppers("OUTPUT", packet)]
        for rules, packet in zip(rulesets, packets, strict=True)
    )
    assert first == second == [(False, (None, None))]  # the device is not known
    other = Packet(CLIENT, "10.9.9.9", None, 80, frozenset({"syn"}))
    assert rulesets[1].droppers("OUTPUT", other) == rulesets[0].droppers("OUTPUT", other) == []


HEADER = """synscope kernel machine build_id hostname started_mono_ns started_wall_ns detail command hooks
    sysctls drop_reasons syscalls netns calls_clock lab"""
FOOTER = """ended_mono_ns lost stacks symbols left_out functions operations edges text firewalls exit_status
    complete"""


def test_what_a_trace_can_hold_was_thought_of():
    """Whoever adds a field here has looked whether `Redaction` has to replace something in it."""
    assert set(Header.__struct_fields__) == set(HEADER.split())
    assert set(Footer.__struct_fields__) == set(FOOTER.split())
    assert set(Trace.__struct_fields__) == {"header", "halves", "events", "calls", "footer"}
    octets = {name for kind in (HALF, PATH_EVENT) for name in kind.names if kind[name].base.kind == "V"}
    assert octets == {"local", "remote", "comm", "pad", "pad2", "header", "transitions", "saddr", "daddr"}
