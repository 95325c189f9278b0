"""Read back by DuckDB, from a file."""

import json

import duckdb
import pytest

import samples
from synscope.export import parquet
from synscope.export.json import encode

EACH = [make() for make in samples.SAMPLES.values()]


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "t.parquet"
    path.write_bytes(b"".join(parquet.write(EACH, samples.trace(), print)))
    return str(path)


def test_it_holds_what_the_json_holds_but_for_the_calls(file):
    columns = "COLUMNS(* EXCLUDE (started, start_ns, setup_ns, accept_wait_ns, retransmits))"
    written = duckdb.sql(f"SELECT to_json(row) FROM (SELECT {columns} FROM '{file}') AS row").fetchall()
    told = [json.loads(encode(one)) for one in EACH]
    assert [json.loads(row) | {"calls": []} for (row,) in written] == [one | {"calls": []} for one in told]


def test_columns_are_typed(file):
    types = {name: kind for name, kind, *_ in duckdb.sql(f"DESCRIBE FROM '{file}'").fetchall()}
    assert (types["started"], types["setup_ns"]) == ("TIMESTAMP_NS", "BIGINT")
    assert types["phases"].startswith('STRUCT("name" VARCHAR') and types["phases"].endswith("[]")
    query = (
        f"SELECT client.comm, list_sum([p.duration_ns FOR p IN phases IF p.side = 'client']) FROM '{file}'"
    )
    assert duckdb.sql(query).fetchall()[0] == ("python3", 58_000)


def test_that_calls_are_left_out_is_said():
    said = []
    list(parquet.write(EACH, samples.trace(), said.append))
    assert "call trees" in said[0]


def test_none(tmp_path):
    path = tmp_path / "none.parquet"
    path.write_bytes(b"".join(parquet.write([], samples.trace(), print)))
    assert duckdb.sql(f"SELECT count(*) FROM '{path}'").fetchall() == [(0,)]
