import json

import samples
from synscope.connections.model import Call
from synscope.export.table_rows import encoded, flattened, structure


def test_a_forest_becomes_rows_with_callers_first():
    leaf, side = Call(function="leaf"), Call(function="side")
    forest = [Call(function="root", children=(Call(function="inner", children=(leaf,)), side))]
    rows = [(row.n, row.parent, row.depth, row.path) for row in flattened(forest)]
    assert rows == [
        (1, None, 0, "root"),
        (2, 1, 1, "root > inner"),
        (3, 2, 2, "root > inner > leaf"),
        (4, 1, 1, "root > side"),
    ]


def test_a_forest_may_be_deeper_than_pythons_stack():
    call = Call(function="f")
    for _ in range(5_000):
        call = Call(function="f", children=(call,))
    assert sum(1 for _ in flattened([call])) == 5_001


def test_calls_are_there_only_if_asked_for():
    header = samples.trace().header
    (with_calls,) = encoded([samples.healthy()], header, calls=True)
    (without,) = encoded([samples.healthy()], header, calls=False)
    assert json.loads(with_calls)["calls"] and not json.loads(without)["calls"]
    assert json.loads(with_calls)["connection"]["calls"] == []


def test_each_field_but_calls_has_a_column():
    columns = json.loads(structure())["connection"]
    (row,) = encoded([samples.healthy()], samples.trace().header, calls=False)
    assert columns.keys() == json.loads(row)["connection"].keys() - {"calls"}
    assert columns["client"]["cookie"] == "UBIGINT"
    assert columns["lost"] == "MAP(VARCHAR, BIGINT)"
    assert columns["segments"][0]["options"] == "JSON"
