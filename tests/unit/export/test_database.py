"""What DuckDB holds of connections, compared with their JSON."""

import json
import re
import sys
from pathlib import Path

import pytest

import samples
from synscope.errors import Exit, SynscopeError
from synscope.export.database import Database
from synscope.export.json import encode
from synscope.export.tables import VIEWS

EACH = [make() for make in samples.SAMPLES.values()]
REFERENCE = Path(__file__).parents[3] / "docs/reference/query.md"


@pytest.fixture
def database():
    with Database() as made:
        made.load("a.syn", EACH, samples.trace().header, calls=True)
        made.load("b.syn", EACH, samples.trace().header, calls=False)
        yield made


def answered(database, query):
    return [json.loads(line) for line in b"".join(database.copy(query, "json")).splitlines()]


@pytest.mark.parametrize("table", ["milestones", "phases", "findings", "transitions", "segments"])
def test_lists_are_tables_with_a_row_an_item(database, table):
    renamed = {
        "from_state": "from",
        "to_state": "to",
        "function": "by",
        "sender": "from",
        "window_size": "window",
    }
    rows = answered(database, f"FROM {table} WHERE file = 'a.syn'")
    told = [{**item, "connection": one.id} for one in EACH for item in json.loads(encode(one))[table]]
    for row in rows:
        row.pop("file")
        if table == "findings":
            row.pop("n")
    assert [{renamed.get(key, key): value for key, value in row.items()} for row in rows] == told


def test_a_connection_is_a_row(database):
    (row,) = answered(database, "FROM connections WHERE file = 'b.syn' AND connection = 'c1'")[:1]
    assert (row["outcome"], row["client_port"], row["server_port"]) == ("established", 50164, 8080)
    assert (row["start_ns"], row["setup_ns"], row["accept_wait_ns"]) == (samples.START, 58_000, 21_000)
    wall = samples.START - samples.trace().header.started_mono_ns + samples.trace().header.started_wall_ns
    ((started,),) = database.rows("SELECT epoch_ns(started) FROM connections LIMIT 1")[1]
    assert int(started) == wall


def test_halves_have_their_listener_in_columns(database):
    rows = answered(database, "FROM halves WHERE file = 'a.syn'")
    assert len(rows) == sum(half is not None for one in EACH for half in (one.client, one.server))
    server = next(row for row in rows if row["connection"] == "c1" and row["side"] == "server")
    assert (server["isn"], server["listener_cookie"], server["backlog_max"]) == (829471100, 8193, 128)


def test_calls_are_a_table_of_the_traces_that_were_loaded_with_them(database):
    def below(calls):
        return sum(1 + below(call.children) for call in calls)

    ((count,),) = database.rows("SELECT count(*) FROM calls")[1]
    assert int(count) == sum(below(one.calls) for one in EACH)


def test_a_name_of_any_characters_comes_back(database):
    rows = answered(database, "SELECT client_comm FROM connections WHERE client_comm LIKE chr(27) || '%'")
    assert rows[0]["client_comm"] == samples.HOSTILE


def test_no_column_needs_quotes(database):
    reserved = {
        row["keyword_name"]
        for row in answered(
            database, "SELECT keyword_name FROM duckdb_keywords() WHERE keyword_category = 'reserved'"
        )
    }
    columns = {name for columns in database.columns().values() for name, _ in columns}
    assert not columns & reserved


def test_every_table_and_column_is_in_the_reference(database):
    sections = re.split(r"^## ", REFERENCE.read_text(), flags=re.M)
    described = {
        section.split("\n")[0]: re.findall(r"^\| `(\w+)` \| `([^`]+)` ", section, flags=re.M)
        for section in sections
    }
    assert list(database.columns()) == list(VIEWS)
    for table, columns in database.columns().items():
        assert described[table] == columns, table


@pytest.mark.parametrize(
    "query",
    [
        "FROM read_text('/etc/passwd')",
        "FROM '/etc/passwd'",
        "FROM glob('/*')",
        "COPY (SELECT 1) TO '/tmp/synscope-must-not-be.csv'",
        "ATTACH '/tmp/synscope-must-not-be.db'",
        "INSTALL httpfs",
        "SET enable_external_access = true",
        "SET lock_configuration = false",
        "FROM EACH",
    ],
)
def test_a_query_reaches_nothing_but_what_was_loaded(database, query):
    with pytest.raises(SynscopeError) as raised:
        database.rows(query)
    assert raised.value.code == Exit.USAGE
    assert not list(Path("/tmp").glob("synscope-must-not-be*"))


def test_a_query_that_is_wrong_is_refused_in_duckdbs_words(database):
    with pytest.raises(SynscopeError, match="cannot answer the query") as raised:
        database.rows("SELECT nope FROM connections")
    assert '"nope"' in raised.value.why and "\n" not in raised.value.why
    with pytest.raises(SynscopeError, match="cannot answer"):
        database.rows(" ; ")


@pytest.mark.parametrize("query", ["DESCRIBE calls", "SUMMARIZE phases", "EXPLAIN SELECT 1", "SHOW TABLES"])
def test_statements_that_are_no_select_are_answered_too(database, query):
    assert database.rows(query)[1]
    assert b"".join(database.copy(query, "csv"))


def test_without_duckdb_it_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "duckdb", None)
    with pytest.raises(SynscopeError) as raised:
        Database()
    assert "pip install 'synscope[query]'" in str(raised.value)
