import json

import samples
from synscope.export import json as array
from synscope.export import json_lines

MANY = samples.many()


def written(module, connections):
    return b"".join(module.write(connections, samples.trace(), print))


def test_a_connection_a_line():
    lines = written(json_lines, MANY).splitlines()
    assert [json.loads(line)["id"] for line in lines] == [one.id for one in MANY]
    assert written(json_lines, []) == b""


def test_an_array_of_the_same():
    lines = written(json_lines, MANY).splitlines()
    assert json.loads(written(array, MANY)) == [json.loads(line) for line in lines]
    assert json.loads(written(array, [])) == []
