import json

import pytest

import samples
from synscope.connections.model import Connection, Half
from synscope.export.json import encode


@pytest.mark.parametrize("sample", samples.SAMPLES)
def test_a_connection_is_one_printable_line(sample):
    line = encode(samples.SAMPLES[sample]()).decode()
    assert line.isprintable()
    assert json.loads(line)["schema"] == "synscope.connection/1"


def test_fields_have_the_contracts_names():
    told = json.loads(encode(samples.healthy()))
    assert told["transitions"][1] == {
        "side": "client",
        "from": "CLOSE",
        "to": "SYN_SENT",
        "t_ns": samples.at(14),
        "by": "tcp_v4_connect",
    }
    assert told["segments"][1]["from"] == "server"
    assert told["server"]["listener"]["backlog_max"] == 128
    assert told["calls"][1]["children"][0]["function"] == "__sys_connect"


def test_unknown_is_null():
    told = json.loads(encode(samples.alone()))
    assert told["outcome"] is None and told["server"] is None
    assert told["client"]["port"] is None and told["client"]["isn"] is None


def test_hostile_names_are_escaped_and_come_back_whole():
    line = encode(samples.hostile())
    assert b"\\u001b" in line and b"\\u202e" in line and b"\\u009b" in line
    assert json.loads(line)["client"]["comm"] == samples.HOSTILE


def test_a_name_beyond_the_basic_plane_is_escaped_in_two_halves():
    told = Connection(id="c1", outcome=None, client=Half(comm="\U000e0041\U0001f600"))
    assert b"\\udb40\\udc41" in encode(told)
    assert json.loads(encode(told))["client"]["comm"] == "\U000e0041\U0001f600"


def test_bytes_that_are_not_utf8_are_told_as_their_escape():
    told = Connection(id="c1", outcome=None, client=Half(comm=b"a\xff".decode(errors="surrogateescape")))
    assert json.loads(encode(told))["client"]["comm"] == "a\\udcff"
